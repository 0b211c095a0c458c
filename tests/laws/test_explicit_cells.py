"""Kernels against the thesis's equations, term by term, over explicit cells."""

from itertools import product

import numpy as np
import pytest
from explicit_cells import (
    depth_of_cells,
    energy_by_equation_10,
    energy_of_cell,
    equation_10,
    equation_11,
    images,
    slopes,
    sums,
)
from law_cases import Own, spread

from peslab.features import ProximityEigenvalues
from peslab.toymodel import ModifiedLennardJones

COUNTINGS = ("translation_invariant", "published")

# N_p, d, w_c, n, R_0, E_c, R_c: intervals, squares and cubes, half of them below R_0.
CELLS = [
    (1, 1, 0.7, 6, 2.0, 1.0, 1.0),
    (4, 1, 2.3, 3, 1.9, 0.4, 0.7),
    (1, 2, 1.2, 6, 2.0, 2.5, 1.0),
    (2, 2, 1.4, 4, 1.7, 1.0, 0.6),
    (3, 2, 3.1, 1, 2.0, 1.7, 1.2),
    (4, 2, 5.0, 6, 2.0, 1.0, 1.0),
    (5, 2, 4.0, 12, 1.5, 3.0, 0.9),
    (1, 3, 1.3, 2, 1.1, 1.0, 0.8),
    (2, 3, 2.6, 6, 1.6, 0.3, 1.1),
    (4, 3, 3.0, 5, 1.4, 1.0, 0.9),
]


def draw(n_particles, dimension, width, seed=0):
    """Particles that are not on top of each other: there one term would hide all others."""
    return spread(np.random.default_rng(seed), n_particles, dimension, width)


def scale_of(energy, forces=0.0):
    """What rounding is measured by: sums of some thousand terms lose four of sixteen digits."""
    return 1.0 + np.abs(energy).max() + np.abs(forces).max()


@pytest.mark.parametrize("counting", COUNTINGS)
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_energy_of_equation_9(cell, counting):
    """The energy per particle is the printed sum over explicit cells, in both countings."""
    n_particles, dimension, width, exponent, cutoff, energy, length = cell
    positions = draw(n_particles, dimension, width)
    expected = energy_by_equation_10(
        positions.tolist(), width, counting, exponent, cutoff, energy, length
    )
    assert abs(expected.imag) == 0.0
    potential = ModifiedLennardJones(exponent, cutoff, energy, length, counting=counting)
    found = potential.energy_per_particle(positions, width)
    assert found[0] == pytest.approx(
        expected.real / n_particles, rel=0, abs=1e-10 * scale_of(expected.real)
    )


@pytest.mark.parametrize("counting", COUNTINGS)
@pytest.mark.parametrize("cell", [CELLS[1], CELLS[3], CELLS[4], CELLS[5]], ids=str)
def test_forces_of_equation_9(cell, counting):
    """Forces are minus the slopes of the printed sum, by complex steps, to 1e-10."""
    n_particles, dimension, width, exponent, cutoff, energy, length = cell
    positions = draw(n_particles, dimension, width, seed=1)

    def energy_of(moved):
        return energy_by_equation_10(moved, width, counting, exponent, cutoff, energy, length)

    potential = ModifiedLennardJones(exponent, cutoff, energy, length, counting=counting)
    _, forces = potential.energy_and_forces(positions, width)
    expected = -np.array(slopes(energy_of, positions.tolist()))
    np.testing.assert_allclose(forces[0], expected, rtol=0, atol=1e-10 * scale_of(expected))


class OwnPublished(Own):
    """The potential of a user who wants equation (9) as printed."""

    counting = "published"


@pytest.mark.parametrize("potential", [Own(), OwnPublished()], ids=COUNTINGS)
@pytest.mark.parametrize(("dimension", "width"), [(1, 1.1), (2, 2.0), (3, 3.0)])
def test_own_potential_is_counted_the_same_way(potential, dimension, width):
    """Equation (9) holds for a triplet that feels its sides one by one, and pairs of their own."""
    positions = draw(2, dimension, width)
    cutoff, depth = potential.cutoff, potential.well_depth

    def pair(r):
        r = r.real
        return -depth * np.exp(-r * r) * (1 - (r / cutoff) ** 2) ** 2 if r < cutoff else 0.0

    def triplet(a, b, c):
        mean = (a + b + c).real / 3
        squares = (a * a + b * b + c * c).real
        return (1 - mean / cutoff) ** 3 * squares if mean < cutoff else 0.0

    parts = sums(positions.tolist(), width, depth_of_cells(cutoff, width), pair, triplet)
    found = potential.energy_per_particle(positions, width)[0]
    expected = energy_of_cell(parts, potential.counting) / 2
    assert found == pytest.approx(expected, rel=0, abs=1e-10 * scale_of(expected))


@pytest.mark.parametrize("cell", [CELLS[2], CELLS[4], CELLS[8]], ids=str)
def test_deeper_cells_add_nothing(cell):
    """The printed depth d_s = roundup(3 R_0/2 w_c) is enough: one cell more changes no term."""
    n_particles, dimension, width, exponent, cutoff, *_ = cell
    positions = draw(n_particles, dimension, width, seed=2).tolist()

    def v2(r):
        return equation_10(r, exponent, cutoff)

    def v3(a, b, c):
        return equation_10((a + b + c) / 3, exponent, cutoff)

    depth = depth_of_cells(cutoff, width)
    near, far = (sums(positions, width, depth + extra, v2, v3) for extra in (0, 1))
    assert far.triangles == pytest.approx(near.triangles, rel=1e-12)
    assert far.pairs == pytest.approx(near.pairs, rel=1e-12)
    assert far.triangle_terms[0] > near.triangle_terms[0]


@pytest.mark.parametrize(
    ("n_particles", "dimension", "depth"), [(1, 1, 1), (3, 1, 2), (4, 2, 1), (2, 2, 2), (2, 3, 1)]
)
def test_terms_are_those_of_appendix_b(n_particles, dimension, depth):
    """The numbers of triangles and of pairs are those that appendix B predicts the time from."""
    positions = draw(n_particles, dimension, 5.0).tolist()
    parts = sums(positions, 5.0, depth, lambda _r: 0.0, lambda _a, _b, _c: 0.0)
    cells, n = (1 + 2 * depth) ** dimension - 1, n_particles
    assert parts.triangle_terms == (
        cells * n**2 * (cells * n - 1),
        cells * (n - 1) * n**2,
        (n - 2) * (n - 1) * n,
    )
    assert parts.pair_terms == (cells * n**2, (n - 1) * n)


def test_images_fill_all_cells():
    """Of the (2 d_s + 1)^d cells one is the central one, and no particle is listed twice."""
    inside, outside = images([[0.5, 1.0], [1.5, 0.25]], 2.0, 2)
    assert len(inside) == 2
    assert len({tuple(particle) for particle in inside + outside}) == 25 * 2


# N_p, d, w_c, R_0p: R_0p from a part of the cell to several cells.
PROXIMITIES = [
    (1, 1, 0.9, 3.0),
    (3, 1, 2.0, 1.5),
    (2, 2, 1.1, 2.5),
    (4, 2, 5.0, 3.0),
    (4, 2, 5.0, 20.0),
    (3, 3, 2.0, 2.9),
]


@pytest.mark.parametrize("order", [-2, -3, -4, -7])
@pytest.mark.parametrize("cell", PROXIMITIES, ids=str)
def test_power_sums_of_equation_11(cell, order):
    """Σ λ^k is the trace of P^k of the printed matrix, for k = 1 … N: no eigensolver is asked."""
    n_particles, dimension, width, cutoff = cell
    positions = draw(n_particles, dimension, width, seed=3)
    matrix = np.array(equation_11(positions.tolist(), width, order, cutoff)).real
    eigenvalues = ProximityEigenvalues([order], cutoff)(positions, width)[0]
    size = 1.0 + np.abs(matrix).sum(axis=1).max()  # no eigenvalue is larger
    power = np.eye(n_particles)
    for k in range(1, n_particles + 1):
        power = power @ matrix / size
        assert ((eigenvalues / size) ** k).sum() == pytest.approx(np.trace(power), abs=1e-11 * k)
    assert eigenvalues.sum() == pytest.approx(n_particles * matrix[0, 0], abs=1e-11 * size)


@pytest.mark.parametrize("order", [-2, -3, -6])
@pytest.mark.parametrize("cell", PROXIMITIES[1:4], ids=str)
def test_derivatives_of_equation_11(cell, order):
    """Σ_m 2 λ_m ∂λ_m/∂r is the slope of Σ_ij P_ij², by complex steps through the printed sum."""
    n_particles, dimension, width, cutoff = cell
    positions = draw(n_particles, dimension, width, seed=4)

    def squares(moved):
        matrix = equation_11(moved, width, order, cutoff)
        # P_ij and P_ji are summed over opposite images: their product needs no conjugate.
        return sum(matrix[i][j] ** 2 for i, j in product(range(n_particles), repeat=2)) + 0j

    expected = np.array(slopes(squares, positions.tolist()))
    features, jacobian = ProximityEigenvalues([order], cutoff).with_jacobian(positions, width)
    found = 2.0 * np.einsum("m,mia->ia", features[0], jacobian[0])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * scale_of(expected))
