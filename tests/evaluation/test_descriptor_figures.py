"""Figure 10: the way of the dragged particle, and each feature along it."""

from itertools import pairwise

import numpy as np
import pytest
from whole_circles import assert_whole

from peslab.evaluation import descriptor_figure, straight_path, thesis_path

PATH = thesis_path(5.0, 51)
RANDOM = np.random.default_rng(2)


def texts(axes):
    """The names beside a panel, none where the panel above has the same."""
    if axes.get_legend() is None:
        return []
    return [text.get_text() for text in axes.get_legend().get_texts()]


def panels(figure):
    """All axes but that of the cell."""
    return figure.axes[1:]


def test_features_of_a_kind_share_a_panel():
    """Names that end alike stand together, and the rest of the name tells them apart."""
    names = [f"eigenvalue {k} of order {order}" for order in (-2, -3) for k in (1, 2)]
    values = RANDOM.normal(size=(51, 4))
    figure = descriptor_figure(PATH, names, values)
    assert [axes.get_title("left") for axes in panels(figure)] == ["order −2", "order −3"]
    assert [texts(axes) for axes in panels(figure)] == [["eigenvalue 1", "eigenvalue 2"], []]
    for axes, columns in zip(panels(figure), ([0, 1], [2, 3]), strict=True):
        for line, column in zip(axes.lines, columns, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), PATH.coordinate)
            np.testing.assert_array_equal(line.get_ydata(), values[:, column])


def test_other_names_stand_together_by_their_first_word():
    """Radial and angular functions have a panel each; a name of one word is its own label."""
    figure = descriptor_figure(PATH, ["G2 at 1", "G2 at 2", "G4 η=1", "pull"], np.zeros((51, 4)))
    assert [axes.get_title("left") for axes in panels(figure)] == ["G2", "G4", "pull"]
    assert [texts(axes) for axes in panels(figure)] == [["at 1", "at 2"], ["η=1"], ["pull"]]


@pytest.mark.parametrize(("etas", "zetas"), [((0.1, 0.3, 1), (1, 2, 4)), ((1, 2, 3, 4, 5), (1, 2))])
def test_functions_of_three_parameters_are_told_apart(etas, zetas):
    """A panel for each λ, a color for each η, dashes for each ζ; the legend names these alone."""
    names = [f"G4 η={a} ζ={b} λ={c:+d}" for a in etas for b in zetas for c in (1, -1)]
    values = RANDOM.normal(size=(51, len(names)))
    figure = descriptor_figure(PATH, names, values)
    assert [axes.get_title("left") for axes in panels(figure)] == ["G4, λ=+1", "G4, λ=−1"]
    named = [*(f"η={a}" for a in etas), *(f"ζ={b}" for b in zetas)]
    assert [texts(axes) for axes in panels(figure)] == [named, []]
    for axes, sign in zip(panels(figure), (0, 1), strict=True):
        looks = {}
        for line, column, name in zip(axes.lines, values.T[sign::2], names[sign::2], strict=True):
            np.testing.assert_array_equal(line.get_ydata(), column)
            _, eta, zeta, _ = name.split()
            looks.setdefault(("color", eta), set()).add(tuple(line.get_color()))
            looks.setdefault(("dashes", zeta), set()).add(str(line._dash_pattern))
        assert all(len(look) == 1 for look in looks.values())
        assert len({str(look) for look in looks.values()}) == len(etas) + len(zetas)
    figure.draw_without_rendering()


def test_neighbors_of_nearly_one_color_have_other_dashes():
    """Of many features in one sequence; of few, colors are enough."""
    for n, several in ((12, True), (4, False)):
        (axes,) = panels(
            descriptor_figure(PATH, [f"G2 at {k}" for k in range(n)], np.zeros((51, n)))
        )
        patterns = [str(line._dash_pattern) for line in axes.lines]
        assert all((a != b) == several for a, b in pairwise(patterns))


def test_the_cell_width_has_no_panel():
    """It does not change along the way, and stands beside the cell."""
    figure = descriptor_figure(PATH, ["distance 1", "cell width"], np.full((51, 2), 5.0))
    assert len(panels(figure)) == 1
    assert "cell width 5 " in figure.axes[0].get_title("center")


def test_of_places_that_of_the_dragged_particle_is_shown():
    """A descriptor per particle has a row for each; one of them moves."""
    values = RANDOM.normal(size=(51, 4, 2))
    (axes,) = panels(descriptor_figure(PATH, ["wave 1", "wave 2"], values))
    for line, column in zip(axes.lines, values[:, 3].T, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), column)


def test_the_title_says_whose_features_they_are():
    """Of one particle or of all together; and each axis has a name."""
    for shape, whose in (((51, 4, 2), "dragged particle"), ((51, 2), "whole configuration")):
        figure = descriptor_figure(PATH, ["wave 1", "tide 2"], RANDOM.normal(size=shape))
        assert figure.get_suptitle() == f"Features of the {whose}, before scaling"
        assert [axes.get_ylabel() for axes in panels(figure)] == ["feature", "feature"]


def test_of_many_features_some_are_named():
    """All are drawn; names from the first to the last are as many as can be read."""
    names = [f"G4 number {k}" for k in range(40)]
    (axes,) = panels(descriptor_figure(PATH, names, RANDOM.normal(size=(51, 40))))
    assert len(axes.lines) == 40
    told = texts(axes)
    assert len(told) == 18
    assert (told[0], told[-1]) == ("number 0", "number 39")
    assert axes.get_title("left") == "G4 (40, some of them named)"


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_way_lies_in_the_plane(dimension, axis, tmp_path):
    """Whichever axis it follows, one sees it from its first point to its last."""
    if axis >= dimension:
        return
    positions = RANDOM.uniform(0.5, 2.5, (4, dimension))
    path = straight_path(positions, 3.0, 21, particle=1, axis=axis)
    figure = descriptor_figure(path, ["distance 1"], np.ones((21, 1)))
    cell = figure.axes[0]
    (arrow,) = cell.texts
    ends = np.array([arrow.xyann, arrow.xy])
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(3.0)
    other = next(k for k in range(dimension) if k != axis)
    assert positions[1, other] in ends
    np.testing.assert_allclose(cell.collections[-1].get_offsets()[0], ends[0])
    told = cell.get_title("center").split("\n")[1:]  # that it is a projection
    across = [k for k in range(3) if k != axis]
    assert told == [f"seen along the {'xyz'[across[1]]} axis"] * (dimension - 2)
    figure.savefig(tmp_path / "a.png")


def test_peaks_are_cut_off_so_that_the_rest_can_be_read():
    """One point in a hard core does not flatten the line."""
    values = np.sin(PATH.coordinate)[:, None]
    low, high = panels(descriptor_figure(PATH, ["wave 1"], values))[0].get_ylim()
    assert low < values.min() < values.max() < high
    values[25] = 1e6
    assert panels(descriptor_figure(PATH, ["wave 1"], values))[0].get_ylim()[1] < 10.0


def test_a_curve_beside_many_flat_ones_is_whole():
    """What is cut off is a peak of a curve far beyond the rest of that curve."""
    values = np.zeros((51, 12))
    values[:, 0] = np.sin(np.pi * np.linspace(0.0, 1.0, 51))
    (axes,) = panels(descriptor_figure(PATH, [f"wave {k}" for k in range(12)], values))
    low, high = axes.get_ylim()
    assert low < 0.0
    assert high > 1.0


def test_no_particle_beside_the_way_is_cut():
    """Images around the cell are whole, as in pictures of lattices."""
    near_the_edge = np.array([[0.9, 2.5], [4.2, 2.5], [2.5, 0.85]])  # images stand just beside
    path = straight_path(near_the_edge, 5.0, 11, particle=2, axis=1)
    figure = descriptor_figure(path, ["one", "two"], np.ones((11, 2)))
    figure.draw_without_rendering()
    assert_whole(figure.axes[0])
