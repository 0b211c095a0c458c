"""Neighbors among images, and the order that visits each triangle once."""

from itertools import combinations, product

import numpy as np
import pytest

from peslab.kernels.neighbors import find_neighbors, length_of_side, room_for_neighbors

CASES = [(3, 1, 0.7, 2.0), (4, 2, 5.0, 3.0), (2, 2, 0.9, 3.0), (3, 3, 2.0, 3.0), (1, 3, 1.5, 2.9)]


def neighbors_of(positions, particle, width, reach, only_later=False):
    """Particles, cells, vectors and distances, without the empty room behind them."""
    neighbors = room_for_neighbors(*positions.shape, width, reach)
    count = find_neighbors(neighbors, positions, particle, width, reach, only_later)
    return [column[:count] for column in neighbors[:4]]


def draw(n, d, width):
    return np.random.default_rng(n + 10 * d).uniform(0.0, width, (n, d))


@pytest.mark.parametrize(("n", "d", "width", "reach"), CASES)
def test_all_images_in_reach_are_found(n, d, width, reach):
    """The same vectors as from all cells of a block that is more than deep enough."""
    positions = draw(n, d, width)
    depth = int(reach / width) + 2
    shifts = width * np.array(list(product(range(-depth, depth + 1), repeat=d)))
    for i in range(n):
        offsets = (positions - positions[i] + shifts[:, None]).reshape(-1, d)
        lengths = np.linalg.norm(offsets, axis=1)
        expected = offsets[(lengths > 0.0) & (lengths < reach)]
        _, _, vectors, distances = neighbors_of(positions, i, width, reach)
        assert len(vectors) == len(expected)
        np.testing.assert_allclose(
            sorted(vectors.round(9).tolist()), sorted(expected.round(9).tolist())
        )
        np.testing.assert_allclose(distances, np.linalg.norm(vectors, axis=1), rtol=1e-12)


@pytest.mark.parametrize(("n", "d", "width", "reach"), CASES)
def test_each_pair_is_met_once(n, d, width, reach):
    """Of each neighbor and its mirror image, i to j and j to i, one comes later."""
    positions = draw(n, d, width)
    full = sum(len(neighbors_of(positions, i, width, reach)[0]) for i in range(n))
    later = [neighbors_of(positions, i, width, reach, only_later=True) for i in range(n)]
    assert 2 * sum(len(particles) for particles, *_ in later) == full
    for i, (particles, cells, _, _) in enumerate(later):
        assert ((cells > 0) | ((cells == 0) & (particles > i))).all()


@pytest.mark.parametrize(("n", "d", "width", "reach"), CASES)
def test_each_triangle_is_met_once(n, d, width, reach):
    """Over full lists every triangle within reach is met at each of its three corners."""

    def triangles(only_later):
        met = 0
        for i in range(n):
            *_, vectors, _ = neighbors_of(draw(n, d, width), i, width, reach, only_later)
            sides = (np.linalg.norm(a - b) for a, b in combinations(vectors, 2))
            met += sum(side < reach for side in sides)
        return met

    assert triangles(only_later=False) == 3 * triangles(only_later=True)


def test_equal_cells_have_equal_numbers():
    """Two neighbors stand in one cell exactly when their numbers are equal."""
    positions = draw(3, 2, 1.3)
    particles, cells, vectors, _ = neighbors_of(positions, 0, 1.3, 3.0)
    shifts = np.round((vectors - positions[particles] + positions[0]) / 1.3).astype(int)
    for m, k in combinations(range(len(cells)), 2):
        assert (cells[m] == cells[k]) == (shifts[m] == shifts[k]).all()
    assert (shifts[cells == 0] == 0).all()


def test_third_side():
    """The side between two neighbors."""
    assert length_of_side(np.array([[3.0, 0.0], [0.0, 4.0]]), 0, 1) == 5.0
