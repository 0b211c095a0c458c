"""The best trial that meets a condition is that which one would find by hand."""

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from peslab.errors import PeslabError
from peslab.study.results.picking import pick_among
from peslab.study.results.ranking import METRICS

SPACE = {"network.depth": IntDistribution(1, 9), "loss": CategoricalDistribution(["mae", "mse"])}
LOSSES = st.sampled_from(["mae", "mse"])
NUMBERS = st.integers(1, 9)
TRIALS = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["mae", "mse"])
    ),
    min_size=1,
    max_size=8,
)


def study_of(rows, directions=("minimize",)):
    made = optuna.create_study(study_name="made", directions=list(directions))
    for error, speed, depth, loss in rows:
        made.add_trial(
            create_trial(
                values=[error, speed][: len(directions)],
                params={"network.depth": depth, "loss": loss},
                distributions=SPACE,
                user_attrs={METRICS: {"val/energy_mae": error, "speed": speed}},
            )
        )
    return made


@given(
    rows=TRIALS,
    most=st.integers(0, 9),
    least=st.integers(1, 9),
    loss=st.sampled_from(["mae", "mse"]),
)
@pytest.mark.parametrize("directions", [("minimize",), ("maximize",), ("minimize", "minimize")])
def test_the_best_of_those_that_meet_it_is_picked(directions, rows, most, least, loss):
    """In the first objective, whether on the Pareto front or not; the earlier one of two equals."""
    study = study_of(rows, directions)
    text = f"speed <= {most} and network.depth >= {least} and loss == {loss}"
    sign = -1 if directions == ("maximize",) else 1
    fit = [
        (sign * error, number)
        for number, (error, speed, depth, its) in enumerate(rows)
        if speed <= most and depth >= least and its == loss
    ]
    if fit:
        assert pick_among(study, text).trial == min(fit)[1]
    else:
        with pytest.raises(PeslabError, match="No trial of made has speed <= "):
            pick_among(study, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed < 1", "speed goes from 3 to 5"),
        ("loss == huber", "loss is mae, mse"),
        ("loss == huber and speed < 9", "loss is mae, mse; speed goes from 3 to 5"),
        ("spead < 9", "did you mean speed?"),
        ("val/energy_mea < 9", "did you mean val/energy_mae?"),
        ("quality < 9", "choose from val/energy_mae, speed, network.depth, loss."),
        ("speed < fast", "fast is no number"),
        ("speed", "'speed' is not a condition"),
    ],
)
def test_what_cannot_be_picked_is_told(text, words):
    """With what there is."""
    with pytest.raises(PeslabError) as caught:
        pick_among(study_of([(1, 3, 2, "mae"), (2, 5, 2, "mse")]), text)
    assert words in str(caught.value)


def test_neither_failed_nor_pruned_trials_are_picked():
    """They have no error to be the best by."""
    study = study_of([(5, 3, 2, "mae")])
    for state, value in ((TrialState.PRUNED, 0.1), (TrialState.FAIL, None)):
        attributes = {METRICS: {"speed": 1.0}}
        study.add_trial(create_trial(state=state, value=value, user_attrs=attributes))
    assert pick_among(study, "speed > 0").trial == 0


def test_of_no_complete_trial_none_is_picked():
    """And it is said so."""
    with pytest.raises(PeslabError, match="none is complete"):
        pick_among(optuna.create_study(study_name="new"), "speed > 0")
