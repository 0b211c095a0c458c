"""Energies of single particles: equal shares in pairs and triangles, which add up to the cell's."""

from itertools import combinations

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel import AreaAndCircumference, Lattice, LennardJones, ModifiedLennardJones

POTENTIAL = ModifiedLennardJones()
WIDE = 30.0  # a cell in which images are out of reach

HERE = np.array([[1.0, 1.0], [2.1, 1.0], [1.4, 2.0], [3.4, 2.2], [9.0, 9.0]])


def by_hand(potential, positions):
    """Halves of all pairs and thirds of all triangles of particles in a wide cell."""
    shares = np.zeros(len(positions))
    (pair_weight, _), (triangle_weight, *_) = potential.weights()

    def side(i, j):
        return np.linalg.norm(positions[i] - positions[j])

    for pair in combinations(range(len(positions)), 2):
        value, _ = potential.pair_values(side(*pair))
        shares[list(pair)] += pair_weight * value / 2
    for i, j, k in combinations(range(len(positions)), 3):
        value, _ = potential.triplet_values(side(i, j), side(j, k), side(i, k))
        shares[[i, j, k]] += triangle_weight * value / 3
    return shares


def test_each_has_half_of_its_pairs_and_a_third_of_its_triangles():
    """Summed by hand, for particles in company and one that is alone."""
    (found,) = POTENTIAL.particle_energies(HERE, WIDE)
    assert found == pytest.approx(by_hand(POTENTIAL, HERE), rel=1e-12)
    assert found[-1] == 0.0
    assert (found[:4] < 0.0).all()


def test_two_particles_share_alike():
    """And nothing else does: half of the pair's energy for either."""
    potential, dimer = LennardJones(depth=1), [[1.0, 1.0], [2.2, 1.0]]
    (found,) = potential.particle_energies(dimer, WIDE)
    (energy,) = potential.energy_per_particle(dimer, WIDE)
    assert found == pytest.approx([energy, energy], rel=1e-14)
    assert energy < 0.0


@pytest.mark.parametrize(
    ("n_particles", "dimension", "cell_width"),
    [(4, 2, 5.0), (4, 2, 1.7), (3, 1, 2.5), (5, 3, 3.0), (1, 2, 1.5), (700, 2, 45.0)],
)
def test_their_mean_is_the_energy_per_particle(n_particles, dimension, cell_width):
    """In small cells full of images, and in large ones that are summed piece by piece."""
    lattice = Lattice(n_particles, dimension, cell_width)
    positions = lattice.sample(3, seed=1)
    found = POTENTIAL.particle_energies(positions, cell_width)
    assert found.shape == (3, n_particles)
    expected = POTENTIAL.energy_per_particle(positions, cell_width)
    assert found.mean(axis=1) == pytest.approx(expected, rel=1e-10)


def test_sums_to_a_depth_are_shared_too():
    """Potentials without a cutoff, whose triangles end at a perimeter."""
    potential = AreaAndCircumference(depth=2)
    positions = Lattice(3, 2, 3.0).sample(4, seed=0)
    expected = potential.energy_per_particle(positions, 3.0)
    found = potential.particle_energies(positions, 3.0)
    assert found.mean(axis=1) == pytest.approx(expected, rel=1e-10)


def test_particles_take_their_energies_along():
    """Exchanged they exchange them, and moved all together they keep them."""
    positions = Lattice(5, 2, 4.0).sample(6, seed=2)
    found = POTENTIAL.particle_energies(positions, 4.0)
    order = [3, 0, 4, 1, 2]
    scale = np.abs(found).max()
    exchanged = POTENTIAL.particle_energies(positions[:, order], 4.0)
    assert np.abs(exchanged - found[:, order]).max() < 1e-12 * scale
    moved = POTENTIAL.particle_energies(positions + 1.23, 4.0)
    assert np.abs(moved - found).max() < 1e-9 * scale


def test_equal_places_have_equal_energies():
    """In a square crystal each particle has what the energy per particle is."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    (found,) = POTENTIAL.particle_energies(square, 2.0)
    (energy,) = POTENTIAL.energy_per_particle(square, 2.0)
    assert found == pytest.approx([energy] * 4, rel=1e-12)


def test_any_number_of_threads_and_any_company_gives_the_same_bits():
    """One by one, all together, in two threads."""
    positions = Lattice(4, 2, 5.0).sample(3000, seed=0)
    found = POTENTIAL.particle_energies(positions, 5.0, n_threads=1)
    assert np.array_equal(found, POTENTIAL.particle_energies(positions, 5.0, n_threads=2))
    for k in (0, 17, 2999):
        assert np.array_equal(found[k], POTENTIAL.particle_energies(positions[k], 5.0)[0])


@pytest.mark.parametrize(
    "counted", [{"counting": "published"}, {"counting": "once"}, {"counting": "block", "depth": 1}]
)
def test_where_the_origin_matters_no_particle_has_an_energy_of_its_own(counted):
    """It would change as all particles are moved together."""
    with pytest.raises(
        InvalidInputError, match=r"counting=\w+ gives no energies of single"
    ) as told:
        ModifiedLennardJones(**counted).particle_energies(HERE, WIDE)
    assert "set counting=translation_invariant" in str(told.value)


def test_energies_that_overflow_are_refused():
    """No infinity is handed out."""
    close = [[1.0, 1.0], [1.0, 1.0 + 1e-8]]
    steep = LennardJones(well_depth=1e300, depth=1)
    with pytest.raises(InvalidInputError, match="not finite"):
        steep.particle_energies(close, 5.0)
