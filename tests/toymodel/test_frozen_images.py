"""Relaxation against frozen images, as the thesis's program did it, and what came of it."""

import json
import math
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from peslab.kernels import random
from peslab.kernels.moves import draw_step
from peslab.toymodel import Lattice, Metropolis, ModifiedLennardJones, RandomMoves

POTENTIAL = ModifiedLennardJones()
CELLS = [(4, 2, 5.0), (2, 2, 1.6), (1, 2, 1.3), (3, 1, 2.3), (2, 3, 3.1)]  # N_p, d, w_c


@njit
def stream(seed, index):
    """Subroutines are called by compiled functions only."""
    return random.stream(seed, index, random.MOVES)


@njit
def uniform(generator):
    return random.uniform(generator)


@njit
def draw(generator, longest, along_axes, step, axes):
    draw_step(generator, longest, along_axes, step, axes)


def equation_10(s, cutoff=2.0):
    """V(s) of n = 6 and R_c = E_c = 1."""
    tail = -12 / cutoff**7 * (1 - cutoff**-6) * (s - cutoff)
    value = s**-12 - cutoff**-12 - 2 * (s**-6 - cutoff**-6) + tail
    return np.where(s < cutoff, value, 0.0)


class FrozenCell:
    """Equation (9) of particles in a cell whose surrounding cells stay as they were.

    A triangle is listed 6 times where all its corners are in the cell, and else twice, for its
    other corners do not look at it; a pair twice, and with an image once.
    """

    def __init__(self, start, width):
        self.n, dimension = start.shape
        depth = math.ceil(1.5 * 2.0 / width)
        shifts = [s for s in product(range(-depth, depth + 1), repeat=dimension) if any(s)]
        self.images = np.concatenate([start + width * np.array(shift) for shift in shifts])
        everything = range(self.n + len(self.images))
        self.pairs = np.array([p for p in combinations(everything, 2) if p[0] < self.n])
        self.triangles = np.array(
            [(i, j, k) for i in range(self.n) for j, k in combinations(everything[i + 1 :], 2)]
        )
        self.pair_visits = np.where(self.pairs[:, 1] < self.n, 2, 1)
        self.triangle_visits = np.where(self.triangles[:, 2] < self.n, 6, 2)

    def energy(self, positions):
        """N_p v."""
        everything = np.concatenate([positions, self.images])
        r = np.linalg.norm(everything[:, None] - everything, axis=-1)
        i, j, k = self.triangles.T
        triangles = self.triangle_visits @ equation_10((r[i, j] + r[i, k] + r[j, k]) / 3)
        return (3 * triangles + self.pair_visits @ equation_10(r[tuple(self.pairs.T)])) / 4


def relaxed_as_written(start, width, moves, seed, index, temperature=0.0):
    """The rule of section 3.2: try a step, keep it where the energy does not rise."""
    cell, positions = FrozenCell(start, width), start.copy()
    generator, step = stream(seed, index), np.empty(start.shape[1])
    axes = tuple(range(start.shape[1]))
    energy, accepted = cell.energy(positions), np.zeros(moves.epochs, np.int64)
    for epoch in range(moves.epochs):
        for i in range(len(positions)):
            draw(generator, moves.max_displacement, moves.steps == "along_axes", step, axes)
            moved = positions.copy()
            moved[i] = (moved[i] + step) % width
            rise = cell.energy(moved) - energy
            kept = rise <= 0.0
            if temperature > 0.0 and rise > 0.0:
                kept = uniform(generator) < math.exp(-rise / temperature)
            if kept:
                positions, energy = moved, energy + rise
                accepted[epoch] += 1
    return positions, accepted


def apart(n_particles, dimension, width, n):
    """Starts in which no energy is so large that it hides the change of a move."""
    starts = Lattice(n_particles, dimension, width).sample(4000, seed=1)
    ways = starts[:, :, None] - starts[:, None]
    ways -= width * np.round(ways / width)
    distances = np.linalg.norm(ways, axis=-1) + width * np.eye(n_particles)
    return starts[distances.min(axis=(1, 2)) > 0.2 * width][:n]


@pytest.mark.parametrize("steps", ["along_axes", "any_direction"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_moves_are_those_of_the_printed_rule(cell, steps):
    """Move by move, against whole energies of equation (9) with images where they were at first."""
    n_particles, dimension, width = cell
    starts = apart(n_particles, dimension, width, 4)
    moves = RandomMoves(6, 0.3, images="frozen", steps=steps)
    relaxed, _, accepted = moves.relax(POTENTIAL, starts, width, seed=2, first_index=7)
    assert 0 < accepted.sum() < starts.shape[0] * n_particles * 6
    for k, start in enumerate(starts):
        expected, kept = relaxed_as_written(start, width, moves, 2, 7 + k)
        np.testing.assert_allclose(relaxed[k], expected, atol=1e-12)
        assert accepted[k].tolist() == kept.tolist()


def test_heat_meets_frozen_images_too():
    """At a temperature the same energies decide, with the next random number where they rise."""
    starts = apart(4, 2, 5.0, 6)
    moves = Metropolis(8, 0.4, images="frozen", temperature=0.7)
    relaxed, _, accepted = moves.relax(POTENTIAL, starts, 5.0, seed=4)
    for k, start in enumerate(starts):
        expected, kept = relaxed_as_written(start, 5.0, moves, 4, k, temperature=0.7)
        np.testing.assert_allclose(relaxed[k], expected, atol=1e-12)
        assert accepted[k].tolist() == kept.tolist()


@pytest.mark.parametrize("counting", ["translation_invariant", "published", "once", "block"])
def test_the_program_counted_in_one_way(counting):
    """How energies are counted in the end plays no part in a relaxation against frozen images."""
    starts = apart(3, 2, 2.4, 10)
    potential = ModifiedLennardJones(counting=counting, depth=2)
    relaxed, *_ = RandomMoves(5, 0.2, images="frozen").relax(potential, starts, 2.4, seed=0)
    expected, *_ = RandomMoves(5, 0.2, images="frozen").relax(POTENTIAL, starts, 2.4, seed=0)
    assert np.array_equal(relaxed, expected)


def test_weights_and_pair_parts_decide_as_they_count():
    """Pairs of weight 0 do not decide; scaled together, weights change nothing."""
    starts = apart(3, 2, 2.4, 20)
    frozen = RandomMoves(5, 0.2, images="frozen")

    def moved(**weights):
        return frozen.relax(ModifiedLennardJones(**weights), starts, 2.4, seed=0).positions

    expected = moved()
    assert np.array_equal(moved(pair_weight=0.5, triplet_weight=1.5), expected)  # ×2 is exact
    assert np.array_equal(moved(pair_part=ModifiedLennardJones()), expected)
    assert not np.array_equal(moved(pair_weight=0.0), expected)
    assert not np.array_equal(moved(pair_part=ModifiedLennardJones(cutoff=1.2)), expected)


def test_a_lone_particle_is_caged_by_its_own_images():
    """They stay where it stood: it falls into the well between them and comes to rest there."""
    starts = Lattice(1, 2, 1.3).sample(40, seed=0)
    moving = RandomMoves(40, 0.1).relax(POTENTIAL, starts, 1.3, seed=0)
    frozen = RandomMoves(40, 0.1, images="frozen").relax(POTENTIAL, starts, 1.3, seed=0)
    assert (moving.acceptance_rates == 1.0).all()
    assert frozen.acceptance_rates.mean() < 0.3


STARTS = Lattice(4, 2, 5.0).sample(1200, seed=0)
PUBLISHED = ModifiedLennardJones(counting="published")


REFERENCE = Path(__file__).parents[1] / "reference" / "thesis_values.json"
TABLE_2 = json.loads(REFERENCE.read_text(encoding="utf-8"))["acceptance_rates"]


def errors_away(images):
    """How far each entry of table 2 is from ours, in errors that the thesis gives.

    A relaxation of 500 epochs holds those of fewer: its first epochs are theirs.
    """
    away = []
    for width in (2.5, 5.0, 10.0, 20.0):
        starts = Lattice(4, 2, width).sample(200, seed=0)
        moves = RandomMoves(500, 0.1, images=images)
        accepted = moves.relax(PUBLISHED, starts, width, seed=1).accepted.mean(axis=0) / 4
        for entry in (entry for entry in TABLE_2 if entry["width"] == width):
            percent = 100 * accepted[entry["epochs"] - 10 : entry["epochs"]].mean()
            away.append((percent - entry["percent"]) / entry["error"])
    assert len(away) == len(TABLE_2) == 56
    return np.abs(away)


def test_table_2():
    """Acceptance rates of the thesis come with frozen images, and not with moving ones."""
    frozen, moving = map(errors_away, ("frozen", "moving"))
    assert (frozen <= 1.0).sum() >= 48
    assert frozen.max() < 3.0
    assert (moving <= 1.0).sum() <= 40
    assert moving.max() > 3.0


def test_high_energies_come_back_with_frozen_images():
    """ "It is unknown why the higher energies also get more common": images that did not move.

    Particles relax to where others once were, until those meet there: the 95th percentile of the
    energies rises a hundredfold between 10 and 100 epochs, while with moving images it falls.
    """
    tails = {}
    for images in ("frozen", "moving"):
        tails[images] = []
        for epochs in (10, 40, 100):
            moves = RandomMoves(epochs, 0.1, images=images)
            relaxed, *_ = moves.relax(PUBLISHED, STARTS, 5.0, seed=0)
            energies = PUBLISHED.energy_per_particle(relaxed, 5.0)
            tails[images].append(np.quantile(energies, 0.95))
    ten, forty, hundred = tails["frozen"]
    assert 2.0 < ten < forty / 2 < hundred / 20
    ten, forty, hundred = tails["moving"]
    assert ten > 1.0
    assert max(forty, hundred) < 0.0
