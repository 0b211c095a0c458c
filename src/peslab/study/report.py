"""A study on one page of a terminal."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from peslab.study.ranking import RankedTrial, ranking
from peslab.study.shown import Shown, shown
from peslab.study.storage import REFERENCE

COMPACT: dict[str, Any] = {
    "title_justify": "left",
    "box": box.SIMPLE_HEAD,
    "show_edge": False,
    "padding": 0,
}
"""Tables that fit into 80 columns."""


def renderables(study: optuna.Study, home: Path) -> Iterator[RenderableType]:
    """The ranking, what the best is compared with, where the results are, the next commands."""
    trials = ranking(study)
    if not trials:
        yield f"The study '{study.study_name}' has no finished trial yet."
        return
    error = shown(study, trials)
    yield f"{study.study_name}: {error.told}"
    yield _table(trials, error)
    timed = "; µs: per prediction" if _is_timed(trials) else ""
    yield f"{error.label}: mean ± standard error over replicas{timed}"
    for trial in trials:
        if trial.rank is None:
            yield f"Trial {trial.trial} failed: {escape(str(trial.reason))}"
    if trials[0].rank is not None and error.error == error.baselined:
        yield "\nThe best beside simpler answers, on the same test part"
        yield _comparison(trials[0], error)
        yield str(study.user_attrs.get(REFERENCE, ""))
    yield ""
    yield _tree(study.study_name, trials[0], home, error)
    again = f"\n       peslab rerun {study.study_name}/best trainer.max_epochs=200"
    yield f"\nNext:  peslab ui{again if error.is_own else ''}"


def _is_timed(trials: list[RankedTrial]) -> bool:
    return any("prediction_microseconds" in trial.metrics for trial in trials)


def _table(trials: list[RankedTrial], shown: Shown) -> Table:
    keys = sorted({key for trial in trials for key in trial.values})
    table = Table(
        **COMPACT,
    )
    headings = [name.replace("_", "\n") for name in short_names(keys)]
    time = ["µs"] if _is_timed(trials) else []
    for heading in ("rank", "trial", shown.heading, *time, *headings):
        table.add_column(heading, justify="right", no_wrap=True)
    for trial in trials:
        values = [short(trial.values.get(key)) for key in keys]
        if trial.rank is None:
            table.add_row("–", str(trial.trial), "[red]failed[/]", *("" for _ in time), *values)
            continue
        error, sem = trial.metrics[shown.error], trial.metrics.get(f"{shown.error}_sem")
        digits = decimals(error, 5)
        told = f"{error:.{digits}f}" + ("" if sem is None else f" ± {sem:.{digits}f}")
        speed = [f"{trial.metrics['prediction_microseconds']:.1f}" for _ in time]
        table.add_row(str(trial.rank), str(trial.trial), told, *speed, *values)
    return table


def short_names(keys: list[str]) -> list[str]:
    """The last part of each key, or all of it where two end alike."""
    tails = [key.rpartition(".")[2] for key in keys]
    return [tail if tails.count(tail) == 1 else key for key, tail in zip(keys, tails, strict=True)]


def _comparison(best: RankedTrial, shown: Shown) -> Table:
    table = Table(
        **COMPACT,
    )
    table.add_column("model")
    table.add_column(shown.heading.replace("\n", " "), justify="right")
    table.add_column("skill", justify="right")
    constant = best.metrics["baseline/constant_mae"]
    for name, error in {
        f"trial {best.trial}": best.metrics[shown.error],
        "least squares on the same inputs": best.metrics["baseline/least_squares_mae"],
        "constant (the median)": constant,
    }.items():
        table.add_row(name, f"{error:.{decimals(error, 5)}f}", f"{1 - error / constant:.4f}")
    return table


def _tree(name: str, best: RankedTrial, home: Path, shown: Shown) -> Tree:
    tree = Tree(f"[bold]{home}[/]")
    tree.add("mlflow.db          [dim]every run: losses, figures, networks[/]")
    if shown.is_own:
        tree.add("databases/         [dim]the configurations, shared by all runs[/]")
    study = tree.add(f"studies/{name}/")
    study.add("journal.log    [dim]the study itself: the same command continues it[/]")
    best_folder = f"{best.trial}/".ljust(14)
    files = "network.pt, metrics.json, .hydra/" if shown.is_own else "metrics.json, replica_0/ …"
    study.add(f"{best_folder} [dim]the best trial: {files}[/]")
    return tree


def decimals(value: float, least: int) -> int:
    """As many as show three digits of a small number: errors in eV or Hartree are below 0.001."""
    if value == 0 or not math.isfinite(value):
        return least
    return max(least, 2 - math.floor(math.log10(abs(value))))


def short(value: object) -> str:
    """A value as one would say it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
