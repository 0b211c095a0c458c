"""The six tests of figures 5 to 8 and the curves of figures 1, 18 and 19: numbers and pictures."""

from dataclasses import replace

import numpy as np
import pytest

from peslab.evaluation import Curve, curves, potential_curve, six_tests, six_tests_figure
from peslab.evaluation.potential_figures import well_limits
from peslab.evaluation.six_tests import STANDARD
from peslab.problems import subject_of
from peslab.toymodel import (
    AreaAndCircumference,
    AreaTimesPairs,
    Lattice,
    LennardJones,
    ModifiedLennardJones,
    Morse,
    PairsAndArea,
)

LATTICE = Lattice(n_particles=2, dimension=3, cell_width=3.0)  # the tests do not look at it
POTENTIALS = {
    "(2)": Morse(depth=3, pair_weight=0.5),
    "(3)": LennardJones(depth=3, pair_weight=0.5),
    "(6)": AreaTimesPairs(depth=3, triplet_weight=1.0),
    "(7)": AreaAndCircumference(depth=3, triplet_weight=1.0),
    "(8)": PairsAndArea(depth=3, triplet_weight=1.0),
    "(10)": ModifiedLennardJones(),
    "(10) once": ModifiedLennardJones(counting="once"),
}


@pytest.fixture(scope="module")
def tested():
    """The six tests of every potential, made once."""
    return {name: six_tests(subject_of(each, LATTICE)) for name, each in POTENTIALS.items()}


def title(axes):
    return axes.get_title(loc="left")


def lines(axes):
    """The curves that the legend, or nothing, names; not the lines at zero."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_curves_are_the_interactions(tested):
    """Figure 18: the minimum −E_c at R_c; its slope there is zero."""
    curve = tested["(6)"].curves["triangle"]
    least = curve.value.argmin()
    assert curve.side[least] == pytest.approx(1.0, abs=0.01)
    assert curve.value[least] == pytest.approx(-1.0, abs=1e-3)
    np.testing.assert_allclose(curve.slope, np.gradient(curve.value, curve.side), rtol=0.1, atol=1)
    assert list(tested["(6)"].curves) == ["triangle"]
    assert list(tested["(3)"].curves) == ["pair"]
    assert list(tested["(10)"].curves) == ["triangle", "pair"]


def test_the_well_of_the_modified_potential(tested):
    """Section 3.1.4: the minimum is −0.88 E_c for n = 6 and R_0 = 2 R_c, of pairs and triangles."""
    for curve in tested["(10)"].curves.values():
        assert curve.value.min() == pytest.approx(-0.88, abs=0.005)
        assert not curve.value[curve.side >= 2.0].any()


def test_without_its_linear_term_the_potential_has_a_kink():
    """Appendix A.2 and figure 19: continuous at R_0, −0.96 E_c deep, but with a slope left."""
    potential = ModifiedLennardJones()
    values, slopes = potential.without_linear_term(np.array([1.0, 2.0 - 1e-9, 2.0, 2.5]))
    assert values[0] == pytest.approx(-0.96, abs=0.01)
    assert values[1:] == pytest.approx(0.0, abs=1e-8)
    assert slopes[1] == pytest.approx(12 / 2**7 * (1 - 2.0**-6), rel=1e-6)
    assert not slopes[2:].any()
    assert abs(potential.pair_values(2.0 - 1e-9)[1]) < 1e-7


def test_other_pairs_do_not_change_the_kink():
    """Figure 19 is of equation (10), whatever pairs it is combined with."""
    mixed = ModifiedLennardJones(pair_part=Morse())
    expected = ModifiedLennardJones().without_linear_term([0.9, 1.4])
    np.testing.assert_array_equal(mixed.without_linear_term([0.9, 1.4]), expected)


@pytest.mark.parametrize("name", POTENTIALS)
def test_every_result_is_a_number_of_the_right_shape(tested, name):
    """No test of any potential is left without an answer."""
    tests = tested[name]
    assert tests.surface.shape == (80, 80)
    assert tests.fixed.shape == (3, 2)
    for along, values in (
        (tests.side, tests.lone),
        (tests.side, tests.expected),
        (tests.half_side, tests.square),
        (tests.away, tests.repulsion),
    ):
        assert along.shape == values.shape
        assert np.isfinite(values).all()
    assert np.isfinite(tests.surface).all()
    assert np.isfinite(tests.convergence.energies).all()


def test_the_square_is_as_the_thesis_says(tested):
    """It parts from a half side of 0.16 w/2 to 0.84 w/2, where it lies around the corners."""
    tests = tested["(10)"]
    assert (tests.half_side[0], tests.half_side[-1]) == pytest.approx((0.4, 2.1))
    np.testing.assert_allclose(tests.square, tests.square[::-1], atol=1e-10)
    assert tested["(10) once"].square[-10] < 1.5 * tested["(10) once"].square[9]


def test_the_surface_is_that_of_figure_4(tested):
    """It is high on the three particles and, periodic as it is, hardly changes over the border."""
    tests = tested["(10)"]
    for x, y in tests.fixed:
        pixel = int(y / 5.0 * 80), int(x / 5.0 * 80)
        assert tests.surface[pixel] > 1e3
    empty = tests.surface[:, 0]
    assert np.abs(empty - tests.surface[:, -1]).max() < 0.1 * (1 + np.abs(empty).max())
    energy = ModifiedLennardJones().energy_per_particle
    place = 5.0 * (np.array([30, 12]) + 0.5) / 80  # x, y
    assert tests.surface[12, 30] == energy([*tests.fixed, place], 5.0)[0]


def test_repulsion_is_as_the_thesis_saw_it(tested):
    """(7) falls to zero, and below it near a third particle; the others keep two apart."""
    far = {name: tests.repulsion[-1] for name, tests in tested.items()}
    assert abs(far["(7)"]) < 0.1
    assert tested["(7)"].repulsion.min() < -10
    assert all(far[name] > 300 for name in far if name != "(7)")


def test_convergence_is_as_the_thesis_saw_it(tested):
    """(6) and (8) only grow; (7) and pairs settle; (10) has converged within one cell."""
    energies = {name: tests.convergence.energies[0] for name, tests in tested.items()}
    for name in ("(6)", "(8)"):
        layers = np.diff(energies[name])
        assert (np.diff(layers[1:]) > 0).all(), name
    for name in ("(2)", "(3)", "(7)"):
        assert tested[name].convergence.ratio < 0.2
    np.testing.assert_allclose(energies["(10)"], energies["(10)"][0], rtol=1e-12)
    assert tested["(10)"].convergence_width == 4.0
    assert tested["(7)"].convergence_width == 5.0


@pytest.mark.parametrize(("energy", "distance"), [(1.0, 0.3), (27.2, 100.0)])
def test_everything_is_in_units_of_the_potential(tested, energy, distance):
    """Any E_c and R_c give the numbers and the figures of E_c = 1 and R_c = 1, as labels say."""
    other = ModifiedLennardJones(
        characteristic_energy=energy, characteristic_distance=distance, cutoff=2.0 * distance
    )
    one, two = tested["(10)"], six_tests(subject_of(other, LATTICE))
    for name in ("side", "lone", "expected", "surface", "fixed", "half_side", "square", "away",
                 "repulsion", "convergence_width", "width"):  # fmt: skip
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-8, atol=1e-9)
    minimum = two.curves["triangle"].side[two.curves["triangle"].value.argmin()]
    assert minimum == pytest.approx(1.0, abs=0.01)
    for name, curve in two.curves.items():
        for part in ("side", "value", "slope"):
            expected = getattr(one.curves[name], part)
            np.testing.assert_allclose(getattr(curve, part), expected, rtol=1e-8, atol=1e-9)
    labels = [
        [
            (axes.get_title(loc="left"), axes.get_xlim())
            for axes in six_tests_figure(each, "x").axes[:6]
        ]
        for each in (one, two)
    ]
    assert labels[0] == labels[1]


@pytest.mark.parametrize("name", POTENTIALS)
def test_the_page_holds_the_six_tests(tested, name):
    """Each panel shows its own arrays, under its letter, with quantity and unit on both axes."""
    tests = tested[name]
    figure = six_tests_figure(tests, "a title")
    panels = figure.axes[:6]
    assert [title(axes)[:3] for axes in panels] == ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)"]
    shown = {
        1: [tests.lone, tests.expected],
        3: [tests.square, tests.square[::-1]],
        4: [tests.repulsion],
        5: [[tests.alone, *tests.convergence.energies[0]]],
    }
    for panel, arrays in shown.items():
        for line, array in zip(lines(panels[panel]), arrays, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), array)
    np.testing.assert_array_equal(panels[2].images[0].get_array(), tests.surface)
    for axes in panels:
        assert axes.get_xlabel()
        assert axes.get_ylabel()
    assert all("E_c" in panels[k].get_ylabel() for k in (0, 1, 3, 4, 5))
    assert figure.get_suptitle() == "a title"
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("name", "label"),
    [("(3)", "3 times (a)"), ("(6)", "6 times (a)"), ("(10)", "6 times (a)"),
     ("(10) once", "1.5 times (a)"), ("mixed", "4.5 triangle + 1.5 pair of (a)")],
)  # fmt: skip
def test_the_factor_six_is_told(tested, name, label):
    """Figures 5b to 8b: the triangle in a large cell is that often what panel (a) shows."""
    mixed = ModifiedLennardJones(pair_part=LennardJones(), depth=1)
    tests = tested[name] if name in tested else six_tests(subject_of(mixed, LATTICE))
    alone = six_tests_figure(tests, "x").axes[1]
    assert [text.get_text() for text in alone.get_legend().get_texts()][1] == label
    if "times" in label:
        (curve, *_) = curves(subject_of(POTENTIALS[name], LATTICE)).values()
        factor = float(label.split()[0])
        shown = np.interp(curve.side, tests.side, lines(alone)[1].get_ydata())
        np.testing.assert_allclose(shown[::2], factor * curve.value[::2], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", POTENTIALS)
def test_nothing_readable_is_cut_off(tested, name):
    """Minima of all curves lie inside their axes; zero does where it is the question."""
    panels = six_tests_figure(tested[name], "x").axes[:6]
    for axes in (panels[k] for k in (0, 1, 3, 4, 5)):
        low, high = axes.get_ylim()
        least = min(line.get_ydata().min() for line in lines(axes))
        assert low <= least < high
    low, high = panels[4].get_ylim()
    assert low < 0.0 < high


def test_energies_that_explode_are_drawn_logarithmically(tested):
    """Curves over many decades can be read; those of a few E_c stay linear."""
    exploding, calm = (six_tests_figure(tested[name], "x").axes for name in ("(6)", "(7)"))
    assert [exploding[k].get_yscale() for k in (1, 3, 5)] == ["asinh", "log", "log"]
    assert [calm[k].get_yscale() for k in (1, 3, 5)] == ["linear"] * 3


@pytest.mark.parametrize("name", POTENTIALS)
def test_logarithmic_axes_around_zero_have_no_kinks_and_say_what_they_are(tested, name):
    """A straight line through ±1 E_c is drawn smoothly; zero and some powers are marked."""
    figure = six_tests_figure(tested[name], "x")
    figure.canvas.draw()
    for axes in (figure.axes[k] for k in (1, 3, 4, 5)):
        marked = axes.get_yscale() == "asinh"
        assert ("arsinh" in axes.get_ylabel()) == marked
        if marked:
            low, high = axes.get_ylim()
            ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
            assert 0.0 in ticks
            assert 3 <= len(ticks) <= 11
            heights = axes.transData.transform([(1.0, y) for y in np.linspace(0.5, 1.5, 41)])[:, 1]
            bends = np.diff(heights, n=2) / np.diff(heights).mean()
            assert np.abs(bends).max() < 0.05


@pytest.mark.parametrize("name", ["(6)", "(10)"])
def test_colors_of_the_surface_take_no_width_from_the_curves(tested, name):
    """Panels fill three quarters of the page's width, and the colors stand below their panel."""
    figure = six_tests_figure(tested[name], "x")
    figure.canvas.draw()
    boxes = [axes.get_position() for axes in figure.axes]
    assert boxes[0].width + boxes[1].width > 0.74
    assert boxes[6].y1 < boxes[2].y0


@pytest.mark.parametrize(
    ("name", "told"), [("(10)", "nothing"), ("(7)", r"−0.017 $E_c$"), ("(6)", "7,800 $E_c$")]
)
def test_convergence_begins_with_the_cell_alone_and_tells_its_end(tested, name, told):
    """Beside what the first layer adds, the eye cannot tell what the last one does."""
    tests = tested[name]
    convergence = six_tests_figure(tests, "x").axes[5]
    (line,) = convergence.lines
    assert line.get_xdata().tolist() == list(range(5))  # four layers in three dimensions
    assert convergence.get_legend().get_title().get_text() == f"the last layer adds {told}"
    low, high = convergence.get_ylim()
    assert abs(tests.alone - tests.convergence.energies[0, 0]) > 0.1 * (high - low) or name == "(6)"


@pytest.mark.parametrize("name", POTENTIALS)
def test_the_cell_alone_is_a_block_of_one_cell(tested, name):
    """A depth of 0, where equation (4) sums what lies in the cell itself."""
    width = tested[name].convergence_width
    counting = "once" if "once" in name else "block"
    block = replace(POTENTIALS[name], counting=counting, depth=0)
    expected = block.energy_per_particle(width * np.array(STANDARD), width)[0]
    assert tested[name].alone == pytest.approx(expected)


def test_where_no_layer_adds_anything_the_axis_has_an_extent(tested):
    """Particles that feel nobody outside their cell."""
    energies = np.full((1, 4), tested["(10)"].alone)
    calm = tested["(10)"].convergence._replace(energies=energies)
    low, high = six_tests_figure(replace(tested["(10)"], convergence=calm), "x").axes[5].get_ylim()
    assert high - low == pytest.approx(2.0)


def test_a_curve_and_its_slope():
    """Figure 1: the well above, its slope below, one line for each interaction."""
    found = curves(subject_of(ModifiedLennardJones(), LATTICE))
    side = found["pair"].side
    kinked = Curve(side, *ModifiedLennardJones().without_linear_term(side))
    figure = potential_curve({**found, "without": kinked}, "a title")
    upper, lower = figure.axes
    assert title(upper) == "a title"
    names = [text.get_text() for text in upper.get_legend().get_texts()]
    assert names == ["triangle", "pair", "without"]
    for axes, part in ((upper, "value"), (lower, "slope")):
        for line, curve in zip(lines(axes), [*found.values(), kinked], strict=True):
            np.testing.assert_array_equal(line.get_ydata(), getattr(curve, part))
    assert "E_c/R_c" in lower.get_ylabel()
    assert len({line.get_color() for line in lines(upper)}) == 3


def test_a_purely_repulsive_curve_can_be_drawn():
    """Without a well there is no depth to scale by; the axes still have an extent."""
    side = np.linspace(0.5, 3.0, 50)
    figure = potential_curve({"pair": Curve(side, side**-12.0, -12 * side**-13.0)}, "x")
    for axes in figure.axes:
        low, high = axes.get_ylim()
        assert low < 0.0 < high
    assert figure.axes[0].get_ylim() == pytest.approx((-0.15, 3.0), rel=1e-4)
    assert well_limits([np.zeros(3)]) == (-0.15, 0.15)
    figure.canvas.draw()
