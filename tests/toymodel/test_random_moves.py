"""Relaxation: it goes downhill, move by move, and nothing else decides."""

import numpy as np
import pytest
from numba import njit

from peslab.errors import InvalidInputError
from peslab.kernels import random
from peslab.kernels.moves import draw_step
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

CELLS = [Lattice(4, 2, 5.0), Lattice(2, 2, 1.3), Lattice(1, 2, 1.1), Lattice(3, 3, 2.2)]


@njit
def stream(seed, index):
    """Subroutines are called by compiled functions only."""
    return random.stream(seed, index, random.MOVES)


@njit
def draw(generator, longest, along_axes, step, axes):
    draw_step(generator, longest, along_axes, step, axes)


def relax_by_whole_energies(potential, positions, width, moves, seed, index):
    """The same relaxation, with the energy of the whole cell before and after every move."""
    positions = positions.copy()
    generator = stream(seed, index)
    step, axes = np.empty(positions.shape[1]), tuple(range(positions.shape[1]))
    energy = potential.energy_per_particle(positions, width)[0]
    accepted = 0
    for _ in range(moves.epochs):
        for i in range(len(positions)):
            draw(generator, moves.max_displacement, moves.steps == "along_axes", step, axes)
            moved = positions.copy()
            moved[i] = (moved[i] + step) % width
            new_energy = potential.energy_per_particle(moved, width)[0]
            if new_energy <= energy:
                positions, energy = moved, new_energy
                accepted += 1
    return positions, accepted / (moves.epochs * len(positions))


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_energy_difference_decides_as_the_whole_energy_would(cell, counting):
    """Images move along, in cells of any size and across their edges, in both countings."""
    potential = ModifiedLennardJones(counting=counting)
    moves = RandomMoves(epochs=6, max_displacement=0.4)
    starts = cell.sample(12, seed=1)
    relaxed, rates, _ = moves.relax(potential, starts, cell.cell_width, seed=2, first_index=5)
    for k, start in enumerate(starts):
        expected, rate = relax_by_whole_energies(
            potential, start, cell.cell_width, moves, seed=2, index=5 + k
        )
        if cell.n_particles > 1:  # a lone particle moves with all its images: rounding decides
            np.testing.assert_allclose(relaxed[k], expected, atol=1e-12)
            assert rates[k] == pytest.approx(rate)


def test_lone_particle_moves_freely():
    """Moves that change nothing are accepted: a lone particle takes its images along."""
    lone = Lattice(1, 2, 1.1)
    relaxed, rates, _ = RandomMoves(20, 0.1).relax(
        ModifiedLennardJones(), lone.sample(50, seed=0), 1.1, seed=0
    )
    assert (rates == 1.0).all()
    assert relaxed.min() >= 0.0
    assert relaxed.max() < 1.1


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
def test_energies_never_rise(counting):
    """More epochs continue fewer, and only downhill."""
    potential = ModifiedLennardJones(counting=counting)
    positions = CELLS[0].sample(200, seed=0)
    before = potential.energy_per_particle(positions, 5.0)
    for epochs in (1, 5, 20, 60):
        relaxed, *_ = RandomMoves(epochs, 0.1).relax(potential, positions, 5.0, seed=0)
        after = potential.energy_per_particle(relaxed, 5.0)
        assert (after <= before + 1e-9 * np.abs(before)).all()
        before = after
    assert np.median(after) < -1.2


def test_tail_of_the_energies_falls():
    """With moving images no high energies come back: nineteen in twenty are bound at the end."""
    positions, potential = CELLS[0].sample(2000, seed=0), ModifiedLennardJones()
    tails = []
    for epochs in (10, 40, 100):
        relaxed, *_ = RandomMoves(epochs, 0.1).relax(potential, positions, 5.0, seed=0)
        tails.append(np.quantile(potential.energy_per_particle(relaxed, 5.0), 0.95))
    assert tails[0] > 1.0
    assert tails[1] < -0.1
    assert tails[2] < tails[1] + 0.05


def test_same_bits_whatever_the_threads_and_pieces():
    """Every configuration has a random stream of its own."""
    positions = CELLS[0].sample(500, seed=0)
    moves, potential = RandomMoves(5, 0.1), ModifiedLennardJones()
    relaxed, rates, _ = moves.relax(potential, positions, 5.0, seed=7, n_threads=1)
    threaded, *_ = moves.relax(potential, positions, 5.0, seed=7, n_threads=3)
    piece, piece_rates, _ = moves.relax(potential, positions[200:210], 5.0, seed=7, first_index=200)
    assert (threaded == relaxed).all()
    assert (piece == relaxed[200:210]).all()
    assert (piece_rates == rates[200:210]).all()
    other, *_ = moves.relax(potential, positions, 5.0, seed=8)
    assert (other != relaxed).any(axis=(1, 2)).all()


@pytest.mark.parametrize(("steps", "order"), [("any_direction", 2), ("along_axes", np.inf)])
def test_steps_are_no_longer_than_allowed(steps, order):
    """One epoch moves no particle farther than the longest step, and does not touch the input."""
    positions = CELLS[0].sample(300, seed=0)
    kept = positions.copy()
    moves = RandomMoves(1, 0.2, steps=steps)
    relaxed, *_ = moves.relax(ModifiedLennardJones(), positions, 5.0, seed=0)
    ways = relaxed - positions
    lengths = np.linalg.norm(ways - 5.0 * np.round(ways / 5.0), ord=order, axis=-1)
    assert lengths.max() <= 0.2 + 1e-12
    assert lengths.max() > 0.19
    assert (positions == kept).all()


def test_no_epochs_leave_the_start():
    """Without epochs nothing moves, and there is no acceptance rate."""
    positions = CELLS[0].sample(10, seed=0)
    relaxed, rates, _ = RandomMoves(0, 0.1).relax(ModifiedLennardJones(), positions, 5.0, seed=0)
    assert (relaxed == positions).all()
    assert np.isnan(rates).all()


def test_acceptance_is_rated_over_the_last_ten_epochs():
    """First moves are accepted more often than last ones, and only the last ten count."""
    positions = CELLS[0].sample(500, seed=0)
    mean_rates = [
        RandomMoves(epochs, 0.1).relax(ModifiedLennardJones(), positions, 5.0, seed=0)[1].mean()
        for epochs in (10, 100)
    ]
    assert mean_rates[1] < 0.7 * mean_rates[0]


@pytest.mark.parametrize(
    ("field", "value"), [("epochs", -1), ("epochs", 1.0), ("max_displacement", 0.0)]
)
def test_impossible_moves_are_named(field, value):
    """Negative epochs and steps without a length are refused by name."""
    with pytest.raises(InvalidInputError, match=field):
        RandomMoves(**{"epochs": 40, "max_displacement": 0.1, field: value})


def test_bad_configurations_are_refused():
    """The check of positions is the one that energies have."""
    with pytest.raises(InvalidInputError, match="same place"):
        RandomMoves(1, 0.1).relax(ModifiedLennardJones(), [[0.0], [0.0]], 5.0, seed=0)


@pytest.mark.parametrize("dimension", [2, 3])
def test_steps_to_a_corner_see_far_enough(dimension):
    """Along axes a step is √d times as long: what it comes into reach of is seen, too."""
    potential, width = ModifiedLennardJones(), 9.0
    moves = RandomMoves(epochs=1, max_displacement=2.0)
    starts = Lattice(2, dimension, width).sample(400, seed=3)
    relaxed, *_ = moves.relax(potential, starts, width, seed=1)
    for k in range(0, 400, 5):
        expected, _ = relax_by_whole_energies(potential, starts[k], width, moves, 1, k)
        np.testing.assert_allclose(relaxed[k], expected, atol=1e-12)
