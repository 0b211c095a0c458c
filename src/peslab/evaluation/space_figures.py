"""Errors of trials over the space that was searched."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from peslab.evaluation.scales import (
    digits_of,
    far_off,
    label_logarithms,
    label_ticks,
    logarithmic_ticks,
    plain,
    spans_half_a_decade,
)
from peslab.evaluation.study_figures import costs, mark_above, on_axis
from peslab.evaluation.style import GREY, VERMILION, styled_figure

Array = NDArray[np.float64]

MOST_COLUMNS = 3  # of a figure with a panel for each key
MOST_LABELS = 4  # of a logarithmic axis of a small panel
MOST_MARKS = 7  # of an axis among parallel ones
MANY = 30  # options of a key, of which not all can be named at an axis
LONG = 16  # letters of an option, of which the middle is left out beyond


@dataclass(frozen=True)
class SearchedAxis:
    """A swept key with its values.

    Attributes:
        name: As it is shown.
        places: The trials' values, or the numbers of their options, shape (n,); NaN where a trial
            does not have the key.
        options: The names of the values 0, 1, 2, … where they are no numbers.
        is_logarithmic: Whether it was searched on a logarithmic scale.
        is_whole: Whether its values are whole numbers.
    """

    name: str
    places: Array
    options: tuple[str, ...] = ()
    is_logarithmic: bool = False
    is_whole: bool = False


def slice_figure(
    keys: Sequence[SearchedAxis],
    errors: Array,
    states: Sequence[str],
    label: str,
    *,
    larger_is_better: bool = False,
) -> Figure:
    """Draw the trials' errors over each swept key.

    Args:
        keys: With the values of n trials.
        errors: On the validation part, shape (n,), NaN for trials without one.
        states: "complete", "failed" or "pruned", n of them.
        label: Of the errors, with their unit.
        larger_is_better: Whether they are to be large, and no errors.

    Returns:
        The figure; darker dots are later trials, the ring is the best one.
    """
    errors, states = on_axis(errors, states, larger_is_better=larger_is_better)
    columns = min(len(keys), MOST_COLUMNS)
    rows = math.ceil(len(keys) / columns)
    with styled_figure(2.9 * columns + 0.7, 2.7 * rows + 0.6) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for axes in grid[len(keys) :]:
            axes.remove()
        for axes, key in zip(grid, keys, strict=False):
            best = np.nanargmin(costs(errors, larger_is_better)) if np.isfinite(errors).any() else 0
            _draw_slice(axes, key, errors, states, int(best))
        figure.supylabel(label, fontsize=10)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, fontsize=8.5)
    return figure


def _draw_slice(
    axes: Axes, key: SearchedAxis, errors: Array, states: Sequence[str], best: int
) -> None:
    known = np.isfinite(errors) & np.isfinite(key.places)
    places = key.places.copy()
    if key.options:  # side by side, in the order of the trials
        for option in range(len(key.options)):
            same = np.flatnonzero(places == option)
            places[same] += np.linspace(-0.25, 0.25, len(same)) if len(same) > 1 else 0.0
        shown = [_shortened(name) for name in key.options]
        slope, end = (30, "right") if sum(map(len, shown)) > LONG else (0, "center")
        axes.set_xticks(range(len(shown)), shown, rotation=slope, ha=end, fontsize=8.5)
        axes.set_xlim(-0.5, len(key.options) - 0.5)
    elif key.is_logarithmic and np.isfinite(places).any():
        seen = places[np.isfinite(places)]
        label_logarithms(axes, "x", seen)
        low, high = float(seen.min()), float(seen.max())
        ticks = logarithmic_ticks(low, high)
        inside = [tick for tick in ticks if low <= tick <= high] or sorted({low, high})
        label_ticks(axes.xaxis, _apart(inside, math.log(high / low) / MOST_LABELS))
    elif key.is_whole:
        axes.locator_params(axis="x", integer=True, nbins=5)
    axes.set_xlabel(key.name)
    mark_above(axes, places, states)
    if not known.any():
        return
    axes.scatter(
        places[known], errors[known], c=np.flatnonzero(known), cmap="Blues", s=20,
        norm=Normalize(-0.6 * len(errors), len(errors)), label="trial; the later, the darker",
    )  # fmt: skip
    axes.scatter(
        places[best], errors[best], s=70, facecolors="none", edgecolors=VERMILION, label="best"
    )
    if spans_half_a_decade(errors[np.isfinite(errors)]):
        label_logarithms(axes, "y", errors[np.isfinite(errors)])


def _apart(ticks: Sequence[float], least: float) -> list[float]:
    """Those of rising ticks whose logarithms are so far from the one before that labels part."""
    kept = list(ticks[:1])
    for tick in ticks[1:]:
        if math.log(tick / kept[-1]) >= least:
            kept.append(tick)
    return kept


def parallel_figure(
    keys: Sequence[SearchedAxis], errors: Array, label: str, *, larger_is_better: bool = False
) -> Figure:
    """Draw each trial as a line through its values of all keys, to its error.

    Args:
        keys: With the values of n trials.
        errors: On the validation part, shape (n,), NaN for trials without one: they are left
            out, as those are whose errors are far off.
        label: Of the errors, with their unit.
        larger_is_better: Whether they are to be large, and no errors.

    Returns:
        The figure; the darker a line, the better its trial, the best one stands out. A line has a
        gap at a key that its trial does not have; a key that no line has is left out.
    """
    far = far_off(errors) & (not larger_is_better)
    known = np.flatnonzero(np.isfinite(errors) & ~far)
    keys = [key for key in keys if np.isfinite(key.places[known]).any()]
    goal = SearchedAxis(label, errors, is_logarithmic=spans_half_a_decade(errors[known]))
    axes_keys = [*keys, goal]
    with styled_figure(1.6 * len(axes_keys) + 0.8, 4.2) as figure:
        axes = figure.subplots()
        _draw_trials(axes, axes_keys, costs(errors, larger_is_better), known)
        for place, key in enumerate(axes_keys):
            _draw_axis(axes, place, key, known)
        axes.set_xticks(range(len(axes_keys)), [_folded(key.name) for key in axes_keys])
        axes.tick_params(axis="x", length=0, pad=8)
        axes.set_yticks([])
        axes.set_xlim(-0.15, len(axes_keys) - 0.6)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if far.any():
            axes.plot([], [], " ", label=f"without {far.sum()} whose errors are far off")
        figure.legend(loc="outside upper left", ncols=2, fontsize=8.5)
    return figure


def _draw_trials(
    axes: Axes, keys: Sequence[SearchedAxis], cost: Array, known: NDArray[np.int64]
) -> None:
    """Lines whose colors are the heights at the last axis, from the best on; it is on top."""
    order = known[np.argsort(-cost[known], kind="stable")]
    goal = keys[-1]
    heights = np.stack([_height(key, known, key.places) for key in keys], axis=1)
    from_best = np.abs(heights[:, -1] - heights[order[-1], -1])
    colors = mpl.colormaps["viridis"](0.92 * from_best[order])
    opacity = min(0.75, max(0.25, 30.0 / len(order)))  # of many, where they crowd is seen
    for trial, color in zip(order, colors, strict=True):
        is_best = trial == order[-1]
        axes.plot(
            heights[trial], color=VERMILION if is_best else color,
            linewidth=2.2 if is_best else 1.0, alpha=1.0 if is_best else opacity,
            marker="o", markersize=2.5,
            label=f"best: {plain(goal.places[trial])}" if is_best else None,
        )  # fmt: skip


def _folded(name: str) -> str:
    return "\n".join(wrap(name, LONG, break_long_words=False, break_on_hyphens=False))


def _scaled(key: SearchedAxis, values: Array) -> Array:
    return np.log(values) if key.is_logarithmic else values


def _ends(key: SearchedAxis, known: NDArray[np.int64]) -> tuple[float, float]:
    """What stands at the bottom and the top of a key's axis."""
    if key.options:
        return -0.5, len(key.options) - 0.5
    places = key.places[known]
    places = places[np.isfinite(places)]
    if not len(places):
        return 1.0, 2.0
    return float(places.min()), float(places.max())


def _height(key: SearchedAxis, known: NDArray[np.int64], values: Array) -> Array:
    """Values of a key from 0 at the bottom to 1 at the top of its axis, the same shape."""
    low, high = (float(_scaled(key, np.asarray(end))) for end in _ends(key, known))
    if low == high:
        return np.where(np.isfinite(values), 0.5, np.nan)
    return np.asarray((_scaled(key, values) - low) / (high - low))


def _marks(key: SearchedAxis, known: NDArray[np.int64]) -> list[float]:
    """The numbers that are written at an axis."""
    low, high = _ends(key, known)
    if low == high:
        return [low]
    ticks = (
        logarithmic_ticks(low, high)
        if key.is_logarithmic
        else MaxNLocator(4, integer=key.is_whole).tick_values(low, high)
    )
    inside = [float(tick) for tick in ticks if low <= tick <= high]
    return inside[:: math.ceil(len(inside) / MOST_MARKS)]


def _draw_axis(axes: Axes, place: int, key: SearchedAxis, known: NDArray[np.int64]) -> None:
    axes.plot([place, place], [0.0, 1.0], color=GREY, linewidth=0.8, zorder=0)
    if key.options:
        n = len(key.options)
        shown = range(n) if n <= MANY else (0, n - 1)
        ticks = [((number + 0.5) / n, _shortened(key.options[number])) for number in shown]
    else:
        marks = _marks(key, known)
        digits = digits_of(marks)
        ticks = [
            (float(_height(key, known, np.asarray(value))), plain(value, digits)) for value in marks
        ]
    for height, text in ticks:
        axes.annotate(
            text, (place, height), xytext=(4, 0), textcoords="offset points", fontsize=8,
            va="center", bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip


def _shortened(option: str) -> str:
    half = LONG // 2
    return option if len(option) <= LONG else f"{option[:half]}…{option[-half + 1 :]}"
