"""The lattices of figures 2 and 3: what is drawn is what the countings count."""

import numpy as np
import pytest

from peslab.evaluation import lattices_figure
from peslab.evaluation.counting_figures import triangles_in_the_cell
from peslab.evaluation.six_tests import WIDTH, squares
from peslab.toymodel import ModifiedLennardJones
from peslab.toymodel.potential import VISITS

MIDDLE, BORDER = squares(0.5 * WIDTH * np.array([0.16, 0.84]), WIDTH)


def test_a_triangle_around_the_corners_has_three_images():
    """Figure 3b: each with one corner in the cell; figure 3a: one, with all three."""
    (alone,) = triangles_in_the_cell(MIDDLE[:3])
    np.testing.assert_allclose(alone, MIDDLE[:3])
    images = list(triangles_in_the_cell(BORDER[:3]))
    assert len(images) == 3
    for image in images:
        assert ((image >= 0) & (image < WIDTH)).all(axis=1).sum() == 1
        sides = np.linalg.norm(image - np.roll(image, 1, axis=0), axis=1)
        assert sorted(sides) == pytest.approx([0.8, 0.8, 0.8 * np.sqrt(2)])


def test_images_that_are_drawn_are_those_that_once_counts():
    """Each image with a corner in the cell counts once: three times as often as in the middle."""
    once = ModifiedLennardJones(counting="once", pair_weight=0.0)
    energies = [3 * once.energy_per_particle(square[:3], WIDTH)[0] for square in (MIDDLE, BORDER)]
    counts = [len(list(triangles_in_the_cell(square[:3]))) for square in (MIDDLE, BORDER)]
    assert counts == [VISITS["once"][1][0], VISITS["once"][1][2]] == [1, 3]
    assert energies[1] / energies[0] == pytest.approx(counts[1] / counts[0])


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ((6, 6), ["counted 6 times in all", "counted 6 times in all"]),
        ((1, 3), ["counted once", "counted 3 times in all"]),
        (None, ["", ""]),
    ],
)
def test_the_page_shows_cells_squares_and_counts(counted, told):
    """Surrounding cells up to a depth of 2, both squares with the triangle, and the way."""
    figure = lattices_figure(counted, "a title")
    depths, middle, border, way = figure.axes
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [text[:3] for text in titles] == ["(a)", "(b)", "(c)", "(d)"]
    assert titles[1].endswith("1 triangle")
    assert titles[2].endswith("3 images")
    assert [axes.get_xlabel() for axes in (middle, border)] == told
    assert sum(len(points.get_offsets()) for points in depths.collections) == 4 * 25
    names = [text.get_text() for text in depths.get_legend().get_texts()]
    assert names == [f"$d_s$ = {depth}" for depth in (0, 1, 2)]
    assert len(way.texts) == 4
    assert figure.get_suptitle() == "a title"
    figure.canvas.draw()
