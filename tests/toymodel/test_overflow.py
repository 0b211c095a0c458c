"""Numbers that leave the range of floats are told, never handed on."""

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import ProximityEigenvalues
from peslab.kernels.inputs import whole
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves


def test_a_force_that_overflows_is_refused():
    """The energy of 1e302 is finite, its slope is not: no database may hold it."""
    with pytest.raises(
        InvalidInputError, match=r"configuration 1 .* slope .* at the distance 9e-06; move its p"
    ):
        ModifiedLennardJones(exponent=30).energy_and_forces(
            [[[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [9e-6, 0.0]]], 5.0
        )


def test_a_jacobian_that_overflows_is_refused():
    """Its eigenvalues are finite all the same."""
    features, positions = ProximityEigenvalues([-60], 3.0), [[0.0, 0.0], [2.5e-5, 0.0]]
    assert np.isfinite(features(positions, 5.0)).all()
    with pytest.raises(InvalidInputError, match="not finite"):
        features.with_jacobian(positions, 5.0)


@pytest.mark.parametrize("width", [1e-200, 1e-320])
def test_the_smallest_cells_are_refused_without_a_warning(width):
    """The number of images is infinite, as far as floats go."""
    with pytest.raises(InvalidInputError, match="is so small"):
        ModifiedLennardJones().energy_per_particle([[0.0, 0.0]], width)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ProximityEigenvalues([-2, -(10**21)], 3.0),
        lambda: ProximityEigenvalues([-101], 3.0),
        lambda: RandomMoves(epochs=2**63, max_displacement=0.1),
        lambda: Lattice(2, 2, 5.0).sample(1, seed=0, first_index=2**63),
        lambda: Lattice(2, 2, 5.0).sample(1, seed=2**63),
        lambda: whole("count", 10**12 + 1, minimum=0),
    ],
)
def test_whole_numbers_beyond_what_kernels_count_are_refused(make):
    """64 bits would overflow, or the sum would not end."""
    with pytest.raises(InvalidInputError):
        make()


def test_a_seed_may_have_63_bits():
    """Other whole numbers are counts, seeds are not."""
    assert Lattice(1, 1, 5.0).sample(1, seed=2**63 - 1).shape == (1, 1, 1)


@pytest.mark.parametrize("n_threads", [0, 1.5, True, "2"])
def test_threads_are_counted(n_threads):
    """0 is not taken for all, and there is no half of one."""
    with pytest.raises(InvalidInputError, match="n_threads must be 1 or more"):
        ModifiedLennardJones().energy_per_particle(np.ones((1, 1, 2)), 5.0, n_threads)
