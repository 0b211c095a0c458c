"""The report of a study: complete, escaped, readable by programs, whatever came out."""

import io
import time
import warnings
from dataclasses import asdict

import numpy as np
import optuna
import polars as pl
import pytest
from made_studies import (
    ABOUT,
    SPACE,
    TEXTS,
    complete,
    error_of,
    failed,
    ordinary,
    pruned,
    study_of,
    values,
)
from optuna.distributions import CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import create_trial
from polars.testing import assert_frame_equal
from test_html_pages import NASTY, read

from peslab.pages import study_pictures
from peslab.pages.study_page import Recorded, ranking_table, study_files
from peslab.pages.words import is_never_negative, metric_words
from peslab.study.about import About
from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict
from peslab.study.results.ranking import METRICS, as_text
from peslab.study.results.report import with_sem
from peslab.study.results.searched import asked
from peslab.study.results.table import trials_frame

FIGURES = {"forest", "importances", "history", "slices", "parallel", "pareto"}
RECORDED = Recorded(
    {"n_trials": "14", "seed": "7"},
    {"torch": "2.9", "commit": "abc"},
    "peslab train optimizer.learning_rate=0.003",
)


@pytest.fixture(scope="module", autouse=True)
def briefly():
    """Standard errors of importances take seconds, and are tested by themselves."""
    before, study_pictures.SECONDS = study_pictures.SECONDS, 0.1
    yield
    study_pictures.SECONDS = before


@pytest.fixture(scope="module")
def files(briefly):
    return study_files(ordinary(), RECORDED)


def figures(files):
    return {name.split("/")[1].split(".")[0] for name in files if name.startswith("figures/")}


def test_a_report_has_its_pages_tables_and_figures(files):
    """Every figure as pixels and as a drawing."""
    assert {name for name in files if "/" not in name} == {
        "report.html",
        "report.md",
        "ranking.csv",
        "ranking.tex",
    }
    assert figures(files) == FIGURES
    for name in FIGURES:
        assert files[f"figures/{name}.png"].startswith(b"\x89PNG")
        assert files[f"figures/{name}.pdf"].startswith(b"%PDF")
    assert len(files["report.html"]) < 3_000_000


def test_the_page_says_what_was_asked_and_what_came_out(files):
    """Counts, seeds, space, the command, versions, the reason of a failure."""
    text = " ".join(read(files["report.html"]).texts)
    for words in (
        "14 of 14 trials are finished: 12 complete, 1 failed, 1 pruned.",
        "Minimized: validation MAE of the energy (E_c).",
        "seed 0 and the 3 replicas",
        "seed 7",
        "thesis: 0.47 E_c",
        "peslab train optimizer.learning_rate=0.003",
        "peslab rerun made/best",
        "torch: 2.9",
        "the loss is not finite.",
        "loss: MeanAbsoluteError",
        *TEXTS.values(),
    ):
        assert words in text


def test_both_pages_say_the_same(files):
    """Every section of one is in the other, and Markdown names files that are there."""
    for title in ("What was asked", "Ranking", "Importances", "Failed and pruned", "The record"):
        assert f"<h2>{title}</h2>" in files["report.html"]
        assert f"## {title}\n" in files["report.md"]
    named = {
        line.split("](")[1].rstrip(")") for line in files["report.md"].splitlines() if "](" in line
    }
    assert named == {f"figures/{name}.png" for name in FIGURES}
    assert named < set(files)


def test_the_ranking_is_that_of_the_validation_part():
    """The best first and bold, those without an error last, in the words of the terminal."""
    table = ranking_table(ordinary(), trials_frame(ordinary()))
    best = min(range(12), key=lambda number: error_of(values(number)))
    assert table.rows[0][:2] == ("1", str(best))
    assert table.bold == {0}
    assert [row[0] for row in table.rows[-2:]] == ["failed", "pruned"]
    assert [row[0] for row in table.rows[:12]] == [str(rank) for rank in range(1, 13)]
    error = error_of(values(best))
    assert table.rows[0][3] == f"{1.1 * error:.5f} ± {0.03 * error:.5f}"
    assert table.header[-3:] == ("learning_rate", "width", "orders")


def test_the_table_in_csv_is_the_study(files):
    """Every number of every trial, to the last bit."""
    frame = trials_frame(ordinary())
    again = pl.read_csv(io.StringIO(files["ranking.csv"]), schema=frame.schema)
    assert_frame_equal(again, frame, check_exact=True)


def test_the_table_in_latex_has_a_line_for_each_trial(files):
    """And escapes the names of keys."""
    lines = [line for line in files["ranking.tex"].splitlines() if line.endswith(r"\\")]
    assert len(lines) == 1 + 14
    assert r"learning\_rate" in lines[0]
    assert r"\textbf{1}" in lines[1]


def test_a_malicious_study_is_only_letters():
    """Values, reasons, recipes and environments are other people's words."""
    space = SPACE | {"features.orders": CategoricalDistribution([NASTY, "$x$"])}
    trials = [complete(k, values(k) | {"features.orders": NASTY}, space) for k in range(5)]
    study = study_of(*trials, failed(5, NASTY), name="safe", space={NASTY: NASTY})
    study.set_user_attr("recipe", {NASTY: NASTY})
    About(NASTY, {"val/energy_mae": NASTY, "test/energy_mae": NASTY}).keep(study)
    made = study_files(study, Recorded({"n_trials": NASTY}, {NASTY: NASTY}, NASTY))
    reader = read(made["report.html"])
    assert "script" not in reader.seen
    assert all(address.startswith("data:image/png;base64,") for address in reader.addresses)
    words = made["report.md"].split("\n```\n")[::2]  # between the lines that are to be copied
    assert "&lt;script" in "".join(words)
    assert "<script" not in "".join(words)
    assert all("/" not in name or name.startswith("figures/") for name in made)


@pytest.mark.parametrize(
    ("trials", "drawn", "words"),
    [
        ([complete(0)], FIGURES - {"importances"}, "need 4 complete trials"),
        ([complete(0, n_replicas=1)], FIGURES - {"importances"}, "need 4 complete trials"),
        ([failed(0), failed(1)], {"history", "slices"}, "2 failed"),
        ([pruned(0)], {"history", "slices"}, "1 pruned"),
        ([], set(), "0 of 14 trials are finished: none yet"),
        ([complete(k, error=0.01) for k in range(5)], FIGURES - {"importances"}, "the same error"),
    ],
)  # fmt: skip
def test_whatever_came_out_there_is_a_page(trials, drawn, words):
    """One trial, none that ended well, none at all, equal ones: what can be drawn is drawn."""
    made = study_files(study_of(*trials), RECORDED)
    assert figures(made) == drawn
    assert words in " ".join(read(made["report.html"]).texts)


def test_confirmed_trials_show_their_fresh_errors_and_ties():
    """What validation promised, what fresh data gave, who is tied for best."""
    study = ordinary()
    order = trials_frame(study).drop_nulls("rank").sort("rank")["trial"].to_list()[:3]
    for number in order:
        error = error_of(values(number))
        result = FreshResult(
            trial=number, promised=error, error=1.2 * error, sem=0.1 * error, replicas=[],
            data="f", told="4,000 others", run_id=None, reason=None,
        )  # fmt: skip
        study.set_user_attr(f"{FRESH}{number}", asdict(result))
    lost = FreshResult(trial=99, reason="no memory.")
    study.set_user_attr(f"{FRESH}99", asdict(lost))
    found = Verdict(trials=order, tied=order[:2], reason=None, pairs=[])
    study.set_user_attr(VERDICT, asdict(found))
    made = study_files(study, RECORDED)
    text = " ".join(read(made["report.html"]).texts)
    assert "trained again with fresh seeds and tested on 4,000 others." in text
    one, two = sorted(order[:2])
    assert f"Trials {one} and {two} are tied for best" in text
    assert text.count("1.20 ± 0.10") == 3 + 1  # once more of the winner
    assert f"Trial {order[0]}: validation promised" in text
    assert "Trial 99 failed when it was trained again: no memory." in text
    assert "ratio verdict" in text  # without the columns of pairs, none of which was tested
    table = ranking_table(study, trials_frame(study))
    assert table.bold == {0, 1}
    assert [row[table.header.index("verdict")] for row in table.rows[:4]] == [
        "tied",
        "tied",
        "worse",
        "",
    ]


def test_of_one_alone_the_page_says_that_it_is_alone():
    """Instead of leaving it open whether it is the best."""
    study = ordinary()
    study.set_user_attr(f"{FRESH}3", asdict(FreshResult(3, 0.02, 0.001, told="others")))
    study.set_user_attr(VERDICT, asdict(Verdict([3], [3], None, [])))
    table = ranking_table(study, trials_frame(study))
    told = [row[table.header.index("verdict")] for row in table.rows]
    assert sorted(told) == [""] * 13 + ["only one confirmed"]


@pytest.mark.parametrize(
    ("metric", "is_so"),
    [
        ("test/energy_mae", True),
        ("val/error", True),
        ("val/energy_max_error", True),
        ("prediction_microseconds", True),
        ("seconds/fit", False),
        ("val/energy_r2", False),
        ("terror", False),
    ],
)
def test_errors_and_times_are_known_by_their_names(metric, is_so):
    """What is none of them may be negative."""
    assert is_never_negative(metric) == is_so


@pytest.mark.parametrize(
    ("asked_for", "words"),
    [
        ({"n_trials": "8", "extend_by": "6"}, "14 of 14 trials are finished"),
        ({"n_trials": "20", "extend_by": "0"}, "14 of 20 trials are finished"),
        ({"n_trials": "8"}, "14 trials are finished"),
    ],
)
def test_finished_trials_are_counted_among_those_that_were_asked_for(asked_for, words):
    """An extension counts; where fewer are asked for than there are, that is left out."""
    made = study_files(ordinary(), Recorded(asked_for))
    assert f"\n{words}:" in made["report.md"]


def test_captions_name_what_is_drawn():
    """Under times of predictions nobody looks for errors."""
    study = optuna.create_study(study_name="times")
    for number in range(4):
        study.add_trial(complete(number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(["prediction_microseconds"])
    captions = {each.name: each.caption for each in study_pictures.StudyPictures(study)}
    assert captions["history"].startswith("The time per prediction of each trial")
    assert captions["slices"] == "The time per prediction over each key of the space."
    assert not [each for each in captions.values() if "error" in each or "{" in each]


def test_where_no_data_are_new_the_page_calls_none_fresh(monkeypatch):
    """Seeds are."""
    study = ordinary()
    for number in (0, 1):
        result = FreshResult(number, 0.02, 0.001, promised=0.01, told="the same file", is_new=False)
        study.set_user_attr(f"{FRESH}{number}", asdict(result))
    study.set_user_attr(VERDICT, asdict(Verdict([0, 1], [0, 1], None, [])))
    drawn = []
    monkeypatch.setattr(study_pictures, "forest_figure", lambda forest, _: drawn.append(forest))
    page = study_files(study, RECORDED)["report.md"]
    assert drawn[0].again == "fresh seeds"
    assert page.count("fresh") == page.count("fresh seeds") == 1
    assert "trained again" in ranking_table(study, trials_frame(study)).header


def test_another_metric_of_fresh_data_is_named_and_not_drawn_beside_the_error(monkeypatch):
    """A gradient's error has no place on the axis of the energy's."""
    study = ordinary()
    for number in (0, 1):
        result = FreshResult(number, 5.0, 0.1, promised=4.0, told="x", metric="test/gradient_mae")
        study.set_user_attr(f"{FRESH}{number}", asdict(result))
    study.set_user_attr(VERDICT, asdict(Verdict([0, 1], [0, 1], None, [])))
    drawn = []
    monkeypatch.setattr(study_pictures, "forest_figure", lambda forest, _: drawn.append(forest))
    made = study_files(study, RECORDED)
    (forest,) = drawn
    assert np.isnan(forest.fresh.errors).all()
    assert not forest.tied.any()
    assert "fresh gradient MAE" in ranking_table(study, trials_frame(study)).header
    assert "What is compared is their test MAE of the gradient." in made["report.md"]


def test_a_report_of_fifty_trials_takes_seconds(monkeypatch):
    """Of the processor, with all the resamples of importances that it has time for."""
    monkeypatch.setattr(study_pictures, "SECONDS", 4.0)
    began = time.process_time()
    made = study_files(study_of(*map(complete, range(50))), RECORDED)
    assert time.process_time() - began < 15.0
    assert figures(made) == FIGURES


def test_a_report_of_an_unchanged_study_is_the_same_to_the_last_byte(files):
    """But for importances, which time may end: nothing depends on when it was made."""
    again = study_files(ordinary(), RECORDED)
    for name in set(files) - {"report.html"}:
        if "importances" not in name:
            assert again[name] == files[name]


@pytest.mark.parametrize(
    ("mean", "sem", "told"),
    [
        (0.0064234, 0.00025, "0.00642 ± 0.00025"),
        (0.00001234, None, "0.0000123"),
        (91786.4, 91785.6, "91786 ± 91786"),
        (365.99, 181.4, "365.99 ± 181.40"),
        (2.5e8, 1.8e8, "2.5e+08 ± 1.8e+08"),
        (0.00755, 2.4e-6, "0.007550 ± 0.000002"),
        (0.1, 0.0, "0.10000 ± 0.00000"),
        (0.5, float("nan"), "0.50000"),
        (None, None, "–"),
        (0.0, None, "0.00000"),
        (-0.25, 0.01, "-0.25000 ± 0.01000"),
    ],
)
def test_numbers_are_told_with_the_digits_that_they_have(mean, sem, told):
    """Small and huge errors alike; one replica has no standard error."""
    assert with_sem(mean, sem) == told


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("val/energy_mae", "validation MAE of the energy"),
        ("test/gradient_rmse", "test RMSE of the gradient"),
        ("val/error", "val/error"),
        ("prediction_microseconds", "time per prediction"),
    ],
)
def test_metrics_are_said_in_words(metric, said):
    """Other trainers' metrics keep the names that they were given."""
    assert metric_words(metric) == said


def test_another_trainers_error_keeps_its_name_and_has_no_unit():
    """What a study says of its objective and unit is what the page shows."""
    trials = []
    for number in range(5):
        trial = complete(number)
        trial.set_user_attr(METRICS, as_text({"val/error": 0.1 + number, "val/error_sem": 0.01}))
        trials.append(trial)
    study = study_of(*trials)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(["val/error"])
    About(trainer="python train.py").keep(study)
    table = ranking_table(study, trials_frame(study))
    assert table.header[2] == "val/error"
    made = study_files(study, Recorded())
    assert "Minimized: val/error." in made["report.md"]
    assert "E_c)" not in made["report.md"]
    assert figures(made) == FIGURES - {"pareto"}


def test_what_is_maximized_is_drawn_with_its_own_sign():
    """The best is the highest, and every picture says that larger is better."""
    study = optuna.create_study(study_name="up", direction="maximize")
    study.add_trials(map(complete, range(6)))
    ABOUT.keep(study)
    assert asked(study).signs == (-1.0,)
    drawn = study_pictures.StudyPictures(study)
    label = "validation MAE of the energy ($E_c$), larger is better"
    values = [trial.value for trial in study.trials]
    history = drawn._history().axes[0]
    assert history.get_ylabel() == label
    assert history.lines[0].get_ydata().tolist() == np.maximum.accumulate(values).tolist()
    assert np.asarray(history.collections[0].get_offsets())[:, 1].tolist() == values
    slices = drawn._slices()
    assert slices.get_supylabel() == label
    assert np.asarray(slices.axes[1].collections[1].get_offsets())[0, 1] == max(values)
    parallel = drawn._parallel()
    goal = parallel.axes[0].get_xticklabels()[-1].get_text()
    assert goal.replace("\n", " ") == label
    assert parallel.legends[0].get_texts()[0].get_text() == f"best: {max(values):.3g}"
    assert drawn._pareto().axes[0].get_ylabel() == label
    assert "larger is better" in drawn._forest().axes[0].get_xlabel()
    assert "Maximized: validation MAE of the energy" in study_files(study, RECORDED)["report.md"]


def test_several_objectives_have_a_front_for_each_pair(monkeypatch):
    """And the frame ranks them, which is not of interest here."""
    study = optuna.create_study(study_name="two", directions=["minimize", "maximize"])
    ABOUT.keep(study)
    monkeypatch.setattr(study_pictures, "trials_frame", lambda _: trials_frame(ordinary(6)).head(6))
    for number in range(6):
        params = values(number)
        study.add_trial(
            create_trial(params=params, distributions=SPACE, values=[error_of(params), number])
        )
    drawn = {picture.name for picture in study_pictures.StudyPictures(study)}
    assert drawn == FIGURES
    figure = study_pictures.StudyPictures(study)._pareto()
    cost, pair = figure.axes
    assert cost.get_xlabel() == "time per prediction (µs)"
    assert (pair.get_xlabel(), pair.get_ylabel()) == (
        "validation MAE of the energy ($E_c$)",
        "objective 1, larger is better",
    )
