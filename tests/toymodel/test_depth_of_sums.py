"""Sums to a depth d_s: where they end, what does not depend on it, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from test_random_moves import relax_by_whole_energies

from peslab.errors import InvalidInputError
from peslab.toymodel import (
    AreaAndCircumference,
    Descent,
    Lattice,
    LennardJones,
    Metropolis,
    ModifiedLennardJones,
    Morse,
    RandomMoves,
)

# Neither ends by itself. At the depth, the energy of a pair or triangle is cut off sharply.
ENDLESS = AreaAndCircumference(pair_part=LennardJones())
CELLS = [  # N_p, d, w_c, d_s
    (2, 1, 2.7, 1),
    (3, 1, 2.3, 2),
    (1, 1, 0.9, 4),
    (3, 2, 3.1, 1),
    (2, 2, 1.9, 2),
    (1, 2, 1.1, 5),
    (3, 3, 2.9, 1),
    (2, 3, 2.0, 2),
]
every_cell = pytest.mark.parametrize("cell", CELLS, ids=str)


def apart(n_particles, dimension, width, n=1, seed=0):
    """Random particles that are not on top of each other: there rounding is all."""
    starts = Lattice(n_particles, dimension, width).sample(2000, seed=seed)
    ways = starts[:, :, None] - starts[:, None]
    ways -= width * np.round(ways / width)
    distances = np.linalg.norm(ways, axis=-1) + width * np.eye(n_particles)
    return starts[distances.min(axis=(1, 2)) > 0.22 * width][:n]


@every_cell
def test_nothing_shows_where_the_cell_begins(cell):
    """Moved as a whole, by any vector, particles keep energy and forces at any depth.

    In one dimension the perimeter of three in a line from a particle to its image at the depth is
    twice the depth but for rounding, wherever they stand: not one of them may slip in.
    """
    n_particles, dimension, width, depth = cell
    (positions,) = apart(n_particles, dimension, width)
    shifts = np.random.default_rng(1).uniform(-9.0, 9.0, (200, 1, dimension))
    potential = replace(ENDLESS, depth=depth)
    energy, forces = potential.energy_and_forces(positions, width)
    energies, moved = potential.energy_and_forces(positions + shifts, width)
    np.testing.assert_allclose(energies, energy[0], rtol=1e-10)
    largest = 1.0 + np.abs(forces).max()
    np.testing.assert_allclose(
        moved, np.broadcast_to(forces, moved.shape), rtol=0, atol=1e-9 * largest
    )


@pytest.mark.parametrize("width", np.random.default_rng(3).uniform(0.7, 1.9, 12))
def test_images_at_the_depth_are_beyond_it(width):
    """A lone particle's images at (3, 4) and (5, 0) are 5 cells away: rounding lets none in."""
    steps = range(-5, 6)
    cells = np.array([np.hypot(x, y) for x in steps for y in steps if 0 < x * x + y * y < 25])
    expected = LennardJones().pair_values(width * cells)[0].sum() / 4
    found = LennardJones(depth=5).energy_per_particle([[0.4, 0.3]], width)
    assert found[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell[0] > 1], ids=str)
@pytest.mark.parametrize(
    "potential", [ENDLESS, ModifiedLennardJones(cutoff=2.4)], ids=["endless", "cut off"]
)
def test_moves_know_the_depth(cell, potential):
    """The cost of a move is the difference of whole energies, at any depth, move by move."""
    n_particles, dimension, width, depth = cell
    limited = replace(potential, depth=depth)
    starts = apart(n_particles, dimension, width, n=8 if dimension < 3 else 3)
    moves = RandomMoves(epochs=5, max_displacement=0.4)
    relaxed, *_ = moves.relax(limited, starts, width, seed=2)
    for k, start in enumerate(starts):
        expected, _ = relax_by_whole_energies(limited, start, width, moves, 2, k)
        np.testing.assert_allclose(relaxed[k], expected, atol=1e-11)


@pytest.mark.parametrize("counting", ["translation_invariant", "published", "once"])
@pytest.mark.parametrize(
    ("n_particles", "dimension", "width"), [(3, 1, 1.2), (3, 2, 2.2), (2, 3, 3)]
)
def test_deeper_than_the_cutoff_changes_nothing(n_particles, dimension, width, counting):
    """A potential that vanishes at R_0 is complete from d_s w_c ≥ 3 R_0/2 on."""
    potential = ModifiedLennardJones(cutoff=1.6, counting=counting)
    starts = apart(n_particles, dimension, width, n=5)
    energies, forces = potential.energy_and_forces(starts, width)
    enough = int(np.ceil(1.5 * 1.6 / width))
    deepest = {"translation_invariant": 10**9}.get(counting, enough + 2)
    for depth in (enough, enough + 1, deepest):
        deep = replace(potential, depth=depth)
        found, pulled = deep.energy_and_forces(starts, width)
        np.testing.assert_allclose(found, energies, rtol=1e-11)
        np.testing.assert_allclose(pulled, forces, rtol=0, atol=1e-10 * (1 + np.abs(forces).max()))
    if width < potential.cutoff:  # and in a cell that is narrower, one cell around is not enough
        shallow = replace(potential, depth=1).energy_per_particle(starts, width)
        assert np.abs(shallow - energies).max() > 1e-3


def test_without_cells_around_nothing_leaves_the_cell():
    """To a depth of 0 the printed sum is that of an isolated cluster.

    Wherever the cell begins, no pair is closer than 0 cell widths: 0 would be a wrong energy, and
    relaxations, which sum so, would accept every move.
    """
    cluster = [[1.0, 1.0], [2.0, 1.0], [1.5, 2.0]]
    sides = np.array([1.0, np.hypot(0.5, 1.0), np.hypot(0.5, 1.0)])
    potential = ModifiedLennardJones(cutoff=5.0, counting="published", depth=0)
    pairs = potential.pair_values(sides)[0].sum()
    expected = (0.25 * 2 * pairs + 0.75 * 6 * potential.triplet_values(*sides)[0]) / 3
    assert potential.energy_per_particle(cluster, 2.5)[0] == pytest.approx(expected, rel=1e-12)
    invariant = replace(potential, counting="translation_invariant")
    with pytest.raises(InvalidInputError, match="depth=0 leaves nothing to sum"):
        invariant.energy_per_particle(cluster, 2.5)
    for relaxation in (RandomMoves(2, 0.1), Descent(2)):
        with pytest.raises(InvalidInputError, match="depth=0 leaves nothing to sum"):
            relaxation.relax(potential, cluster, 2.5, seed=0)
    frozen = RandomMoves(2, 0.1, images="frozen").relax(potential, cluster, 2.5, seed=0)
    assert np.isfinite(frozen.positions).all()


def test_forces_are_slopes_at_a_depth():
    """Away from where pairs and triangles are cut off, −∂(N v)/∂r by differences."""
    potential, width, step = replace(ENDLESS, depth=2), 2.2, 1e-6
    (positions,) = apart(3, 2, width)
    _, forces = potential.energy_and_forces(positions, width)
    moves = step * np.eye(6).reshape(6, 3, 2)
    high, low = (3 * potential.energy_per_particle(positions + s * moves, width) for s in (1, -1))
    slopes = (low - high).reshape(3, 2) / (2 * step)
    np.testing.assert_allclose(forces[0], slopes, rtol=1e-6, atol=1e-6 * np.abs(forces).max())


RELAXATIONS = {
    "moves": lambda depth: RandomMoves(8, 0.2, depth=depth),
    "frozen": lambda depth: RandomMoves(8, 0.2, depth=depth, images="frozen"),
    "thermal": lambda depth: Metropolis(8, 0.2, depth=depth, temperature=0.4),
    "descent": lambda depth: Descent(8, depth=depth),
}
every_relaxation = pytest.mark.parametrize("make", RELAXATIONS.values(), ids=RELAXATIONS)


@every_relaxation
def test_a_relaxation_s_depth_stands_for_the_potential_s(make):
    """A shallower sum relaxes as the potential of that depth would, bit for bit."""
    starts = apart(3, 2, 2.4, n=20)
    for potential in (ENDLESS, replace(ENDLESS, depth=3)):
        found = make(1).relax(potential, starts, 2.4, seed=1).positions
        expected = make(None).relax(replace(ENDLESS, depth=1), starts, 2.4, seed=1).positions
        assert np.array_equal(found, expected)
    deeper = make(2).relax(ENDLESS, starts, 2.4, seed=1).positions
    assert not np.array_equal(deeper, found)


@every_relaxation
@pytest.mark.parametrize("depth", [0, -1, 1.5, True, "2"])
def test_impossible_depths_of_relaxations_are_named(make, depth):
    """Whole cells, one at least."""
    with pytest.raises(InvalidInputError, match="depth must be a whole number from 1 on"):
        make(depth)


@pytest.mark.parametrize("counting", ["translation_invariant", "published", "once", "block"])
@pytest.mark.parametrize("depth", [-1, 1.5, True, "2", float("inf")])
def test_impossible_depths_of_potentials_are_named(counting, depth):
    """Before anything is summed, and before anything moves."""
    potential = ModifiedLennardJones(counting=counting, depth=depth)
    asked = [
        lambda: potential.energy_per_particle([[0.0, 0.0]], 5.0),
        lambda: RandomMoves(1, 0.1).relax(potential, [[0.0, 0.0]], 5.0, seed=0),
        lambda: RandomMoves(1, 0.1, images="frozen").relax(potential, [[0.0]], 5.0, seed=0),
        lambda: Descent(1).relax(potential, [[0.0, 0.0]], 5.0, seed=0),
    ]
    for ask in asked:
        with pytest.raises(InvalidInputError, match="depth must be a whole number from 0 on"):
            ask()


@pytest.mark.parametrize("potential", [LennardJones(), Morse(), ENDLESS], ids=repr)
@every_relaxation
def test_a_sum_without_an_end_is_refused(potential, make):
    """Neither cutoff nor depth: the sentence says to set a depth."""
    with pytest.raises(InvalidInputError, match="Set depth=3"):
        potential.energy_per_particle([[0.0, 0.0], [1.0, 0.0]], 5.0)
    with pytest.raises(InvalidInputError, match="Set depth=3"):
        make(None).relax(potential, [[0.0, 0.0], [1.0, 0.0]], 5.0, seed=0)


@pytest.mark.parametrize("counting", ["translation_invariant", "published", "once", "block"])
def test_sums_that_would_not_end_in_due_time_are_refused(counting):
    """More than 10,000 images of each particle."""
    potential = LennardJones(depth=60, counting=counting)
    words = r"so small that each particle has 1.46e\+04 images within .* of which 10,000 can be"
    with pytest.raises(InvalidInputError, match=words):
        potential.energy_per_particle([[0.0, 0.0], [1.0, 0.0]], 5.0)
