"""Equations (2), (3), (6), (7) and (8), typed anew from the print, and what they promise."""

import cmath
from itertools import permutations

import numpy as np
import pytest
from ase.calculators.lj import LennardJones as LennardJonesOfASE
from ase.neighborlist import neighbor_list

from peslab.toymodel import (
    AreaAndCircumference,
    AreaTimesPairs,
    Lattice,
    LennardJones,
    Morse,
    PairsAndArea,
)
from peslab.toymodel.atoms import to_ase
from peslab.toymodel.calculator import PotentialCalculator

E_C, R_C = 1.7, 1.3
STEP = 1e-30
DISTANCES = np.linspace(0.6, 4.0, 18) * R_C

# Triangles from needles to equilateral ones, of sides from half of R_c to five of them.
CORNERS = np.random.default_rng(4).uniform(0.0, 5.0, (60, 3, 2)) * R_C
TRIANGLES = np.linalg.norm(CORNERS - np.roll(CORNERS, 1, axis=1), axis=-1)
TRIANGLES = TRIANGLES[TRIANGLES.min(axis=1) > 0.5 * R_C]


def complex_slopes(formula, sides):
    """∂V/∂a of each side, Im V(a + ih)/h, which subtracts nothing."""
    steps = STEP * 1j * np.eye(len(sides))
    return [formula(*(sides + step)).imag / STEP for step in steps]


def equation_2(r, d_e, r_e, k_e):
    a = (k_e / (2 * d_e)) ** 0.5
    return d_e * (cmath.exp(-2 * a * (r - r_e)) - 2 * cmath.exp(-a * (r - r_e)))


def equation_3(r, epsilon, r_m):
    return epsilon * ((r_m / r) ** 12 - 2 * (r_m / r) ** 6)


def heron(a, b, c):
    """A², with half the circumference s."""
    s = (a + b + c) / 2
    return s * (s - a) * (s - b) * (s - c)


def sum_of_twelfths(a, b, c):
    return (R_C / a) ** 12 + (R_C / b) ** 12 + (R_C / c) ** 12


def circumference(a, b, c):
    return a / R_C + b / R_C + c / R_C


def equation_6(a, b, c):
    short = 16 * E_C / 3 * heron(a, b, c) / R_C**4 * sum_of_twelfths(a, b, c)
    return short - 2916 * E_C / circumference(a, b, c) ** 6


def equation_7(a, b, c):
    short = 8503056 * E_C * heron(a, b, c) / R_C**4 * R_C**12 / (a + b + c) ** 12
    return short - 2916 * E_C / circumference(a, b, c) ** 6


def equation_8(a, b, c):
    """The printed A lacks its unit R_c²: the two agree where R_c = 1."""
    area = cmath.sqrt(heron(a, b, c)) / R_C**2
    long = -1458 * 3**0.5 * E_C * area / circumference(a, b, c) ** 6
    return E_C / 6 * sum_of_twelfths(a, b, c) + long


PAIRS = {
    "equation 2": (Morse(E_C, R_C, 31.0), lambda r: equation_2(r, E_C, R_C, 31.0)),
    "equation 3": (LennardJones(E_C, R_C), lambda r: equation_3(r, E_C, R_C)),
}
TRIPLETS = {
    "equation 6": (AreaTimesPairs(E_C, R_C), equation_6),
    "equation 7": (AreaAndCircumference(E_C, R_C), equation_7),
    "equation 8": (PairsAndArea(E_C, R_C), equation_8),
}
every_pair = pytest.mark.parametrize(("potential", "printed"), PAIRS.values(), ids=PAIRS)
every_triplet = pytest.mark.parametrize(("potential", "printed"), TRIPLETS.values(), ids=TRIPLETS)
each_triplet = pytest.mark.parametrize("kind", [AreaTimesPairs, AreaAndCircumference, PairsAndArea])


@every_pair
def test_pairs_have_the_printed_energies_and_slopes(potential, printed):
    """V_2 and dV_2/dr at all distances, slopes by a complex step through the printed formula."""
    values, slopes = potential.pair_values(DISTANCES)
    expected = [complex(printed(r)).real for r in DISTANCES]
    np.testing.assert_allclose(values, expected, rtol=1e-13)
    steps = [complex_slopes(printed, [r])[0] for r in DISTANCES]
    np.testing.assert_allclose(slopes, steps, rtol=1e-12)


@every_triplet
def test_triangles_have_the_printed_energies_and_slopes(potential, printed):
    """V_3 and its three slopes for triangles of all shapes, by complex steps in each side.

    Of a needle's A² by Heron's formula four to five digits are rounding, in either spelling of it.
    """
    values, slopes = potential.triplet_values(*TRIANGLES.T)
    expected = np.array([complex(printed(*sides)).real for sides in TRIANGLES])
    largest = np.abs(expected) + E_C * 1e-3
    assert (np.abs(values - expected) / largest).max() < 1e-11
    steps = np.array([complex_slopes(printed, sides) for sides in TRIANGLES])
    largest = np.abs(steps).max(axis=1, keepdims=True) + E_C * 1e-3
    assert (np.abs(slopes.T - steps) / largest).max() < 1e-10


@every_triplet
def test_no_side_is_the_first_one(potential, printed):
    """Exchanging sides leaves the energy and exchanges the slopes, up to the order of a sum."""
    values, slopes = potential.triplet_values(*TRIANGLES.T)
    for order in permutations(range(3)):
        exchanged, turned = potential.triplet_values(*TRIANGLES.T[list(order)])
        np.testing.assert_allclose(exchanged, values, rtol=1e-9, atol=1e-12)
        largest = np.abs(slopes).max(axis=0)
        assert (np.abs(turned - slopes[list(order)]) / largest).max() < 1e-9


@each_triplet
@pytest.mark.parametrize(("energy", "distance"), [(1.0, 1.0), (2.5, 0.4), (0.03, 7.0)])
def test_the_equilateral_triangle_is_lowest_at_r_c(kind, energy, distance):
    """Appendix A: among equilateral triangles −E_c at the side R_c is the minimum, all others lie
    above it, and no side is pulled there.
    """
    potential = kind(energy, distance)
    value, slopes = potential.triplet_values(distance, distance, distance)
    assert value == pytest.approx(-energy, rel=1e-12)
    assert np.abs(slopes).sum() < 1e-10 * energy / distance
    sides = distance * np.concatenate([np.linspace(0.5, 0.999, 50), np.linspace(1.001, 9.0, 50)])
    assert (potential.triplet_values(sides, sides, sides)[0] > -energy).all()


def test_the_constants_of_appendix_a():
    """M_c (V_sc A² (a⁻¹² + b⁻¹² + c⁻¹²) − (a+b+c)⁻⁶) with V_sc = 4/2187 and M_c = 2916 is (6)."""
    a, b, c = TRIANGLES.T / R_C
    short = 4 / 2187 * heron(a, b, c) * (a**-12 + b**-12 + c**-12)
    values, _ = AreaTimesPairs().triplet_values(a, b, c)
    np.testing.assert_allclose(values, 2916 * (short - (a + b + c) ** -6), rtol=1e-10, atol=1e-12)


@each_triplet
def test_triangles_scale_with_the_units(kind):
    """E_c stretches the energies and R_c the lengths, powers of two to the last bit."""
    sides = TRIANGLES.T
    values, slopes = kind().triplet_values(*sides)
    scaled, pulled = kind(4.0, 0.5).triplet_values(*(0.5 * sides))
    np.testing.assert_array_equal(scaled, 4.0 * values)
    np.testing.assert_array_equal(pulled, 8.0 * slopes)


@pytest.mark.parametrize("kind", [LennardJones, Morse])
def test_pairs_scale_with_the_units(kind):
    """A well of depth ε at r_m; Morse's spring k_e is an energy over a squared length."""
    scaled = {"stiffness": 72.0 * 3.0 / 0.7**2} if kind is Morse else {}
    values, slopes = kind().pair_values(DISTANCES)
    other, pulled = kind(3.0, 0.7, **scaled).pair_values(0.7 * DISTANCES)
    np.testing.assert_allclose(other, 3.0 * values, rtol=1e-12)
    np.testing.assert_allclose(pulled, 3.0 / 0.7 * slopes, rtol=1e-12)


def test_the_spring_of_a_morse_pair():
    """At the minimum the second derivative is k_e, by differences of the slope."""
    potential, step = Morse(2.0, 0.8, 33.0), 1e-5
    (low, high) = potential.pair_values([0.8 - step, 0.8 + step])[1]
    assert (high - low) / (2 * step) == pytest.approx(33.0, rel=1e-6)


IN_A_LINE = [(1.0, 2.0, 3.0), (0.5, 0.5, 1.0), (0.7, 0.9, 0.7 + 0.9), (1.1, 2.2, 1.1 + 2.2)]


@every_triplet
@pytest.mark.parametrize("sides", IN_A_LINE)
def test_three_in_a_line_have_no_area(potential, printed, sides):
    """Energy and slopes are finite, and those of A = 0: sides that rounding makes no triangle too.

    The area of equation (8) has a kink there, whose slope is taken as 0.
    """
    value, slopes = potential.triplet_values(*sides)
    a, b, c = sides
    flat = {
        "AreaTimesPairs": -2916 * E_C / circumference(a, b, c) ** 6,
        "AreaAndCircumference": -2916 * E_C / circumference(a, b, c) ** 6,
        "PairsAndArea": E_C / 6 * sum_of_twelfths(a, b, c),
    }[type(potential).__name__]
    # A² is rounding, 1e-16 of (a+b+c)⁴, and its root half as many digits.
    parts = E_C * sum_of_twelfths(a, b, c) * circumference(a, b, c) ** 4
    assert value == pytest.approx(flat, abs=1e-15 * parts + 3e-5 * (R_C / sum(sides)) ** 4)
    assert np.isfinite(slopes).all()
    if printed is equation_8:
        np.testing.assert_allclose(
            slopes, [-2 * E_C * R_C**12 / side**13 for side in sides], rtol=1e-6
        )
    else:
        np.testing.assert_allclose(slopes, complex_slopes(printed, sides), rtol=1e-9)


@each_triplet
@pytest.mark.parametrize("n_particles", [3, 4])
def test_particles_in_a_row_have_finite_forces_along_it(kind, n_particles):
    """Three and more in a line across the cell pull along the line and never sideways."""
    positions = np.zeros((n_particles, 3))
    positions[:, 0] = np.arange(n_particles) * 1.1 + 0.3
    energy, forces = kind(depth=1).energy_and_forces(positions, 9.0)
    assert np.isfinite(energy[0])
    assert np.abs(forces[0, :, 0]).max() > 1e-3
    assert np.abs(forces[0, :, 1:]).max() < 1e-9 * np.abs(forces).max()


@pytest.mark.parametrize(("n_particles", "width", "depth"), [(8, 5.0, 1), (3, 2.6, 2), (1, 1.3, 3)])
def test_lennard_jones_is_that_of_ase(n_particles, width, depth):
    """With σ = r_m/2^(1/6), half of each pair and a cutoff at the depth, energies and forces of
    ASE's calculator are ours, once the shift that it gives each pair is taken off: to rounding.
    """
    (positions,) = Lattice(n_particles, 3, width).sample(1, seed=2)
    r_m, epsilon, cutoff = 1.1, 0.6, depth * width * (1 - 1e-9)  # images just at the depth are out
    sigma = r_m / 2 ** (1 / 6)
    ours, theirs = to_ase(positions, width, "Ar"), to_ase(positions, width, "Ar")
    ours.calc = PotentialCalculator(LennardJones(epsilon, r_m, depth=depth, pair_weight=0.5))
    theirs.calc = LennardJonesOfASE(sigma=sigma, epsilon=epsilon, rc=cutoff)
    pairs = len(neighbor_list("i", theirs, cutoff)) / 2
    shift = 4 * epsilon * ((sigma / cutoff) ** 12 - (sigma / cutoff) ** 6)
    expected = theirs.get_potential_energy() + pairs * shift
    forces = theirs.get_forces()
    assert pairs > 3
    assert ours.get_potential_energy() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(
        ours.get_forces(), forces, rtol=0, atol=1e-10 * (1 + np.abs(forces).max())
    )
