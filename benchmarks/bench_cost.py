"""Figure 11 of the thesis: what one energy costs, measured and as appendix B predicts it.

Equation (9) is summed term by term over a block of cells, as the thesis's program does, and, beside
it, with a cutoff and each triangle once, as peslab does where it can.

Run: python benchmarks/bench_cost.py [FILE.png]
"""

import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from peslab.evaluation.style import BLUE, GREY, VERMILION, styled_figure
from peslab.toymodel import AreaAndCircumference, Lattice, ModifiedLennardJones, Potential
from peslab.toymodel.cost import pair_count, triangle_count

DIMENSION, WIDTH = 2, 5.0
PARTICLES, DEPTH = (2, 3, 4, 6, 8, 12, 16, 24, 32), 2  # figure 11a
DEPTHS, N_PARTICLES = (1, 2, 3, 4, 5, 6, 8, 10), 4  # figure 11b
THESIS_TRIANGLE, THESIS_PAIR = 40e-6, 30e-6  # seconds
MEASURED, PREDICTED = "peslab, the same triangles", "predicted from the first point"
ENOUGH = 0.05  # seconds that are measured, at least


def seconds(potential: Potential, n_particles: int) -> float:
    """Of one energy with forces in a batch, of one core's own time; the fastest of five."""
    count = 1
    while True:
        positions = Lattice(n_particles, DIMENSION, WIDTH).sample(count, seed=0)
        times = []
        for _ in range(5):
            began = time.process_time()
            potential.energy_and_forces(positions, WIDTH, n_threads=1)
            times.append(time.process_time() - began)
        if min(times) > ENOUGH:
            return min(times) / count
        count *= 4


def printed(depth: int) -> Potential:
    return AreaAndCircumference(counting="published", depth=depth)


def curves(cases: list[tuple[int, int]]) -> dict[str, list[float]]:
    """Seconds of each (N_p, d_s): measured twice, and predicted twice.

    Our seconds of a triangle are those of the first case, the smallest: all others are predicted.
    """
    ours = [seconds(printed(depth), n) for n, depth in cases]
    triangles = np.array([triangle_count(n, DIMENSION, depth) for n, depth in cases])
    pairs = np.array([pair_count(n, DIMENSION, depth) for n, depth in cases])
    each = ours[0] / triangles[0]
    return {
        "thesis, predicted: 40 µs a triangle": THESIS_TRIANGLE * triangles + THESIS_PAIR * pairs,
        MEASURED: ours,
        f"{PREDICTED}: {1e9 * each:.1f} ns a triangle": each * triangles,
        "peslab, within a cutoff": [seconds(ModifiedLennardJones(), n) for n, _ in cases],
    }


def ratios(lines: dict[str, list[float]]) -> np.ndarray:
    """What was measured over what is predicted from the first case, at all others."""
    predicted = next(values for name, values in lines.items() if name.startswith(PREDICTED))
    return (np.array(lines[MEASURED]) / predicted)[1:]


def draw(panels: dict[str, tuple[tuple[int, ...], dict[str, list[float]]]]) -> Figure:
    looks: dict[str, dict[str, object]] = {
        "thesis": {"color": GREY, "linestyle": "--"},
        "peslab, the": {"color": BLUE, "marker": "o", "linestyle": "none"},
        PREDICTED: {"color": BLUE, "linewidth": 1.0},
        "peslab, within": {"color": VERMILION, "marker": "s"},
    }
    with styled_figure(9.5, 4.0) as figure:
        for axes, (label, (x, lines)) in zip(figure.subplots(1, 2), panels.items(), strict=True):
            for name, values in lines.items():
                look = next(look for begin, look in looks.items() if name.startswith(begin))
                axes.loglog(x, values, label=name, **look)
            low, high = ratios(lines).min(), ratios(lines).max()
            axes.set_title(f"measured / predicted: {low:.2f} to {high:.2f}", loc="left", fontsize=9)
            axes.set_xlabel(label)
            axes.set_xticks(x, map(str, x))
            axes.minorticks_off()
            axes.set_ylim(1e-7, 1e6)
            axes.set_ylabel("seconds for one energy")
            axes.legend(loc="upper left", fontsize=8)
    return figure


if __name__ == "__main__":
    by_particles = curves([(n, DEPTH) for n in PARTICLES])
    by_depth = curves([(N_PARTICLES, depth) for depth in DEPTHS])
    for name, x, lines in (("N_p", PARTICLES, by_particles), ("d_s", DEPTHS, by_depth)):
        for line, values in lines.items():
            told = "  ".join(
                f"{at}: {1e6 * value:.3g}" for at, value in zip(x, values, strict=True)
            )
            print(f"{name}  {line} (µs)  {told}")
        told = [f"{at}: {ratio:.2f}" for at, ratio in zip(x[1:], ratios(lines), strict=True)]
        print(f"{name}  measured / predicted  {'  '.join(told)}")
    made = draw({
        f"particles per cell $N_p$, depth {DEPTH}": (PARTICLES, by_particles),
        f"depth of surrounding cells $d_s$, {N_PARTICLES} particles": (DEPTHS, by_depth),
    })  # fmt: skip
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "figure_11.png")
    made.savefig(file)
    print(file)
