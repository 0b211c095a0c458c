"""Configurations as one sees them: a cell, its particles, and the cells around it."""

import math
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from peslab.evaluation.style import BLACK, BLUE, GREY, styled_figure, unit_label
from peslab.places import numbers

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

LEVELS = {"low": (0.005, 0.02), "median": (0.495, 0.505), "high": (0.97, 0.99)}
"""The quantiles of the energy that are shown, two of each where all cells are of one kind."""

SHOWN_KINDS = 3
EXACT_DIGITS, MOST_DECIMALS = 3, 4  # of an exact energy
MARGIN = 0.3  # of the cells around, in cell widths
RADIUS = 0.07  # of a particle as it is drawn, in cell widths: none is cut
SEEN_FROM = (
    "Cubes, seen along their third axis: what is near is large and dark, what is far small and pale"
)
PLANE, SPACE = 2, 3
FONT_SIZE, LONGEST_LINE = 10.0, 27  # of a title, in points; longer lines are written smaller


def sample_lattices(
    positions: Array,
    cell_widths: Array,
    energies: Array,
    bond_length: float,
    prediction: Array | None = None,
    units: tuple[str, str] = ("E_c", "R_c"),
) -> Figure:
    """Draw configurations of low, median and high energy with their images (figures 2 and 13).

    Args:
        positions: Shape (n, N, d) with d of 2 or 3, in R_c, NaN in places without a particle.
        cell_widths: Shape (n,), in R_c.
        energies: Per particle, shape (n,), in E_c.
        bond_length: Particles nearer than this are joined, in R_c.
        prediction: What each replica predicts, shape (k, n); None shows exact energies only.
        units: Of energies and of lengths, where they are not E_c and R_c.

    Returns:
        The figure: two rows of one width, or one row for each of three widths; of one width with
        several numbers of particles, one row for each of three numbers. Where hardly two cells are
        of one width or number, a row is a third of them, of similar ones. In three dimensions one
        looks along the third axis: what is near is large and dark.
    """
    particles = numbers(positions)
    rows = _chosen(cell_widths, particles, energies)
    several = len(np.unique(particles)) > 1
    energy_unit, length_unit = map(unit_label, units)
    with styled_figure(7.2, 2.55 * len(rows) + 0.2) as figure:
        grid = figure.subplots(len(rows), len(LEVELS), squeeze=False)
        for line, chosen in zip(grid, rows, strict=True):
            for axes, k in zip(line, chosen, strict=True):
                there = positions[k, : particles[k]]
                draw_lattice(axes, there, float(cell_widths[k]), bond_length)
                energy = float(energies[k])
                told = _told(energy) if prediction is None else _compared(energy, prediction[:, k])
                _title(axes, f"{told} {energy_unit}")
            if several and len(np.unique(cell_widths)) == 1:
                line[0].set_ylabel(f"{_span(particles[chosen])} particles")
            elif chosen is rows[0] or len(np.unique(cell_widths)) > 1:
                line[0].set_ylabel(f"cell width {_span(cell_widths[chosen])} {length_unit}")
        for axes, name in zip(grid[0], LEVELS, strict=True):
            _title(axes, f"{name} energy\n{axes.get_title('center')}")
        notes = [SEEN_FROM] if positions.shape[2] == SPACE else []
        if prediction is not None and len(prediction) > 1:
            notes.append(f"±: standard deviation over the {len(prediction)} replicas")
        figure.supxlabel("\n".join(notes), fontsize=9)
    return figure


def _title(axes: Axes, text: str) -> None:
    """Above a cell, small enough to leave the titles beside it alone."""
    longest = max(map(len, text.split("\n")))
    size = FONT_SIZE * min(1.0, LONGEST_LINE / longest)
    axes.set_title(text, fontsize=size, loc="center", pad=3)


def _span(values: Array | Numbers) -> str:
    """What the cells of one row have, or from where to where."""
    ends = [f"{end:.3g}" for end in (values.min(), values.max())]
    return " to ".join(dict.fromkeys(ends))


def _told(energy: float) -> str:
    return f"{energy:.3g}".replace("-", "−")


def _compared(energy: float, predictions: Array) -> str:
    """The exact energy above the mean of the replicas ± their standard deviation, in its digits.

    The exact one has three digits at least, however far the replicas are apart.
    """
    spread = float(predictions.std(ddof=1)) if len(predictions) > 1 else 0.0
    decimals = max(0, -math.floor(math.log10(spread))) if spread > 0.0 else 3
    own = max(0, EXACT_DIGITS - 1 - math.floor(math.log10(abs(energy)))) if energy else 0
    exact = f"{energy:.{max(decimals, min(own, MOST_DECIMALS))}f}".replace("-", "−")
    mean = f"{predictions.mean():.{decimals}f}".replace("-", "−")
    return f"exact {exact}\npredicted {mean}" + (f" ± {spread:.{decimals}f}" if spread else "")


def _chosen(cell_widths: Array, particles: Numbers, energies: Array) -> list[list[int]]:
    """Numbers of configurations: in each row of low, median and high energy, of similar cells."""
    kind = cell_widths if len(np.unique(cell_widths)) > 1 else particles
    kinds = np.unique(kind)
    if len(kinds) == 1:
        order = energies.argsort()
        places = np.array(list(LEVELS.values())).T * (len(order) - 1)
        return [[int(order[round(place)]) for place in row] for row in places.tolist()]
    shown = kinds[np.linspace(0, len(kinds) - 1, min(SHOWN_KINDS, len(kinds))).astype(int)]
    alike = [np.flatnonzero(kind == one) for one in shown]
    if len(kinds) > SHOWN_KINDS and min(map(len, alike)) < len(LEVELS):  # widths of a file
        n_rows = min(SHOWN_KINDS, max(1, len(kind) // len(LEVELS)))
        alike = np.array_split(kind.argsort(kind="stable"), n_rows)
    rows = []
    for of_kind in alike:
        order = of_kind[energies[of_kind].argsort()]
        levels = [first for first, _ in LEVELS.values()]
        rows.append([int(order[round(level * (len(order) - 1))]) for level in levels])
    return rows


def draw_lattice(axes: Axes, positions: Array, width: float, bond_length: float) -> None:
    """Draw one cell, framed, and the edges of those around it.

    Args:
        axes: To draw on.
        positions: Shape (N, d) with d of 2 or 3, in R_c; drawn as the image that lies in the cell.
        width: Of the cell, in R_c.
        bond_length: Particles nearer than this are joined, in R_c; 0 for none.
    """
    positions = positions - width * np.floor(positions / width)
    shifts = np.array(list(product((0, -1, 1), repeat=positions.shape[1])), dtype=np.float64)
    everything = (positions[None] + width * shifts[:, None]).reshape(-1, positions.shape[1])
    seen = (np.abs(everything - width / 2) < (0.5 + MARGIN) * width).all(axis=1)
    if positions.shape[1] == SPACE:  # images in front of the cell and behind it hide it
        seen &= (everything[:, 2] >= 0.0) & (everything[:, 2] < width)
    inside = np.arange(len(everything)) < len(positions)
    points = everything[seen]
    depth = points[:, 2] / width if positions.shape[1] == SPACE else np.ones(len(points))
    size = 130.0 * (0.35 + 0.65 * depth) * min(1.0, 5.0 / width)
    own = inside[seen]
    axes.add_collection(_bonds(points, bond_length))
    for particles, color, opacity, edge, above in (
        (~own, GREY, 0.45, 0.0, 2),
        (own, BLUE, 1.0, 0.8, 3),
    ):
        colors = [to_rgba(color, opacity * (0.35 + 0.65 * one)) for one in depth[particles]]
        x, y = points[particles, 0], points[particles, 1]
        axes.scatter(x, y, size[particles], colors, edgecolor="white", linewidth=edge, zorder=above)
    axes.add_patch(Rectangle((0, 0), width, width, fill=False, edgecolor=BLACK, linewidth=1.2))
    ends = (-(MARGIN + RADIUS) * width, (1 + MARGIN + RADIUS) * width)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _bonds(points: Array, bond_length: float) -> LineCollection:
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    pairs = np.argwhere(np.triu(distances < bond_length, k=1))
    return LineCollection(
        list(points[pairs][:, :, :PLANE]), colors=GREY, linewidths=1.0, alpha=0.8, zorder=1
    )
