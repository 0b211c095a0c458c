"""The page that a study ends with can be read in the narrowest terminal."""

import io

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.study import create_study
from optuna.trial import TrialState, create_trial
from rich.console import Console

from peslab.study.about import About
from peslab.study.results.ranking import METRICS, REASON, RUN_ID
from peslab.study.results.report import renderables, short

QUICKSTART = {
    "optimizer.learning_rate": FloatDistribution(1e-3, 2e-2, log=True),
    "network.width": IntDistribution(32, 96),
    "network.depth": IntDistribution(1, 3),
    "features.orders": CategoricalDistribution(["[-2,-3]", "[-2,-3,-4,-5]"]),
    "features.cutoff": FloatDistribution(2.5, 5.0),
}
VALUES = {
    "optimizer.learning_rate": 0.0043212,
    "network.width": 81,
    "network.depth": 2,
    "features.orders": "[-2,-3,-4,-5]",
    "features.cutoff": 3.14159,
}
METRICS_OF_A_TRIAL = {
    "test/energy_mae": 0.0078912,
    "test/energy_mae_sem": 0.0002345,
    "prediction_microseconds": 12.345,
    "baseline/constant_mae": 0.5,
    "baseline/least_squares_mae": 0.25,
}


def study_of(*trials, space=None, reference="thesis: 0.47 E_c"):
    study = create_study(study_name="quickstart")
    About(reference, {"test/energy_mae": "E_c"}, "test/energy_mae").keep(study)
    for error, metrics, values in trials:
        study.add_trial(
            create_trial(
                state=TrialState.FAIL if error is None else TrialState.COMPLETE,
                value=error,
                params=values,
                distributions=space or QUICKSTART,
                user_attrs={REASON: "the loss is not finite."}
                if error is None
                else {METRICS: metrics, RUN_ID: "run"},
            )
        )
    return study


def page(study, home, width=80):
    console = Console(width=width, file=io.StringIO(), highlight=False)
    for part in renderables(study, home):
        console.print(part)
    return console.file.getvalue()


@pytest.fixture
def told(tmp_path):
    trials = [(0.008 + number / 1000, METRICS_OF_A_TRIAL, VALUES) for number in range(12)]
    return page(study_of(*trials, (None, {}, VALUES)), "/home/user/runs")


def test_no_line_of_the_quickstarts_page_is_longer_than_80(told):
    """Five swept keys, twelve trials, lists among the values."""
    assert max(map(len, told.splitlines())) <= 80


def test_no_cell_is_cut_or_folded(told):
    """An ellipsis would hide the very number that was asked for."""
    assert told.count("0.00789 ± 0.00023") == 12
    assert told.count("[-2,-3,-4,-5]") == 13
    assert told.count("0.00432") == 13
    assert "…" not in told.partition("Next:")[0].replace("study=…", "")


def test_ranks_are_counted_and_failed_trials_told_below(told):
    """A failed trial stands at the table's end with its reason under the table."""
    lines = told.splitlines()
    ranked = [line.split()[:2] for line in lines if "±" in line and "MAE" not in line]
    assert ranked == [[str(rank), str(rank - 1)] for rank in range(1, 13)]
    assert any("failed" in line and "–" in line for line in lines)
    assert "Trial 12 failed: the loss is not finite." in told


def test_the_best_stands_beside_simpler_answers(told):
    """Skill is 1 − MAE/constant, so the constant's own is zero."""
    rows = {line.split("  ")[0]: line.split()[-2:] for line in told.splitlines() if "0." in line}
    assert rows["trial 0"] == ["0.00789", "0.9842"]
    assert rows["least squares on the same inputs"] == ["0.25000", "0.5000"]
    assert rows["constant (the median)"] == ["0.50000", "0.0000"]


def test_one_replica_has_no_standard_error(tmp_path):
    """A number without its scatter is shown as that, not as ± 0."""
    alone = {key: value for key, value in METRICS_OF_A_TRIAL.items() if "sem" not in key}
    told = page(study_of((0.1, alone, VALUES)), tmp_path)
    row = next(line for line in told.splitlines() if "12.3" in line)
    assert "0.00789" in row
    assert "±" not in row


def test_keys_that_end_alike_are_written_out(tmp_path):
    """`features.cutoff` beside `potential.cutoff` needs both names."""
    space = {key: FloatDistribution(0, 9) for key in ("features.cutoff", "potential.cutoff")}
    trial = (0.1, METRICS_OF_A_TRIAL, dict.fromkeys(space, 3.0))
    told = page(study_of(trial, space=space), tmp_path)
    assert "features.cutoff" in told
    assert "potential.cutoff" in told


def test_where_all_trials_failed_there_is_a_page_without_a_best(tmp_path):
    """The table says so, no comparison is made up."""
    told = page(study_of((None, {}, VALUES), (None, {}, VALUES)), tmp_path)
    assert told.count("the loss is not finite.") == 2
    assert "least squares" not in told


def test_an_empty_study_is_one_sentence(tmp_path):
    """Nothing to rank, nothing to show."""
    assert page(study_of(), tmp_path) == "The study 'quickstart' has no finished trial yet.\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.00123456, "0.00123"),
        (3.0, "3"),
        (64, "64"),
        (1000000, "1000000"),
        ("[-2,-3]", "[-2,-3]"),
        (None, "None"),
        (True, "True"),
    ],
)
def test_values_are_said_shortly(value, said):
    """Three digits of a float; whole numbers and texts as they are."""
    assert short(value) == said


def test_the_front_of_several_objectives_is_marked(tmp_path):
    """Each objective has its column, once."""
    study = create_study(study_name="two", directions=["minimize"] * 3)
    names = ["val/energy_mae", "prediction_microseconds", "drag_lines/roughness"]
    with pytest.warns(ExperimentalWarning):
        study.set_metric_names(names)
    for values in ([0.2, 3.0, 1.0], [0.1, 9.0, 1.0], [0.3, 9.0, 2.0]):
        told = METRICS_OF_A_TRIAL | dict(zip(names, values, strict=True))
        attributes = {METRICS: told, RUN_ID: "run"}
        trial = create_trial(
            values=values, params=VALUES, distributions=QUICKSTART, user_attrs=attributes
        )
        study.add_trial(trial)
    told = page(study, tmp_path)
    ranks = [line.split()[:2] for line in told.splitlines() if "0.00789 ±" in line]
    assert ranks == [["1*", "1"], ["2*", "0"], ["3", "2"]]
    assert "roughness" in told
    assert "on the Pareto front" in told
    assert max(map(len, told.partition("The best")[0].splitlines())) <= 80
    assert "…" not in told.partition("Next:")[0]
