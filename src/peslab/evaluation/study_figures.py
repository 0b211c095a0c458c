"""What a study found: its way to the best trial, what mattered, what accuracy costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.scales import far_off, label_logarithms, spans_half_a_decade
from peslab.evaluation.style import BLACK, BLUE, GREY, KINDS, VERMILION, styled_figure

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

ABOVE = {"failed": ("x", VERMILION), "pruned": ("|", GREY), "off the axis": ("^", BLUE)}
"""How trials are marked that have no error, or none that the axis shows."""

MOST_NAMED = 12  # trials on a front, before their numbers meet


@dataclass(frozen=True)
class Shares:
    """What part of the differences between trials each of some keys has.

    Attributes:
        share: By the keys' names, from 0 to 1.
        deviation: Of the shares over trials drawn anew, by the same names.
    """

    share: Mapping[str, float]
    deviation: Mapping[str, float]


@dataclass(frozen=True)
class Front:
    """Two quantities of trials, each to be small or to be large.

    Attributes:
        x: Shape (n,).
        y: Shape (n,).
        x_label: With its unit.
        y_label: With its unit.
        trials: Their numbers, n of them.
        larger_is_better: Of x and of y.
    """

    x: Array
    y: Array
    x_label: str
    y_label: str
    trials: Sequence[int]
    larger_is_better: tuple[bool, bool] = (False, False)

    @property
    def leads(self) -> Flags:
        """Whether no other trial is at least as good in both and better in one, shape (n,)."""
        x, y = map(costs, (self.x, self.y), self.larger_is_better)
        no_worse = (x <= x[:, None]) & (y <= y[:, None])
        better = (x < x[:, None]) | (y < y[:, None])
        return np.asarray(~(no_worse & better).any(axis=1))


def costs(values: Array, larger_is_better: bool) -> Array:
    """Values of which the least is the best."""
    return -values if larger_is_better else values


def history_figure(
    numbers: Sequence[int],
    errors: Array,
    states: Sequence[str],
    label: str,
    *,
    larger_is_better: bool = False,
) -> Figure:
    """Draw each trial's validation error in the order of their numbers, and the best until then.

    Args:
        numbers: Of n trials, rising.
        errors: Or what else trials are judged by, shape (n,), NaN for those without one.
        states: "complete", "failed" or "pruned", n of them.
        label: Of the errors, with their unit.
        larger_is_better: Whether they are to be large, and no errors.
    """
    best = (np.fmax if larger_is_better else np.fmin).accumulate(errors)
    places = np.asarray(numbers, dtype=float)
    errors, states = on_axis(errors, states, larger_is_better=larger_is_better)
    known = np.isfinite(errors)
    with styled_figure(7.2, 3.8) as figure:
        axes = figure.subplots()
        if known.any():
            axes.scatter(places[known], errors[known], s=20, color=BLUE, label="trial", zorder=3)
            axes.step(places, best, where="post", color=BLACK, linewidth=1.2, label="best so far")
            if spans_half_a_decade(errors[known]):
                label_logarithms(axes, "y", errors[known])
        mark_above(axes, places, states)
        axes.set_xlabel("trial")
        axes.set_ylabel(label)
        axes.set_xlim(places.min() - 0.6, places.max() + 0.6)
        axes.locator_params(axis="x", integer=True)
        figure.legend(loc="outside upper left", ncols=4, fontsize=8.5)
    return figure


def on_axis(
    errors: Array, states: Sequence[str], *, larger_is_better: bool = False
) -> tuple[Array, list[str]]:
    """The errors without those that are far off, which become states "off the axis".

    Args:
        errors: Shape (n,).
        states: Of the trials, n of them.
        larger_is_better: Then those are the best, and remain.
    """
    far = far_off(errors) & (not larger_is_better)
    told = ["off the axis" if is_far else state for is_far, state in zip(far, states, strict=True)]
    return np.where(far, np.nan, errors), told


def mark_above(axes: Axes, places: Array, states: Sequence[str]) -> None:
    """Mark the trials that have no place on the axes above them.

    Args:
        axes: Where.
        places: Along the horizontal axis, shape (n,), NaN for none.
        states: Of the trials, n of them.
    """
    for state, (mark, color) in ABOVE.items():
        here = np.array([each == state for each in states]) & np.isfinite(places)
        if here.any():
            axes.plot(
                places[here], np.full(here.sum(), 1.02), mark, color=color, markersize=6,
                transform=axes.get_xaxis_transform(), clip_on=False, label=state,
            )  # fmt: skip


def importance_figure(panels: Mapping[str, Mapping[str, Shares]]) -> Figure:
    """Draw which keys the differences between trials depend on.

    Args:
        panels: For each objective by its name, the shares by the names of the methods.

    Returns:
        The figure, keys in the order of the first method's shares.
    """
    orders = {title: _order(panel) for title, panel in panels.items()}
    heights = [0.9 + 0.45 * len(keys) for keys in orders.values()]
    with styled_figure(6.8, sum(heights) + 0.3) as figure:
        grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (title, panel) in zip(grid, panels.items(), strict=True):
            _draw_shares(axes, panel, orders[title])
            if len(panels) > 1:
                axes.set_title(title)
        grid[-1].set_xlabel(
            "share of the differences; lines: standard error over trials drawn anew"
        )
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), fontsize=8.5)
    return figure


def _order(panel: Mapping[str, Shares]) -> list[str]:
    first = next(iter(panel.values())).share
    known = dict.fromkeys(key for shares in panel.values() for key in shares.share)
    return sorted(known, key=lambda key: -first.get(key, 0.0))


def _draw_shares(axes: Axes, panel: Mapping[str, Shares], keys: Sequence[str]) -> None:
    thickness = 0.75 / len(panel)
    for number, (method, shares) in enumerate(panel.items()):
        rows = [
            keys.index(key) + thickness * (number + 0.5 - len(panel) / 2) for key in shares.share
        ]
        values = np.array(list(shares.share.values()))
        deviations = np.array([shares.deviation[key] for key in shares.share])
        ends = np.stack([np.minimum(deviations, values), np.minimum(deviations, 1.0 - values)])
        axes.barh(rows, values, 0.9 * thickness, color=KINDS[number], alpha=0.8, label=method)
        axes.errorbar(
            values, rows, xerr=ends, fmt="none", ecolor=BLACK, elinewidth=0.9, capsize=2
        )  # fmt: skip
    axes.set_yticks(range(len(keys)), keys)
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.0)


def pareto_figure(fronts: Sequence[Front]) -> Figure:
    """Draw trials over two quantities, and the front of those that no other beats in both.

    Args:
        fronts: One for each panel.
    """
    with styled_figure(5.4 * len(fronts) + 0.4, 4.2) as figure:
        row = figure.subplots(1, len(fronts), squeeze=False)[0]
        for axes, front in zip(row, fronts, strict=True):
            leads = front.leads
            x_is_large, y_is_large = front.larger_is_better
            y, states = on_axis(front.y, [""] * len(front.y), larger_is_better=y_is_large)
            axes.scatter(front.x[~leads], y[~leads], s=18, color=GREY, linewidths=0)
            mark_above(axes, front.x, states)
            shown = np.flatnonzero(leads & np.isfinite(y))
            order = shown[np.argsort(front.x[shown], kind="stable")]
            ends = front.x[order], y[order]
            steps = "steps-pre" if x_is_large else "steps-post"
            axes.plot(*ends, color=BLUE, linewidth=1.0, drawstyle=steps)
            axes.scatter(*ends, s=30, color=BLUE, zorder=3)
            for name, values in (("x", front.x), ("y", y[np.isfinite(y)])):
                if spans_half_a_decade(values):
                    label_logarithms(axes, name, values)
            for place in order if len(order) <= MOST_NAMED else order[[0, -1]]:
                axes.annotate(
                    str(front.trials[place]), (front.x[place], front.y[place]), xytext=(4, 4),
                    textcoords="offset points", fontsize=8.5, color=BLUE,
                )  # fmt: skip
            axes.set_xlabel(front.x_label)
            axes.set_ylabel(front.y_label)
        figure.supxlabel(
            "joined: no other trial is better in both; numbers: trials",
            x=0.99, ha="right", fontsize=8.5, color=GREY,
        )  # fmt: skip
    return figure
