"""A study on one page of a terminal."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.tree import Tree

from peslab.study.ranking import RankedTrial, ranking
from peslab.study.storage import REFERENCE, UNIT

COMPACT: dict[str, Any] = {
    "title_justify": "left",
    "box": box.SIMPLE_HEAD,
    "show_edge": False,
    "padding": 0,
}
"""Tables that fit into 80 columns."""

MICROSECONDS = "prediction_microseconds"

MOST_COLUMNS = 5
"""Beside rank, trial, error and time, in 80 letters."""

COLORS = {"pruned": "yellow", "failed": "red"}


def renderables(study: optuna.Study, home: Path) -> Iterator[RenderableType]:
    """The ranking, what the best is compared with, where the results are, the next commands."""
    trials = ranking(study)
    if not trials:
        yield f"The study '{study.study_name}' has no finished trial yet."
        return
    unit = str(study.user_attrs.get(UNIT, "E_c"))
    yield f"{study.study_name}: ranked by the validation part, shown on the test part"
    names = list(study.metric_names or ()) if len(study.directions) > 1 else []
    yield _table(trials, unit, names)
    yield "test MAE: mean ± standard error over replicas; µs: per prediction"
    if names:
        told = ", ".join(names)
        yield f"* on the Pareto front: none is as good in all, better in one, of\n{told}"
    for trial in trials:
        if trial.state == "failed":
            yield f"Trial {trial.trial} failed: {trial.reason}"
    yield ""
    if trials[0].rank is not None:
        yield "The best beside simpler answers, on the same test part"
        yield _comparison(trials[0], unit)
        yield str(study.user_attrs.get(REFERENCE, ""))
    yield ""
    yield _tree(study.study_name, trials[0], home)
    yield (
        f"\nNext:  peslab ui\n       peslab rerun {study.study_name}/best trainer.max_epochs=200"
    )


def _table(trials: list[RankedTrial], unit: str, objectives: Sequence[str] = ()) -> Table:
    """The trials in their order, with those of several objectives that have no column yet."""
    keys = sorted({key for trial in trials for key in trial.values})
    table = Table(
        **COMPACT,
    )
    headings = [name.replace("_", "\n") for name in short_names(keys)]
    others = [name for name in objectives if name not in {"val/energy_mae", MICROSECONDS}]
    if others and len(others) + len(keys) > MOST_COLUMNS:
        keys, headings = [], []  # they would not fit; every format but this page has them
    shown = [name.replace("/", "\n").replace("_", "\n") for name in others]
    for heading in ("rank", "trial", f"test MAE\n({unit})", "µs", *shown, *headings):
        table.add_column(heading, justify="right", no_wrap=True)
    for trial in trials:
        values = [short(trial.values.get(key, "–")) for key in keys]
        if trial.rank is None:
            table.add_row(
                "–",
                str(trial.trial),
                f"[{COLORS[trial.state]}]{trial.state}[/]",
                "",
                *[""] * len(others),
                *values,
            )
            continue
        error, sem = trial.metrics["test/energy_mae"], trial.metrics.get("test/energy_mae_sem")
        digits = decimals(error, 5)
        told = f"{error:.{digits}f}" + ("" if sem is None else f" ± {sem:.{digits}f}")
        speed = f"{trial.metrics[MICROSECONDS]:.1f}"
        rank = f"{trial.rank}{'*' if objectives and trial.front else ''}"
        reached = [short(trial.metrics[name]) for name in others]
        table.add_row(rank, str(trial.trial), told, speed, *reached, *values)
    return table


def short_names(keys: list[str]) -> list[str]:
    """The last part of each key, or all of it where two end alike."""
    tails = [key.rpartition(".")[2] for key in keys]
    return [tail if tails.count(tail) == 1 else key for key, tail in zip(keys, tails, strict=True)]


def _comparison(best: RankedTrial, unit: str) -> Table:
    table = Table(
        **COMPACT,
    )
    table.add_column("model")
    table.add_column(f"test MAE ({unit})", justify="right")
    table.add_column("skill", justify="right")
    constant = best.metrics["baseline/constant_mae"]
    for name, error in {
        f"trial {best.trial}": best.metrics["test/energy_mae"],
        "least squares on the same inputs": best.metrics["baseline/least_squares_mae"],
        "constant (the median)": constant,
    }.items():
        table.add_row(name, f"{error:.{decimals(error, 5)}f}", f"{1 - error / constant:.4f}")
    return table


def _tree(name: str, best: RankedTrial, home: Path) -> Tree:
    tree = Tree(f"[bold]{home}[/]")
    tree.add("mlflow.db          [dim]every run: losses, figures, networks[/]")
    tree.add("databases/         [dim]the configurations, shared by all runs[/]")
    study = tree.add(f"studies/{name}/")
    study.add("journal.log    [dim]the study itself: the same command continues it[/]")
    best_folder = f"{best.trial}/".ljust(14)
    study.add(f"{best_folder} [dim]the best trial: network.pt, metrics.json, .hydra/[/]")
    return tree


def decimals(value: float, least: int) -> int:
    """As many as show three digits of a small number: errors in eV or Hartree are below 0.001."""
    if value == 0 or not math.isfinite(value):
        return least
    return max(least, 2 - math.floor(math.log10(abs(value))))


def short(value: object) -> str:
    """A value as one would say it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
