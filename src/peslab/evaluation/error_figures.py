"""Where errors are: over the energy, over the shortest distance, over the width of the cell."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.scales import bend, decades_only, density
from peslab.evaluation.style import BLACK, BLUE, styled_figure, unit_label

Array = NDArray[np.float64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_BINS = 24
FEWEST_IN_BIN = 20
SMALLEST = 1e-3  # part of the errors, that are drawn as small as the next ones
PANEL_WIDTH = 3.7
MOST_TICKS = 12  # of whole numbers, one each
COLUMNS, ROWS = 60, 40  # of the density
PALEST = 0.35  # of the greys, in which a single error is still seen on white


def error_quantiles(along: Array, errors: Array) -> tuple[Array, Array]:
    """Quantiles of errors in bins of equal counts, or for each value of a few, such as cell widths.

    Args:
        along: What the errors may depend on, shape (n,).
        errors: Absolute ones of each replica, shape (k, n).

    Returns:
        The medians of `along` in the bins, shape (b,), and the quantiles 5, 25, 50, 75 and 95 % of
        all replicas' errors in there, shape (5, b).
    """
    order = np.argsort(along, kind="stable")
    _, starts = np.unique(along[order], return_index=True)
    if len(starts) * FEWEST_IN_BIN <= len(along):
        bins = np.split(order, starts[1:])
    else:
        bins = np.array_split(order, np.clip(len(along) // FEWEST_IN_BIN, 1, MOST_BINS))
    middles = np.array([np.median(along[rows]) for rows in bins])
    return middles, np.array([np.quantile(errors[:, rows], LEVELS) for rows in bins]).T


def error_figure(panels: Mapping[str, Array], errors: Array, unit: str = "E_c") -> Figure:
    """Draw absolute errors over what they may depend on.

    Args:
        panels: What that is, by its name with its unit, each of shape (n,).
        errors: Absolute ones of each replica, shape (k, n).
        unit: Their unit, as in "E_c".

    Returns:
        The figure: a panel for each, with the median and bands of the errors over their density.
    """
    scale = np.quantile(errors[errors > 0.0], SMALLEST) if errors.any() else 1.0
    shown = np.maximum(errors, scale)
    with styled_figure(PANEL_WIDTH * len(panels) + 0.4, 3.9) as figure:
        row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (name, along) in zip(row, panels.items(), strict=True):
            axes.set_yscale("log")
            bend(axes, "x", along)
            middles, quantiles = error_quantiles(along, shown)
            cells = (max(COLUMNS, len(middles)), ROWS)  # a column for each of many widths
            density(axes, np.tile(along, len(errors)), shown.ravel(), cells, _greys(), 0.6)
            _draw_bands(axes, middles, quantiles)
            axes.set_xlabel(name)
            values = np.unique(along)
            if len(values) <= MOST_TICKS and (values == np.round(values)).all():
                axes.set_xticks(values)
        row[0].set_ylabel(f"absolute error ({unit_label(unit)})")
        row[0].legend(loc="lower left", fontsize=8.5)
        row[0].set_title(f"Median error {np.median(errors):.2g} {unit_label(unit)}")
        decades_only(figure)
    return figure


def _greys() -> Colormap:
    """From a pale grey to black: white would hide what is there."""
    return ListedColormap(mpl.colormaps["Greys"](np.linspace(PALEST, 1.0, 256)))


def _draw_bands(axes: Axes, middles: Array, quantiles: Array) -> None:
    """The median within the middle half and nine tenths of the errors."""
    lowest, low, median, high, highest = quantiles
    for bottom, top, alpha, label in (
        (lowest, highest, 0.2, "5 % to 95 %"),
        (low, high, 0.35, "25 % to 75 %"),
    ):
        axes.fill_between(middles, bottom, top, color=BLUE, alpha=alpha, linewidth=0, label=label)
    axes.plot(middles, median, color=BLACK, marker=".", markersize=4, label="median")
