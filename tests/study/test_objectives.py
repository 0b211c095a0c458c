"""Several objectives: who is beaten by nobody, in which order, and what cannot be asked for."""

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from optuna.trial import TrialState, create_trial

from peslab.errors import PeslabError
from peslab.study import GaussianProcess, Median, Random, Study
from peslab.study.about import About
from peslab.study.objectives import Objective, pareto_front, parse_objectives
from peslab.study.results.ranking import METRICS, REASON, pick, ranking
from peslab.study.storage.study import load
from peslab.study.sweeper import TrialResult, work

FEW = st.integers(0, 4)
SPACE = {"x": "interval(0, 2)"}


def study(*objectives, n_trials=8, **others):
    return Study("two", n_trials, 4, 0, 1, SPACE, objectives=objectives, **others)


def trade_off(_number, overrides):
    """What is precise is slow; beyond 1 it is only slower."""
    x = float(overrides[0].partition("=")[2])
    precision = 1 - min(x, 1.0)
    metrics = {"val/energy_mae": precision, "speed": 1 / (1 + x), "seconds": x}
    return TrialResult(precision, metrics, f"run at {x}")


def do(settings, home, run_trial=trade_off):
    told = []
    work(
        settings,
        home,
        run_trial,
        defaults={"x": 0.5},
        recipe={},
        about=About(),
        on_trial=told.append,
    )
    return told


def test_a_minus_maximizes():
    """In the words that a list of Hydra's takes without quotes."""
    assert parse_objectives(["val/energy_mae", "-val/energy_r2"]) == (
        Objective("val/energy_mae", maximized=False),
        Objective("val/energy_r2", maximized=True),
    )


@pytest.mark.parametrize("texts", [[], [""], ["-"], ["a", "a"], ["a", "-a"]])
def test_objectives_that_are_not_clear_are_told(texts):
    """None, or one twice."""
    with pytest.raises(PeslabError, match="is not clear"):
        parse_objectives(texts)
    with pytest.raises(PeslabError, match="is not clear"):
        study(*texts)


def test_the_front_of_known_values():
    """Equal rows share it; whoever is beaten in one and equal in the other is not on it."""
    values = np.array([[1, 5], [2, 3], [2, 3], [3, 3], [4, 1], [1, 6], [5, 5]], dtype=float)
    assert pareto_front(values).tolist() == [True, True, True, False, True, False, False]
    assert pareto_front(np.empty((0, 2))).tolist() == []
    assert pareto_front(np.array([[0.3], [0.1], [0.1]])).tolist() == [False, True, True]


@given(
    values=arrays(
        float, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 4)
    ),
    data=st.data(),
)
def test_the_front_is_optunas(values, data):
    """Whatever is minimized and maximized."""
    directions = [data.draw(st.sampled_from(["minimize", "maximize"])) for _ in values[0]]
    made = optuna.create_study(directions=directions)
    for row in values:
        attributes = {METRICS: {"first": row[0]}}
        made.add_trial(create_trial(values=list(row), user_attrs=attributes))
    front = {trial.number for trial in made.best_trials}
    ranked = ranking(made)
    assert {trial.trial for trial in ranked if trial.front} == front
    assert [trial.front for trial in ranked] == sorted((t.front for t in ranked), reverse=True)
    assert [trial.rank for trial in ranked] == list(range(1, len(values) + 1))
    first = [trial.metrics["first"] for trial in ranked if trial.front]
    assert first == sorted(first, reverse=directions[0] == "maximize")
    best = max if directions[0] == "maximize" else min
    assert pick(made, "best").metrics["first"] == best(values[:, 0])


@pytest.mark.parametrize("sampler", [None, GaussianProcess(), Random()])
def test_several_objectives_are_searched_at_once(sampler, tmp_path):
    """What is beaten in both lies behind the front; a resumed study equals this one."""
    others = {"sampler": sampler} if sampler else {}
    do(study("val/energy_mae", "-speed", **others), tmp_path / "whole")
    whole = load("two", tmp_path / "whole")
    for trial in ranking(whole):
        x = trial.values["x"]
        useful = min([t.params["x"] for t in whole.trials if t.params["x"] >= 1.0], default=1.0)
        assert trial.front == (x <= useful)
    assert whole.metric_names == ["val/energy_mae", "speed"]
    for n_trials in (3, 6, 8):
        do(study("val/energy_mae", "-speed", n_trials=n_trials, **others), tmp_path / "parts")
    parts = load("two", tmp_path / "parts")
    assert [(t.params, t.values) for t in parts.trials] == [
        (t.params, t.values) for t in whole.trials
    ]


def test_one_objective_of_another_name_is_searched(tmp_path):
    """Neither the error nor its sign is what the trial itself calls its objective."""
    do(study("-seconds"), tmp_path)
    trials = ranking(load("two", tmp_path))
    seconds = [trial.metrics["seconds"] for trial in trials]
    assert seconds == sorted(seconds, reverse=True)
    assert [trial.front for trial in trials] == [True, *[False] * 7]


def test_an_objective_that_no_run_logs_ends_the_study_at_its_first_trial(tmp_path):
    """With the names that are near; the trial keeps the reason."""
    with pytest.raises(PeslabError, match=r"no run logs val/enery_mae; .* such as val/energy_mae"):
        do(study("val/enery_mae"), tmp_path)
    (trial,) = load("two", tmp_path).trials
    assert trial.state == TrialState.FAIL
    assert "no run logs" in trial.user_attrs[REASON]


def test_an_objective_that_is_not_finite_fails_its_trial(tmp_path):
    """Said of which."""

    def breaks(number, overrides):
        result = trade_off(number, overrides)
        return (
            TrialResult(0.0, {**result.metrics, "speed": float("inf")}, "run") if number else result
        )

    told = do(study("val/energy_mae", "speed", n_trials=2), tmp_path, breaks)
    assert told[1].reason == "its speed is inf."


def test_pruners_refuse_several_objectives():
    """Optuna could not say what is hopeless."""
    with pytest.raises(PeslabError, match="Pruners look at one error only"):
        study("val/energy_mae", "speed", pruner=Median(20, 4, 4))


def test_pruned_trials_stand_between_the_complete_and_the_failed():
    """Whoever came further stands before others, then the lower error."""
    made = optuna.create_study()
    for state, value, steps in [
        (TrialState.FAIL, None, {}),
        (TrialState.PRUNED, 0.1, {1: 0.1}),
        (TrialState.PRUNED, 0.8, {1: 0.9, 2: 0.8}),
        (TrialState.COMPLETE, 0.3, {}),
        (TrialState.PRUNED, 0.4, {1: 0.5, 2: 0.4}),
    ]:
        made.add_trial(create_trial(state=state, value=value, intermediate_values=steps))
    assert [(t.trial, t.state, t.rank) for t in ranking(made)] == [
        (3, "complete", 1),
        (4, "pruned", None),
        (2, "pruned", None),
        (1, "pruned", None),
        (0, "failed", None),
    ]
