"""A study's settings are possible, or refused with the key."""

from pathlib import Path

import pytest

from peslab.errors import PeslabError
from peslab.study import Study

GOOD = {
    "name": "mine",
    "n_trials": 3,
    "n_startup_trials": 1,
    "seed": 0,
    "workers": 1,
    "space": {"x": "interval(0,1)"},
}


def test_a_study_has_its_own_folder():
    """Its name is its folder's."""
    assert Study(**GOOD).folder(Path("/r")) == Path("/r/studies/mine")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../elsewhere"},
        {"name": ""},
        {"name": ".hidden"},
        {"n_trials": 0},
        {"n_startup_trials": 0},
        {"workers": 0},
        {"seed": -1},
        {"confirm": -1},
        {"space": {}},
    ],
)
def test_impossible_settings_are_refused(wrong):
    """A name that would leave the folder of results, or a study of nothing."""
    with pytest.raises(PeslabError, match=next(iter(wrong))):
        Study(**GOOD | wrong)
