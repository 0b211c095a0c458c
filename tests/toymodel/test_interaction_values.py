"""Interactions by themselves: what two and three particles feel, without weight and counting."""

import re

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.kernels.potentials import none
from peslab.toymodel import (
    AreaAndCircumference,
    AreaTimesPairs,
    LennardJones,
    ModifiedLennardJones,
    Morse,
    PairsAndArea,
    normalized,
)

PAIRS = [ModifiedLennardJones(), LennardJones(), Morse()]
TRIPLETS = [ModifiedLennardJones(), AreaTimesPairs(), AreaAndCircumference(), PairsAndArea()]
STEP = 1e-6


def name_of(potential):
    return type(potential).__name__


@pytest.mark.parametrize("potential", PAIRS, ids=name_of)
def test_slopes_of_pairs(potential):
    """dV_2/dr is the slope of V_2, against central differences."""
    r = np.linspace(0.8, 1.9, 40)
    (above, _), (below, _) = potential.pair_values(r + STEP), potential.pair_values(r - STEP)
    expected = (above - below) / (2 * STEP)
    np.testing.assert_allclose(potential.pair_values(r)[1], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("potential", TRIPLETS, ids=name_of)
@pytest.mark.parametrize("side", range(3))
def test_slopes_of_triangles(potential, side):
    """Each slope is that of V_3 by its own side, against central differences."""
    sides = np.random.default_rng(0).uniform(1.0, 1.6, (3, 40))
    step = STEP * np.eye(3)[side][:, None]
    above, below = (potential.triplet_values(*(sides + s))[0] for s in (step, -step))
    slopes = potential.triplet_values(*sides)[1]
    assert slopes.shape == (3, 40)
    expected = (above - below) / (2 * STEP)
    np.testing.assert_allclose(slopes[side], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("potential", [LennardJones(), Morse()], ids=name_of)
def test_a_pair_is_deepest_at_its_distance(potential):
    """The well of depth ε lies at r_m = 1, where no force acts: equations (2) and (3)."""
    assert potential.pair_values(1.0) == pytest.approx((-1.0, 0.0), abs=1e-15)


@pytest.mark.parametrize("potential", TRIPLETS[1:], ids=name_of)
def test_an_equilateral_triangle_is_deepest_at_its_side(potential):
    """Appendix A: energy −E_c at the side R_c, and no force."""
    value, slopes = potential.triplet_values(1.0, 1.0, 1.0)
    assert value == pytest.approx(-1.0, abs=1e-12)
    assert slopes.sum() == pytest.approx(0.0, abs=1e-11)


def test_nothing_acts_from_the_cutoff_on():
    """Beyond R_0 value and slope are 0, not what equation (10) would go on to."""
    potential = ModifiedLennardJones(cutoff=1.5)
    values, slopes = potential.pair_values([1.4, 1.5, 2.0])
    assert (values[0] < 0, slopes[0] > 0) == (True, True)
    assert not values[1:].any()
    assert not slopes[1:].any()
    assert potential.triplet_values(1.0, 1.5, 2.0)[0] == 0.0


def test_pairs_of_another_potential_are_that_ones():
    """With a pair part, V_2 is its V_2, its cutoff included."""
    potential = AreaAndCircumference(pair_part=ModifiedLennardJones(cutoff=1.5), depth=2)
    r = np.linspace(0.7, 2.0, 14)
    expected = ModifiedLennardJones(cutoff=1.5).pair_values(r)
    np.testing.assert_array_equal(potential.pair_values(r), expected)


def test_shapes_are_those_of_the_sides():
    """A number gives a number, a table a table, and a number stands for a whole column."""
    potential = ModifiedLennardJones()
    assert potential.pair_values(1.0)[0].shape == ()
    assert potential.pair_values(np.ones((2, 3)))[1].shape == (2, 3)
    assert potential.triplet_values(1.0, np.ones(4), 1.0)[1].shape == (3, 4)


def test_inputs_are_left_as_they_are():
    """Kernels may use their arrays up; these are copies."""
    r = np.linspace(0.8, 1.2, 5)
    r.flags.writeable = False
    ModifiedLennardJones().pair_values(r)
    ModifiedLennardJones().triplet_values(r, r, r)
    np.testing.assert_array_equal(r, np.linspace(0.8, 1.2, 5))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: PairsAndArea().pair_values(1.0), "PairsAndArea has no pair interaction"),
        (lambda: Morse().triplet_values(1.0, 1.0, 1.0), "Morse has no triplet interaction"),
        (lambda: Morse().pair_values([1.0, 0.0]), "r must hold lengths"),
        (lambda: Morse().pair_values(np.nan), "r must hold lengths"),
        (lambda: Morse().pair_values("far"), "r must be an array of numbers"),
        (lambda: PairsAndArea().triplet_values(1.0, 1.0, -1.0), "c must hold lengths"),
        (lambda: PairsAndArea().triplet_values(1.0, 1.0, 2.1), "must make triangles"),
        (lambda: PairsAndArea().triplet_values([1.0] * 2, [1.0] * 3, 1.0), "must have one shape"),
    ],
)
def test_what_makes_no_sense_is_refused(ask, words):
    """One sentence says which argument, and what to do."""
    with pytest.raises(InvalidInputError, match=re.escape(words)):
        ask()


@normalized
def own_pairs(r):
    return r**-12 - r**-6


@normalized
def own_triangles(a, b, c):
    return (a * b * c) ** -4 - (a + b + c) ** -6


@normalized
def own_triangles_with_slopes(a, b, c):
    perimeter = a + b + c
    slope = 6.0 * perimeter**-7 - 12.0 * perimeter**-13
    return perimeter**-12 - perimeter**-6, slope, slope, slope


FUNCTIONS = {
    **{f"pairs of {name_of(each)}": (each.pair, each) for each in [*PAIRS, own_pairs()]},
    **{
        f"triangles of {name_of(each)}": (each.triplet, each)
        for each in [*TRIPLETS, own_triangles(cutoff=3.0), own_triangles_with_slopes()]
    },
    "none": (none, Morse()),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_without_slopes_are_the_same_bit_for_bit(name):
    """Trial moves ask for no slopes, and must not relax on another surface."""
    function, potential = FUNCTIONS[name]
    sides = np.random.default_rng(0).uniform(0.9, 1.6, (max(function.n_sides, 1), 37))
    terms = np.full((2, 1 + len(sides), 37), np.nan)
    for with_slopes in (False, True):
        own = terms[int(with_slopes)]
        function.compiled(potential.parameters, sides.copy(), own, 37, with_slopes)
    values, slopes = terms[:, 0], terms[1, 1:]
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(values[0], values[1])
    assert np.isfinite(slopes).all()


def test_derived_slopes_are_left_out_where_nobody_asks():
    """They are most of the time of a function that says only its value."""
    terms = np.zeros((4, 5))
    potential = own_triangles()
    potential.triplet.compiled(potential.parameters, np.ones((3, 5)), terms, 5, False)
    assert terms[0].all()
    assert not terms[1:].any()


def test_three_in_a_line_are_a_triangle():
    """Rounding of sides of particles in a line is no mistake."""
    assert np.isfinite(PairsAndArea().triplet_values(0.1 + 0.2, 0.1, 0.2)[0])
