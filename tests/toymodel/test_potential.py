"""Energies and forces: exact sums, conversions, bad input, own potentials."""

import doctest
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel import (
    ModifiedLennardJones,
    Potential,
    lattice,
    modified_lennard_jones,
    pair_function,
    potential,
    triplet_function,
)


def energy_by_brute_force(model, positions, width, depth):
    """Equation (9) with every triangle counted for each of its corners in the cell."""
    n, d = positions.shape
    shifts = width * np.array(sorted(product(range(-depth, depth + 1), repeat=d), key=np.any))
    images = (shifts[:, None] + positions).reshape(-1, d)  # the cell itself comes first
    energy = 0.0
    for i in range(n):
        distances = np.linalg.norm(images - positions[i], axis=1)
        others = [j for j in range(len(images)) if j != i and distances[j] < 1.5 * model.cutoff]
        energy += model.pair_values(distances[others])[0].sum() / 4.0
        for j, k in combinations(others, 2):
            sides = distances[j], distances[k], np.linalg.norm(images[j] - images[k])
            if sum(sides) < 3.0 * model.cutoff:
                energy += 2.0 * 3.0 / 4.0 * model.triplet_values(*sides)[0]
    return energy / n


@pytest.mark.parametrize(
    ("n", "d", "width", "depth"), [(1, 1, 0.9, 4), (3, 1, 2.0, 2), (1, 2, 1.1, 3), (2, 3, 2.5, 2)]
)
def test_sum_over_images_is_complete(n, d, width, depth):
    """However small the cell, all images within the cutoff count: equation (9), term by term."""
    positions = np.random.default_rng(1).uniform(0.0, width, (n, d))
    model = ModifiedLennardJones()
    expected = energy_by_brute_force(model, positions, width, depth)
    assert model.energy_per_particle(positions, width)[0] == pytest.approx(expected, rel=1e-12)


def test_many_configurations_at_once():
    """A batch with a width for each configuration equals the configurations one by one."""
    random = np.random.default_rng(0)
    widths = random.uniform(1.5, 6.0, 50)
    positions = random.uniform(0.0, 1.0, (50, 4, 2)) * widths[:, None, None]
    energies, forces = ModifiedLennardJones().energy_and_forces(positions, widths)
    assert energies.shape == (50,)
    assert forces.shape == (50, 4, 2)
    for k in range(50):
        energy, force = ModifiedLennardJones().energy_and_forces(positions[k], widths[k])
        assert energy[0] == energies[k]
        assert (force[0] == forces[k]).all()


def test_any_number_of_threads_gives_the_same_bits():
    """Threads share out the configurations and nothing else."""
    positions = np.random.default_rng(0).uniform(0.0, 5.0, (1000, 4, 2))
    one = ModifiedLennardJones().energy_and_forces(positions, 5.0, n_threads=1)
    three = ModifiedLennardJones().energy_and_forces(positions, 5.0, n_threads=3)
    assert (one[0] == three[0]).all()
    assert (one[1] == three[1]).all()


def test_integers_lists_and_strides_are_converted():
    """Anything that looks like positions will do, and is not changed."""
    positions = np.array([[0, 0], [1, 0], [3, 2]])
    expected = ModifiedLennardJones().energy_per_particle(positions.astype(float), 4.0)
    assert ModifiedLennardJones().energy_per_particle(positions, 4) == expected
    assert ModifiedLennardJones().energy_per_particle(positions.tolist(), [4]) == expected
    strided = np.zeros((3, 4))
    strided[:, ::2] = positions
    strided.flags.writeable = False
    assert ModifiedLennardJones().energy_per_particle(strided[:, ::2], np.float32(4)) == expected


@pytest.mark.parametrize(
    ("positions", "width", "words"),
    [
        ([[[0.0, 0.0], [1.0, np.nan]]], 5.0, "particle 1 of configuration 0"),
        ([[np.inf, 0.0]], 5.0, "infinity"),
        ([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]], 5.0, "particles 1 and 2 of configuration 0"),
        ([[[0.0], [1.0]], [[0.3], [5.3]]], 5.0, "particles 0 and 1 of configuration 1"),
        ([[0.0, 0.0], [10.0, 5.0 + 1e-13]], 5.0, "same place"),
        (np.empty((1, 0, 2)), 5.0, "shape"),
        ([1.0, 2.0], 5.0, "shape"),
        (np.zeros((1, 1, 1, 1)), 5.0, "shape"),
        ([["a", "b"]], 5.0, "array of numbers"),
        ([[0.0, 0.0]], 0.0, "above 0"),
        ([[0.0, 0.0]], -5.0, "above 0"),
        ([[0.0, 0.0]], np.nan, "finite"),
        ([[0.0, 0.0]], [5.0, 5.0], "shape"),
        ([[0.0, 0.0], [1.0]], 5.0, "array of numbers"),
    ],
)
def test_bad_input_is_named(positions, width, words):
    """Positions or widths without a meaning are refused in one sentence that says where."""
    with pytest.raises(InvalidInputError, match=words):
        ModifiedLennardJones().energy_and_forces(positions, width)


def test_energies_that_overflow_are_refused():
    """Particles that are almost in one place would give an infinite energy."""
    stiff = ModifiedLennardJones(exponent=60)
    with pytest.raises(InvalidInputError, match="configuration 1 is not finite"):
        stiff.energy_per_particle([[[0.0], [1.0]], [[0.0], [1e-4]]], 5.0)


@pytest.mark.parametrize("module", [potential, modified_lennard_jones, lattice])
def test_examples_in_the_documentation_run(module):
    """What a reader copies works, the potential of one's own included."""
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


@triplet_function
def no_triangles(parameters, a, b, c):
    return 0.0, 0.0, 0.0, 0.0


@pair_function
def parabola(parameters, r):
    gap = r - parameters[0]
    return gap * gap, 2.0 * gap


@dataclass(frozen=True)
class Parabola(Potential):
    """V_2 = (r − R_0)² and no triangles."""

    cutoff: float = 1.0
    pair, triplet = parabola, no_triangles

    @property
    def parameters(self):
        return [self.cutoff]


def test_own_potential_in_ten_lines():
    """Two particles at 0.5 R_0 hold 2 V_2/4 between them, half of it each."""
    energy, forces = Parabola().energy_and_forces([[0.0, 0.0], [0.5, 0.0]], 9.0)
    assert energy == pytest.approx([0.5 * 0.25 / 2.0])
    np.testing.assert_allclose(forces, [[[-0.5, 0.0], [0.5, 0.0]]])


def test_forgotten_decorator_is_named():
    """A plain function where a compiled one is needed is a clear error, not Numba's."""

    @dataclass(frozen=True)
    class Plain(Parabola):
        pair = staticmethod(lambda _parameters, r: (r, 1.0))

    with pytest.raises(InvalidInputError, match=r"Plain.pair .* @pair_function"):
        Plain().energy_per_particle([[0.0]], 1.0)


def test_wrong_cutoff_and_counting_of_own_potentials_are_named():
    """Own potentials need no checks of their own."""

    @dataclass(frozen=True)
    class Counted(Parabola):
        counting: str = "twice"

    with pytest.raises(InvalidInputError, match="cutoff"):
        Parabola(cutoff=-1.0).energy_per_particle([[0.0]], 1.0)
    with pytest.raises(InvalidInputError, match="counting"):
        Counted().energy_per_particle([[0.0]], 1.0)
