"""What a grid looks like: its errors over what was swept."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from peslab.evaluation import PowerLaw, SweepCurve, SweepPanel, power_law, sweep_figure
from peslab.pipeline.grid import Grid, replicas
from peslab.problems.contract import Array, Task
from peslab.study.results.report import short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_KEYS = 2  # one along the axis, and one with a curve for each of its values
SIZE, ROWS = "database.size", "training_rows"
GRADIENT = "test/gradient_mae"
BASELINES = {"constant": "baseline/constant_mae", "least squares": "baseline/least_squares_mae"}
SAME = 0.01  # part of a baseline, by which it may differ between the curves that it stands for


class Drawing(NamedTuple):
    """A figure of a grid.

    Attributes:
        figure: With a panel for each kind of error.
        laws: The power laws in it, by their quantity and, of several curves, their label.
    """

    figure: "Figure"
    laws: dict[str, PowerLaw]


def draw(grid: Grid) -> Drawing | None:
    """Draw the test errors of one or two swept keys; of more, or without an error, nothing.

    Sizes of the database stand along the axis, as the numbers of configurations that were trained
    on, else the first key whose values are numbers, else the first.

    Args:
        grid: Its runs.
    """
    task = grid.task
    if task is None or not 1 <= len(grid.keys) <= MOST_KEYS or not grid.has(task.test_error):
        return None
    numeric = [key for key in grid.keys if grid.is_numeric(key)]
    along = SIZE if SIZE in numeric else next(iter(numeric), grid.keys[0])
    is_learning = along == SIZE and grid.has(ROWS)
    names = [] if along in numeric else grid.runs[along].unique(maintain_order=True).to_list()
    place = pl.col(ROWS if is_learning else along)
    if names:
        place = place.replace_strict(names, range(len(names)))
    runs = grid.finished.with_columns(place.cast(pl.Float64).alias("place")).sort("place")
    lines = next((key for key in grid.keys if key != along), None)
    panels = [
        SweepPanel(
            quantity,
            unit,
            _curves(runs, metric, lines, is_learning=is_learning),
            _baselines(runs) if metric == task.test_error else {},
        )
        for quantity, metric, unit in _errors(grid, task)
    ]
    figure = sweep_figure(
        panels,
        "training configurations" if is_learning else along,
        names,
        is_learning=is_learning,
        is_ordered=lines in numeric,
    )
    return Drawing(figure, _laws(panels))


def _errors(grid: Grid, task: Task) -> Iterator[tuple[str, str, str]]:
    """What errs, the metric of it, its unit."""
    yield task.target, task.test_error, task.unit
    if task.gradient_unit and grid.has(GRADIENT):
        yield "gradient", GRADIENT, task.gradient_unit


def _curves(
    runs: pl.DataFrame, metric: str, lines: str | None, *, is_learning: bool
) -> dict[str, SweepCurve]:
    """One for each value of a key, in their order if they have one, by its short name."""
    if lines is None:
        return {"": _curve(runs, metric, is_learning=is_learning)}
    values = runs.sort("run")[lines].unique(maintain_order=True)
    tail = lines.rpartition(".")[2]
    return {
        f"{tail}={short(value)}": _curve(
            runs.filter(pl.col(lines) == value), metric, is_learning=is_learning
        )
        for value in (values.sort() if values.dtype.is_numeric() else values)
    }


def _curve(runs: pl.DataFrame, metric: str, *, is_learning: bool) -> SweepCurve:
    along, errors = runs["place"].to_numpy(), replicas(runs, metric)
    return SweepCurve(along, errors, power_law(along, errors) if is_learning else None)


def _baselines(runs: pl.DataFrame) -> dict[str, tuple[Array, Array]]:
    """Those that are the same for all curves."""
    found = {}
    for name, metric in BASELINES.items():
        if metric not in runs.columns:
            continue
        values = runs.group_by("place", maintain_order=True).agg(
            pl.col(metric).mean(), (pl.col(metric).max() - pl.col(metric).min()).alias("spread")
        )
        if (values["spread"] <= SAME * values[metric]).all():
            found[name] = (values["place"].to_numpy(), values[metric].to_numpy())
    return found


def _laws(panels: list[SweepPanel]) -> dict[str, PowerLaw]:
    return {
        f"{panel.quantity}, {label}" if label else panel.quantity: curve.law
        for panel in panels
        for label, curve in panel.curves.items()
        if curve.law is not None
    }
