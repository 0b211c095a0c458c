"""A trial may ask whether any that ended is better."""

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import create_trial

from peslab.study.objectives import is_beaten, pareto_front
from peslab.study.search.pruners import Unpruned
from peslab.study.search.pruning import leads, reporting

ERROR = "val/energy_mae"


def ask(study, **metrics):
    with reporting(study.ask(), Unpruned()):
        return leads(metrics)


def test_outside_a_study_everybody_leads():
    """A run on its own is drawn."""
    assert leads({}) is True


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1.0), ("maximize", -1.0)])
def test_a_trial_leads_until_a_better_one_has_ended(direction, sign):
    """Equal ones lead together; running and failed ones are nobody."""
    study = optuna.create_study(direction=direction)
    study.ask()
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    assert ask(study, **{ERROR: sign * 9.0})
    study.add_trial(create_trial(value=sign * 2.0))
    assert ask(study, **{ERROR: sign * 2.0})
    assert ask(study, **{ERROR: sign * 1.0})
    assert not ask(study, **{ERROR: sign * 3.0})


def test_of_several_objectives_the_front_leads():
    """Who is best in one of them, too."""
    study = optuna.create_study(directions=["minimize", "maximize"])
    names = [ERROR, "objective 1"]
    for values in ([1.0, 1.0], [2.0, 2.0]):
        study.add_trial(create_trial(values=values))
    for values, front in {(3.0, 3.0): True, (1.5, 1.5): True, (3.0, 2.0): False}.items():
        assert ask(study, **dict(zip(names, values, strict=True))) is front


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=1, max_size=8))
def test_the_front_is_whom_nobody_beats(rows):
    """By the definition, pair by pair."""
    import numpy as np

    values = np.array(rows, dtype=float)
    beaten = [
        any(all(o <= r for o, r in zip(other, row, strict=True)) and other != row for other in rows)
        for row in rows
    ]
    assert [is_beaten(row, values) for row in values] == beaten
    assert pareto_front(values).tolist() == [not each for each in beaten]
