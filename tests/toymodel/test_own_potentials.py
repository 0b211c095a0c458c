"""Potentials of one's own: functions of sides, compiled, derived, normalized, named in configs."""

import doctest
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from peslab.errors import InvalidInputError, NotFiniteError
from peslab.toymodel import (
    AreaTimesPairs,
    LennardJones,
    Morse,
    PairsAndArea,
    Potential,
    normalized,
    own,
    pair_function,
    triplet_function,
)

EXAMPLE = Path(__file__).parents[1] / "example_package"
TRIANGLES = np.random.default_rng(0).uniform(0.9, 1.6, (3, 20))
POSITIONS = np.random.default_rng(3).uniform(0.0, 4.0, (5, 4, 2))


def steep_triangles(a, b, c):
    return (a * b * c) ** -4 - (a + b + c) ** -6


def well_of_pairs(r):
    return np.exp(-2.0 * r) - 0.7 * np.exp(-r)


def steep(**options):
    return once(normalized, steep_triangles)(**options)


def well(**options):
    return once(normalized, well_of_pairs)(**options)


@cache
def once(made_by, function):
    """What is compiled is compiled in the first test that uses it."""
    return made_by(function)


def area_and_pairs(a, b, c):
    s = (a + b + c) / 2
    return s * (s - a) * (s - b) * (s - c) * (a**-12 + b**-12 + c**-12) - (a + b + c) ** -6


def pairs_and_area(a, b, c):
    s = (a + b + c) / 2
    area = np.sqrt(s * (s - a) * (s - b) * (s - c))
    return a**-12 + b**-12 + c**-12 - 20.0 * area * (a + b + c) ** -6


def area_by_fifth(a, b, c):
    s = (a + b + c) / 2
    short = s * (s - a) * (s - b) * (s - c) * (a**-12 + b**-12 + c**-12)
    return 0.2 * short - (a + b + c) ** -6


def area_by_forty(a, b, c):
    s = (a + b + c) / 2
    short = s * (s - a) * (s - b) * (s - c) * (a**-12 + b**-12 + c**-12)
    return 40.0 * short - (a + b + c) ** -6


@pytest.mark.parametrize("function", [area_by_fifth, area_and_pairs, area_by_forty])
def test_normalizing_finds_the_constants_of_the_appendix(function):
    """V_sc = 4/2187 and M_c = 2916 make equation (6), however its two parts weighed before."""
    own_values, own_slopes = normalized(function)().triplet_values(*TRIANGLES)
    values, slopes = AreaTimesPairs().triplet_values(*TRIANGLES)
    np.testing.assert_allclose(own_values, values, rtol=1e-6)  # as exact as the minimum is found
    np.testing.assert_allclose(own_slopes, slopes, rtol=1e-6, atol=1e-6)


def test_normalizing_gives_equation_8():
    """The area and the pairs of equation (8), in some other units."""
    values, slopes = normalized(pairs_and_area)().triplet_values(*TRIANGLES)
    expected = PairsAndArea().triplet_values(*TRIANGLES)
    np.testing.assert_allclose(values, expected[0], rtol=1e-6)
    np.testing.assert_allclose(slopes, expected[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cutoff", [np.inf, 4.0, 2.0, 1.5])
@pytest.mark.parametrize("distance", [0.5, 1.0])
def test_minimum_is_normalized(distance, cutoff):
    """The equilateral triangle is lowest at R_c, with −E_c, cut off or not."""
    potential = steep(characteristic_energy=3.0, characteristic_distance=distance, cutoff=cutoff)
    value, slopes = potential.triplet_values(*[distance] * 3)
    assert value == pytest.approx(-3.0, rel=1e-12)
    assert abs(slopes.sum()) < 1e-7 / distance
    around = distance * np.linspace(0.9, 1.1, 41)
    values = potential.triplet_values(around, around, around)[0]
    assert values.argmin() == 20


def test_pairs_are_normalized_too():
    """A function of one argument is one of pairs."""
    value, slope = well(cutoff=2.5, depth=1).pair_values(1.0)
    assert value == pytest.approx(-1.0, rel=1e-12)
    assert abs(slope) < 1e-8
    with pytest.raises(InvalidInputError, match="has no triplet interaction"):
        well(cutoff=2.5).triplet_values(1.0, 1.0, 1.0)


def test_energy_is_smooth_at_the_cutoff():
    """Switched off, value and slope vanish at R_0."""
    potential = steep(cutoff=2.0)
    value, slopes = potential.triplet_values(2.0 - 1e-6, 2.0 - 1e-6, 2.0 - 1e-6)
    assert abs(value) < 1e-10
    assert np.abs(slopes).max() < 1e-5


def test_forces_are_minus_the_gradient():
    """Derived slopes make forces that agree with differences of the energy."""
    potential = steep(cutoff=1.8)
    step = 1e-6
    _, forces = potential.energy_and_forces(POSITIONS[0], 4.0)
    for i, axis in np.ndindex(4, 2):
        moved = np.repeat(POSITIONS[:1], 2, axis=0)
        moved[:, i, axis] += [step, -step]
        energies = 4 * potential.energy_per_particle(moved, 4.0)
        numerical = -(energies[0] - energies[1]) / (2 * step)
        assert forces[0, i, axis] == pytest.approx(numerical, rel=1e-5, abs=1e-5)


def test_own_pairs_join_other_triangles():
    """As the pair part of another potential, with its own parameters and cutoff."""
    both = AreaTimesPairs(depth=1, pair_part=well(cutoff=2.0), pair_weight=0.25)
    alone = AreaTimesPairs(depth=1), well(cutoff=2.0, depth=1, pair_weight=0.25)
    expected = sum(potential.energy_per_particle(POSITIONS, 4.0) for potential in alone)
    np.testing.assert_allclose(both.energy_per_particle(POSITIONS, 4.0), expected, rtol=1e-12)


def steep_with_slopes(a, b, c):
    short, long = (a * b * c) ** -4, (a + b + c) ** -6
    tail = 6.0 * long / (a + b + c)
    return short - long, tail - 4.0 * short / a, tail - 4.0 * short / b, tail - 4.0 * short / c


def well_with_slope(r):
    short, long = np.exp(-2.0 * r), 0.7 * np.exp(-r)
    return short - long, long - 2.0 * short


@pytest.mark.parametrize("distance", [0.5, 1.0])
def test_slopes_of_ones_own_are_normalized_too(distance):
    """By the chain rule they are those that a complex step derives, switched off or not."""
    triangles, pairs = normalized(steep_with_slopes), normalized(well_with_slope)
    for cutoff in (np.inf, 2.0):
        units = {"characteristic_distance": distance, "characteristic_energy": 3.0}
        sides = distance * TRIANGLES
        expected = steep(cutoff=cutoff * distance, **units).triplet_values(*sides)
        given = triangles(cutoff=cutoff * distance, **units).triplet_values(*sides)
        np.testing.assert_allclose(given[0], expected[0], rtol=1e-9)
        np.testing.assert_allclose(given[1], expected[1], rtol=1e-8, atol=1e-8)
        expected = well(cutoff=cutoff * distance, **units).pair_values(sides[0])
        given = pairs(cutoff=cutoff * distance, **units).pair_values(sides[0])
        np.testing.assert_allclose(given[0], expected[0], rtol=1e-9)
        np.testing.assert_allclose(given[1], expected[1], rtol=1e-8, atol=1e-8)


def test_a_function_in_pieces_is_normalized():
    """A parabola that a Gaussian continues smoothly: no complex step takes comparisons."""

    @normalized
    def pieces(r):
        beyond = r - 1.5
        if beyond < 0.0:
            return 4.0 * beyond**2 - 2.0, 8.0 * beyond
        tail = -2.0 * np.exp(-(beyond**2))
        return tail, -2.0 * beyond * tail

    value, slope = pieces(depth=1, characteristic_distance=0.3).pair_values([0.2, 0.3, 0.5])
    assert value[1] == pytest.approx(-1.0)
    assert slope[1] == pytest.approx(0.0, abs=1e-6)
    assert value[0] == pytest.approx(2.0 * 0.5**2 - 1.0, rel=1e-6)
    assert slope[0] == pytest.approx(-10.0, rel=1e-6)


def test_wrong_slopes_are_told_where_they_are_normalized():
    """As those of a potential that is not."""
    with pytest.raises(InvalidInputError, match="has the slope"):
        normalized(lambda r: (r**-12 - r**-6, 6.0 * r**-7))


def derived_morse(parameters, r):
    depth, distance, rate = parameters
    decay = np.exp(-rate * (r - distance))
    return depth * decay * (decay - 2.0)


def supplied(parameters, a, b, c):
    mean = (a + b + c) / 3.0
    slope = 2.0 * parameters[0] * (mean - 2.0) / 3.0
    return parameters[0] * (mean - 2.0) ** 2, slope, slope, slope


def test_derived_slopes_are_exact():
    """A complex step subtracts nothing: the slopes are those of our own Morse potential."""

    @dataclass(frozen=True)
    class Mine(Potential):
        """Slopes of pairs derived, those of triangles supplied."""

        cutoff: float = 2.0
        pair, triplet = pair_function(derived_morse), triplet_function(supplied)
        parameters = property(lambda self: np.array([1.0, 1.0, 6.0]))  # noqa: ARG005

    r = np.linspace(0.7, 1.9, 30)
    values, slopes = Mine().pair_values(r)
    expected = Morse(stiffness=72.0).pair_values(r)
    np.testing.assert_allclose(values, expected[0], rtol=1e-14)
    np.testing.assert_allclose(slopes, expected[1], rtol=1e-13, atol=1e-13)


def wrong_slope(parameters, r):
    return parameters[0] * r**2, 3.0 * r


def kinked(parameters, r):
    return abs(parameters[0] - r)


def wrong_within(parameters, r):
    return r**-6, (-6.0 if r > 0.4 * parameters[0] else -5.0) * r**-7


def power_of_a_negative_number(parameters, r):
    return (r - 2.0 * parameters[0]) ** 3


@pytest.mark.parametrize(
    "function", [wrong_slope, wrong_within, kinked, power_of_a_negative_number]
)
def test_slopes_that_are_none_are_refused(function):
    """A supplied slope may be wrong, and abs hides one from a complex step: differences tell."""

    @dataclass(frozen=True)
    class Wrong(Potential):
        cutoff: float = 2.0
        pair = pair_function(function)
        parameters = property(lambda self: np.array([0.5]))  # noqa: ARG005

    with pytest.raises(InvalidInputError, match=r"has the slope .* by side 1 at .* correct it"):
        Wrong().energy_per_particle(POSITIONS, 4.0)


def test_products_of_negative_numbers_have_slopes():
    """As the sentence about their powers tells."""

    @dataclass(frozen=True)
    class Cubic(Potential):
        cutoff: float = 2.0
        pair = pair_function(lambda _parameters, r: (r - 1.0) * (r - 1.0) * (r - 1.0))
        parameters = property(lambda self: np.array([0.5]))  # noqa: ARG005

    slopes = Cubic().pair_values([0.5, 1.5])[1]
    np.testing.assert_allclose(slopes, 3.0 * 0.5**2)


def test_differences_that_are_rounding_accuse_no_slope():
    """Far from its well this Morse potential is a difference of ones."""

    @dataclass(frozen=True)
    class Wide(Potential):
        cutoff: float = 12.0
        pair = pair_function(lambda _parameters, r: (1.0 - np.exp(-6.0 * (r - 1.0))) ** 2 - 1.0)
        parameters = property(lambda self: np.array([0.5]))  # noqa: ARG005

    assert Wide().pair_values(1.0)[0] == pytest.approx(-1.0)


def wrong_beyond(r):
    return r**-12 - r**-6, -12 * r**-13 + (6 if r < 1.5 else 5) * r**-7


def imports_within(r):
    import math

    return r**-12 - math.pi * r**-6


def no_slope(r):
    return r**-12 - r**-6, -12 * r**-13 + 6 * r**-7 + 0 * np.sqrt(1.1 - r)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a, b, c: (a * b * c) ** -4, "has no minimum below 0"),
        (lambda r: -(r**-2), "has no minimum below 0"),
        (lambda a, b: a * b, "must take the sides a, b, c of a triangle, or the distance r"),
        (lambda r: f"{r}", "cannot be compiled"),
        (lambda r: (r, r, r), "cannot be compiled"),
        (imports_within, "cannot be compiled.* imported outside"),
        (lambda a, b, c: max(a, b, c) ** -12 - (a + b + c) ** -6, "cannot be compiled"),
        (lambda r: math.exp(-2.0 * r) - math.exp(-r), "functions of NumPy, not of math"),
        (lambda a, b, c: abs(a * b * c) ** -4 - (a + b + c) ** -6, "has the slope .* avoid abs"),
        (lambda a, b, c: (a * a * b * c) ** -4 - (a + b + c) ** -6, "make it symmetric"),
        (lambda a, b, c: (a**1.0000001 * b * c) ** -4 - (a + b + c) ** -6, "make it symmetric"),
        (lambda a, b, c: a * b * c * math.nan, r"nan\) at sides from 0.001 to 1000: let it"),
        (lambda r: np.sqrt(r - 1.0) * 0.0 - r**-6, r"nan\) at sides from 0.001 to 0.9977: let"),
        (lambda r: -np.sqrt(np.sin(r)), r"nan\) at sides from 3.148 to 6.281, and elsewhere"),
        (wrong_beyond, r"has the slope .* by side 1 at .* correct it"),
        (no_slope, r"its slope is not a number \(nan\) at sides from"),
        (np.sin, "is no function of Python"),
        (dict, "is no function of Python"),
        (3, "is no function of Python"),
    ],
    ids=[
        "repulsive",
        "attractive",
        "two sides",
        "text",
        "three values",
        "import",
        "max",
        "math",
        "abs",
        "lopsided",
        "a little lopsided",
        "no number",
        "no core",
        "waves",
        "slope is wrong beyond",
        "no slope",
        "ufunc",
        "class",
        "number",
    ],
)
def test_functions_that_are_no_potential_are_refused(function, words):
    """Where the function is written, not in the middle of a study."""
    with pytest.raises(InvalidInputError, match=words):
        normalized(function)


def hollow(r):
    """No number beyond 2.2 times its own unit."""
    return r**-12 - r**-6 + 0 * np.sqrt(2.2 - r)


def flat(a, b, c):
    """No number of a small triangle, below 1.8 R_c around."""
    return (a * b * c) ** -4 - (a + b + c) ** -6 + 0 * np.sqrt(a + b + c - 6.0)


@pytest.mark.parametrize(
    ("function", "places", "told"),
    [
        (hollow, [[0.0, 0.0], [2.5, 0.0], [0.0, 2.3]], "hollow returns nan at the distance 2.3;"),
        (flat, [[0.0, 0.0], [0.5, 0.0], [0.0, 0.3]], r"nan at the sides \(0.3, 0.5, 0.5831\); let"),
        (flat, [[0.0, 0.0], [0.2, 0.0], [0.0, 0.3]], r"the sides \(0.2, 0.3, 0.3606\); let it"),
    ],
)
def test_sides_where_there_is_no_number_are_told(function, places, told):
    """Those of the smallest pair or triangle, wherever in the cell."""
    potential = normalized(function)(cutoff=3.0)
    healthy = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.2]]
    assert np.isfinite(potential.energy_per_particle(healthy, 9.0))
    with pytest.raises(NotFiniteError, match=f"configuration 1 is not finite: .*{told}"):
        potential.energy_per_particle(np.array([healthy, places]) + 8.9, 9.0)


def test_cutoffs_below_the_minimum_are_refused():
    """Nothing would be left to normalize: told where it is built, not where it is used."""
    with pytest.raises(InvalidInputError, match="must be above the characteristic distance"):
        steep(cutoff=0.9)


def test_the_docstrings_example_runs():
    """As printed."""
    assert doctest.testmod(own).failed == 0


@pytest.mark.usefixtures("example_package")
def test_an_installed_package_is_named_in_configs(peslab, home):
    """Its potential makes a database by name; without the package it is refused."""
    answer = peslab(
        "generate", "potential=soft_triangles", f"hydra.searchpath=[file://{EXAMPLE / 'conf'}]",
        "database.size=60", "database.test_size=30", "potential.cutoff=1.8",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert len(list((home / "databases").glob("*.parquet"))) == 2


@pytest.mark.usefixtures("home")
def test_a_package_that_is_not_installed_is_refused(peslab):
    """What stands in a file is not trusted."""
    answer = peslab(
        "generate", "potential=soft_triangles", f"hydra.searchpath=[file://{EXAMPLE / 'conf'}]"
    )
    assert answer.status == 2
    assert "soft_triangles.SoftTriangles is not allowed" in answer.err


def test_lennard_jones_by_hand():
    """Equation (3) by `normalized`: two terms in any units make it."""
    own_pairs = normalized(twelve_six)(characteristic_energy=0.3, characteristic_distance=1.1)
    r = np.linspace(0.9, 3.0, 20)
    expected = LennardJones(well_depth=0.3, minimum_distance=1.1).pair_values(r)
    np.testing.assert_allclose(own_pairs.pair_values(r)[0], expected[0], rtol=1e-6)


def twelve_six(r):
    return 5.0 * r**-12 - 0.1 * r**-6
