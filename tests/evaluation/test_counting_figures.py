"""The lattices of figures 2 and 3: what is drawn is what the countings count."""

import numpy as np
import pytest
from matplotlib.patches import Polygon

from peslab.apps.laws import counted
from peslab.evaluation import Counted, lattices_figure
from peslab.evaluation.counting_figures import images_in_the_cell
from peslab.evaluation.six_tests import WIDTH, squares
from peslab.toymodel import LennardJones, ModifiedLennardJones
from peslab.toymodel.potential import VISITS

MIDDLE, BORDER = squares(0.5 * WIDTH * np.array([0.16, 0.84]), WIDTH)


def test_a_triangle_around_the_corners_has_three_images():
    """Figure 3b: each with one corner in the cell; figure 3a: one, with all three."""
    (alone,) = images_in_the_cell(MIDDLE[:3])
    np.testing.assert_allclose(alone, MIDDLE[:3])
    images = list(images_in_the_cell(BORDER[:3]))
    assert len(images) == 3
    for image in images:
        assert ((image >= 0) & (image < WIDTH)).all(axis=1).sum() == 1
        sides = np.linalg.norm(image - np.roll(image, 1, axis=0), axis=1)
        assert sorted(sides) == pytest.approx([0.8, 0.8, 0.8 * np.sqrt(2)])


def test_images_that_are_drawn_are_those_that_once_counts():
    """Each image with a corner in the cell counts once: three times as often as in the middle."""
    once = ModifiedLennardJones(counting="once", pair_weight=0.0)
    energies = [3 * once.energy_per_particle(square[:3], WIDTH)[0] for square in (MIDDLE, BORDER)]
    counts = [len(list(images_in_the_cell(square[:3]))) for square in (MIDDLE, BORDER)]
    assert counts == [VISITS["once"][1][0], VISITS["once"][1][2]] == [1, 3]
    assert energies[1] / energies[0] == pytest.approx(counts[1] / counts[0])


@pytest.mark.parametrize("corners", [2, 3])
@pytest.mark.parametrize("counting", [*VISITS])
def test_what_the_page_tells_is_what_energies_have(counting, corners):
    """Of a pair and a triangle, in one cell and around the corners, in a block of nine cells."""
    if corners == 2:
        potential = LennardJones(counting=counting, depth=1)
    else:
        potential = ModifiedLennardJones(counting=counting, depth=1, pair_weight=0.0)
    together, apart = (
        potential.energy_per_particle(square[:corners], WIDTH)[0] for square in (MIDDLE, BORDER)
    )
    panels = lattices_figure(counted(potential), "x").axes[1:3]
    times = [_times(axes.get_xlabel()) for axes in panels]
    assert apart / together == pytest.approx(times[1] / times[0], abs=0.01)


def _times(text):
    """Of "counted 6 times in 4 of 9 cells of the block": 6 · 4/9."""
    words = text.split()
    times = 1.0 if words[1] == "once" else float(words[1])
    parts = [float(word) for word in words[2:] if word.isdigit()]
    return times * (parts[0] / parts[1] if parts else 1.0)


@pytest.mark.parametrize(
    ("counted", "titles", "told"),
    [
        (Counted(3, 6, 6), ("1 triangle", "3 images"), ["counted 6 times in all"] * 2),
        (Counted(3, 1, 3), ("1 triangle", "3 images"), ["counted once", "counted 3 times in all"]),
        (Counted(2, 2, 2), ("1 pair", "2 images"), ["counted 2 times in all"] * 2),
        (
            Counted(3, 6, 6, block=3),
            ("1 triangle", "3 images"),
            [f"counted 6 times in {n} of 9 cells of the block" for n in (9, 4)],
        ),
        (
            Counted(2, 1, 1, block=7),
            ("1 pair", "2 images"),
            [f"counted once in {n} of 49 cells of the block" for n in (49, 42)],
        ),
    ],
)
def test_the_page_shows_cells_squares_and_counts(counted, titles, told):
    """Surrounding cells up to a depth of 2, both squares with what is counted, and the way."""
    figure = lattices_figure(counted, "a title")
    depths, middle, border, way = figure.axes
    shown = [axes.get_title(loc="left") for axes in figure.axes]
    assert [text[:3] for text in shown] == ["(a)", "(b)", "(c)", "(d)"]
    for axes, title, images in zip((middle, border), titles, (1, int(titles[1][0])), strict=True):
        assert axes.get_title(loc="left").endswith(title)
        polygons = [patch for patch in axes.patches if isinstance(patch, Polygon)]
        assert len(polygons) == 2 * images  # filled and outlined
        assert all(len(each.get_xy()) == counted.corners + 1 for each in polygons)
    assert [axes.get_xlabel() for axes in (middle, border)] == told
    assert sum(len(points.get_offsets()) for points in depths.collections) == 4 * 25
    names = [text.get_text() for text in depths.get_legend().get_texts()]
    assert names == [f"$d_s$ = {depth}" for depth in (0, 1, 2)]
    assert len(way.texts) == 4
    assert figure.get_suptitle() == "a title"
    figure.canvas.draw()
