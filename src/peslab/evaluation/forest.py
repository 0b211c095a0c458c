"""The trials of a study below each other, with intervals, ties and floors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import stdtrit

from peslab.evaluation.scales import far_off, label_logarithms, plain, spans_half_a_decade
from peslab.evaluation.style import BLUE, GREEN, GREY, VERMILION, styled_figure

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
LineStyle = Literal["-", ":", "--"]

MOST_ROWS = 50  # of a figure, which would be longer than a page
FLATTENED = 2.5  # times the range of the errors: no baseline stretches the axis further
SAME = 0.01  # part of a baseline, by which trials may differ that share a line
NEAREST = 0.5  # of the least error: where a logarithmic axis begins, if intervals reach zero
ALMOST_ZERO = 1e-6  # of an error: the end of an interval on such an axis
FLOORS: tuple[LineStyle, ...] = ("-", ":", "--")
MARGIN = 0.04  # of the axis, at both of its ends
NAME = 0.24  # of the axis: about the width of a baseline's name
LINE = 11  # points from a line of such names to the next


@dataclass(frozen=True)
class Means:
    """Errors of trials, means over replicas.

    Attributes:
        errors: Shape (n,), NaN for a trial that has none.
        half_widths: Of their 95 % intervals, shape (n,), NaN where one replica was trained.
    """

    errors: Array
    half_widths: Array


@dataclass(frozen=True)
class Forest:
    """The trials of a study in their order.

    Attributes:
        names: Of n trials, the best first.
        test: Their errors on the test part.
        fresh: On fresh data with fresh seeds.
        tied: Whether a trial cannot be told from the best, shape (n,).
        baselines: Errors without a network on the inputs of each trial by their names, (n,).
        least: What no error can be less than, where intervals end.
        again: What was fresh when trials were trained again.
        best: What those are tied for that are.
    """

    names: Sequence[str]
    test: Means
    fresh: Means
    tied: Flags
    baselines: Mapping[str, Array] = field(default_factory=dict)
    least: float = -np.inf
    again: str = "fresh data and seeds"
    best: str = "best"


def half_widths(sem: Array, n: Array) -> Array:
    """Give half the widths of the 95 % intervals of means: t(0.975; n − 1) · s/√n.

    Args:
        sem: Standard errors of the means, shape (m,).
        n: How many values each is the mean of, shape (m,).

    Returns:
        Shape (m,), NaN where n < 2: one value says nothing of the scatter.
    """
    several = n > 1
    return np.where(several, stdtrit(np.where(several, n - 1, 1), 0.975) * sem, np.nan)


def forest_figure(forest: Forest, label: str) -> Figure:
    """Draw the errors of a study's trials below each other, with their 95 % intervals.

    Args:
        forest: The trials.
        label: Of the errors, with their unit.

    Returns:
        The figure, with the best 50 of many. Its axis is logarithmic where errors span more than
        half a decade, or where that shows more of the baselines. Those that would flatten it, and
        errors that are far off, are told at the edge beyond which they lie.
    """
    total, forest = len(forest.names), _first(forest, MOST_ROWS)
    n = len(forest.names)
    rows = np.arange(n, dtype=float)
    with styled_figure(7.2, 1.4 + 0.21 * n + 0.15 * len(forest.baselines)) as figure:
        axes = figure.subplots()
        _draw_floors(axes, forest, *_extent(forest))
        for row in np.flatnonzero(forest.tied):
            axes.axhspan(row - 0.5, row + 0.5, color=GREEN, alpha=0.14, linewidth=0)
        shift = 0.17 if np.isfinite(forest.fresh.errors).any() else 0.0
        test, fresh = (BLUE, "o", "test part"), (VERMILION, "D", forest.again)
        _draw_means(axes, rows - shift, forest.test, test, forest.least)
        _draw_means(axes, rows + shift, forest.fresh, fresh, forest.least)
        axes.set_yticks(rows, forest.names)
        axes.set_ylim(n - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{label}, mean with 95 % interval over replicas")
        _explain(figure, forest, total)
    return figure


def _first(forest: Forest, n: int) -> Forest:
    test, fresh = (
        Means(means.errors[:n], means.half_widths[:n]) for means in (forest.test, forest.fresh)
    )
    baselines = {name: values[:n] for name, values in forest.baselines.items()}
    names, tied = forest.names[:n], forest.tied[:n]
    return replace(forest, names=names, test=test, fresh=fresh, tied=tied, baselines=baselines)


def _draw_means(
    axes: Axes, rows: Array, means: Means, look: tuple[str, str, str], least: float
) -> None:
    """Means as marks, intervals as lines; what is far off as its number at the edge."""
    color, mark, label = look
    far = far_off(means.errors)
    known = np.isfinite(means.errors) & ~far
    if known.any():
        errors, widths = means.errors[known], np.nan_to_num(means.half_widths[known])
        halves = np.stack([np.minimum(widths, np.maximum(errors - least, 0.0)), widths])
        if axes.get_xscale() == "log":  # intervals that reach zero leave the axis
            halves[0] = np.minimum(halves[0], (1.0 - ALMOST_ZERO) * errors)
        axes.errorbar(
            errors, rows[known], xerr=halves, fmt=mark, markersize=4, color=color,
            elinewidth=1.2, capsize=0, label=label,
        )  # fmt: skip
    for row, error in zip(rows[far], means.errors[far], strict=True):
        axes.annotate(
            f"{plain(error)} →", (1.0, row), xycoords=axes.get_yaxis_transform(), ha="right",
            va="center", fontsize=8.5, color=color,
        )  # fmt: skip


def _extent(forest: Forest) -> tuple[tuple[float, float], bool]:
    """From where to where the errors reach with their intervals, and whether logarithmically."""
    errors = np.concatenate([forest.test.errors, forest.fresh.errors])
    halves = np.concatenate([forest.test.half_widths, forest.fresh.half_widths])
    known = np.isfinite(errors) & ~far_off(errors)
    errors, halves = errors[known], np.nan_to_num(halves[known])
    least, high = float(errors.min()), float((errors + halves).max())
    low = max(float((errors - halves).min()), min(forest.least, least))
    linear, logarithmic = (low, high), (max(low, NEAREST * least), high)
    if least <= 0.0:
        return linear, False
    n_linear, n_logarithmic = (
        sum(_is_near(values, ends, is_logarithmic=is_logarithmic) for values in _floors(forest))
        for ends, is_logarithmic in ((linear, False), (logarithmic, True))
    )
    if spans_half_a_decade(errors) or n_logarithmic > n_linear:
        return logarithmic, True
    return linear, False


def _floors(forest: Forest) -> Iterator[Array]:
    """The errors of each baseline, of the trials that have one."""
    for values in forest.baselines.values():
        known = values[np.isfinite(values)]
        if len(known):
            yield known


def _is_near(values: Array, ends: tuple[float, float], *, is_logarithmic: bool) -> bool:
    """Whether an axis with a baseline leaves the errors readable, which lie between two ends."""
    both = np.array([*ends, values.min(), values.max()])
    if is_logarithmic:
        if both.min() <= 0.0:
            return False
        both = np.log(both)
    return bool(np.ptp(both) <= FLATTENED * (both[1] - both[0]))


def _draw_floors(
    axes: Axes, forest: Forest, ends: tuple[float, float], is_logarithmic: bool
) -> None:
    """Set the axis, draw the baselines that leave the errors readable, tell where others lie."""
    near = [v for v in _floors(forest) if _is_near(v, ends, is_logarithmic=is_logarithmic)]
    left, right = (float(f([*ends, *np.concatenate([[], *near])])) for f in (np.min, np.max))
    if is_logarithmic:
        label_logarithms(axes, "x", np.array([left, right]))
        margin = (right / left) ** MARGIN
        axes.set_xlim(left / margin, right * margin)
    elif left < right:
        margin = MARGIN * (right - left)
        axes.set_xlim(left - margin, right + margin)
    lines: list[list[float]] = []
    for number, (name, values) in enumerate(forest.baselines.items()):
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        if _is_near(known, ends, is_logarithmic=is_logarithmic):
            _draw_floor(axes, values, FLOORS[number % len(FLOORS)])
            place = float((axes.transScale + axes.transLimits).transform((known[0], 0.0))[0])
            _name_floor(axes, name, place, "center", lines)
        elif np.median(known) > ends[0]:
            _name_floor(axes, f"{name} {_range(known)} →", 1.0, "right", lines)
        else:
            _name_floor(axes, f"← {name} {_range(known)}", 0.0, "left", lines)


def _range(known: Array) -> str:
    """How much a baseline is, of the inputs of all trials."""
    low, high = float(known.min()), float(known.max())
    return plain(low) if high - low <= SAME * abs(low) else f"{plain(low)} – {plain(high)}"


def _draw_floor(axes: Axes, values: Array, style: LineStyle) -> None:
    """One line for all trials, or a piece for each where their inputs differ."""
    known = values[np.isfinite(values)]
    if np.ptp(known) <= SAME * abs(known[0]):
        axes.axvline(known[0], color=GREY, linewidth=0.9, linestyle=style, zorder=0)
    else:
        rows = np.flatnonzero(np.isfinite(values))
        axes.vlines(
            known, rows - 0.5, rows + 0.5, color=GREY, linewidth=0.9, linestyles=style, zorder=0
        )


def _name_floor(
    axes: Axes,
    told: str,
    place: float,
    side: Literal["left", "center", "right"],
    lines: list[list[float]],
) -> None:
    """Write above the axis at a part of its width, in the lowest line where it meets no name."""
    middle = place + {"left": 0.5, "center": 0.0, "right": -0.5}[side] * NAME
    free = (all(abs(middle - other) > NAME for other in line) for line in lines)
    number = next((number for number, is_free in enumerate(free) if is_free), len(lines))
    if number == len(lines):
        lines.append([])
    lines[number].append(middle)
    axes.annotate(
        told, (place, 1.0), xycoords="axes fraction", xytext=(0, 3 + LINE * number),
        textcoords="offset points", ha=side, fontsize=8.5, color=GREY,
    )  # fmt: skip


def _explain(figure: Figure, forest: Forest, total: int) -> None:
    """What the marks mean, and what is not seen."""
    told = [f"shaded: tied for {forest.best}"] if forest.tied.any() else []
    if len(forest.names) < total:
        told.append(f"the best {len(forest.names)} of {total} trials")
    if told:
        figure.supxlabel("; ".join(told), x=0.99, ha="right", fontsize=8.5, color=GREY)
    if np.isfinite(forest.fresh.errors).any():
        figure.legend(loc="outside upper left", ncols=2, fontsize=8.5, handlelength=1.4)
