"""Lattices, energies and relaxations of cells with different numbers of particles."""

import numpy as np
import pytest
from ase import Atoms

from peslab.errors import InvalidInputError
from peslab.toymodel import (
    AreaTimesPairs,
    Descent,
    Lattice,
    Metropolis,
    ModifiedLennardJones,
    NoRelaxation,
    RandomMoves,
)
from peslab.toymodel.calculator import PotentialCalculator

POTENTIAL = ModifiedLennardJones()
MIXED = Lattice((2, 3, 6), 2, (3.0, 5.0), n_widths=2)
N = 40
RELAXATIONS = [
    RandomMoves(8, 0.1),
    RandomMoves(8, 0.1, scaled="epochs", reference_width=3.0),
    RandomMoves(4, 0.1, images="frozen"),
    Metropolis(8, 0.1, temperature=0.3),
    Descent(5),
    NoRelaxation(),
]


@pytest.fixture
def cells():
    """Relaxed cells of 2, 3 and 6 particles and their widths."""
    widths = MIXED.widths(N)
    return RandomMoves(8, 0.1).relax(POTENTIAL, MIXED.sample(N, 0), widths, 0).positions, widths


def test_numbers_take_turns_after_each_round_of_the_widths():
    """Each stretch of a sample holds all kinds of cells alike."""
    assert MIXED.numbers(14).tolist() == [2, 2, 3, 3, 6, 6] * 2 + [2, 2]
    assert MIXED.numbers(3, first_index=5).tolist() == [6, 2, 2]
    assert MIXED.n_kinds == 6
    kinds = set(zip(MIXED.numbers(6, 17).tolist(), MIXED.widths(6, 17).tolist(), strict=True))
    assert len(kinds) == 6


def test_a_cell_is_the_one_of_a_lattice_of_its_own_number():
    """The stream of a configuration does not know of other numbers."""
    sample, numbers = MIXED.sample(N, seed=3, first_index=9), MIXED.numbers(N, 9)
    assert sample.shape == (N, 6, 2)
    for number in (2, 3, 6):
        alone = Lattice(number, 2, (3.0, 5.0), n_widths=2).sample(N, 3, 9)
        assert (sample[numbers == number, :number] == alone[numbers == number]).all()
        assert np.isnan(sample[numbers == number, number:]).all()


def test_a_long_mixed_sample_begins_with_a_short_one():
    """Wherever it is cut."""
    sample = MIXED.sample(N, seed=3)
    pieces = [MIXED.sample(11, 3), MIXED.sample(N - 11, 3, first_index=11)]
    assert np.array_equal(np.concatenate(pieces), sample, equal_nan=True)


@pytest.mark.parametrize(
    ("given", "meant"), [([4], 4), ([6, 2, 3], (2, 3, 6)), ((2, 3), (2, 3)), (4, 4)]
)
def test_equal_lattices_are_equal(given, meant):
    """One number is no list, and a sequence has no say."""
    lattice = Lattice(given, 2, 5.0)
    assert lattice.n_particles == meant
    assert lattice == Lattice(meant, 2, 5.0)
    assert hash(lattice) == hash(Lattice(meant, 2, 5.0))


@pytest.mark.parametrize("given", [[], [3, 3], [2, 0], [2, 2.5], [2, True], "23"])
def test_impossible_numbers_are_refused(given):
    """None, one twice, no particle, half a particle."""
    with pytest.raises(InvalidInputError, match="n_particles must be"):
        Lattice(given, 2, 5.0)


@pytest.mark.parametrize("potential", [POTENTIAL, AreaTimesPairs(depth=1)])
def test_energies_of_a_mixture_are_those_of_each_number(potential, cells):
    """Bit for bit, and NaN where there is no particle."""
    positions, widths = cells
    energies, forces = potential.energy_and_forces(positions, widths)
    shares = potential.particle_energies(positions, widths)
    assert (potential.energy_per_particle(positions, widths) == energies).all()
    for number in (2, 3, 6):
        rows = MIXED.numbers(N) == number
        alone = positions[rows, :number], widths[rows]
        found = potential.energy_and_forces(*alone)
        assert (energies[rows] == found[0]).all()
        assert (forces[rows, :number] == found[1]).all()
        assert (shares[rows, :number] == potential.particle_energies(*alone)).all()
        assert np.isnan(forces[rows, number:]).all()
        assert np.isnan(shares[rows, number:]).all()


def test_an_absent_place_behind_all_changes_nothing():
    """Padded configurations of one number, or a single one."""
    starts = Lattice(4, 2, 5.0).sample(20, 0)
    padded = np.concatenate([starts, np.full((20, 1, 2), np.nan)], axis=1)
    energies, forces = POTENTIAL.energy_and_forces(starts, 5.0)
    found, padded_forces = POTENTIAL.energy_and_forces(padded, 5.0)
    assert (found == energies).all()
    assert (padded_forces[:, :4] == forces).all()
    (one,) = POTENTIAL.energy_per_particle(padded[3], 5.0)
    assert one == energies[3]


def test_exchanged_rows_are_exchanged_results(cells):
    """No configuration knows of another."""
    positions, widths = cells
    order = np.random.default_rng(0).permutation(N)
    energies, forces = POTENTIAL.energy_and_forces(positions, widths)
    found, others = POTENTIAL.energy_and_forces(positions[order], widths[order])
    assert (found == energies[order]).all()
    assert np.array_equal(others, forces[order], equal_nan=True)


def test_forces_are_minus_the_slopes_of_n_times_the_energy(cells):
    """Each configuration with its own N."""
    positions, widths = cells
    _, forces = POTENTIAL.energy_and_forces(positions, widths)
    step = np.zeros_like(positions)
    step[:, 1, 0] = 1e-6  # every configuration has a second particle
    ahead, behind = (
        POTENTIAL.energy_per_particle(positions + sign * step, widths) for sign in (1, -1)
    )
    slopes = MIXED.numbers(N) * (ahead - behind) / 2e-6
    np.testing.assert_allclose(-slopes, forces[:, 1, 0], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=lambda one: type(one).__name__)
def test_a_relaxation_knows_each_configuration_by_its_place(relaxation):
    """Alone, in a piece, on several threads: the same bits and moves as in the whole mixture."""
    starts, widths, numbers = MIXED.sample(N, 5), MIXED.widths(N), MIXED.numbers(N)
    whole = relaxation.relax(POTENTIAL, starts, widths, seed=5, n_threads=1)
    threaded = relaxation.relax(POTENTIAL, starts, widths, seed=5, n_threads=3)
    later = relaxation.relax(POTENTIAL, starts[13:], widths[13:], seed=5, first_index=13)
    for k in (0, 15, 29):
        alone = relaxation.relax(
            POTENTIAL, starts[k, : numbers[k]], widths[k], seed=5, first_index=k
        )
        assert (alone.positions[0] == whole.positions[k, : numbers[k]]).all()
        epochs = alone.accepted.shape[1]
        assert (alone.accepted[0] == whole.accepted[k, :epochs]).all()
        assert (whole.accepted[k, epochs:] == -1).all()
        np.testing.assert_array_equal(alone.acceptance_rates[0], whole.acceptance_rates[k])
    assert np.array_equal(threaded.positions, whole.positions, equal_nan=True)
    assert np.array_equal(later.positions, whole.positions[13:], equal_nan=True)
    assert (np.isnan(whole.positions).all(axis=2).sum(axis=1) == 6 - numbers).all()


def test_one_coordinate_is_not_a_missing_particle(cells):
    """It is a mistake, wherever it comes in."""
    positions, widths = cells
    positions[0, 1, 0] = np.nan
    for function in (
        POTENTIAL.energy_and_forces,
        POTENTIAL.particle_energies,
        lambda *cells: RandomMoves(1, 0.1).relax(POTENTIAL, *cells, 0),
        lambda *cells: Descent(1).relax(POTENTIAL, *cells, 0),
        lambda *cells: NoRelaxation().relax(POTENTIAL, *cells, 0),
    ):
        with pytest.raises(InvalidInputError, match="particle 1 of configuration 0"):
            function(positions, widths)


def test_atoms_without_a_position_are_no_missing_particles():
    """ASE counts them: an energy of fewer would be wrong."""
    atoms = Atoms("X2", positions=[[0.0, 0, 0], [np.nan] * 3], cell=[5.0] * 3, pbc=[1, 1, 0])
    atoms.calc = PotentialCalculator(POTENTIAL)
    with pytest.raises(InvalidInputError, match="position of particle 1"):
        atoms.get_potential_energy()
