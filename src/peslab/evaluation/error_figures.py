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
Numbers = NDArray[np.int64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_BINS = 24
FEWEST_IN_BIN = 20
GAP = 0.06  # of the axis, without data: nothing is drawn across
FAR, FAR_BINS = 0.15, 3.0  # of the axis, or of that part of its bins: nothing is drawn so far
SMALLEST = 1e-3  # part of the errors, that are drawn as small as the next ones
PANEL_WIDTH = 3.7
MOST_TICKS = 12  # of whole numbers, one each
COLUMNS, ROWS = 60, 40  # of the density
PALEST = 0.35  # of the greys, in which a single error is still seen on white


def error_quantiles(along: Array, errors: Array, seen: Array | None = None) -> tuple[Array, Array]:
    """Quantiles of errors in bins of equal counts, or for each value of a few, such as cell widths.

    Args:
        along: What the errors may depend on, shape (n,).
        errors: Absolute ones of each replica, shape (k, n).
        seen: Where each lies on its axis, shape (n,); None for a linear one.

    Returns:
        The medians of `along` in the bins, shape (b,), and the quantiles 5, 25, 50, 75 and 95 % of
        all replicas' errors in there, shape (5, b). Both have a NaN between bins that a gap in the
        data parts, or that are far from each other as data are few there; rows too few for a bin
        of their own are in the next one.
    """
    order = np.argsort(along, kind="stable")
    _, starts = np.unique(along[order], return_index=True)
    if len(starts) * FEWEST_IN_BIN <= len(along):
        pieces = [np.split(order, starts[1:])]
    else:
        pieces = _parted(order, along if seen is None else seen)
    found: list[tuple[float, Array]] = []
    for bins in pieces:
        found += [(np.nan, np.full(len(LEVELS), np.nan))] * bool(found)
        found += [
            (float(np.median(along[rows])), np.quantile(errors[:, rows], LEVELS)) for rows in bins
        ]
    middles, quantiles = zip(*found, strict=True)
    return np.array(middles), np.array(quantiles).T


def _parted(order: Numbers, seen: Array) -> list[list[Numbers]]:
    """Rows in bins of equal counts, those on either side of a gap apart.

    Args:
        order: The rows as they lie along an axis, shape (n,).
        seen: Where each is on it, shape (n,).
    """
    steps = np.diff(seen[order])
    n, starts = len(order), [0]
    for gap in (np.flatnonzero(steps > GAP * np.ptp(seen)) + 1).tolist():
        if min(gap - starts[-1], n - gap) >= FEWEST_IN_BIN:
            starts.append(gap)
    pieces = np.split(order, starts[1:])
    counts = [min(len(rows) // FEWEST_IN_BIN, len(rows) * MOST_BINS // n) for rows in pieces]
    far = max(FAR, FAR_BINS / sum(counts, 1)) * np.ptp(seen)
    parted: list[list[Numbers]] = []
    for rows, k in zip(pieces, counts, strict=True):
        bins = np.array_split(rows, max(k, 1))
        middles = [np.median(seen[each]) for each in bins]
        joined = [False, *(np.diff(middles) <= far).tolist()]
        for each, is_joined in zip(bins, joined, strict=True):
            parted[-1].append(each) if is_joined else parted.append([each])
    return parted


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
            seen = axes.xaxis.get_transform().transform(along)
            middles, quantiles = error_quantiles(along, shown, seen)
            cells = (max(COLUMNS, len(middles)), ROWS)  # a column for each of many widths
            density(axes, np.tile(along, len(errors)), shown.ravel(), cells, _greys(), 0.6)
            _draw_bands(axes, middles, quantiles)
            axes.set_xlabel(name)
            values = np.unique(along)
            if len(values) <= MOST_TICKS and (values == np.round(values)).all():
                axes.set_xticks(values)
        row[0].set_ylabel(f"absolute error ({unit_label(unit)})")
        handles, labels = row[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8.5)
        row[0].set_title(f"Median error {np.median(errors):.2g} {unit_label(unit)}")
        decades_only(figure)
    return figure


def _greys() -> Colormap:
    """From a pale grey to black: white would hide what is there."""
    return ListedColormap(mpl.colormaps["Greys"](np.linspace(PALEST, 1.0, 256)))


def _draw_bands(axes: Axes, middles: Array, quantiles: Array) -> None:
    """The median within the middle half and nine tenths of the errors."""
    lowest, low, median, high, highest = quantiles
    known = np.concatenate([[False], np.isfinite(middles), [False]])
    lone = known[1:-1] & ~known[:-2] & ~known[2:]  # no band has a width there
    for bottom, top, alpha, label in (
        (lowest, highest, 0.2, "5 % to 95 %"),
        (low, high, 0.35, "25 % to 75 %"),
    ):
        axes.fill_between(middles, bottom, top, color=BLUE, alpha=alpha, linewidth=0, label=label)
        axes.vlines(middles[lone], bottom[lone], top[lone], color=BLUE, alpha=alpha, linewidth=4)
    axes.plot(middles, median, color=BLACK, marker=".", markersize=4, label="median")
