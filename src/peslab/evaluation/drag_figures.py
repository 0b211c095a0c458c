"""What a particle feels while it is dragged, as it is and as a network has it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.drag import DragTest
from peslab.evaluation.drag_lines import LineTest
from peslab.evaluation.figures import with_sem
from peslab.evaluation.style import (
    BLACK,
    GREY,
    VERMILION,
    gradient_unit,
    styled_figure,
    unit_label,
)

Array = NDArray[np.float64]

SHOWN_LINES = 6  # of many that a particle is dragged along
FULL = 0.4  # of a line, that has to lie below the training energies if it is to be shown
SPIKE = 0.1  # of a network's curve, that may leave the panel
BEYOND = 1.0  # ranges of the exact curve that a spike may extend a panel by, to either side
GAP = "energies above all training data: no test"
REACH = 8.0  # times as far from a floor as two in five of the points are


class Curves(NamedTuple):
    """A quantity along a way.

    Attributes:
        along: Shape (n,).
        exact: Shape (n,), NaN where nothing is drawn.
        predicted: Of each replica, shape (k, n).
    """

    along: Array
    exact: Array
    predicted: Array


def drag_figure(result: DragTest, units: tuple[str, str] = ("E_c", "R_c")) -> Figure:
    """Draw the energy and its gradient while one particle is dragged through the cell.

    Args:
        result: The exact and the predicted surface along the path.
        units: Of energies and of lengths.

    Returns:
        The figure; energies of a hard core are cut off so that the rest can be read, and where a
        network is absurdly far off, a triangle at the edge tells.
    """
    errors = result.errors()
    along = result.coordinate
    energy, length = map(unit_label, units)
    gradient = unit_label(gradient_unit(*units))
    with styled_figure(6.4, 5.6) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True)
        _compare(
            upper,
            Curves(along, result.energy, result.predicted_energy),
            floor=float(result.energy.min()),
        )
        _compare(lower, Curves(along, result.gradient, result.predicted_gradient), floor=0.0)
        for axes in (upper, lower):
            axes.axhline(0.0, color=GREY, linewidth=0.6, zorder=0)
        lower.set_xlim(along[0], along[-1])
        upper.set_title(f"Energy: MAE {with_sem(errors['energy_mae'])} {energy}")
        lower.set_title(f"Gradient: MAE {with_sem(errors['gradient_mae'])} {gradient}")
        upper.set_ylabel(f"energy per particle ({energy})")
        lower.set_ylabel(f"gradient ({gradient})")
        lower.set_xlabel(f"position of the dragged particle ({length})")
        upper.legend()
    return figure


def drag_lines_figure(result: LineTest, units: tuple[str, str] = ("E_c", "R_c")) -> Figure:
    """Draw six of many lines that a particle is dragged along, from the best to the worst.

    Args:
        result: The exact and the predicted surface along the lines.
        units: Of energies and of lengths.

    Returns:
        The figure, shaded where energies are above all training data; of lines that consist of
        little else the fullest are shown.
    """
    errors = np.abs(result.predicted_energy - result.energy)
    of_lines = np.nanmean(errors, axis=(0, 2))
    shown = _shown_lines(result.energy, of_lines)
    widths = np.ptp(result.coordinate, axis=1)
    several = not np.allclose(widths, widths[0])
    metrics = result.metrics()
    energy, length = map(unit_label, units)
    with styled_figure(9.0, 4.8) as figure:
        grid = figure.subplots(2, SHOWN_LINES // 2).ravel()
        for axes in grid[len(shown) :]:
            axes.remove()
        grid = grid[: len(shown)]
        for axes, line in zip(grid, shown, strict=True):
            along, exact = result.coordinate[line], result.energy[line]
            curves = Curves(along, exact, result.predicted_energy[:, line])
            _compare(axes, curves, floor=float(np.nanmin(exact)))
            mark_gaps(axes, along, exact)
            axes.set_xlim(along[0], along[-1])
            told = f", cell width {widths[line]:.3g} {length}" if several else ""
            axes.set_title(f"MAE {of_lines[line]:.2g} {energy}{told}", fontsize=10)
        for axes in grid[-(SHOWN_LINES // 2) :]:
            axes.set_xlabel(f"position of the particle ({length})")
        for axes in grid[:: SHOWN_LINES // 2]:
            axes.set_ylabel(f"energy per particle ({energy})")
        figure.suptitle(
            f"{len(of_lines)} lines: MAE {with_sem(metrics['energy_mae'])} {energy}, "
            f"spurious extrema per line {metrics['spurious_extrema'].mean():.2g}, "
            f"roughness {metrics['roughness'].mean():.2g}",
            fontsize=11,
        )
        _explain(figure)
    return figure


def _explain(figure: Figure) -> None:
    """What is drawn in any panel, once below all."""
    pairs = (zip(*axes.get_legend_handles_labels(), strict=True) for axes in figure.axes)
    named = {label: handle for panel in pairs for handle, label in panel}
    figure.legend(
        [*named.values()], [*named], loc="outside lower center", ncols=len(named), fontsize=8.5
    )


def mark_gaps(axes: Axes, along: Array, exact: Array) -> None:
    """Shade where the exact energy is not drawn, with half a step around single points."""
    edges = np.concatenate([along[:1], (along[1:] + along[:-1]) / 2, along[-1:]])
    flags = np.concatenate([[0], np.isnan(exact).astype(int), [0]])
    turns = np.flatnonzero(np.diff(flags))
    for start, stop in turns.reshape(-1, 2).tolist():
        axes.axvspan(edges[start], edges[stop], color=GREY, alpha=0.2, linewidth=0, label=GAP)


def _shown_lines(energy: Array, errors: Array) -> list[int]:
    """Six lines from the least to the largest error, none of which is nearly empty."""
    fullness = np.isfinite(energy).mean(axis=1)
    least = min(FULL, float(np.sort(fullness)[-SHOWN_LINES:][0]))
    order = errors.argsort()
    order = order[fullness[order] >= least]
    places = np.linspace(0, len(order) - 1, min(SHOWN_LINES, len(order))).astype(int)
    return [int(line) for line in order[places]]


def _compare(axes: Axes, curves: Curves, floor: float) -> None:
    """The exact curve and the network's, of several replicas their mean within their range."""
    along, exact, predicted = curves
    mean = predicted.mean(axis=0)
    axes.plot(along, exact, color=BLACK, label="exact")
    if len(predicted) > 1:
        low, high = predicted.min(axis=0), predicted.max(axis=0)
        axes.fill_between(
            along, low, high, color=VERMILION, alpha=0.25, linewidth=0,
            label="range of the replicas",
        )  # fmt: skip
    label = "network, mean" if len(predicted) > 1 else "network"
    axes.plot(along, mean, color=VERMILION, linestyle=(0, (4, 2)), label=label)
    low, high = _readable_range(exact, floor)
    bottom, top = _limits(low, high, exact, predicted)
    axes.set_ylim(bottom, top)
    for beyond, edge, marker in (
        ((mean > top) & (exact <= high), top, "^"),
        ((mean < bottom) & (exact >= low), bottom, "v"),
    ):
        for place in along[_middles(beyond)].tolist():
            axes.plot(place, edge, marker, color=VERMILION, markersize=7, clip_on=False)


def _readable_range(exact: Array, floor: float) -> tuple[float, float]:
    """The range of the exact curve, but for peaks far beyond where two in five of its points lie.

    A hard core reaches 1e6 E_c and more, and would leave a flat line of all else.
    """
    known = exact[np.isfinite(exact)]
    reach = REACH * float(np.percentile(np.abs(known - floor), 40))
    return max(float(known.min()), floor - reach), min(float(known.max()), floor + reach)


def _limits(low: float, high: float, exact: Array, predicted: Array) -> tuple[float, float]:
    """A panel with the exact curve between low and high, and the network's beside it.

    A spike of a network, a tenth of its curve at most, extends it by the height of the exact curve
    at most. Where the exact curve leaves the panel, the network's may leave it on the same side.
    """
    above = np.append(predicted[:, exact <= high], high)
    below = np.append(predicted[:, exact >= low], low)
    usual = max(high, np.quantile(above, 1 - SPIKE)), min(low, np.quantile(below, SPIKE))
    top = min(float(above.max()), max(usual[0], high + BEYOND * (high - low)))
    bottom = max(float(below.min()), min(usual[1], low - BEYOND * (high - low)))
    margin = 0.08 * (top - bottom) or 1.0
    return bottom - margin, top + margin


def _middles(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where the middle of each stretch is that is flagged."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int64), [0]]))
    return np.asarray((np.flatnonzero(edges == 1) + np.flatnonzero(edges == -1) - 1) // 2)
