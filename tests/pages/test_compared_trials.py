"""What a report says of trials beside each other: differences that are real, and fronts."""

import warnings
from dataclasses import asdict

import optuna
import pytest
from made_studies import ABOUT, SPACE, failed, ordinary, values
from optuna.exceptions import ExperimentalWarning
from optuna.trial import create_trial
from test_html_pages import read

from peslab.pages import study_pictures
from peslab.pages.study_page import Recorded, ranking_table, study_files
from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict
from peslab.study.results.table import trials_frame

RECORDED = Recorded({"n_trials": "14"})


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    """Importances are not of interest here."""
    monkeypatch.setattr(study_pictures, "SECONDS", 0.1)


def test_both_pages_have_the_paired_tests_as_the_terminal_has_them():
    """By how much each is worse than the best, the probability of that, and the verdict."""
    study = ordinary()
    for number, error in ((0, 0.02), (1, 0.018), (2, 0.03)):
        result = FreshResult(number, error, 0.001, promised=0.01, told="others")
        study.set_user_attr(f"{FRESH}{number}", asdict(result))
    pairs = [
        {"first": first, "second": second, "difference": more, "sem": 0.0014, "probability": p}
        for first, second, more, p in ((1, 0, -0.002, 0.3), (1, 2, -0.012, 0.004), (0, 2, -0.01, 1))
    ]
    study.set_user_attr(VERDICT, asdict(Verdict([1, 0, 2], [1, 0], None, pairs)))
    made = study_files(study, RECORDED)
    header = "| ratio | worse than trial 1 (E\\_c) | p | verdict |"
    told = made["report.md"].partition(header)[2].splitlines()[2:5]
    cells = [[cell.strip(" *") for cell in line.split("|")[5:8]] for line in told]
    assert cells == [
        ["", "", "tied"],
        ["0.00200 ± 0.00140", "0.3", "tied"],
        ["0.01200 ± 0.00140", "0.004", "worse"],
    ]
    texts = read(made["report.html"]).texts
    assert {"worse than trial 1 (E_c)", "0.01200 ± 0.00140", "0.004", "worse"} <= set(texts)
    assert "below 0.05 one is called worse" in made["report.md"]
    study.set_user_attr(VERDICT, asdict(Verdict([1, 0, 2], None, "with one replica each", [])))
    assert "worse than" not in study_files(study, RECORDED)["report.md"]


def test_the_front_of_several_objectives_is_marked():
    """In the ranking of every format, as on the terminal; one objective has no front."""
    study = optuna.create_study(study_name="two", directions=["minimize", "minimize"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(["val/energy_mae", "val/force_mae"])
    ABOUT.keep(study)
    for number, pair in enumerate([(0.1, 0.4), (0.2, 0.5), (0.3, 0.2)]):
        study.add_trial(create_trial(params=values(number), distributions=SPACE, values=pair))
    study.add_trial(failed(3))
    table = ranking_table(study, trials_frame(study))
    marked = [("1*", "0"), ("2*", "2"), ("3", "1"), ("failed", "3")]
    assert [row[:2] for row in table.rows] == marked
    page = study_files(study, RECORDED)["report.md"]
    assert "| **1\\*** | **0** |" in page
    assert "better in one, of validation MAE of the energy, validation MAE of the force." in page
    assert "Pareto" not in study_files(ordinary(), RECORDED)["report.md"]
