"""Physical laws that every potential obeys."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_cases import INVARIANT_POTENTIALS, POTENTIALS, cases, finite_differences

from peslab.toymodel import ModifiedLennardJones

every_potential = pytest.mark.parametrize("potential", POTENTIALS.values(), ids=POTENTIALS)
every_invariant_potential = pytest.mark.parametrize(
    "potential", INVARIANT_POTENTIALS.values(), ids=INVARIANT_POTENTIALS
)
tried = settings(max_examples=20, deadline=None)

# Sums of some hundred terms, taken in another order, differ in their last digits. A shift also
# rounds the distances themselves, which steep slopes magnify.
ROUNDING = {"rtol": 1e-9, "atol": 1e-9}


def same(one, other):
    """Energies and forces agree, the forces relative to the largest of them."""
    np.testing.assert_allclose(one[0], other[0], **ROUNDING)
    np.testing.assert_allclose(one[1], other[1], rtol=0, atol=1e-9 * (1 + np.abs(other[1]).max()))


@every_invariant_potential
@tried
@given(case=cases(), shift=st.tuples(*[st.floats(-20.0, 20.0)] * 3))
def test_translation(potential, case, shift):
    """Moving all particles by the same vector changes neither energy nor forces."""
    moved = case.positions + np.array(shift)[: case.dimension]
    same(
        potential.energy_and_forces(moved, case.cell_width),
        potential.energy_and_forces(case.positions, case.cell_width),
    )


@every_potential
@tried
@given(case=cases(min_particles=2), seed=st.integers(0, 1000))
def test_permutation(potential, case, seed):
    """Particles have no names: exchanging them exchanges their forces."""
    order = np.random.default_rng(seed).permutation(len(case.positions))
    energy, forces = potential.energy_and_forces(case.positions, case.cell_width)
    same(
        potential.energy_and_forces(case.positions[order], case.cell_width),
        (energy, forces[:, order]),
    )


@every_potential
@tried
@given(case=cases(), seed=st.integers(0, 1000))
def test_wrapping(potential, case, seed):
    """Wrapped and unwrapped positions give the same energy: any image of a particle will do."""
    cells = np.random.default_rng(seed).integers(-3, 4, case.positions.shape)
    same(
        potential.energy_and_forces(case.positions + cells * case.cell_width, case.cell_width),
        potential.energy_and_forces(case.positions, case.cell_width),
    )


@every_potential
@tried
@given(case=cases(), axis=st.integers(0, 1))
def test_reflection(potential, case, axis):
    """A mirror reflects the forces and keeps the energy."""
    mirror = np.ones(case.dimension)
    mirror[axis] = -1.0
    energy, forces = potential.energy_and_forces(case.positions, case.cell_width)
    reflected = potential.energy_and_forces(case.positions * mirror, case.cell_width)
    same(reflected, (energy, forces * mirror))


@every_potential
@tried
@given(case=cases())
def test_rotation(potential, case):
    """A quarter turn turns the forces and keeps the energy."""
    turn = np.eye(case.dimension)
    turn[:2, :2] = [[0.0, -1.0], [1.0, 0.0]]
    energy, forces = potential.energy_and_forces(case.positions, case.cell_width)
    turned = potential.energy_and_forces(case.positions @ turn.T, case.cell_width)
    same(turned, (energy, forces @ turn.T))


@every_potential
@tried
@given(case=cases())
def test_forces_are_minus_the_gradient(potential, case):
    """F = −∂(N v)/∂r, against central differences."""

    def energy_of_cell(positions):
        return len(case.positions) * potential.energy_per_particle(positions, case.cell_width)

    # Away from the edges of the cell, which particles of the published counting must not cross.
    positions = np.clip(case.positions, 1e-3, case.cell_width - 1e-3)
    _, forces = potential.energy_and_forces(positions, case.cell_width)
    # The error of central differences grows with the third derivative, which is largest where the
    # forces are: 1e-5 of the largest slope that any term can have here.
    numerical = -finite_differences(energy_of_cell, positions, step=1e-5)
    scale = 1.0 + np.abs(numerical).max() + np.abs(energy_of_cell(positions)).max()
    np.testing.assert_allclose(forces[0], numerical, rtol=0, atol=1e-5 * scale)


@every_invariant_potential
@tried
@given(case=cases())
def test_forces_sum_to_zero(potential, case):
    """Newton's third law: every push on one particle is a push back on another."""
    _, forces = potential.energy_and_forces(case.positions, case.cell_width)
    np.testing.assert_allclose(forces.sum(axis=1), 0.0, atol=1e-10 * (1 + np.abs(forces).max()))


@every_invariant_potential
@tried
@given(case=cases(max_particles=2), repeats=st.integers(2, 3))
def test_extensivity(potential, case, repeats):
    """A supercell has the energy per particle and the forces of the cells that it is made of."""
    cells = case.cell_width * np.array(list(product(range(repeats), repeat=case.dimension)))
    supercell = (cells[:, None] + case.positions).reshape(-1, case.dimension)
    energy, forces = potential.energy_and_forces(case.positions, case.cell_width)
    same(
        potential.energy_and_forces(supercell, repeats * case.cell_width),
        (energy, np.tile(forces, (1, len(cells), 1))),
    )


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
@tried
@given(case=cases(), length=st.floats(0.2, 5.0), energy=st.floats(0.01, 100.0))
def test_scaling(counting, case, length, energy):
    """R_c is the unit of length and E_c that of energy: v(λr; λR_c, εE_c) = ε v(r; R_c, E_c)."""
    scaled = ModifiedLennardJones(
        cutoff=2.0 * length,
        characteristic_energy=energy,
        characteristic_distance=length,
        counting=counting,
    )
    value, forces = ModifiedLennardJones(counting=counting).energy_and_forces(
        case.positions, case.cell_width
    )
    same(
        [
            part / unit
            for part, unit in zip(
                scaled.energy_and_forces(case.positions * length, case.cell_width * length),
                (energy, energy / length),
                strict=True,
            )
        ],
        (value, forces),
    )


@every_potential
def test_smooth_at_the_cutoff(potential):
    """Two particles that part at the cutoff feel neither a jump nor a kick."""
    just_inside = [[1.0, 1.0], [1.0 + potential.cutoff - 1e-6, 1.0]]
    energy, forces = potential.energy_and_forces(just_inside, 4.0 * potential.cutoff)
    assert abs(energy[0]) < 1e-10  # of second order in the distance from the cutoff
    assert np.abs(forces).max() < 1e-4  # of first order


@every_potential
def test_triangles_are_smooth_at_the_cutoff(potential):
    """A triangle whose mean side reaches the cutoff feels neither a jump nor a kick."""
    side = potential.cutoff - 1e-6
    triangle = np.array([[0.0, 0.0], [side, 0.0], [0.5 * side, np.sqrt(0.75) * side]]) + 1.0
    energy, forces = potential.energy_and_forces(triangle, 5.0 * potential.cutoff)
    assert abs(energy[0]) < 1e-10
    assert np.abs(forces).max() < 1e-4


@every_potential
def test_nothing_beyond_the_cutoff(potential):
    """Particles farther apart than the cutoff, images included, do not feel each other at all."""
    energy, forces = potential.energy_and_forces(
        [[0.0, 0.0], [1.01 * potential.cutoff, 0.0]], 2.02 * potential.cutoff
    )
    assert energy[0] == 0.0
    assert not forces.any()


def test_published_counting_depends_on_the_origin():
    """Equation (9) as printed counts triangles over an edge of the cell less: a known flaw."""
    square = np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]])
    energy = ModifiedLennardJones(counting="published").energy_per_particle
    assert energy(square, 5.0)[0] < energy(square - [1.5, 0.0], 5.0)[0] - 0.5
