"""The exact potential drives ASE: energies and forces are ours, and dynamics conserve them."""

import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.md.verlet import VelocityVerlet
from ase.optimize import FIRE

from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice, ModifiedLennardJones
from peslab.toymodel.atoms import to_ase
from peslab.toymodel.calculator import PotentialCalculator

CELLS = [(3, 1, 6.0), (4, 2, 5.0), (5, 3, 4.0)]  # N, d, w_c
POTENTIAL = ModifiedLennardJones()


def start(n_particles, dimension, width, seed=3):
    """Random particles with the calculator attached."""
    (positions,) = Lattice(n_particles, dimension, width).sample(1, seed)
    atoms = to_ase(positions, width, "X")
    atoms.calc = PotentialCalculator(POTENTIAL)
    return positions, atoms


def relaxed(n_particles, dimension, width):
    _, atoms = start(n_particles, dimension, width)
    assert FIRE(atoms, logfile=None).run(fmax=1e-4, steps=2000)
    return atoms


@pytest.mark.parametrize(("n_particles", "dimension", "width"), CELLS)
def test_energy_and_forces_are_those_of_the_potential(n_particles, dimension, width):
    """ASE's energy is that of the whole cell; no force points out of the periodic dimensions."""
    positions, atoms = start(n_particles, dimension, width)
    energy, forces = POTENTIAL.energy_and_forces(positions, width)
    assert atoms.get_potential_energy() == energy[0] * n_particles
    assert atoms.get_potential_energy(force_consistent=True) == energy[0] * n_particles
    assert np.array_equal(atoms.get_forces()[:, :dimension], forces[0])
    assert not atoms.get_forces()[:, dimension:].any()


def test_forces_are_the_slopes_of_the_energy():
    """As ASE itself finds by moving each particle a little."""
    from ase.calculators.fd import calculate_numerical_forces

    atoms = relaxed(4, 3, 5.0)
    atoms.positions[0, 0] += 0.1
    numerical = calculate_numerical_forces(atoms, eps=1e-5)
    np.testing.assert_allclose(atoms.get_forces(), numerical, atol=1e-6)


@pytest.mark.parametrize(("n_particles", "dimension", "width"), CELLS)
def test_fire_lowers_the_energy(n_particles, dimension, width):
    """ASE's optimizer ends where no force is left, below where it began."""
    _, before = start(n_particles, dimension, width)
    after = relaxed(n_particles, dimension, width)
    assert after.get_potential_energy() < before.get_potential_energy()
    assert np.abs(after.get_forces()).max() < 1e-4


def drift(atoms, timestep, duration=3.0):
    """How far the total energy leaves its first value, in E_c."""
    moving = atoms.copy()
    moving.calc = atoms.calc
    velocities = np.random.default_rng(0).normal(scale=0.3, size=(len(atoms), 2))
    velocities -= velocities.mean(axis=0)
    moving.set_velocities(np.pad(velocities, ((0, 0), (0, 1))))
    energies = []
    dynamics = VelocityVerlet(moving, timestep=timestep)
    dynamics.attach(lambda: energies.append(moving.get_total_energy()))
    dynamics.run(round(duration / timestep))
    kinetic = 0.5 * (velocities**2).sum()  # of mass 1
    assert energies[0] == pytest.approx(atoms.get_potential_energy() + kinetic)
    return np.abs(np.array(energies) - energies[0]).max()


def test_dynamics_conserve_the_energy_up_to_the_square_of_the_step():
    """The error of velocity Verlet is of second order: half the step, a quarter of the error.

    With 0.11 E_c of motion it is 0.0012 E_c at steps of 0.01 R_c √(m/E_c). A force that were not
    the slope of the energy would let it drift, whatever the step.
    """
    atoms = relaxed(4, 2, 5.0)
    whole, half = drift(atoms, 0.01), drift(atoms, 0.005)
    assert whole < 2e-3
    assert whole / half == pytest.approx(4.0, rel=0.1)


def test_units_scale_energies_and_lengths():
    """With argon's E_c = 0.0104 eV and R_c = 3.82 Å the same atoms are seen in eV and Å."""
    positions, atoms = start(4, 2, 5.0)
    larger = to_ase(positions * 3.82, 5.0 * 3.82, "Ar")
    larger.calc = PotentialCalculator(POTENTIAL, energy_unit=0.0104, length_unit=3.82)
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    assert larger.get_potential_energy() == pytest.approx(0.0104 * energy, rel=1e-9)
    np.testing.assert_allclose(larger.get_forces(), forces * 0.0104 / 3.82, rtol=1e-7, atol=1e-9)


def test_moving_a_particle_is_noticed():
    """The energy is calculated again where the atoms changed, and only there."""
    _, atoms = start(4, 2, 5.0)
    before = atoms.get_potential_energy()
    calculated = atoms.calc.results
    atoms.get_forces()
    assert atoms.calc.results is calculated
    atoms.positions[0, 0] += 0.3
    assert atoms.get_potential_energy() != before


def test_there_are_no_energies_of_single_atoms():
    """A triangle's energy belongs to no corner."""
    from ase.calculators.calculator import PropertyNotImplementedError

    _, atoms = start(4, 2, 5.0)
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_potential_energies()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pbc": False}, "pbc=F F F"),
        ({"cell": [4, 5, 6]}, "not cubic"),
        ({"symbols": "NaCl"}, "Cl and Na"),
        ({"pbc": (True, True, False)}, "velocities 0"),
        ({"positions": [[0, 0, 0], [4, 4, 4]]}, "the same place"),
    ],
)
def test_atoms_that_are_none_of_ours_are_refused(change, words):
    """No energy is better than one of something else."""
    plain = {"symbols": "X2", "positions": [[0, 0, 0], [1, 1, 1]], "cell": [4] * 3, "pbc": True}
    atoms = Atoms(**plain | change, calculator=PotentialCalculator(POTENTIAL))
    with pytest.raises(InvalidInputError, match=words) as caught:
        atoms.get_potential_energy()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unit", [0.0, -1.0, float("nan")])
def test_units_are_above_zero(unit):
    """A cell of width 0 has no energy."""
    with pytest.raises(InvalidInputError, match="length_unit"):
        PotentialCalculator(POTENTIAL, length_unit=unit)
    with pytest.raises(InvalidInputError, match="energy_unit"):
        PotentialCalculator(POTENTIAL, energy_unit=unit)


@pytest.mark.parametrize("potential", [ModifiedLennardJones, "modified_lennard_jones"])
def test_what_is_no_potential_is_refused(potential):
    """A class that was not called is told where it is given, not within a dynamics."""
    with pytest.raises(InvalidInputError, match=r"such as ModifiedLennardJones\(\), not "):
        PotentialCalculator(potential)


def test_the_toy_model_is_imported_without_ase():
    """Who generates a database does not wait for another package."""
    code = (
        "import sys, peslab.toymodel, peslab.database, peslab.problems\n"
        "assert 'ase' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
