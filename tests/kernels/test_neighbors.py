"""Neighbors among images, and the order that visits each triangle once."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from numba import njit

from peslab.kernels.bins import bins_per_axis, room_for_bins, sort_into_bins
from peslab.kernels.neighbors import find_later_neighbors, most_bonds, room_for_bonds

# Small cells with many images, cells twice as wide as the reach, and cells with bins.
SMALL = [(3, 1, 0.7, 2.0), (4, 2, 5.0, 3.0), (2, 2, 0.9, 3.0), (3, 3, 2.0, 3.0), (1, 3, 1.5, 2.9)]
WIDE = [(5, 2, 6.0, 3.0), (9, 3, 7.0, 3.1), (1, 1, 9.0, 2.0)]
BINNED = [(40, 1, 20.0, 1.1), (300, 2, 12.0, 1.5), (400, 3, 8.0, 1.9), (130, 3, 9.7, 1.7)]
CASES = SMALL + WIDE + BINNED


@njit
def bonds_of(positions, width, reach, axes):
    """All bonds of a configuration: places of the particles, cells, vectors, distances."""
    n_particles = len(positions)
    room = 1000 + most_bonds(n_particles, len(axes), width, reach)
    bonds, bins = room_for_bonds(room * n_particles, axes), room_for_bins(n_particles, axes)
    per_axis = bins_per_axis(n_particles, len(axes), width, reach)
    sort_into_bins(bins, positions, width, per_axis)
    stop = 0
    for k in range(n_particles):
        start = stop
        stop = find_later_neighbors(bonds, start, bins, k, width, reach, per_axis)
        bonds.origins[start:stop] = bins.particles[k]
    return (
        per_axis,
        bonds.origins[:stop].copy(),
        bonds.particles[:stop].copy(),
        bonds.cells[:stop].copy(),
        bonds.vectors[:, :stop].T.copy(),
        bonds.distances[:stop].copy(),
    )


def found(n, d, width, reach):
    positions = np.random.default_rng(n + 10 * d).uniform(0.0, width, (n, d))
    return positions, *bonds_of(positions, width, reach, tuple(range(d)))


def images(positions, width, reach):
    """Origin, particle and vector of all images within reach, from a block deep enough."""
    depth = int(reach / width) + 2
    shifts = width * np.array(list(product(range(-depth, depth + 1), repeat=positions.shape[1])))
    offsets = positions[None, :, None] + shifts - positions[:, None, None]
    lengths = np.linalg.norm(offsets, axis=-1)
    origins, particles, places = np.nonzero((lengths > 0.0) & (lengths < reach))
    return origins, particles, offsets[origins, particles, places]


def rounded(vectors):
    return Counter(map(tuple, (vectors.round(9) + 0.0).tolist()))


@pytest.mark.parametrize(("n", "d", "width", "reach"), CASES)
def test_each_pair_is_met_once(n, d, width, reach):
    """The bonds and their opposites are all the vectors to images, each of them once."""
    positions, _, origins, particles, _, vectors, distances = found(n, d, width, reach)
    _, _, expected = images(positions, width, reach)
    assert rounded(np.concatenate([vectors, -vectors])) == rounded(expected)
    np.testing.assert_allclose(distances, np.linalg.norm(vectors, axis=1), rtol=1e-12)
    ways = positions[particles] - positions[origins]
    cells = (vectors - ways) / width
    np.testing.assert_allclose(cells, cells.round(), atol=1e-9)  # an image of that very particle


@pytest.mark.parametrize(("n", "d", "width", "reach"), CASES)
def test_cells_tell_shifts_apart(n, d, width, reach):
    """Images have equal cells where their shifts are equal, and 0 in the particle's own cell."""
    positions, _, origins, particles, cells, vectors, _ = found(n, d, width, reach)
    shifts = ((vectors - positions[particles] + positions[origins]) / width).round()
    number_of = {tuple(shift): cell for shift, cell in zip(shifts, cells, strict=True)}
    assert all(number_of[tuple(shift)] == cell for shift, cell in zip(shifts, cells, strict=True))
    assert len(set(number_of.values())) == len(number_of)
    assert all((cell == 0.0) == (not any(shift)) for shift, cell in number_of.items())


@pytest.mark.parametrize(("n", "d", "width", "reach"), [*SMALL, *WIDE, (40, 1, 20.0, 1.1)])
def test_each_triangle_is_met_once(n, d, width, reach):
    """Triangles with all sides in reach are met at one of their corners, wherever that lies."""
    positions, _, origins, _, _, vectors, _ = found(n, d, width, reach)
    met = Counter()
    for i in range(n):
        mine = np.flatnonzero(origins == i)
        met.update(sides(vectors[a], vectors[b], reach) for a in mine for b in mine if a < b)
    visited = Counter()
    every, _, ways = images(positions, width, reach)
    for i in range(n):
        mine = np.flatnonzero(every == i)
        visited.update(sides(ways[a], ways[b], reach) for a in mine for b in mine if a < b)
    del met[None], visited[None]
    assert sum(met.values()) * 3 == sum(visited.values())
    assert {side: 3 * count for side, count in met.items()} == visited


def sides(one, other, reach):
    """What a triangle is known by; None where its third side is out of reach."""
    third = other - one
    if np.linalg.norm(third) >= reach - 1e-9:
        return None
    return tuple(sorted(np.linalg.norm([one, other, third], axis=1).round(7)))


def test_bins_are_used_where_they_pay():
    """Cells four times as wide as the reach have bins; a particle in a bin looks around it only."""
    assert [found(*case)[1] for case in SMALL + WIDE] == [1] * 8
    assert [found(*case)[1] for case in BINNED] == [18, 8, 4, 5]


def test_particles_on_the_upper_edge_have_a_bin():
    """A coordinate that rounding puts on the upper edge counts to the last bin."""
    width = 7.3
    edge = np.nextafter(width, 0.0)
    positions = np.array(
        [[edge, 0.1], [0.05, 0.1], *np.random.default_rng(0).uniform(0, width, (60, 2))]
    )
    _, origins, particles, _, vectors, _ = bonds_of(positions, width, 1.2, (0, 1))
    first = [(0, 1), (1, 0)]
    bonds = [
        vectors[k] for k, pair in enumerate(zip(origins, particles, strict=True)) if pair in first
    ]
    assert len(bonds) == 1
    np.testing.assert_allclose(np.abs(bonds[0]), [0.05, 0.0], atol=1e-12)
