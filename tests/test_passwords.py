"""A password in an address is seen by nobody."""

from string import ascii_letters, digits
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.passwords import masked, masked_values

WORDS = st.text(ascii_letters + digits + "-._~!$'()*+,;=:@/#%&[]", min_size=8, max_size=30)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hush@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql+psycopg://me:hu/s@h@host/db", "postgresql+psycopg://me:***@host/db"),
        ("postgresql://:hush@host/db", "postgresql://:***@host/db"),
        ("https://token@host/x", "https://***@host/x"),
        ("sqlite:////a/b.db?password=hush&x=1", "sqlite:////a/b.db?password=***&x=1"),
        ("http://h/x?API_KEY=hush", "http://h/x?API_KEY=***"),
        ("see a://u:p@h/x, and more", "see a://u:***@h/x, and more"),
        ("mysql://me:two words@host/db", "mysql://me:***@host/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("network.width=64", "network.width=64"),
        ("me@host", "me@host"),
        ("", ""),
    ],
)
def test_the_password_is_masked_and_nothing_else(text, shown):
    """Names, hosts and paths stay readable."""
    assert masked(text) == shown


@given(WORDS, st.sampled_from(["", "The address ", "key="]), st.booleans())
def test_no_password_passes(word, before, is_quoted):
    """Whatever letters it is made of, within a sentence too."""
    secret = quote(word, safe="") if is_quoted else word
    assert f":{secret}@" not in masked(f"{before}postgresql://me:{secret}@host/db")
    assert masked(f"{before}postgresql://me:{secret}@host/db").endswith(":***@host/db")


@given(WORDS, st.sampled_from(["", "The address "]))
def test_no_password_among_parameters_passes(word, before):
    """As some databases take it."""
    secret = quote(word, safe="")
    text = f"{before}sqlite:////x.db?timeout=3&password={secret}&mode=ro"
    assert masked(text) == f"{before}sqlite:////x.db?timeout=3&password=***&mode=ro"


@given(WORDS)
def test_masking_twice_is_masking_once(word):
    """What is recorded may be read and recorded again."""
    once = masked(f"postgresql://me:{word}@host/db")
    assert masked(once) == once


def test_texts_within_containers_are_masked():
    """A config as it is recorded; numbers, nothing and truths stay what they are."""
    values = {"tracking": {"uri": "a://u:p@h", "n": 1}, "words": ["x", "a://u:p@h"], "none": None}
    assert masked_values(values) == {
        "tracking": {"uri": "a://u:***@h", "n": 1},
        "words": ["x", "a://u:***@h"],
        "none": None,
    }
    assert values["tracking"]["uri"] == "a://u:p@h"
