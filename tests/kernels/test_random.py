"""SplitMix64 and what is drawn with it."""

import numpy as np
import pytest
from numba import njit

from peslab.kernels import random


def draws(n, seed=0, index=0, purpose=random.MOVES):
    """The first uniform numbers of a stream."""
    return drawn(stream(seed, index, purpose), n)


# Subroutines are called by compiled functions only.


@njit
def stream(seed, index, purpose):
    return random.stream(seed, index, purpose)


@njit
def drawn(generator, n):
    numbers = np.empty(n)
    for k in range(n):
        numbers[k] = random.uniform(generator)
    return numbers


@njit
def fill_directions(generator, directions, axes):
    for direction in directions:
        random.random_direction(generator, direction, axes)


def test_reference_sequence():
    """The first words of SplitMix64 from state 1234567, as published with its source."""
    state = np.array([1234567], dtype=np.uint64)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert drawn(state, 3).tolist() == [(word >> 11) * 2.0**-53 for word in expected]


def test_uniform_numbers():
    """Mean, variance and neighbors of uniform numbers, within five standard errors."""
    numbers = draws(50_000)
    assert 0.0 <= numbers.min() < numbers.max() < 1.0
    assert numbers.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * 50_000))
    assert numbers.var() == pytest.approx(1 / 12, abs=5 / np.sqrt(180 * 50_000))
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 5 / np.sqrt(50_000)


def test_streams_are_unrelated():
    """Neighboring seeds, indices and purposes share no numbers, and none is the sum of others."""
    streams = [
        draws(20, seed, index, purpose)
        for seed in (0, 1, 2, 2**63 - 1)
        for index in (0, 1, 2, 10**9)
        for purpose in (random.POSITIONS, random.MOVES)
    ]
    assert np.unique(np.concatenate(streams)).size == len(streams) * 20


def test_first_numbers_of_many_streams_are_uniform():
    """Across configurations, too, numbers scatter evenly."""
    first = np.array([draws(1, index=index)[0] for index in range(20_000)])
    counts = np.histogram(first, bins=20, range=(0.0, 1.0))[0]
    np.testing.assert_allclose(counts, 1000, atol=5 * np.sqrt(1000))


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_directions_are_uniform_on_the_sphere(dimension):
    """Unit length, zero mean, and the same square on each axis: no corner is preferred."""
    directions = np.empty((10_000, dimension))
    fill_directions(stream(0, 0, random.MOVES), directions, tuple(range(dimension)))
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose((directions**2).mean(axis=0), 1 / dimension, atol=0.02)
    # The fourth moment of a coordinate tells a sphere from a cube: 3/(d (d + 2)).
    fourth = 3 / (dimension * (dimension + 2))
    np.testing.assert_allclose((directions**4).mean(axis=0), fourth, atol=0.02)
