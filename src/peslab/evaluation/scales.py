"""Axes on which the many are seen beside the few that are far off, and how densely points lie."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

LONG_RANGE = 10.0  # middle halves: beyond that, a linear axis would show one line
ROOM = 0.08  # of an axis, between two labels


def bend(axes: Axes, name: str, values: Array) -> None:
    """Make an axis linear around 0 and logarithmic far off, if a few values dwarf the others.

    Args:
        axes: Where.
        name: "x" or "y".
        values: What the axis will show, any shape.
    """
    low, first, third, high = np.quantile(values, (0.0, 0.25, 0.75, 1.0)).tolist()
    if high - low > LONG_RANGE * (third - first) > 0.0:
        scaled = axes.set_xscale if name == "x" else axes.set_yscale
        scaled("asinh", linear_width=third - first)
        label_decades(axes.xaxis if name == "x" else axes.yaxis, third - first, low, high)


def label_decades(axis: Axis, linear: float, low: float, high: float) -> None:
    """Put 0, ±1, ±3, ±10, … where there is room, linear around 0 and logarithmic beyond."""
    first = math.floor(math.log10(linear))
    powers = [10.0**power for power in range(first + 14, first - 1, -1)]
    candidates = [digit * power for digit in (1, 3) for power in powers]
    room = ROOM * (math.asinh(high / linear) - math.asinh(low / linear))
    shown = [0.0] if low <= 0.0 <= high else []
    for tick in [sign * value for value in candidates for sign in (1, -1)]:
        gaps = [abs(math.asinh(tick / linear) - math.asinh(one / linear)) for one in shown]
        if low <= tick <= high and min(gaps, default=room) >= room:
            shown.append(tick)
    axis.set_major_locator(FixedLocator(sorted(shown)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))


def decades_only(figure: Figure) -> None:
    """Take the ticks between decades off: half of the time that a logarithmic figure takes."""
    for axes in figure.axes:
        axes.minorticks_off()


def plain(value: float) -> str:
    """A number with the minus sign of the axes."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
    return text.replace("-", "−")


def density(
    axes: Axes,
    x: Array,
    y: Array,
    cells: tuple[int, int],
    colors: str = "viridis",
    opacity: float = 1.0,
) -> QuadMesh:
    """Draw how many points lie in each cell of a grid, on a logarithmic scale of colors.

    Cells are equal as they are seen: on the scales that the axes have by then.

    Args:
        axes: Where.
        x: Shape (n,).
        y: Shape (n,).
        cells: Columns and rows of the grid.
        colors: A color map.
        opacity: Below 1 where something else is to be seen first.
    """
    across, columns = _divided(axes.xaxis, x, cells[0])
    along, rows = _divided(axes.yaxis, y, cells[1])
    counts = np.bincount(rows * cells[0] + columns, minlength=cells[0] * cells[1])
    shown = np.ma.masked_equal(counts.reshape(cells[::-1]), 0)
    norm = LogNorm(1, max(int(counts.max()), 2))
    return axes.pcolormesh(across, along, shown, norm=norm, cmap=colors, alpha=opacity)


def _divided(axis: Axis, values: Array, n: int) -> tuple[Array, Numbers]:
    """Edges (n + 1,) that are equally far apart on an axis, and between which the values lie."""
    scale = axis.get_transform()
    places = scale.transform(values)
    low, high = float(places.min()), float(places.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    numbers = ((places - low) * (n / (high - low))).astype(np.int64)
    edges = np.asarray(scale.inverted().transform(np.linspace(low, high, n + 1)))
    edges[0], edges[-1] = min(edges[0], values.min()), max(edges[-1], values.max())  # rounding
    return edges, np.minimum(numbers, n - 1)
