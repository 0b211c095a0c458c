"""Lattices of the tests: surrounding cells (figure 2), and what is counted in them (figure 3)."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from peslab.evaluation.lattice_figures import draw_lattice
from peslab.evaluation.six_tests import NARROWEST, STANDARD, WIDEST, WIDTH, squares
from peslab.evaluation.style import BLACK, BLUE, GREEN, GREY, SKY, VERMILION, styled_figure
from peslab.evaluation.subject import Array

DEPTHS = ((BLUE, 1.0), (SKY, 0.9), (GREY, 0.6))  # colors of d_s = 0, 1, 2, and their opacities
IMAGES = (VERMILION, GREEN, SKY, GREY)  # colors of a triangle and its images
AROUND = 0.14  # of the cells around, in cell widths
NAMES = {2: "pair", 3: "triangle"}  # of the first corners of a square


class Counted(NamedTuple):
    """What a sum counts, and how often.

    Attributes:
        corners: 3 of triangles, 2 of pairs where triangles do not interact.
        together: How often one counts whose corners lie in one cell.
        apart: And one whose corners lie in different cells, all its images together.
        block: Cells along an edge of the block that is summed; None where no block is.
    """

    corners: int
    together: int
    apart: int
    block: int | None = None


def lattices_figure(counted: Counted, title: str) -> Figure:
    """Draw the lattice of figure 2 and those of figures 3a, 3b and 3d.

    Args:
        counted: What counts how often.
        title: Of the page.

    Returns:
        The figure: where the squares do not count alike, the energy depends on the origin.
    """
    inside, outside = squares(0.5 * WIDTH * np.array([NARROWEST, WIDEST]), WIDTH)
    with styled_figure(7.6, 7.9) as figure:
        (depths, middle), (border, way) = figure.subplots(2, 2)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        draw_depths(depths)
        for axes, square, name, times in (
            (middle, inside, "(b) in the middle", counted.together),
            (border, outside, "(c) around the corners", counted.apart),
        ):
            draw_lattice(axes, square, WIDTH, 0.0)
            images = draw_images(axes, square[: counted.corners])
            what = NAMES[counted.corners] if images == 1 else "images"
            axes.set_title(f"{name}: {images} {what}", pad=4)
            axes.set_xlabel(times_told(times, square[: counted.corners], counted.block))
        draw_way(way, inside, outside)
        for axes in (middle, border, way):
            bare(axes, -AROUND * WIDTH, (1.0 + AROUND) * WIDTH)
    return figure


def draw_depths(axes: Axes) -> None:
    """(a) The standard lattice and its surrounding cells up to a depth of 2: figure 2."""
    reach = len(DEPTHS) - 1
    for cell in product(range(-reach, reach + 1), repeat=2):
        depth = max(abs(step) for step in cell)
        color, opacity = DEPTHS[depth]
        x, y = (np.array(STANDARD) + cell).T
        name = f"$d_s$ = {depth}" if cell == (0, depth) else None
        axes.scatter(x, y, 26.0, color, alpha=opacity, edgecolor="white", linewidth=0.4, label=name)
        axes.add_patch(frame(np.array(cell), 1.0, GREY, 0.5))
    for depth, (color, _) in enumerate(DEPTHS):
        corner = np.full(2, -float(depth))
        axes.add_patch(frame(corner, 2.0 * depth + 1.0, BLACK if depth == 0 else color, 1.4))
    axes.legend(loc="upper center", ncols=len(DEPTHS), bbox_to_anchor=(0.5, 0.0), handletextpad=0.1)
    bare(axes, -reach - 0.15, reach + 1.15)
    axes.set_title("(a) surrounding cells", pad=4)


def times_told(times: int, corners: Array, block: int | None) -> str:
    """How often a pair or a triangle counts, in a block of cells only where it lies in it whole."""
    told = f"{times} times" if times > 1 else "once"
    if block is None:
        return f"counted {told} in all" if times > 1 else f"counted {told}"
    spanned = np.ptp(np.floor(nearest_images(corners) / WIDTH), axis=0)
    whole = int(np.prod(np.maximum(block - spanned, 0.0)))
    return f"counted {told} in {whole} of {block**2} cells of the block"


def draw_images(axes: Axes, corners: Array) -> int:
    """A pair or triangle and its images that have a corner in the cell; how many these are."""
    images = list(images_in_the_cell(corners))
    for image, color in zip(images, IMAGES, strict=False):
        axes.add_patch(Polygon(image, facecolor=color, edgecolor=color, alpha=0.35, zorder=1))
        axes.add_patch(Polygon(image, fill=False, edgecolor=color, linewidth=2.0, zorder=1))
    return len(images)


def nearest_images(corners: Array) -> Array:
    """The corners (n, 2) of a pair or triangle, moved to where they are nearest to the first."""
    return np.asarray(corners - WIDTH * np.round((corners - corners[0]) / WIDTH))


def images_in_the_cell(corners: Array) -> Iterator[Array]:
    """A pair or triangle of nearest images, (n, 2), and its images with a corner in the cell."""
    nearest = nearest_images(corners)
    for cell in product((0.0, -1.0, 1.0), repeat=2):
        image = nearest + WIDTH * np.array(cell)
        if ((image >= 0.0) & (image < WIDTH)).all(axis=1).any():
            yield image


def draw_way(axes: Axes, inside: Array, outside: Array) -> None:
    """(d) From the middle to the corners, as in figure 3d."""
    draw_lattice(axes, inside, WIDTH, 0.0)
    x, y = outside.T
    axes.scatter(x, y, 90.0, "none", edgecolor=BLUE, linewidth=1.2, zorder=3)
    for start, end in zip(inside, outside, strict=True):
        way = end - start
        arrow = {"arrowstyle": "->", "color": BLACK, "linewidth": 1.2}
        axes.annotate("", start + 0.88 * way, start + 0.12 * way, arrowprops=arrow)
    axes.set_title("(d) a square moves apart", pad=4)


def frame(corner: Array, width: float, color: str, linewidth: float) -> Rectangle:
    """The edges of a cell, or of a block of cells."""
    left, low = corner.tolist()
    return Rectangle(
        (left, low), width, width, fill=False, edgecolor=color, linewidth=linewidth, zorder=1
    )


def bare(axes: Axes, low: float, high: float) -> None:
    """A square of the plane without its axes."""
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
