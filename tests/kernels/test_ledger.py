"""The ledger: what it holds after any move is what it would hold if it were begun anew."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit, void

from peslab.kernels.compilation import COLUMNS, NUMBER, NUMBERS, of_dimension
from peslab.kernels.interaction import INTERACTION, Interaction, reach_of, weighs_by_cells
from peslab.kernels.ledger import cost, keep, room_for_ledger
from peslab.kernels.moves import cell_of, look_around
from peslab.kernels.neighbors import most_bonds
from peslab.kernels.relaxation import enter_energies, room_for_block, set_ranges
from peslab.toymodel import AreaAndCircumference, ModifiedLennardJones

POTENTIALS = [
    ModifiedLennardJones(),
    ModifiedLennardJones(counting="published"),
    ModifiedLennardJones(counting="once", triplet_weight=0.0),
    ModifiedLennardJones(pair_weight=0.0, cutoff=1.4),
    AreaAndCircumference(depth=1, pair_part=ModifiedLennardJones()),
]


def changes_of(positions, width, interaction, steps, changes, known, axes):
    """Move one particle after another by its step; fill in what that costs, and keep it."""
    interaction = Interaction(*interaction)
    n_particles = len(positions)
    sight = reach_of(interaction, width) + 2.0
    capacity = most_bonds(n_particles, len(axes), width, sight)
    block = room_for_block(1, n_particles, capacity, axes)
    columns, around, ledger = block.columns[0], block.around, block.ledger
    columns[:] = positions.T
    block.running[0] = 0
    set_ranges(interaction, block.ranges, 0, width, sight)
    look_around(around, 0, columns, width, sight)
    for i in range(n_particles):
        enter_energies(interaction, block, i, 1)
        keep(ledger, 0, i)
    for i in range(n_particles):
        if not ledger.apart:
            enter_energies(interaction, block, i, 1)
            keep(ledger, 0, i)
        for axis in range(len(axes)):
            columns[axis, i] += steps[i, axis]
        if weighs_by_cells(interaction):
            around.homes[0, i] = cell_of(columns, i, width, sight, around.axes)
        enter_energies(interaction, block, i, 1)
        changes[i] = cost(ledger, 0, i)
        keep(ledger, 0, i)
    known[: ledger.known.shape[1]] = ledger.known[0]


def signature(axes):
    """Of `changes_of`, in a number of dimensions."""
    return void(COLUMNS, NUMBER, INTERACTION, COLUMNS, NUMBERS, NUMBERS, axes)


@cache
def compiled(dimension):
    """`changes_of`, in a number of dimensions."""
    return njit(of_dimension(signature, dimension), error_model="numpy")(changes_of)


def moved_one_by_one(potential, positions, width, steps):
    """What each step costs, and the energies that are known in the end."""
    n_particles, dimension = positions.shape
    changes = np.full(n_particles, np.nan)
    known = np.zeros(n_particles * (n_particles + 1) * (n_particles + 2) // 6)
    interaction = tuple(potential.interaction())
    axes = tuple(range(dimension))
    compiled(dimension)(positions, width, interaction, steps, changes, known, axes)
    return changes, known


def drawn(n_particles, dimension, width, seed):
    """Particles on a disturbed grid, so that no energy hides another, and steps."""
    per_axis = int(np.ceil(n_particles ** (1 / dimension)))
    grid = np.stack(np.meshgrid(*[np.arange(per_axis)] * dimension), axis=-1)
    draw = np.random.default_rng(seed).uniform
    places = grid.reshape(-1, dimension)[:n_particles] + draw(0.2, 0.8, (n_particles, dimension))
    return places * width / per_axis, draw(-0.15, 0.15, (n_particles, dimension)) * width / per_axis


CELLS = [(1, 2, 1.1), (2, 2, 1.5), (3, 2, 2.3), (4, 2, 5.0), (2, 3, 2.2), (5, 3, 3.0), (26, 2, 8.0)]


@pytest.mark.parametrize("potential", POTENTIALS, ids=str)
@settings(max_examples=25, deadline=None)
@given(cell=st.sampled_from(CELLS), seed=st.integers(0, 2**32 - 1))
def test_steps_cost_what_the_whole_energy_rises_by(potential, cell, seed):
    """Images move along, in cells of any size and across their edges, whatever is counted."""
    n_particles, dimension, width = cell
    positions, steps = drawn(n_particles, dimension, width, seed)
    changes, _ = moved_one_by_one(potential, positions, width, steps)
    there = np.cumsum(np.eye(n_particles), axis=0)[:, :, None] * steps + positions
    energies = potential.energy_per_particle(np.concatenate([positions[None], there]), width)
    energies *= n_particles
    np.testing.assert_allclose(changes, np.diff(energies), atol=1e-9 * np.abs(energies).max())


@settings(max_examples=50, deadline=None)
@given(cell=st.sampled_from(CELLS[:-1]), seed=st.integers(0, 2**32 - 1))
def test_nothing_adds_up(cell, seed):
    """After moves every slot holds what it would hold if the particles had stood there at first."""
    n_particles, dimension, width = cell
    positions, steps = drawn(n_particles, dimension, width, seed)
    _, known = moved_one_by_one(POTENTIALS[1], positions, width, steps)
    _, anew = moved_one_by_one(POTENTIALS[1], positions + steps, width, np.zeros_like(steps))
    np.testing.assert_allclose(known, anew, rtol=1e-9, atol=1e-9 * np.abs(anew).max())


@njit
def slots_of(n_particles, apart):
    """Where the energies of each particle stand."""
    return room_for_ledger(1, n_particles, apart).slots


@pytest.mark.parametrize("n_particles", [1, 2, 5, 24])
def test_three_particles_share_one_slot(n_particles):
    """Whichever of the three one looks from; and no others stand there."""
    slots, owners = slots_of(n_particles, True), {}
    two = [(j, k) for j in range(n_particles) for k in range(j + 1)]
    for i in range(n_particles):
        for slot, (j, k) in zip(slots[i], two, strict=True):
            owners.setdefault(slot, set()).add(tuple(sorted((i, j, k))))
    assert sorted(owners) == list(range(n_particles * (n_particles + 1) * (n_particles + 2) // 6))
    assert all(len(triples) == 1 for triples in owners.values())


def test_many_particles_share_all():
    """Their energies are summed before a step, too: one slot is enough."""
    assert (slots_of(30, False) == np.zeros((30, 1))).all()
