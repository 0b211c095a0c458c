"""Sorting into bins, walking around them, and telling apart by cells what is counted how often."""

from itertools import product

import numpy as np
import pytest
from numba import njit

from peslab.errors import InvalidInputError
from peslab.kernels import bins as binning
from peslab.kernels import block, interaction
from peslab.kernels.inputs import finite

# Subroutines are called by compiled functions only.


@njit
def sort(positions, width, per_axis, axes):
    bins = binning.room_for_bins(len(positions), axes)
    binning.sort_into_bins(bins, positions, width, per_axis)
    return bins


@njit
def walk(bins, k, width, per_axis):
    visited = [binning.first_bin(bins, k, width, per_axis)]
    while visited[-1] >= 0:
        visited.append(binning.next_bin(bins, per_axis))
    return visited[:-1]


@njit
def along(cell, axis, cells):
    return block.along(cell, axis, cells)


@njit
def of_pair(cell):
    return interaction.cells_of_pair(cell)


@njit
def of_triangle(first, second):
    return interaction.cells_of_triangle(first, second)


CASES = [(50, 1, 6), (60, 2, 5), (200, 3, 4), (10, 2, 1), (1, 3, 1)]  # N, d, bins along an axis


def sorted_case(n, dimension, per_axis, width=7.3):
    positions = np.random.default_rng(n).uniform(0.0, width, (n, dimension))
    return positions, sort(positions, width, per_axis, tuple(range(dimension))), width


@pytest.mark.parametrize(("n", "dimension", "per_axis"), CASES)
def test_each_particle_lies_in_its_bin(n, dimension, per_axis):
    """All particles stand in the list once, bin after bin, in each bin in their own order."""
    positions, bins, width = sorted_case(n, dimension, per_axis)
    n_bins = per_axis**dimension
    starts = bins.starts[: n_bins + 1]
    assert (starts[0], starts[-1]) == (0, n)
    assert sorted(bins.particles) == list(range(n))
    assert np.array_equal(bins.columns.T, positions[bins.particles])
    digits = (positions // (width / per_axis)).astype(int)
    expected = digits @ per_axis ** np.arange(dimension)[::-1]
    for place in range(n_bins):
        inside = bins.particles[starts[place] : starts[place + 1]]
        assert inside.tolist() == np.flatnonzero(expected == place).tolist()


@pytest.mark.parametrize(("n", "dimension", "per_axis"), CASES)
def test_the_way_around_a_bin_visits_its_neighbors_once(n, dimension, per_axis):
    """The 3ᵈ bins around a particle, across the edges of the cell; one bin is its own neighbor."""
    positions, bins, width = sorted_case(n, dimension, per_axis)
    for k in range(n):
        visited = walk(bins, k, width, per_axis)
        own = (positions[bins.particles[k]] // (width / per_axis)).astype(int)
        steps = product((-1, 0, 1), repeat=dimension) if per_axis > 1 else [(0,) * dimension]
        places = [
            (own + step) % per_axis @ per_axis ** np.arange(dimension)[::-1] for step in steps
        ]
        assert len(visited) == len(places)
        assert sorted(visited) == sorted(places)
        if per_axis > 1:
            assert len(set(visited)) == 3**dimension


@pytest.mark.parametrize(("dimension", "cells"), [(1, 3), (2, 1), (2, 2), (3, 1)])
def test_cells_of_a_block_have_all_places(dimension, cells):
    """The numbers from 0 to (2 d_s + 1)ᵈ − 1 stand for all cells, the middle one for the own."""
    n_cells = (2 * cells + 1) ** dimension
    places = [
        tuple(along(cell, axis, cells) for axis in range(dimension)) for cell in range(n_cells)
    ]
    assert set(places) == set(product(range(2 * cells + 1), repeat=dimension))
    assert places[n_cells // 2] == (cells,) * dimension


def test_corners_are_counted_by_the_cells_they_lie_in():
    """0 is the cell of the first corner: with others there are one, two or three distinct cells."""
    assert [of_pair(cell) for cell in (0.0, 1.0, -7.0)] == [0, 1, 1]
    for first, second in product((0.0, 3.0, -3.0, 8.0), repeat=2):
        assert of_triangle(first, second) == len({0.0, first, second}) - 1


def test_a_finite_number_has_any_sign():
    """Weights may be negative or 0, but no NaN, no truth value and no text."""
    assert [finite("weight", value) for value in (-1, 0, np.float32(0.5))] == [-1.0, 0.0, 0.5]
    assert type(finite("weight", 3)) is float
    for value in (np.nan, -np.inf, True, "1", None, [1.0], 1j):
        with pytest.raises(InvalidInputError, match="weight must be"):
            finite("weight", value)
