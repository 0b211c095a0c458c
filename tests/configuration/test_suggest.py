"""The nearest name is proposed, another template's name is translated, nonsense is left alone."""

import pytest

from peslab.configuration.suggest import did_you_mean

KEYS = [
    "network",
    "network.width",
    "network.depth",
    "optimizer.learning_rate",
    "trainer.max_epochs",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("network.widht", "network.width"),
        ("netwrok", "network"),
        ("model", "network"),
        ("lr", "optimizer.learning_rate"),
        ("network.learning_rate", "optimizer.learning_rate"),
        ("trainer.epochs", "trainer.max_epochs"),
    ],
)
def test_the_nearest_key_is_proposed(typed, meant):
    """A slip of the fingers, and a word of another template, both find the key."""
    assert did_you_mean(typed, KEYS) == f"; did you mean {meant}?"


def test_nothing_is_proposed_for_nonsense():
    """A proposal that is far off would mislead."""
    assert did_you_mean("zzz", KEYS) == ""
