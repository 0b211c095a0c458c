"""A study ends with its report on the disk and in MLflow; two of its runs stand side by side."""

import shlex

import pytest
from optuna.study import create_study
from optuna.trial import create_trial

from peslab.apps.records import recorded
from peslab.apps.report import conclude
from peslab.configuration.build import resolve
from peslab.configuration.compose import compose, without_hydra
from peslab.tracking import Tracking, study_log

LOCAL = Tracking(uri=None, experiment="peslab")
FILES = {"report.html", "report.md", "ranking.csv", "ranking.tex", "figures"}
FIGURES = {"forest", "history", "slices", "parallel", "pareto"}  # three trials: no importances


@pytest.fixture
def report(in_study):
    """The folder of the report that the study left."""
    return in_study / "studies" / "quickstart" / "report"


def test_a_study_ends_with_its_report(report):
    """Pages, tables, and each figure twice."""
    assert {path.name for path in report.iterdir()} == FILES
    names = {path.name for path in (report / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")}
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "3 of 3 trials are finished: 3 complete." in page
    assert "need 4 complete trials, and there are 3" in page
    assert "numpy: " in page


def test_the_settings_of_a_study_are_those_that_were_typed_last(tmp_path):
    """And not those of its best trial, which may be from before it was extended."""
    study = create_study(study_name="grown")
    for number, error in enumerate((1.0, 2.0)):
        study.add_trial(create_trial(value=error))
        folder = tmp_path / "studies" / "grown" / str(number) / ".hydra"
        folder.mkdir(parents=True)
        text = f"study: {{n_trials: 1, extend_by: {number}}}"
        (folder / "config.yaml").write_text(text, encoding="utf-8")
    settings = recorded(study, tmp_path, LOCAL).settings
    assert settings == {"n_trials": "1", "extend_by": "1"}


def test_the_studys_run_in_mlflow_has_all_of_it(in_study, report):
    """Under the names that the files have."""
    run = study_log(LOCAL, in_study, "quickstart")
    client = LOCAL.client(in_study)
    assert client.get_run(run.run_id).data.tags["role"] == "parent"
    found = {item.path for item in client.list_artifacts(run.run_id)}
    assert found >= FILES
    drawn = {item.path for item in client.list_artifacts(run.run_id, "figures")}
    assert drawn == {f"figures/{path.name}" for path in (report / "figures").iterdir()}
    assert study_log(LOCAL, in_study, "never-begun") is None


def test_the_pasted_command_is_the_best_trial(in_study, report):
    """What it composes to is what was recorded, but for the study around it."""
    lines = (report / "report.md").read_text(encoding="utf-8").splitlines()
    pasted = shlex.split(next(line for line in lines if line.startswith("peslab train ")))
    best = next(line for line in lines if line.startswith("| **1** |")).split("|")[2].strip(" *")
    recorded = resolve(without_hydra(compose(pasted[2:])))
    folder = in_study / "studies" / "quickstart" / best / ".hydra" / "config.yaml"
    from omegaconf import OmegaConf

    then = resolve(OmegaConf.load(folder))
    around = ("study", "tracking")
    assert {k: v for k, v in recorded.items() if k not in around} == {
        k: v for k, v in then.items() if k not in around
    }


def test_an_unchanged_study_keeps_its_report(in_study, report, capsys):
    """Drawn once; asked for by itself, it is drawn again."""
    before = (report / "report.html").stat().st_mtime_ns
    conclude("quickstart", LOCAL)
    assert f"Report: {report / 'report.html'}" in capsys.readouterr().out
    assert (report / "report.html").stat().st_mtime_ns == before


def test_a_report_is_drawn_when_it_is_asked_for(report, peslab):
    """In place of what was there."""
    (report / "stale.txt").touch()
    answer = peslab("report", "quickstart", "--html")
    assert (answer.status, answer.out) == (0, f"Report: {report / 'report.html'}\n")
    assert {path.name for path in report.iterdir()} == FILES


def test_two_trials_are_put_side_by_side(in_study, peslab):
    """By their numbers: what differs, what both measured, what both look like."""
    answer = peslab("report", "quickstart", "--compare", "0", "1")
    path = in_study / "studies" / "quickstart" / "compare_0_1.html"
    assert (answer.status, answer.out) == (0, f"Comparison: {path}\n")
    page = path.read_text(encoding="utf-8")
    for words in ("quickstart/0 beside quickstart/1", "learning_rate", "test/energy_mae"):
        assert words in page
    for title in ("Parity", "Drag", "Errors"):
        assert f"<h2>{title}</h2>" in page
    assert page.count("<img") >= 6


def test_runs_are_compared_by_their_ids_too(in_study, peslab):
    """As peslab rerun takes them; the best is a trial."""
    run_id = LOCAL.of_study(in_study, "quickstart", 2).run_id
    answer = peslab("report", "quickstart", "--compare", "best", run_id[:10])
    assert answer.status == 0
    assert (in_study / "studies" / "quickstart" / f"compare_best_{run_id[:10]}.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing", "--html"), "no study 'nothing'"),
        (("quickstart", "--compare", "0", "77"), "no finished trial '77'"),
        (("quickstart", "--compare", "0", "zzz"), "no run begins with 'zzz'"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(arguments, words, in_study, report, peslab):
    """Nothing is written then."""
    before = {path: path.stat().st_mtime_ns for path in report.parent.rglob("*.html")}
    answer = peslab("report", *arguments)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert before == {path: path.stat().st_mtime_ns for path in report.parent.rglob("*.html")}
