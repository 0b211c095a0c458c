"""Conditions are read, never evaluated; what they say of numbers and texts is what anyone would."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import PeslabError
from peslab.study.search.conditions import Comparison, parse_condition

SIGNS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
NUMBERS = st.one_of(st.integers(-99, 99), st.floats(-1e9, 1e9))
KEYS = st.from_regex(r"[a-z_]+([./][a-z_0-9]+){0,2}(\[[0-9]\])?", fullmatch=True)
BLANKS = st.sampled_from(["", " ", "  ", "\t"])


@given(key=KEYS, sign=st.sampled_from([*SIGNS]), mine=NUMBERS, found=NUMBERS, blank=BLANKS)
def test_numbers_are_compared_as_python_compares_them(key, sign, mine, found, blank):
    """However it is spaced; integers and floats of one size are equal."""
    condition = parse_condition(f"{key}{blank}{sign}{blank}{mine!r}")
    assert condition.holds({key: found}) == SIGNS[sign](found, mine)
    assert not condition.holds({})


@given(parts=st.lists(st.tuples(KEYS, st.sampled_from([*SIGNS]), NUMBERS), min_size=1, max_size=4))
def test_what_is_joined_must_all_hold(parts):
    """And what is written again is read as the same."""
    condition = parse_condition(" and ".join(f"{key} {sign} {n!r}" for key, sign, n in parts))
    assert parse_condition(str(condition)) == condition
    values = {key: 0 for key, _, _ in parts}
    assert condition.holds(values) == all(SIGNS[sign](0, number) for _, sign, number in parts)


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    """Nothing else is raised, and nothing of it is run."""
    try:
        condition = parse_condition(text)
    except PeslabError:
        return
    assert all(each.sign in SIGNS for each in condition.comparisons)


@pytest.mark.parametrize(
    ("text", "found", "holds"),
    [
        ("optimizer = sgd", "sgd", True),
        ("optimizer==sgd", "adam", False),
        ("optimizer != sgd", "adam", True),
        ("orders == [-2,-3]", "[-2,-3]", True),
        ("orders == [-2, -3]", [-2, -3], True),
        ("orders == [-2,-3]", [-2], False),
        ("cutoff == 20", "20.0", True),
        ("widths == null", None, True),
        ("nesterov == true", True, True),
        ("nesterov == 1", True, False),
        ("error < 0.1", float("nan"), False),
        ("depth >= 2", "deep", False),
        ("depth >= 2", None, False),
        ("rate < 1e-3", 5e-4, True),
        ("name == the last one", "the last one", True),
    ],
)
def test_texts_are_those_of_overrides(text, found, holds):
    """Lists without blanks, `null` and `true`; a text that is a number is that number."""
    (comparison,) = parse_condition(text).comparisons
    assert parse_condition(text).holds({comparison.key: found}) is holds


@pytest.mark.parametrize(
    "text",
    ["", "a", "a <", "< 3", "a ! 3", "a === 3", "a < b", "a => 3", "a < 3 and", "a < 3 or b < 3",
     "a < nan", "1 < a < 3", "__import__('os') == 1 and", "a < 3 and and b < 3"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text):
    """With the part that could not be read."""
    with pytest.raises(PeslabError, match=r"is not a condition|cannot be decided"):
        parse_condition(text)


def test_a_condition_can_be_read_aloud():
    """As it stands in reports and messages."""
    assert str(parse_condition(" a<3   and b=c ")) == "a < 3 and b == c"
    assert parse_condition("a=1").comparisons == (Comparison("a", "==", "1"),)
