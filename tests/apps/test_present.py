"""What a terminal shows: tables that fit, numbers with their errors, nothing interpreted."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from peslab.apps import present
from peslab.errors import PeslabError
from peslab.pipeline import Outcome
from peslab.pipeline.run import RowErrors
from peslab.study.sweeper import ToldTrial, TrialResult

METRICS = {
    **{f"test/{name}": 0.01234 for name in ("energy_mae", "energy_max_error", "force_mae")},
    **{f"test/{name}_sem": 0.0005 for name in ("energy_mae", "energy_max_error", "force_mae")},
    "val/energy_mae": 0.01111,
    "val/energy_mae_sem": 0.0002,
    "baseline/constant_mae": 0.5,
    "baseline/least_squares_mae": 0.25,
    "skill": 0.975,
    "prediction_microseconds": 12.34,
    "seconds/fit": 3.0,
}
OUTCOME = Outcome(
    "0123456789abcdef",
    METRICS,
    0.011,
    Path("/home/user/runs/single/2026"),
    RowErrors({"energy_mae": np.zeros((2, 3))}, "0123", 4),
)


@pytest.fixture
def told(monkeypatch):
    """What was printed on a terminal of 80 columns."""
    console = Console(width=80, file=io.StringIO(), highlight=False)
    monkeypatch.setattr(present, "console", console)
    return console.file.getvalue


def test_a_huge_error_is_short():
    """1e300 has three hundred digits before its point."""
    assert present.with_sem({"a": 1e300, "a_sem": 2e300}, "a") == "1e+300 ± 2e+300"
    assert present.with_sem({"a": 123456.7}, "a") == "123456.7000"


def test_a_single_run_fits_and_shows_what_it_measured(told):
    """Errors with their scatter, baselines, the place of the files, the next command."""
    runs = Path("/home/user/runs")
    present.single_run(OUTCOME.run_id, METRICS, OUTCOME.folder, runs)
    lines = told().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("0.0123 ± 0.0005" in line for line in lines) == 3
    for words in ("skill", "0.9750", "12.3 µs", "network.pt", "metrics.json", ".hydra/"):
        assert words in told()
    assert "peslab rerun 01234567 " in told()
    assert "seconds/fit" not in told()


@pytest.mark.parametrize(("farthest", "is_told"), [(9.0, False), (180.0, True)])
def test_a_run_says_when_its_test_part_is_unlike_what_was_learned(told, farthest, is_told):
    """Few configurations leave tails of descriptors empty, and errors there tell of nothing."""
    metrics = METRICS | {"baseline/farthest_input": farthest}
    present.single_run(OUTCOME.run_id, metrics, OUTCOME.folder, Path("/home/user/runs"))
    assert ("up to 180 times as far out" in " ".join(told().split())) == is_told
    assert max(map(len, told().splitlines())) <= 80


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"a": 0.5}, "0.5000"),
        ({"a": 0.5, "a_sem": 0.01}, "0.5000 ± 0.0100"),
        ({"a": 0.5, "a_sem": 0.0}, "0.5000 ± 0.0000"),
        ({"a": 0.5, "b_sem": 0.1}, "0.5000"),
        ({"a": 0.000145678, "a_sem": 0.0000014}, "0.000146 ± 0.000001"),
        ({"a": 0.0012, "a_sem": 0.0000031}, "0.001200 ± 0.000003"),
        ({"a": 0.0, "a_sem": 0.0}, "0.0000 ± 0.0000"),
        ({"a": float("nan")}, "nan"),
    ],
)
def test_a_mean_is_told_with_its_error_where_it_has_one(metrics, said):
    """An error of zero is one, too."""
    assert present.with_sem(metrics, "a") == said


def trial(result=None, reason=None, values=None):
    return ToldTrial(7, 3, 12, values or {"features.orders": "[-2,-4]"}, result, reason, 61.4)


def test_a_told_trial_is_one_line(told):
    """How far the study is, which trial, its error, its seconds, its values by their last name."""
    present.trial_line(
        trial(TrialResult(0.01, METRICS, "run"), values={"network.width": 64}),
        "val/energy_mae",
        "val MAE",
    )
    assert told() == "  3/12  trial 7: val MAE 0.0111 ± 0.0002  61 s  width=64\n"


def test_a_failed_trial_is_told_with_its_reason(told):
    """On the same line, in the place of the error."""
    present.trial_line(trial(reason="the loss is not finite."), "val/energy_mae", "val MAE")
    assert "trial 7: failed: the loss is not finite.  61 s" in told()


def test_lists_are_not_taken_for_colors(told):
    """`[-2,-4]` and `[red]` are values here, not markup."""
    present.trial_line(
        trial(reason="no", values={"a.b": "[red]", "c": "[-2,-4]"}), "val/energy_mae", "val MAE"
    )
    assert "b=[red] c=[-2,-4]" in told()


def test_a_long_line_of_a_trial_is_not_broken(told):
    """A log can be searched line by line."""
    present.trial_line(trial(reason="x" * 200), "val/energy_mae", "val MAE")
    assert told().count("\n") == 1


def test_a_run_of_a_grid_is_one_line(told):
    """Its number, its values, its error, the beginning of its id."""
    present.grid_line(3, "loss=mse", OUTCOME, "test/force_mae")
    assert told() == "run 3: loss=mse  test MAE 0.0123 ± 0.0005  (01234567)\n"


def test_a_failed_run_of_a_grid_is_one_line(told):
    """As long as its reason is; values in brackets are shown as they are."""
    present.failed_line(2, "features.orders=[-2]", PeslabError("x" * 100))
    assert told() == f"run 2: features.orders=[-2]  failed: {'x' * 100}\n"


def test_a_difference_shows_what_was_and_what_is(told):
    """Lists in brackets are shown as they are."""
    present.difference(["features.orders: [-2] → [-2, -3]", "seed: 0 → 1"])
    assert told() == "features.orders: [-2] → [-2, -3]\nseed: 0 → 1\n"


def test_no_difference_is_said_as_well(told):
    """Rather than nothing."""
    present.difference([])
    assert told() == "The same config again.\n"


def test_a_rerun_stands_beside_its_original(told):
    """Metric by metric with their ratio; what only one of them has is left out."""
    original = {"test/energy_mae": 0.02468, "val/energy_mae": 0.0, "test/other": 1.0}
    present.comparison(original, OUTCOME)
    lines = [line.split() for line in told().splitlines()]
    assert ["test/energy_mae", "0.02468", "0.01234", "0.500"] in lines
    assert ["val/energy_mae", "0", "0.01111", "–"] in lines
    assert "test/other" not in told()
    assert "_sem" not in told()
    assert max(map(len, told().splitlines())) <= 80


def test_a_run_is_watched_on_one_line():
    """The part, then the epochs as a person counts them and the error."""
    progress = Progress(disable=True)
    watcher = present.LiveWatcher(progress, "orders/3")
    watcher.part("data")
    assert progress.tasks[0].fields["told"] == "data"
    watcher.made(1000, 2500)
    assert progress.tasks[0].fields["told"] == "data: 1,000 of 2,500 configurations"
    assert (progress.tasks[0].completed, progress.tasks[0].total) == (1000, 2500)
    watcher.part("fit")
    assert (progress.tasks[0].completed, progress.tasks[0].total) == (0, None)
    watcher.epoch(0, 80, 0.123456)
    assert progress.tasks[0].fields["told"] == "epoch 1/80  validation MAE 0.1235"
    assert (progress.tasks[0].completed, progress.tasks[0].total) == (1, 80)
    watcher.epoch(79, 80, 0.1)
    assert progress.finished


def test_nothing_is_shown_where_nobody_watches(told):
    """A log file gets no bars."""
    with present.watching("run") as watcher:
        watcher.made(1, 2)
        watcher.part("fit")
        watcher.epoch(0, 2, 0.1)
    assert told() == ""
