"""Random starts."""

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice

SQUARE = Lattice(n_particles=4, dimension=2, cell_width=5.0)


def test_positions_are_uniform_in_the_cell():
    """Every coordinate has the mean w_c/2 and the variance w_c²/12, without correlations."""
    positions = SQUARE.sample(20_000, seed=0).reshape(20_000, 8)
    assert positions.min() >= 0.0
    assert positions.max() < 5.0
    # Five standard errors of 20,000 draws.
    np.testing.assert_allclose(positions.mean(axis=0), 2.5, atol=5 * 5.0 / np.sqrt(12 * 20_000))
    correlations = np.corrcoef(positions.T) - np.eye(8)
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)
    histogram = np.histogram(positions, bins=50, range=(0.0, 5.0))[0]
    np.testing.assert_allclose(histogram, 3200, atol=5 * np.sqrt(3200))


def test_a_long_sample_begins_with_a_short_one():
    """Configuration k depends on the seed and k alone, so a sample can be drawn piece by piece."""
    sample = SQUARE.sample(10, seed=3)
    assert (SQUARE.sample(4, seed=3) == sample[:4]).all()
    assert (SQUARE.sample(6, seed=3, first_index=4) == sample[4:]).all()


def test_seeds_differ():
    """0 is a seed of its own; seeds and indices do not add up to each other."""
    samples = [SQUARE.sample(5, seed=seed) for seed in range(5)]
    assert np.unique(np.concatenate(samples)).size == 5 * 5 * 8


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_any_dimension(dimension):
    """Cells are intervals, squares, cubes and beyond."""
    assert Lattice(3, dimension, 1.0).sample(2, seed=0).shape == (2, 3, dimension)


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_particles", 0), ("n_particles", 1.5), ("dimension", 0), ("cell_width", 0.0)],
)
def test_impossible_cells_are_named(field, value):
    """No particles, no dimension or no width is refused by name."""
    choices = {"n_particles": 4, "dimension": 2, "cell_width": 5.0, field: value}
    with pytest.raises(InvalidInputError, match=field):
        Lattice(**choices)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, None])
def test_impossible_seeds_are_named(seed):
    """A seed is a whole number from 0 on, of at most 63 bits."""
    with pytest.raises(InvalidInputError, match="seed"):
        SQUARE.sample(1, seed=seed)
