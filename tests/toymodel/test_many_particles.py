"""Hundreds of particles in bins, batches that overflow, cells of all sizes: the same physics."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
from numba import njit
from test_random_moves import relax_by_whole_energies

from peslab.kernels import bins
from peslab.kernels.inputs import checked_configurations
from peslab.toymodel import (
    AreaAndCircumference,
    Descent,
    Lattice,
    LennardJones,
    Metropolis,
    ModifiedLennardJones,
    Potential,
    RandomMoves,
    triplet_function,
)
from peslab.toymodel.parts import worth_a_thread


@njit
def bins_per_axis(n_particles, dimension, width, reach):
    """Subroutines are called by compiled functions only."""
    return bins.bins_per_axis(n_particles, dimension, width, reach)


@triplet_function
def by_squares(parameters, a, b, c):
    # (1 − s/R_0)³ (a² + b² + c²): each side has a slope of its own
    rest = 1.0 - (a + b + c) / (3.0 * parameters[0])
    return rest**3 * (a * a + b * b + c * c)


@dataclass(frozen=True)
class Squares(Potential):
    """Triangles that feel more than their mean side."""

    cutoff: float
    triplet = by_squares
    parameters = property(lambda self: np.array([self.cutoff]))


SHORT = ModifiedLennardJones(cutoff=1.2, exponent=3, characteristic_distance=0.8)
UNEQUAL = Squares(cutoff=1.1, pair_part=SHORT)


def jittered(n_particles, dimension, width, seed=0):
    """Particles near the places of a grid: no two of them in one place."""
    per_axis = int(np.ceil(n_particles ** (1 / dimension)))
    places = np.array(list(product(range(per_axis), repeat=dimension)), dtype=float)
    random = np.random.default_rng(seed)
    chosen = random.permutation(places)[:n_particles]
    chosen += random.uniform(0.1, 0.9, chosen.shape)
    return chosen * width / per_axis + random.uniform(-width, width, dimension)


def by_numpy(potential, positions, width):
    """Energy per particle and forces: each particle with all its images, corner by corner.

    A pair weighs 2/4, half of it at each end, a triangle 6 · 3/4, a third of it at each corner.
    """
    n, dimension = positions.shape
    reach = 1.5 * potential.cutoff
    depth = int(np.ceil(reach / width))
    inside = positions % width
    shifts = width * np.array(list(product(range(-depth, depth + 1), repeat=dimension)))
    everything = (inside + shifts[:, None]).reshape(-1, dimension)
    energy, forces = 0.0, np.zeros_like(inside)
    for i in range(n):
        ways = everything - inside[i]
        lengths = np.linalg.norm(ways, axis=1)
        near = (lengths > 0.0) & (lengths < reach)
        ways, lengths = ways[near], lengths[near]
        units = ways / lengths[:, None]
        values, slopes = potential.pair_values(lengths)
        energy += 0.25 * values.sum()
        forces[i] += 0.5 * slopes @ units
        j, k = np.triu_indices(len(ways), 1)
        thirds = np.linalg.norm(ways[j] - ways[k], axis=1)
        sides = np.minimum(thirds, lengths[j] + lengths[k])  # rounded of three in a line
        values, slopes = potential.triplet_values(lengths[j], lengths[k], sides)
        energy += 1.5 * values.sum()
        forces[i] += 4.5 * (slopes[0] @ units[j] + slopes[1] @ units[k])
    return energy / n, forces


def agree(found, expected):
    """To rounding of thousands of terms."""
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-10)
    largest = np.abs(expected[1]).max()
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-10 * largest)


BINNED = [(300, 2, 14.0), (700, 2, 20.0), (300, 3, 9.0), (700, 3, 8.5), (90, 1, 80.0)]


@pytest.mark.parametrize("potential", [SHORT, UNEQUAL], ids=["equal sides", "unequal sides"])
@pytest.mark.parametrize(("n_particles", "dimension", "width"), BINNED)
def test_bins_find_all_that_interact(n_particles, dimension, width, potential):
    """Hundreds of particles in bins have the energies and forces of a search among all images."""
    assert bins_per_axis(n_particles, dimension, width, 1.5 * potential.cutoff) >= 4
    positions = jittered(n_particles, dimension, width)
    agree(
        [part[0] for part in potential.energy_and_forces(positions, width)],
        by_numpy(potential, positions, width),
    )


@pytest.mark.parametrize("counting", ["translation_invariant", "published", "once"])
@pytest.mark.parametrize(("n_particles", "dimension", "width"), [(40, 2, 3.7), (24, 3, 3.7)])
def test_bins_change_nothing(n_particles, dimension, width, counting):
    """Twice as wide, with 2^d as many particles, a cell has bins and the same energy per particle.

    Counted otherwise than translation invariant, a triangle over an inner edge of the wide cell
    counts differently: those energies only agree where nothing lies at an edge of the small one.
    """
    potential = replace(SHORT, counting=counting)
    positions = jittered(n_particles, dimension, width)
    if counting != "translation_invariant":
        positions = 1.9 + 0.36 * (positions % width)  # in the middle, far from edges
        width = 6.0
    cells = width * np.array(list(product(range(2), repeat=dimension)))
    wide = (positions + cells[:, None]).reshape(-1, dimension)
    assert bins_per_axis(n_particles, dimension, width, 1.8) == 1
    assert bins_per_axis(len(wide), dimension, 2 * width, 1.8) >= 4
    energy, forces = potential.energy_and_forces(positions, width)
    agree(
        potential.energy_and_forces(wide, 2 * width),
        (energy, np.tile(forces, (1, len(cells), 1))),
    )


@pytest.mark.parametrize(
    ("n_particles", "dimension", "width"), [(60, 2, 2.3), (9, 1, 0.5), (30, 3, 2.0)]
)
def test_batches_that_overflow_lose_nothing(n_particles, dimension, width):
    """Tens of thousands of triangles at a particle, a hundred times what is evaluated at once."""
    positions = jittered(n_particles, dimension, width, seed=1)
    for potential in (SHORT, UNEQUAL):
        agree(
            [part[0] for part in potential.energy_and_forces(positions, width)],
            by_numpy(potential, positions, width),
        )


def cells_of_all_sizes(n_particles, dimension, widths, seed=2):
    """One configuration for each width, so that few and many images stand side by side."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(widths))
    positions = [jittered(n_particles, dimension, widths[k], seed=k) for k in order]
    return np.array(positions), np.array(widths)[order]


# From cells with thousands of triangles at a particle to cells with bins, or with nobody in reach.
MIXED = {
    "few particles": cells_of_all_sizes(3, 2, np.geomspace(0.6, 30.0, 200)),
    "many particles": cells_of_all_sizes(70, 2, np.geomspace(2.0, 40.0, 140)),
    "a cube": cells_of_all_sizes(80, 3, np.geomspace(2.5, 20.0, 130)),
}
mixed = pytest.mark.parametrize("cells", MIXED.values(), ids=MIXED)
KINDS = {
    "cut off": SHORT,
    "published": replace(SHORT, counting="published"),
    "to a depth": AreaAndCircumference(pair_part=LennardJones(), depth=1),
}


@mixed
@pytest.mark.parametrize("potential", KINDS.values(), ids=KINDS)
def test_no_result_depends_on_what_is_computed_beside_it(cells, potential):
    """Alone, in slices of any size, in any order, on one, two, three threads: the same bits."""
    positions, widths = cells
    if potential.depth is not None:  # without an end, all particles see all others
        positions = positions[:, :12]
    energies, forces = potential.energy_and_forces(positions, widths, n_threads=1)
    for n_threads in (2, 3):
        found = potential.energy_and_forces(positions, widths, n_threads=n_threads)
        assert np.array_equal(found[0], energies)
        assert np.array_equal(found[1], forces)
    order = np.random.default_rng(0).permutation(len(widths))
    for places in [[k] for k in range(0, len(widths), 9)] + [order, order[: len(order) // 3]]:
        found = potential.energy_and_forces(positions[places], widths[places], n_threads=1)
        assert np.array_equal(found[0], energies[places])
        assert np.array_equal(found[1], forces[places])


@pytest.mark.parametrize(
    ("n_particles", "dimension", "width", "fewest"),
    [(2, 2, 20.0, 1024), (4, 2, 5.0, 667), (80, 3, 4.0, 1)],
)
def test_costly_configurations_are_worth_a_thread_each(n_particles, dimension, width, fewest):
    """Of cheap ones a thousand, or starting threads takes longer than they save."""
    configurations = checked_configurations(jittered(n_particles, dimension, width, seed=0), width)
    interaction = ModifiedLennardJones().interaction()
    assert worth_a_thread(interaction, configurations) == fewest


RELAXATIONS = {
    "moves": RandomMoves(3, 0.2),
    "until they rarely move": RandomMoves(14, 0.3, target_acceptance_rate=0.3),
    "wide cells longer": RandomMoves(2, 0.2, scaled="epochs"),
    "frozen": RandomMoves(3, 0.2, images="frozen"),
    "thermal": Metropolis(3, 0.2, temperature=0.5),
    "descent": Descent(6),
}


@pytest.mark.parametrize("relaxation", RELAXATIONS.values(), ids=RELAXATIONS)
def test_no_relaxation_depends_on_what_is_relaxed_beside_it(relaxation):
    """Each configuration has its own random stream, images and sums, whatever stands beside it."""
    positions, widths = MIXED["few particles"]
    positions, widths = positions[20:170], widths[20:170]
    relaxed, rates, accepted = relaxation.relax(SHORT, positions, widths, seed=3, n_threads=1)
    for n_threads in (2, 3):
        found = relaxation.relax(SHORT, positions, widths, seed=3, n_threads=n_threads)
        assert np.array_equal(found.positions, relaxed)
        assert np.array_equal(found.accepted, accepted)
    for first, last in [(0, 1), (7, 8), (41, 60), (149, 150)]:
        piece = relaxation.relax(
            SHORT, positions[first:last], widths[first:last], seed=3, first_index=first
        )
        assert np.array_equal(piece.positions, relaxed[first:last])
        assert np.array_equal(piece.acceptance_rates, rates[first:last], equal_nan=True)
        epochs = piece.accepted.shape[1]  # of the widest cell of the piece
        assert np.array_equal(piece.accepted, accepted[first:last, :epochs])
        assert (accepted[first:last, epochs:] == -1).all()


def test_a_move_among_many_costs_what_the_whole_energy_says():
    """With some hundred images around a particle, batches of trial moves overflow and lose none."""
    width, moves = 2.2, RandomMoves(2, 0.05)
    starts = np.array([jittered(40, 2, width, seed=k) for k in range(3)])
    for potential in (SHORT, UNEQUAL):
        relaxed, *_ = moves.relax(potential, starts, width, seed=0)
        for k, start in enumerate(starts):
            expected, rate = relax_by_whole_energies(potential, start, width, moves, 0, k)
            assert 0.1 < rate < 0.9
            # The start is wrapped at once there, and at the first of the moves here.
            offsets = (relaxed[k] - expected + width / 2) % width - width / 2
            assert np.abs(offsets).max() < 1e-12


def test_dense_cells_cool_down_as_whole_energies_say():
    """At a temperature far below any difference nothing rises; far above nearly all is accepted."""
    width = 2.2
    starts = Lattice(8, 2, width).sample(30, seed=0)
    before = SHORT.energy_per_particle(starts, width)
    cold = Metropolis(4, 0.1, temperature=1e-9).relax(SHORT, starts, width, seed=0)
    assert (SHORT.energy_per_particle(cold.positions, width) <= before).all()
    hot = Metropolis(4, 0.1, temperature=1e15).relax(SHORT, starts, width, seed=0)
    assert hot.acceptance_rates.mean() > 0.99
