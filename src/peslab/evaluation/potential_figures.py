"""Figures of a potential: its curves (figures 1, 18 and 19), and the six tests (figures 5 to 8)."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogFormatterSciNotation

from peslab.evaluation.scales import plain
from peslab.evaluation.six_tests import Curve, SixTests
from peslab.evaluation.style import BLACK, BLUE, GREY, VERMILION, styled_figure
from peslab.evaluation.subject import Array

Dashes = str | tuple[float, tuple[float, ...]]

DASHES: Dashes = (0, (4, 2))
STYLES: dict[str, tuple[str, Dashes]] = {"triangle": (BLUE, "-"), "pair": (VERMILION, DASHES)}
OTHERWISE: tuple[str, Dashes] = (BLACK, (0, (1, 1.5)))  # of what an interaction is compared with

EXPLODED = 60.0  # E_c: curves that reach farther are drawn logarithmically, but around zero
DEEP = 1.0  # per cent of an energy surface may lie below its colors, where particles collapse
MOST_TICKS = 5  # of either sign, on such an axis
WITH_ONES = 3  # decades up to which ±1 are among them
ENERGY = "$E_c$"  # as axes are labeled
ROUNDING = 1e-9  # part of energies that are the same
IN_THE_CORE = 3  # times the depth of its well is how high a curve is followed


def potential_curve(curves: Mapping[str, Curve], title: str) -> Figure:
    """Draw interactions and their slopes; a kink of the upper is a jump of the lower.

    Args:
        curves: By their names in the legend.
        title: Of the figure.

    Returns:
        The figure, cut off in the hard core so that the wells can be read.
    """
    with styled_figure(6.4, 5.6) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True)
        for axes, part in ((upper, "value"), (lower, "slope")):
            draw_interactions(axes, curves, part)
        # The slopes of the hard core would hide those beyond the well, and at the cutoff.
        steepest = max(float(curve.slope.max()) for curve in curves.values())
        steepest = steepest if steepest > 0.0 else 1.0
        lower.set_ylim(-1.2 * steepest, 1.2 * steepest)
        upper.set_ylabel("interaction ($E_c$)")
        lower.set_ylabel("its slope ($E_c/R_c$)")
        lower.set_xlabel("distance, or side of an equilateral triangle ($R_c$)")
        upper.legend()
        upper.set_title(title)
    return figure


def draw_interactions(axes: Axes, curves: Mapping[str, Curve], part: str) -> None:
    """Values or slopes of interactions, cut off in the hard core; the first lies below the next."""
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    for name, curve in curves.items():
        color, dashes = STYLES.get(name, OTHERWISE)
        line = dashes if "triangle" in curves else "-"
        axes.plot(curve.side, getattr(curve, part), color=color, linestyle=line, label=name)
        axes.set_xlim(curve.side[0], curve.side[-1])
    axes.set_ylim(well_limits(curve.value for curve in curves.values()))


def six_tests_figure(tests: SixTests, title: str) -> Figure:
    """Draw the six tests on one page, in the order of figures 5 to 8.

    Args:
        tests: Their results.
        title: Of the page.

    Returns:
        The figure; energies are cut off, or drawn logarithmically, where they explode.
    """
    with styled_figure(7.6, 9.6) as figure:
        (one, lone), (surface, square), (repulsion, convergence) = figure.subplots(3, 2)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        draw_curves(one, tests)
        draw_lone_triangle(lone, tests)
        draw_surface(surface, tests)
        draw_square(square, tests)
        draw_repulsion(repulsion, tests)
        draw_convergence(convergence, tests)
    return figure


def draw_curves(axes: Axes, tests: SixTests) -> None:
    """(a) The potential of a single triangle, and of a pair."""
    draw_interactions(axes, tests.curves, "value")
    axes.set_xlabel("side or distance ($R_c$)")
    axes.set_ylabel("interaction ($E_c$)")
    axes.set_title("(a) one triangle" if "triangle" in tests.curves else "(a) one pair")
    axes.legend()


def draw_lone_triangle(axes: Axes, tests: SixTests) -> None:
    """(b) Three particles in a large cell, and what their interactions alone give."""
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.plot(tests.side, tests.lone, color=BLUE, label="in a large cell")
    label = times_one_triangle(tests)
    axes.plot(tests.side, tests.expected, color=BLACK, linestyle=DASHES, label=label)
    axes.set_ylabel("energy of the cell ($E_c$)")
    if np.abs(tests.lone[tests.side > 1]).max() > EXPLODED:
        scaled(axes, np.concatenate([tests.lone, tests.expected]))
    else:
        axes.set_ylim(well_limits([tests.lone, tests.expected]))
    axes.set_xlim(tests.side[0], tests.side[-1])
    axes.set_xlabel("side ($R_c$)")
    axes.set_title("(b) triangle in a large cell")
    axes.legend()


def times_one_triangle(tests: SixTests) -> str:
    """How often the curves of (a) make that of (b): six times in figures 5 to 8.

    In equation (9) these are 9/2 of triangles and 3/2 of pairs, which are alike in equation (10).
    """
    weights = {"triangle": tests.triangle_weight, "pair": 3.0 * tests.pair_weight}
    values = [curve.value for curve in tests.curves.values()]
    if all(np.allclose(each, values[0], rtol=1e-9, atol=1e-12) for each in values):
        return f"{sum(weights[name] for name in tests.curves):g} times (a)"
    return " + ".join(f"{weights[name]:g} {name}" for name in tests.curves) + " of (a)"


def draw_surface(axes: Axes, tests: SixTests) -> None:
    """(c) The energy with a fourth particle everywhere."""
    base = float(np.median(tests.surface))
    low = float(np.percentile(tests.surface, DEEP))
    high = base + (base - low)
    cells = axes.imshow(
        tests.surface,
        origin="lower",
        extent=(0.0, tests.width, 0.0, tests.width),
        vmin=low,
        vmax=high,
        cmap="viridis",
    )
    axes.scatter(
        tests.fixed[:, 0],
        tests.fixed[:, 1],
        s=22,
        color=VERMILION,
        edgecolors="white",
        linewidths=0.8,
    )
    axes.figure.colorbar(
        cells, ax=axes, extend="both", label="energy per particle ($E_c$)", location="bottom"
    )
    axes.set_xlabel("$x$ of the fourth ($R_c$)")
    axes.set_ylabel("$y$ of the fourth ($R_c$)")
    axes.set_title("(c) three fixed particles, a fourth")


def draw_square(axes: Axes, tests: SixTests) -> None:
    """(d) Four particles move apart; the same curve backwards is a mirror image."""
    axes.plot(tests.half_side, tests.square, color=BLUE, label="as they part")
    axes.plot(tests.half_side, tests.square[::-1], color=BLACK, linestyle=DASHES, label="mirrored")
    axes.axvline(0.25 * tests.width, color=GREY, linewidth=0.6)
    axes.set_xlabel("half side of the square ($R_c$)")
    axes.set_ylabel("energy per particle ($E_c$)")
    scaled(axes, tests.square)
    axes.set_title("(d) a square moves apart")
    axes.legend()


def draw_repulsion(axes: Axes, tests: SixTests) -> None:
    """(e) Two particles too close, while a third one moves away."""
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.plot(tests.away, tests.repulsion, color=BLUE)
    axes.set_xlabel("distance of the third ($R_c$)")
    axes.set_ylabel("energy of the three ($E_c$)")
    scaled(axes, np.append(tests.repulsion, 0.0))  # whether it falls to zero is the question
    axes.set_title("(e) two at $R_c/2$, a third leaves")


def draw_convergence(axes: Axes, tests: SixTests) -> None:
    """(f) The energy per particle of the standard lattice, from the cell alone to the last depth.

    What the last layer of cells adds is told: beside the first one it is too little to be seen.
    """
    energies = np.append(tests.alone, tests.convergence.energies[0])
    depths = [0, *tests.convergence.depths]
    axes.plot(depths, energies, color=BLUE, marker="o", markersize=4)
    last = float(energies[-1] - energies[-2])
    rounding = ROUNDING * (1.0 + np.abs(energies).max())
    if np.ptp(energies) < rounding:
        axes.set_ylim(energies[0] - 1.0, energies[0] + 1.0)
    told = "nothing" if abs(last) < rounding else f"{plain(float(f'{last:.2g}'))} {ENERGY}"
    axes.legend(handles=[], title=f"the last layer adds {told}")
    axes.set_xticks(depths)
    axes.set_xlabel("depth of surrounding cells $d_s$")
    axes.set_ylabel("energy per particle ($E_c$)")
    scaled(axes, energies)
    axes.set_title(f"(f) convergence, $w_c$ = {tests.convergence_width:g} $R_c$")


def scaled(axes: Axes, values: Array) -> None:
    """A logarithmic axis for energies that explode, linear around zero where they change sign.

    That of arsinh, which has no kinks where it becomes logarithmic, and says so.
    """
    low, high = float(values.min()), float(values.max())
    if max(-low, high) < EXPLODED:
        return
    if low > 0.0:
        axes.set_yscale("log")
        return
    axes.set_yscale("asinh", linear_width=1.0)
    decades = np.floor(np.log10(3.0 * max(-low, high)))
    step = np.ceil(decades / MOST_TICKS)
    first = 0.0 if decades <= WITH_ONES else step  # 1, 0 and −1 would overlap
    powers = 10.0 ** np.arange(first, decades + 1.0, step)
    ticks = np.concatenate([-powers, [0.0], powers])
    low, high = 3.0 * low - 0.3, 3.0 * high + 0.3
    axes.yaxis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)].tolist()))
    axes.yaxis.set_major_formatter(LogFormatterSciNotation(linthresh=1.0))
    axes.set_ylim(low, high)
    axes.set_ylabel(axes.get_ylabel().replace(ENERGY, f"{ENERGY}, arsinh"))


def well_limits(curves: Iterable[Array]) -> tuple[float, float]:
    """The range of curves, but for the hard core, which goes up to 1e5 E_c and more."""
    values = [np.asarray(curve) for curve in curves]
    low = min(float(each.min()) for each in values)
    high = max(float(each.max()) for each in values)
    depth = -low if low < 0.0 else 1.0
    return low - 0.15 * depth, min(max(high, 0.15 * depth), IN_THE_CORE * depth)
