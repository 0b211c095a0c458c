"""Descent along the forces: down to where no force is left, and never by chance."""

from itertools import pairwise

import numpy as np
import pytest
from ase.optimize import FIRE

from peslab.errors import InvalidInputError
from peslab.toymodel import (
    Descent,
    Lattice,
    ModifiedLennardJones,
    RandomMoves,
)
from peslab.toymodel.atoms import to_ase
from peslab.toymodel.calculator import PotentialCalculator

POTENTIAL = ModifiedLennardJones()
SOFT = ModifiedLennardJones(exponent=3, cutoff=1.8)
CELLS = [(4, 2, 5.0), (3, 1, 3.5), (3, 3, 3.1), (2, 2, 1.9)]  # N_p, d, w_c
every_cell = pytest.mark.parametrize("cell", CELLS, ids=str)


def starts_of(cell, n=60, seed=0):
    n_particles, dimension, width = cell
    return Lattice(n_particles, dimension, width).sample(n, seed=seed)


def way(one, other, width):
    """From one to the other configuration, each particle to its nearest image."""
    ways = other - one
    return ways - width * np.round(ways / width)


@every_cell
@pytest.mark.parametrize("limit", [0.1, 1e-3, 1e-6])
def test_no_force_is_left(cell, limit):
    """From random starts of any energy down to where no component is above the limit."""
    width = cell[-1]
    starts = starts_of(cell)
    relaxed = Descent(5000, largest_force=limit).relax(POTENTIAL, starts, width, seed=0).positions
    energies, forces = POTENTIAL.energy_and_forces(relaxed, width)
    assert np.abs(forces).max() <= limit
    assert (energies <= POTENTIAL.energy_per_particle(starts, width)).all()
    assert relaxed.min() >= 0.0
    assert relaxed.max() < width


@pytest.mark.parametrize("potential", [POTENTIAL, SOFT], ids=["thesis", "soft"])
@pytest.mark.parametrize("cell", [(4, 2, 5.0), (3, 3, 4.0), (3, 1, 3.5)], ids=str)
def test_minima_are_those_of_ase(cell, potential):
    """ASE's own FIRE ends in the same places, from starts that moves have brought near a minimum.

    Far from one, small differences of the method decide which is found.
    """
    n_particles, dimension, width = cell
    moves = RandomMoves(150, 0.1)
    near = moves.relax(potential, starts_of(cell, 6, seed=3), width, seed=0).positions
    found = Descent(3000, largest_force=1e-5).relax(potential, near, width, seed=0).positions
    energies = n_particles * potential.energy_per_particle(found, width)
    for k, start in enumerate(near):
        atoms = to_ase(start, width, "X")
        atoms.calc = PotentialCalculator(potential)
        assert FIRE(atoms, logfile=None, maxstep=0.1).run(fmax=1e-5, steps=3000)
        assert energies[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-7)
        # Soft directions leave places open by more than energies.
        assert np.abs(way(found[k], atoms.positions[:, :dimension], width)).max() < 1e-2


@pytest.mark.parametrize("longest", [0.01, 0.2, 0.9])
@every_cell
def test_one_step_is_no_longer_than_allowed(cell, longest):
    """All particles together move by at most that length, along the forces of the start.

    A first step starts from rest with half the first time step of 0.1, as there is no power yet:
    0.05² times the forces, unless that is too long.
    """
    width = cell[-1]
    starts = starts_of(cell, 200)
    moves = Descent(1, max_displacement=longest)
    steps = way(starts, moves.relax(POTENTIAL, starts, width, seed=0).positions, width)
    _, forces = POTENTIAL.energy_and_forces(starts, width)
    forces[np.abs(forces).max(axis=(1, 2)) <= 0.01] = 0.0  # done at the start
    free = 0.05**2 * forces
    lengths = np.linalg.norm(free, axis=(1, 2), keepdims=True)
    expected = free * np.minimum(1.0, longest / np.maximum(lengths, 1e-300))
    np.testing.assert_allclose(steps, expected, rtol=1e-6, atol=1e-12)
    assert np.linalg.norm(steps, axis=(1, 2)).max() <= longest * (1 + 1e-9)
    assert (lengths > longest).any()


def test_no_later_step_is_longer_either():
    """Each further step is the way between two descents that differ by one step."""
    starts = starts_of(CELLS[0], 40)
    places = [
        Descent(steps, max_displacement=0.07).relax(POTENTIAL, starts, 5.0, seed=0).positions
        for steps in range(30)
    ]
    lengths = [np.linalg.norm(way(one, other, 5.0), axis=(1, 2)) for one, other in pairwise(places)]
    assert np.max(lengths) <= 0.07 * (1 + 1e-9)
    assert np.max(lengths[-1]) > 0.06


def test_nothing_is_drawn():
    """Seeds and places in a sequence do not matter, nothing is rated, and the start is kept."""
    starts = starts_of(CELLS[0])
    kept = starts.copy()
    one = Descent(7).relax(POTENTIAL, starts, 5.0, seed=0)
    two = Descent(7).relax(POTENTIAL, starts, 5.0, seed=99, first_index=12)
    assert np.array_equal(one.positions, two.positions)
    assert np.isnan(one.acceptance_rates).all()
    assert one.accepted.shape == (60, 0)
    assert np.array_equal(starts, kept)


def test_no_steps_leave_the_start():
    """Only wrapped into the cell."""
    starts = starts_of(CELLS[0])
    relaxed = Descent(0).relax(POTENTIAL, starts + 5.0, 5.0, seed=0).positions
    np.testing.assert_allclose(relaxed, starts, atol=1e-14)


@pytest.mark.parametrize(("dimension", "width"), [(1, 0.8), (2, 1.1), (3, 1.4)])
def test_a_lone_particle_rests(dimension, width):
    """Its images pull from all sides alike, and rounding is no force to follow."""
    starts = starts_of((1, dimension, width), 20)
    relaxed = Descent(50).relax(POTENTIAL, starts, width, seed=0).positions
    assert np.array_equal(relaxed, starts)


def test_a_minimum_is_not_left():
    """Where all forces are below the limit no step is taken."""
    starts = starts_of(CELLS[0], 20)
    first = Descent(3000, largest_force=1e-4).relax(POTENTIAL, starts, 5.0, seed=0).positions
    again = Descent(100, largest_force=1e-4).relax(POTENTIAL, first, 5.0, seed=0).positions
    assert np.array_equal(again, first)


@pytest.mark.parametrize("gap", [1e-8, 1e-7, 1e-6])
@pytest.mark.parametrize("exponent", [12, 20, 30])
def test_forces_that_overflow_lead_nowhere(exponent, gap):
    """Particles all but in one place: their forces, squared, are beyond all floats.

    Such a configuration stays as it is, or comes apart, and those beside it are relaxed.
    """
    steep = ModifiedLennardJones(exponent=exponent)
    starts = np.array([[[1.0, 1.0], [2.1, 1.0]], [[1.0, 1.0], [1.0 + gap, 1.0]]])
    relaxed = Descent(200).relax(steep, starts, 5.0, seed=0).positions
    assert np.linalg.norm(relaxed[0, 1] - relaxed[0, 0]) < 1.09
    assert np.linalg.norm(relaxed[1, 1] - relaxed[1, 0]) >= 0.99 * gap
    if exponent == 30:
        assert np.array_equal(relaxed[1], starts[1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", -1), ("steps", 1.0), ("steps", True), ("steps", None),
        ("largest_force", 0.0), ("largest_force", np.nan), ("largest_force", "small"),
        ("max_displacement", 0.0), ("max_displacement", np.inf), ("max_displacement", None),
    ],
)  # fmt: skip
def test_impossible_descents_are_named(field, value):
    """Whole steps, and lengths and forces above 0."""
    with pytest.raises(InvalidInputError, match=field):
        Descent(**{"steps": 5, field: value})
