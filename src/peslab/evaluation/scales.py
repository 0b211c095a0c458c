"""Axes on which the many are seen beside the few that are far off, and how densely points lie."""

import math
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

LONG_RANGE = 10.0  # middle halves: beyond that, a linear axis would show one line
FEWEST_TICKS, MOST_TICKS = 3, 13  # of an axis, whose labels then neither miss nor meet
LETTER = 0.08  # of a label, in inches
GAP = 2  # letters between two labels
HUGE, TINY = 1e5, 1e-4  # beyond, numbers are told by their powers of ten
HUNDREDS = 100.0  # and more are told as whole numbers
DIGITS, MOST_DIGITS = 3, 7  # of numbers, and of those of an axis that is far from zero
EXACT = 0.02  # of the distance between ticks, by which a label may be off
DECADE = 10.0
FAR = 10.0  # times the third quartile
EVEN = 1e-6  # of a step
FEW_DECADES = 4.0  # which leave room for three labels each


def bend(axes: Axes, name: str, values: Array, like: Array | None = None) -> None:
    """Make an axis linear around 0 and logarithmic far off, if a few values dwarf the others.

    Args:
        axes: Where.
        name: "x" or "y".
        values: What the axis will show, any shape.
        like: What decides about the scale, any shape, so that two axes have the same; None for the
            values.
    """
    deciding = values if like is None else like
    low, first, third, high = np.quantile(deciding, (0.0, 0.25, 0.75, 1.0)).tolist()
    if high - low > LONG_RANGE * (third - first) > 0.0:
        scaled = axes.set_xscale if name == "x" else axes.set_yscale
        scaled("asinh", linear_width=third - first)
        ends = float(values.min()), float(values.max())
        label_decades(axes.xaxis if name == "x" else axes.yaxis, third - first, *ends)


def label_decades(axis: Axis, linear: float, low: float, high: float) -> None:
    """Put 0, ±1, ±3, ±10, … on an axis that is linear around 0 and logarithmic beyond.

    Over many decades only some of them, so that labels do not meet, which lie beside each other on
    the x axis; even steps where the values lie between two of these.
    """
    powers = range(
        math.ceil(math.log10(max(abs(low), abs(high), linear))), math.floor(math.log10(linear)), -1
    )
    steps = [digit * 10.0**power for digit in (1, 3) for power in (*powers, powers.stop)]
    length = math.asinh(high / linear) - math.asinh(low / linear)
    inches = axis.axes.get_window_extent().width / axis.axes.figure.dpi
    letter = LETTER / inches if axis is axis.axes.xaxis else 0.0

    def is_near(tick: float, other: float) -> bool:
        apart = abs(math.asinh(tick / linear) - math.asinh(other / linear)) / length
        return apart < max(1 / MOST_TICKS, letter * (GAP + (_letters(tick) + _letters(other)) / 2))

    usual = [0.0, *(sign * step for step in steps for sign in (1, -1))]
    spare = map(leading_digit, (low, high))  # of a side that has none
    ticks: list[float] = []
    for tick, is_spare in [*((tick, False) for tick in usual), *((tick, True) for tick in spare)]:
        near = any(is_near(tick, other) for other in ticks)
        superfluous = is_spare and any(tick * other > 0.0 for other in ticks)
        if low <= tick <= high and not near and not superfluous:
            ticks.append(tick)
    if len(ticks) < FEWEST_TICKS:
        ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    label_ticks(axis, ticks)


def leading_digit(value: float) -> float:
    """A number as its first digit has it, towards zero: 7 of 7.55."""
    if value == 0.0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(abs(value)))
    return math.copysign(math.floor(abs(value) / power) * power, value)


def decades_only(figure: Figure) -> None:
    """Take the ticks between decades off: half of the time that a logarithmic figure takes."""
    for axes in figure.axes:
        axes.minorticks_off()


def label_logarithms(axes: Axes, name: str, values: Array) -> None:
    """Make an axis logarithmic and label 1, 2 and 5 of its decades, of many only the powers of ten.

    Where that leaves fewer than three labels, others take their place.

    Args:
        axes: Where.
        name: "x" or "y".
        values: What the axis will show, all positive, any shape.
    """
    scaled = axes.set_xscale if name == "x" else axes.set_yscale
    scaled("log")
    ticks = logarithmic_ticks(float(values.min()), float(values.max()))
    label_ticks(axes.xaxis if name == "x" else axes.yaxis, ticks)


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of the decades from low to high, of many only the powers of ten.

    Where that leaves fewer than three in between, 3 and 7 as well, or else evenly spaced numbers.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = range(first, last + 1, math.ceil((last - first) / MOST_TICKS) or 1)
    choices = ((1, 2, 5), (1, 2, 3, 5, 7)) if math.log10(high / low) < FEW_DECADES else ((1,),)
    for digits in choices:
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        if sum(low <= tick <= high for tick in ticks) >= FEWEST_TICKS:
            return ticks
    return [tick for tick in MaxNLocator(5).tick_values(low, high) if tick > 0.0]


def far_off(values: Array) -> NDArray[np.bool_]:
    """Which positive values are so much larger than most that an axis is better without them.

    Args:
        values: Shape (n,), NaN where there is none.

    Returns:
        Whether each is beyond ten times the third quartile.
    """
    known = values[np.isfinite(values)]
    if not len(known) or known.min() <= 0.0:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values > FAR * np.quantile(known, 0.75))


def spans_a_decade(values: Array) -> bool:
    """Whether values are positive and differ so much that they belong on a logarithmic axis.

    Args:
        values: What the axis will show, any shape.
    """
    return bool(values.min() > 0.0 and values.max() > DECADE * values.min())


def spans_half_a_decade(values: Array) -> bool:
    """Whether values are positive, and on a linear axis the largest would flatten the others.

    Args:
        values: What the axis will show, any shape.
    """
    return bool(values.min() > 0.0 and values.max() > math.sqrt(DECADE) * values.min())


def spans_decades(low: float, high: float) -> bool:
    """Whether values are positive and so different that only logarithms show them all."""
    return low > 0.0 and high > DECADE**FEW_DECADES * low


def evenly_spaced_logarithms(places: Array) -> bool:
    """Whether places, shape (n,) and ascending, differ by the same factor, rather than length."""
    if len(places) < FEWEST_TICKS or places[0] <= 0.0:
        return False
    factors = np.diff(np.log(places))
    return bool(np.ptp(factors) < EVEN * factors.mean())


def label_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Put these numbers on an axis, and no others."""
    axis.set_major_locator(FixedLocator(sorted(ticks)))
    axis.set_minor_locator(NullLocator())
    digits = digits_of(ticks)
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value, digits)))


def digits_of(ticks: Sequence[float]) -> int:
    """How many digits show that ticks are where they are: 0.9945 is not 0.994, nor 0.995."""
    least = EXACT * float(np.diff(sorted({*ticks})).min(initial=np.inf))
    for digits in range(DIGITS, MOST_DIGITS):
        if all(abs(float(f"{tick:.{digits}g}") - tick) <= least for tick in ticks):
            return digits
    return MOST_DIGITS


def plain(value: float, digits: int = DIGITS) -> str:
    """A number with the minus sign of the axes, a huge or tiny one with its power of ten."""
    if abs(value) >= HUGE or 0.0 < abs(value) < TINY:
        mantissa, power = f"{value:.2e}".split("e")
        factor = {1.0: "", -1.0: "-"}.get(float(mantissa), rf"{float(mantissa):g} \times ")
        return f"${factor}10^{{{int(power)}}}$"
    text = f"{value:,.0f}" if abs(value) >= HUNDREDS else f"{value:.{digits}g}"
    return text.replace("-", "−")


def _letters(value: float) -> int:
    """About how long the label of a number is."""
    return len(re.sub(r"\\times|[${}^ ]", "", plain(value)))


def density(
    axes: Axes,
    x: Array,
    y: Array,
    cells: tuple[int, int],
    colors: str | Colormap = "viridis",
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
