"""What is in a database: its energies, how they lie over the widths, and how they were reached."""

import math
from collections.abc import Mapping, Sequence
from statistics import median_low

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from peslab.evaluation.scales import (
    bend,
    evenly_spaced_logarithms,
    label_decades,
    label_logarithms,
    plain,
    spans_decades,
)
from peslab.evaluation.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILION,
    sequence_colors,
    styled_figure,
    unit_label,
)

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

Panels = Mapping[str, Mapping[str, Array]]
"""Curves by their labels, in panels by their titles; every panel has the same labels."""

LABEL = "energy per particle ({})"
UNITS = ("E_c", "R_c")
ROOM = 1.5  # of the lowest nine tenths of a typical curve, before the scale is bent
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the bands of energies, and their median
PER_BAR = 20  # energies, on the average, which leave bars that are no noise
FEWEST_BARS, MOST_BARS = 20, 100
MOST_COLUMNS = 3  # of panels side by side
MOST_TICKS = 12  # widths with a dot each, or numbers of particles with a tick


def energy_distribution(energies: Array, unit: str = "E_c") -> Figure:
    """Draw the distribution of the energies, as in figure 15.

    Args:
        energies: Per particle, shape (n,).
        unit: Their unit.

    Returns:
        The figure; where a few energies are far from all others its axis and its bars widen to both
        sides like logarithms, and are logarithmic where all are positive.
    """
    low, median, high = np.quantile(energies, (0, 0.5, 1)).tolist()
    room = 0.0 if high > low else 0.5  # around a single value
    with styled_figure(6.4, 3.8) as figure:
        axes = figure.subplots()
        if spans_decades(low, high):
            label_logarithms(axes, "x", energies)
        else:
            bend(axes, "x", energies)
        scale = axes.xaxis.get_transform()
        ends = scale.transform(np.array([low - room, high + room]))
        n_bars = int(np.clip(len(energies) // PER_BAR, FEWEST_BARS, MOST_BARS))
        along = np.linspace(float(ends[0]), float(ends[1]), n_bars + 1)
        bins: list[float] = scale.inverted().transform(along).tolist()
        bins[0], bins[-1] = min(bins[0], low), max(bins[-1], high)  # they may round inwards
        axes.hist(energies, bins, color=BLUE, weights=np.full(len(energies), 1 / len(energies)))
        axes.axvline(median, color=VERMILION, linewidth=1.2)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel(LABEL.format(unit_label(unit)))
        axes.set_ylabel("configurations per bar")
        told = f"median {plain(median)} {unit_label(unit)}"
        axes.set_title(f"{len(energies):,} configurations, {told}")
    return figure


def percentile_figure(panels: Panels, unit: str = "E_c") -> Figure:
    """Draw energies over their percentiles, as in figure 12.

    Args:
        panels: The energies per particle at evenly spaced percentiles from 0 to 100, shape (p,), of
            each curve of each panel.
        unit: Their unit.

    Returns:
        The figure; where a tenth of the energies dwarfs the others, the scale is that of asinh. All
        panels have the same.
    """
    with styled_figure(*_size(panels)) as figure:
        for axes, (title, curves) in zip(_grid(figure, panels), panels.items(), strict=True):
            for color, (label, energies) in zip(
                sequence_colors(len(curves)), curves.items(), strict=True
            ):
                along = np.linspace(0.0, 100.0, len(energies))
                axes.plot(along, energies, color=color, label=label)
            axes.set_xlim(0.0, 100.0)
            axes.set_title(title)
        _scale_energies(
            axes, [energies for curves in panels.values() for energies in curves.values()]
        )
        _finish(figure, panels, "percentile", LABEL.format(unit_label(unit)))
    return figure


def _scale_energies(axes: Axes, curves: Sequence[Array]) -> None:
    """One axis for all panels: that of asinh where a tenth of the energies dwarfs the others."""
    lowest = min(float(energies[0]) for energies in curves)
    highest = max(float(energies[-1]) for energies in curves)
    most = [float(np.quantile(energies, 0.9)) for energies in curves]
    spread = median_low([end - float(each[0]) for end, each in zip(most, curves, strict=True)])
    if spans_decades(lowest, highest):
        label_logarithms(axes, "y", np.array([lowest, highest]))
    elif highest > lowest + ROOM * (median_low(most) - lowest or 1.0):
        axes.set_yscale("asinh", linear_width=spread or 1.0)
        label_decades(axes.yaxis, spread or 1.0, lowest, highest)
    else:
        margin = 0.04 * (highest - lowest) or 1.0
        axes.set_ylim(lowest - margin, highest + margin)


def acceptance_figure(panels: Panels) -> Figure:
    """Draw the part of the moves that was accepted in each epoch of the relaxation.

    Args:
        panels: One rate for each epoch, shape (epochs,), of each curve of each panel; NaN for an
            epoch that was not run.

    Returns:
        The figure, with short curves over long ones: databases that differ in the number of epochs
        alone have the same first epochs.
    """
    with styled_figure(*_size(panels)) as figure:
        for axes, (title, curves) in zip(_grid(figure, panels), panels.items(), strict=True):
            longest = max(len(rates) for rates in curves.values())
            for color, (label, rates) in zip(
                sequence_colors(len(curves)), curves.items(), strict=True
            ):
                epochs = np.arange(1, len(rates) + 1)
                above = 3 - len(rates) / (longest + 1)
                axes.plot(epochs, rates, color=color, label=label, zorder=above)
            axes.set_ylim(0.0, 1.0)
            axes.set_xlim(1, max(longest, 2))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
            axes.set_title(title)
        _finish(figure, panels, "epoch", "moves accepted")
    return figure


def energy_by_width(cell_widths: Array, energies: Array, units: tuple[str, str] = UNITS) -> Figure:
    """Draw the energies over the widths of their cells, as in figure 14b.

    Args:
        cell_widths: Shape (n,).
        energies: Per particle, shape (n,).
        units: Of energies and of lengths.

    Returns:
        The figure, on a scale that is linear around 0 and logarithmic far from it: unlike the
        thesis's logarithm with an offset, it shows where the energy changes its sign.
    """
    energy, length = map(unit_label, units)
    along = f"cell width ({length})"
    figure = _energy_by(cell_widths, energies, (along, energy), f"{{:.3g}} {length}")
    (axes,) = figure.axes
    if evenly_spaced_logarithms(np.unique(cell_widths)):
        label_logarithms(axes, "x", cell_widths)
    return figure


def energy_by_number(particles: Numbers, energies: Array, unit: str = "E_c") -> Figure:
    """Draw the energies over the number of particles in their cells.

    Args:
        particles: Shape (n,).
        energies: Per particle, shape (n,).
        unit: Their unit.

    Returns:
        The figure, on the scale of `energy_by_width`, with a tick for each number where they are
        few.
    """
    labels = ("particles in the cell", unit_label(unit))
    figure = _energy_by(particles, energies, labels, "{:.0f} particles")
    (axes,) = figure.axes
    shown = np.unique(particles)
    if len(shown) <= MOST_TICKS:
        axes.set_xticks(shown)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _energy_by(
    along: Array | Numbers, energies: Array, labels: tuple[str, str], told: str
) -> Figure:
    """Bands of the energies over what differs from configuration to configuration.

    Labels are that of the axis along and the unit of the energies.
    """
    label, unit = labels
    places, numbers = np.unique(np.asarray(along, dtype=np.float64), return_inverse=True)
    of_place = [energies[numbers == number] for number in range(len(places))]
    levels: Array = np.array([np.quantile(e, LEVELS) for e in of_place]).T
    median = levels[2]
    with styled_figure(6.4, 4.2) as figure:
        axes = figure.subplots()
        _draw_bands(axes, places, levels)
        spread = float(np.subtract(*np.quantile(energies, (0.75, 0.25)))) or 1.0
        axes.set_yscale("asinh", linear_width=spread)
        label_decades(axes.yaxis, spread, levels.min(), levels.max())
        axes.set_xlim(places[0], places[-1])
        axes.set_xlabel(label)
        axes.set_ylabel(LABEL.format(unit))
        axes.legend()
        deepest = int(median.argmin())
        axes.set_title(
            f"Lowest median: {plain(median[deepest])} {unit} at {told.format(places[deepest])}"
        )
    return figure


def _draw_bands(axes: Axes, places: Array, levels: Array) -> None:
    """Two bands and the median between them, of levels (5, n)."""
    lowest, low, median, high, highest = levels
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    for bottom, top, alpha, band in (
        (lowest, highest, 0.18, "5 % to 95 %"),
        (low, high, 0.3, "25 % to 75 %"),
    ):
        axes.fill_between(places, bottom, top, color=BLUE, alpha=alpha, linewidth=0, label=band)
    marker = "o" if len(places) <= MOST_TICKS else ""
    axes.plot(
        places,
        median,
        color=BLACK,
        marker=marker,
        markersize=3.5,
        clip_on=False,
        label="median",
    )


def _finish(figure: Figure, panels: Panels, x: str, y: str) -> None:
    """Name the axes at the edges, and the curves once for all panels."""
    figure.supxlabel(x, fontsize=10)
    figure.supylabel(y, fontsize=10)
    if max(map(len, panels.values())) > 1:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center", fontsize=8.5, handlelength=1.4)


def _shape(panels: Panels) -> tuple[int, int]:
    """Rows and columns of panels."""
    square = math.ceil(math.sqrt(len(panels)))
    columns = min(square, MOST_COLUMNS)
    return math.ceil(len(panels) / columns), columns


def _size(panels: Panels) -> tuple[float, float]:
    rows, columns = _shape(panels)
    width, height = (6.4, 4.2) if len(panels) == 1 else (3.6 * columns, 2.8 * rows)
    labels = [len(label) for curves in panels.values() if len(curves) > 1 for label in curves]
    return width + 0.08 * max(labels, default=0), height


def _grid(figure: Figure, panels: Panels) -> list[Axes]:
    grid = figure.subplots(*_shape(panels), squeeze=False, sharey=True).ravel().tolist()
    for axes in grid[len(panels) :]:
        axes.remove()
    return grid[: len(panels)]
