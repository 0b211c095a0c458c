"""The thesis's square, moved as a whole: what its test of symmetry saw, and what it could not see.

Figure 3 moves the four particles towards the corners of the cell, where the square ends up whole in
the cell or split over four cells. In between, and along one axis, equation (9) as printed is wrong.
"""

import numpy as np
import pytest

from peslab.toymodel import ModifiedLennardJones, RandomMoves

WIDTH = 5.0
SQUARE = np.array([[2.0, 2.0], [3.0, 2.0], [2.0, 3.0], [3.0, 3.0]])
HALF_A_CELL = np.array([2.5, 0.0])
PUBLISHED = ModifiedLennardJones(counting="published")
INVARIANT = ModifiedLennardJones()

# A square of side s has four triangles of mean side (2 + √2)s/3, four sides and two diagonals.
MEAN_SIDE = (2.0 + np.sqrt(2.0)) / 3.0


def v(s):
    """V(s) of the potential of the thesis, n = 6, R_0 = 2, in its unexpanded form."""
    return s**-12 - 2.0**-12 - 2.0 * (s**-6 - 2.0**-6) - 12.0 / 2.0**7 * (1 - 2.0**-6) * (s - 2.0)


TRIANGLE, SIDES = v(MEAN_SIDE), 4 * v(1.0) + 2 * v(np.sqrt(2.0))


def square_energy(triangle_visits):
    """v = (3 Σ V_3 + Σ V_2)/4 N_p, with 2 visits of each of the six pairs."""
    return (3 * triangle_visits * TRIANGLE + 2 * SIDES) / 16


@pytest.mark.parametrize("counting", ["published", "translation_invariant"])
def test_a_square_whole_in_the_cell_by_hand(counting):
    """Six visits of each of the four triangles: the energy is known without a computer."""
    energy = ModifiedLennardJones(counting=counting).energy_per_particle(SQUARE, WIDTH)
    assert energy[0] == pytest.approx(square_energy(4 * 6), rel=1e-12)


def test_the_square_over_one_edge_loses_a_third_of_its_triangles():
    """Split two and two, all triangles have corners in two cells: the published sum visits four."""
    over_the_edge = SQUARE + HALF_A_CELL
    assert PUBLISHED.energy_per_particle(over_the_edge, WIDTH)[0] == pytest.approx(
        square_energy(4 * 4), rel=1e-12
    )
    assert INVARIANT.energy_per_particle(over_the_edge, WIDTH)[0] == pytest.approx(
        square_energy(4 * 6), rel=1e-12
    )


def test_the_square_over_a_corner_hides_the_mistake():
    """Split over four cells, as in figure 3b, every triangle is visited six times again."""
    over_the_corner = SQUARE + 2.5
    for potential in (PUBLISHED, INVARIANT):
        energy = potential.energy_per_particle(over_the_corner, WIDTH)
        assert energy[0] == pytest.approx(square_energy(4 * 6), rel=1e-12)


def test_a_particle_that_leaves_alone_takes_three_triangles_along():
    """With one corner of the square in the next cell, three of four triangles lie in two cells."""
    turned = (SQUARE - 2.5) @ (np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2.0))
    tip = turned - [turned[:, 0].min() + 0.1, 0.0] + [0.0, 2.5]
    assert PUBLISHED.energy_per_particle(tip, WIDTH)[0] == pytest.approx(
        square_energy(3 * 4 + 6), rel=1e-12
    )


def test_published_energies_jump_on_the_way_and_invariant_ones_do_not():
    """Along a straight way through the cell one counting has two values, the other has one."""
    shifts = np.linspace(0.0, WIDTH, 101)[:, None, None] * [1.0, 0.0]
    published = PUBLISHED.energy_per_particle(SQUARE + shifts, WIDTH)
    invariant = INVARIANT.energy_per_particle(SQUARE + shifts, WIDTH)
    # Positions at 5 + 1e-16 have distances that differ in the last digits.
    np.testing.assert_allclose(invariant, square_energy(24), rtol=1e-9)
    values = np.unique(published.round(9))
    np.testing.assert_allclose(values, sorted([square_energy(24), square_energy(16)]), rtol=1e-8)


def test_energies_of_the_published_counting_are_less_deep_by_the_lost_visits():
    """The same four particles lose about 1 E_c each when they are moved as a whole."""
    energies = PUBLISHED.energy_per_particle([SQUARE, SQUARE + HALF_A_CELL], WIDTH)
    gain = energies[1] - energies[0]
    assert gain == pytest.approx(-(3 * 8 * TRIANGLE) / 16, rel=1e-12)
    assert 0.7 < gain < 1.3


@pytest.mark.parametrize("potential", [PUBLISHED, INVARIANT])
def test_no_counting_sees_a_shift_of_whole_cells(potential):
    """The lattice is periodic in the published counting too."""
    shifts = WIDTH * np.array([[0, 0], [1, 0], [-2, 3], [10, -7]])[:, None, :]
    energies, forces = potential.energy_and_forces(SQUARE + shifts, WIDTH)
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)
    np.testing.assert_allclose(forces, np.broadcast_to(forces[:1], forces.shape), atol=1e-10)


def test_relaxed_labels_of_the_published_counting_carry_noise():
    """Moved as a whole, relaxed configurations keep one energy and scatter in the other."""
    random = np.random.default_rng(0)
    starts = random.uniform(0.0, WIDTH, (100, 4, 2))
    relaxed, *_ = RandomMoves(40, 0.1).relax(INVARIANT, starts, WIDTH, seed=0)
    shifts = random.uniform(0.0, WIDTH, (100, 1, 2))
    change = {
        potential.counting: np.abs(
            potential.energy_per_particle(relaxed + shifts, WIDTH)
            - potential.energy_per_particle(relaxed, WIDTH)
        )
        for potential in (PUBLISHED, INVARIANT)
    }
    deepest = np.abs(INVARIANT.energy_per_particle(relaxed, WIDTH)).max()
    assert change["translation_invariant"].max() < 1e-9 * (1.0 + deepest)
    assert np.median(change["published"]) > 0.02  # E_c: no network can learn it
