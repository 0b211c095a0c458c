"""Errors over what was swept."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.metrics import mean_and_sem
from peslab.evaluation.power_law import PowerLaw
from peslab.evaluation.scales import (
    GAP,
    LETTER,
    label_logarithms,
    label_ticks,
    spans_a_decade,
)
from peslab.evaluation.style import GREY, KINDS, sequence_colors, styled_figure, unit_label

Array = NDArray[np.float64]

LEAST_APART = 0.08  # of the axis, where swept values are written at it themselves
FLATTENED = 1.5  # times the range of the errors: no baseline stretches the axis further
MOST_ROWS = 4  # of a legend, before it has two columns
SLANT = 25  # degrees, of names of categories that are too long
SIDE_BY_SIDE = 0.7  # of the place of a category, where it holds several curves


@dataclass(frozen=True)
class SweepCurve:
    """The errors of runs that differ in one value.

    Attributes:
        along: That value, or the number of its category, shape (n,), rising.
        errors: Of k replicas of each run, shape (n, k), NaN for those that a run does not have.
        law: A power law through them, if there is one.
    """

    along: Array
    errors: Array
    law: PowerLaw | None = None


@dataclass(frozen=True)
class SweepPanel:
    """One kind of error of all runs of a sweep.

    Attributes:
        quantity: What errs, such as "energy".
        unit: Of the error, as in "E_c".
        curves: One for each value of a second swept key, by their labels, or one alone.
        baselines: Errors without a network by their names, as (along, errors), each (n,).
    """

    quantity: str
    unit: str
    curves: Mapping[str, SweepCurve]
    baselines: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)


def sweep_figure(
    panels: Sequence[SweepPanel],
    label: str,
    categories: Sequence[str] = (),
    *,
    is_learning: bool = False,
    is_ordered: bool = True,
) -> Figure:
    """Draw test errors over a swept value: means with standard errors, replicas as small dots.

    Args:
        panels: Drawn side by side.
        label: Of the value.
        categories: The names of the values 0, 1, 2, … where they are no numbers.
        is_learning: Whether the value is a number of training configurations: both axes are
            logarithmic then, on which power laws are straight.
        is_ordered: Whether the curves have an order, which their colors show.

    Returns:
        The figure. Axes are logarithmic where positive values span more than a decade; baselines
        that would flatten the errors are left out.
    """
    with styled_figure(4.9 * len(panels) + 0.5, 4.2) as figure:
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, panel in zip(row, panels, strict=True):
            _scale(axes, panel, has_names=bool(categories), is_learning=is_learning)
            if categories:
                _name_places(axes, categories)
            _draw_curves(axes, panel, has_names=bool(categories), is_ordered=is_ordered)
            axes.set_xlabel(label)
            axes.set_ylabel(f"test MAE of the {panel.quantity} ({unit_label(panel.unit)})")
            _explain_curves(axes)
        counts = {len(curve.errors.T) for panel in panels for curve in panel.curves.values()}
        figure.supxlabel(_explained(counts), x=0.99, ha="right", fontsize=8.5, color=GREY)
    return figure


def _scale(axes: Axes, panel: SweepPanel, *, has_names: bool, is_learning: bool) -> None:
    """Choose the scales, and draw the baselines that leave the errors readable."""
    along = np.concatenate([curve.along for curve in panel.curves.values()])
    errors = np.concatenate([curve.errors.ravel() for curve in panel.curves.values()])
    errors = errors[np.isfinite(errors)]
    is_logarithmic = spans_a_decade(errors) or (is_learning and bool(np.all(errors > 0.0)))
    shown = errors
    for name, (places, values) in panel.baselines.items():
        if _stretch(errors, values, is_logarithmic=is_logarithmic) > FLATTENED:
            continue
        shown = np.append(shown, values)
        if has_names:
            axes.hlines(values, places - 0.4, places + 0.4, color=GREY, linewidth=0.9, zorder=1)
        else:
            axes.plot(places, values, color=GREY, linewidth=0.9, zorder=1)
        end = (places[-1] + (0.4 if has_names else 0.0), values[-1])
        axes.annotate(
            name, end, xytext=(0, 3), textcoords="offset points",
            ha="right", fontsize=8.5, color=GREY,
        )  # fmt: skip
    if is_logarithmic:
        label_logarithms(axes, "y", shown)
    if not has_names:
        _scale_values(axes, np.unique(along), is_logarithmic=is_learning or spans_a_decade(along))


def _scale_values(axes: Axes, values: Array, *, is_logarithmic: bool) -> None:
    """Write the swept values at the axis where there is room for all of them."""
    if is_logarithmic:
        label_logarithms(axes, "x", values)
    places = np.log(values) if is_logarithmic else values
    if np.all(np.diff(places) >= LEAST_APART * np.ptp(places)):
        label_ticks(axes.xaxis, values.tolist())


def _draw_curves(axes: Axes, panel: SweepPanel, *, has_names: bool, is_ordered: bool) -> None:
    n = len(panel.curves)
    colors = sequence_colors(n) if is_ordered or n > len(KINDS) else KINDS
    for number, (name, curve) in enumerate(panel.curves.items()):
        color = colors[number]
        shift = SIDE_BY_SIDE * ((number + 0.5) / n - 0.5) if has_names else 0.0
        replicas = [values[np.isfinite(values)] for values in curve.errors]
        mean, sem = np.array([mean_and_sem(values) for values in replicas]).T
        along = curve.along + shift
        dots = np.repeat(along, [len(values) for values in replicas])
        axes.scatter(dots, np.concatenate(replicas), s=9, color=color, alpha=0.4, linewidths=0)
        is_joined = not has_names and curve.law is None
        axes.errorbar(
            along, mean, np.nan_to_num(sem), color=color, label=name if curve.law is None else "",
            fmt="o-" if is_joined else "o", linewidth=1.2, markersize=4.5, capsize=3,
        )  # fmt: skip
        if curve.law is not None:
            told = f"{name}: " * bool(name) + rf"$\propto n^{{-\alpha}}$, {curve.law}"
            ends = along[[0, -1]]
            axes.plot(ends, curve.law(ends), color=color, linestyle="--", linewidth=1.2, label=told)


def _name_places(axes: Axes, categories: Sequence[str]) -> None:
    """Write the names in one line, else broken at their underscores, else slanting."""
    broken = [name.replace("_", "\n") for name in categories]
    told = next((names for names in (categories, broken) if _have_room(axes, names)), None)
    if told is None:
        axes.set_xticks(range(len(categories)), categories)
        axes.tick_params(axis="x", labelrotation=SLANT, pad=2)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    else:
        axes.set_xticks(range(len(told)), told)
    axes.set_xlim(-0.5, len(categories) - 0.5)


def _have_room(axes: Axes, names: Sequence[str]) -> bool:
    """Whether no name meets its neighbor."""
    letters = [max(map(len, name.split("\n"))) for name in names]
    inches = axes.get_window_extent().width / axes.figure.dpi / len(names)
    return all(
        LETTER * (GAP + (one + other) / 2) < inches for one, other in pairwise([0, *letters, 0])
    )


def _explain_curves(axes: Axes) -> None:
    """A legend above the axes, where it hides nothing."""
    labels = axes.get_legend_handles_labels()[1]
    if labels:
        columns = 1 if len(labels) <= MOST_ROWS else 2
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, fontsize=8.5,
            handlelength=1.8, borderaxespad=0.2,
        )  # fmt: skip


def _explained(counts: set[int]) -> str:
    if counts == {1}:
        return "one replica of each network"
    told = f"{counts.pop()} " if len(counts) == 1 else ""
    return f"mean ± standard error; small dots: {told}replicas"


def _stretch(errors: Array, baseline: Array, *, is_logarithmic: bool) -> float:
    """How many times longer an axis is that shows a baseline beside the errors."""
    both = np.append(errors, baseline)
    if is_logarithmic:
        if not np.all(both > 0.0):
            return math.inf
        errors, both = np.log(errors), np.log(both)
    return float(np.ptp(both) / np.ptp(errors)) if np.ptp(errors) > 0.0 else math.inf
