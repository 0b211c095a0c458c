"""Tables name the error that the study is ranked by, with its unit."""

import io
import warnings
from dataclasses import asdict, replace

import pytest
from optuna.exceptions import ExperimentalWarning
from optuna.study import create_study
from optuna.trial import TrialState, create_trial
from rich.console import Console

from peslab.study.about import About
from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict
from peslab.study.results.ranking import METRICS, REASON, ranking
from peslab.study.results.report import renderables
from peslab.study.results.shown import label, on_test_part, shown


def study_of(*metrics, objectives=None, about=None):
    study = create_study(study_name="own", directions=["minimize"] * len(objectives or "x"))
    if objectives:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names(objectives)
    if about is not None:
        about.keep(study)
    for each in metrics:
        values = [1.0] * len(study.directions)
        study.add_trial(create_trial(values=values, user_attrs={METRICS: each}))
    return study


def page(study, home):
    console = Console(width=80, file=io.StringIO(), highlight=False)
    for part in renderables(study, home):
        console.print(part)
    return console.file.getvalue()


OTHERS = {"objectives": ["val/error"], "about": About(trainer="python train.py")}


@pytest.mark.parametrize(
    ("metric", "word"),
    [
        ("val/energy_mae", "val MAE"),
        ("test/energy_mae", "test MAE"),
        ("val/gradient_mae", "val gradient MAE"),
        ("drag/roughness", "drag roughness"),
        ("val/error", "val error"),
        ("loss", "loss"),
        ("a/b/max_error", "a/b max error"),
    ],
)
def test_metrics_are_said_in_words(metric, word):
    """The problem's own target needs no name."""
    assert label(metric, "test/energy_mae") == word


def test_the_test_part_is_shown_where_there_is_one():
    """What selects is not what is shown; without a test part it has to be."""
    assert on_test_part("val/error") == "test/error"
    assert on_test_part("drag/roughness") == "drag/roughness"
    both, one = {"val/error": 1.0, "test/error": 2.0}, {"val/error": 1.0}
    for metrics, error in ((both, "test/error"), (one, "val/error")):
        study = study_of(metrics, **OTHERS)
        assert shown(study, ranking(study)).error == error
    study = study_of(both, one, **OTHERS)
    assert shown(study, ranking(study)).error == "val/error"


def test_what_is_shown_beside_another_objective_is_no_part_of_it():
    """Times are not of the validation part."""
    names = ["prediction_microseconds", "val/energy_mae"]
    metrics = {"prediction_microseconds": 1.0, "test/energy_mae": 0.1}
    study = study_of(metrics, objectives=names, about=About(baselined="test/energy_mae"))
    told = shown(study, ranking(study)).told
    assert told == "ranked by prediction_microseconds, shown with the test MAE"


def test_the_unit_is_that_of_the_error_which_is_shown():
    """As far as anybody said it."""
    found = shown(study_of(), [])
    assert (found.objective, found.error, found.unit) == ("val/energy_mae", "test/energy_mae", "")
    assert found.is_own
    told = About(units={"test/energy_mae": "eV", "val/energy_mae": "?"}, baselined=found.error)
    found = shown(study_of(about=told), [])
    assert found.heading == "test MAE\n(eV)"
    assert found.fresh_heading == "fresh MAE\n(eV)"


def test_the_page_of_another_trainer_has_what_that_measured(tmp_path):
    """No baselines, no times of prediction, no unit that nobody said, no rerun."""
    metrics = {"val/error": 0.5, "test/error": 0.25, "test/error_sem": 0.0625}
    told = page(study_of(metrics, **OTHERS), tmp_path)
    assert "0.25000 ± 0.06250" in told
    assert "test error: mean ± standard error over replicas" in told
    for word in ("MAE", "µs", "E_c", "skill", "constant", "rerun", "network.pt", "databases"):
        assert word not in told
    assert max(map(len, told.replace(str(tmp_path), "").splitlines())) <= 80


def test_what_was_trained_again_is_told_by_the_metric_that_was_measured(tmp_path):
    """With its own unit; of several objectives the first is named as what decides."""
    about = About(units={"test/gradient_mae": "E_c/R_c"}, baselined="test/energy_mae")
    metrics = {"val/gradient_mae": 0.5, "test/gradient_mae": 0.25, "test/energy_mae": 0.1}
    metrics |= {"baseline/constant_mae": 1.0, "baseline/least_squares_mae": 1.0}
    study = study_of(metrics, objectives=["val/gradient_mae", "val/energy_mae"], about=about)
    result = FreshResult(0, 0.3, told="new data", promised=0.5, metric="test/gradient_mae")
    study.set_user_attr(f"{FRESH}0", asdict(result))
    study.set_user_attr(VERDICT, asdict(Verdict([0, 7], [0], None, [])))
    study.set_user_attr(f"{FRESH}7", asdict(replace(result, trial=7, error=0.9)))
    found = shown(study, ranking(study))
    assert (found.error, found.fresh) == ("test/energy_mae", "test/gradient_mae")
    assert found.fresh_heading == "fresh gradient MAE\n(E_c/R_c)"
    told = " ".join(page(study, tmp_path).split())
    assert "What leads in the first objective, trained again" in told
    assert "Trial 0 is the best in the first objective" in told


@pytest.mark.parametrize(
    ("about", "is_new"), [(About(trainer="python train.py"), True), (About(), False)]
)
def test_where_no_data_are_new_none_are_called_fresh(about, is_new, tmp_path):
    """A command's are its own, and a file holds no rows that no trial has seen."""
    study = study_of({"val/error": 0.5, "test/error": 0.25}, objectives=["val/error"], about=about)
    result = FreshResult(0, 0.3, told="the same", promised=0.5, metric="test/error", is_new=is_new)
    study.set_user_attr(f"{FRESH}0", asdict(result))
    study.set_user_attr(VERDICT, asdict(Verdict([0], [0], None, [])))
    found = shown(study, ranking(study))
    assert (found.has_new_data, found.fresh_label) == (False, "error again")
    told = page(study, tmp_path)
    assert "fresh seeds and tested on" in told
    assert told.count("fresh") == 1


def test_another_metric_of_ours_has_its_name_and_unit(tmp_path):
    """Baselines of the energy are none of the gradient."""
    metrics = {"val/gradient_mae": 0.5, "test/gradient_mae": 0.25, "prediction_microseconds": 3.0}
    metrics |= {"baseline/constant_mae": 1.0, "baseline/least_squares_mae": 1.0}
    about = About(units={"test/gradient_mae": "E_c/R_c"}, baselined="test/energy_mae")
    told = page(study_of(metrics, objectives=["val/gradient_mae"], about=about), tmp_path)
    assert "test gradient MAE" in told
    assert "(E_c/R_c)" in told
    assert "least squares" not in told
    assert "peslab rerun own/best" in told


def test_the_ranking_says_what_it_is_by():
    """For programs that read `peslab report --json`."""
    (trial,) = ranking(study_of({"val/error": 0.5}, **OTHERS))
    assert trial.as_json()["objectives"] == ["val/error"]


def test_where_no_trial_is_complete_none_is_called_the_best(tmp_path):
    """And no command is offered that would not find it."""
    study = create_study(study_name="own")
    study.add_trial(create_trial(state=TrialState.FAIL, user_attrs={REASON: "no."}))
    told = page(study, tmp_path)
    assert "Trial 0 failed: no." in told
    assert "best" not in told
    assert told.rstrip().endswith("peslab ui")


def test_reasons_are_shown_as_they_are(tmp_path):
    """[Errno 2] is no color."""
    study = create_study(study_name="own")
    reason = {REASON: "[Errno 2] [red]x[/]"}
    study.add_trial(create_trial(state=TrialState.FAIL, user_attrs=reason))
    assert "[Errno 2] [red]x[/]" in page(study, tmp_path)


def test_of_several_objectives_the_first_column_is_the_problems_own_error(tmp_path):
    """Each other one has a column of its own; another trainer's first one has no other place."""
    metrics = {"drag/roughness": 0.5, "test/energy_mae": 0.25, "prediction_microseconds": 3.0}
    metrics |= {"baseline/constant_mae": 1.0, "baseline/least_squares_mae": 1.0}
    names = ["drag/roughness", "prediction_microseconds"]
    study = study_of(metrics, objectives=names, about=About(baselined="test/energy_mae"))
    assert shown(study, ranking(study)).error == "test/energy_mae"
    told = page(study, tmp_path)
    assert "roughness" in told
    assert "0.25000" in told
    others = study_of({"a": 0.5, "b": 2.0}, **(OTHERS | {"objectives": ["a", "b"]}))
    assert shown(others, ranking(others)).error == "a"
    assert "* on the Pareto front" in page(others, tmp_path)
