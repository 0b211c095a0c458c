"""Trial moves: steps, and the images that the moving particles see."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray, UIntArray
from peslab.kernels.compilation import Axes, procedure, room, subroutine, unsigned
from peslab.kernels.neighbors import base_of_cells, first_shift, next_shift
from peslab.kernels.random import random_direction, uniform
from peslab.kernels.wrapping import wrap


class Surroundings(NamedTuple):
    """The images around each particle of some configurations, found once for many moves.

    They reach farther than the particles see, so that they stay complete until one of them has
    moved by half of what is to spare (Verlet 1967). They are in the order of their owners.
    """

    counts: IntArray  # (n, N) how many images each particle has around it
    owners: IntArray  # (n, N, capacity) whose images they are
    cells: FloatArray  # (n, N, capacity) in which cells they stood
    offsets: FloatArray  # (n, N, d, capacity) what to add to their owner's position
    homes: FloatArray  # (n, N) the cell that each particle has moved to since
    origins: FloatArray  # (n, d, N) where the particles were
    shifts: IntArray  # (3, d) room for first_shift
    axes: Axes


class Seen(NamedTuple):
    """The images within reach of the particles that move, in one configuration after another."""

    places: IntArray  # (capacity,) in which configuration
    particles: IntArray  # (capacity,) whose images they are
    cells: FloatArray  # (capacity,) in which cells they stand; 0 is the particle's own
    vectors: FloatArray  # (d, capacity)
    distances: FloatArray  # (capacity,)
    axes: Axes


@room
def room_for_surroundings(size: int, n_particles: int, capacity: int, axes: Axes) -> Surroundings:
    """Room for up to `capacity` images around each particle of `size` configurations."""
    shape = (size, n_particles, capacity)
    return Surroundings(
        np.empty((size, n_particles), np.int64),
        np.empty(shape, np.int64),
        np.empty(shape),
        np.empty((size, n_particles, len(axes), capacity)),
        np.empty((size, n_particles)),
        np.empty((size, len(axes), n_particles)),
        np.empty((3, len(axes)), np.int64),
        axes,
    )


@room
def room_for_seen(capacity: int, axes: Axes) -> Seen:
    """Room for as many images, all in one cell: where that does not matter it is left so."""
    cells = np.empty(capacity)
    for m in range(capacity):
        cells[m] = 0.0
    return Seen(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        cells,
        np.empty((len(axes), capacity)),
        np.empty(capacity),
        axes,
    )


@subroutine
def draw_step(
    generator: UIntArray, max_displacement: float, along_axes: bool, step: FloatArray, axes: Axes
) -> None:
    """Fill a step: uniform along each axis, or in any direction with a uniform length."""
    if along_axes:
        for axis in range(len(axes)):
            step[axis] = max_displacement * (2.0 * uniform(generator) - 1.0)
    else:
        random_direction(generator, step, axes)
        length = max_displacement * uniform(generator)
        for axis in range(len(axes)):
            step[axis] *= length


@subroutine
def cell_of(columns: FloatArray, i: int, cell_width: float, reach: float, axes: Axes) -> float:
    """The cell that a particle stands in, 0 for that between 0 and w_c."""
    cell = 0.0
    base = base_of_cells(cell_width, reach)
    for axis in range(len(axes)):
        cell = cell * base + np.floor(columns[axis, i] / cell_width)
    return cell


@procedure
def look_around(
    around: Surroundings, k: int, columns: FloatArray, cell_width: float, reach: float
) -> None:
    """Move the particles of configuration k back into the cell and find all images in reach.

    Where j has an image in reach of i, i has one in reach of j: each pair is looked at once.
    """
    n_particles, axes, shifts = columns.shape[1], around.axes, around.shifts
    base = base_of_cells(cell_width, reach)
    for i in range(n_particles):
        around.counts[k, i], around.homes[k, i] = 0, 0.0
        for axis in range(len(axes)):
            columns[axis, i] = wrap(columns[axis, i], cell_width)
            around.origins[k, axis, i] = columns[axis, i]
    for i in range(n_particles):
        for other in range(i, n_particles):
            more = first_shift(shifts, axes, columns, i, other, cell_width, reach)
            while more:
                cell, square = 0.0, 0.0
                for axis in range(len(axes)):
                    cell = cell * base + shifts[2, axis]
                    offset = shifts[2, axis] * cell_width
                    square += (columns[axis, other] + offset - columns[axis, i]) ** 2
                if square < reach * reach and not (other == i and cell == 0.0):
                    add_image(around, k, i, other, cell, cell_width, 1.0)
                    if other != i:
                        add_image(around, k, other, i, cell, cell_width, -1.0)
                more = next_shift(shifts, axes)


@subroutine
def add_image(
    around: Surroundings, k: int, i: int, owner: int, cell: float, cell_width: float, sign: float
) -> None:
    """Add an image at the present shift, or at the opposite one, to those around particle i."""
    m = around.counts[k, i]
    around.owners[k, i, m], around.cells[k, i, m] = owner, sign * cell
    for axis in range(len(around.axes)):
        around.offsets[k, i, axis, m] = sign * around.shifts[2, axis] * cell_width
    around.counts[k, i] = m + 1


@subroutine
def see(
    around: Surroundings, seen: Seen, place: int, columns: FloatArray, i: int, reach: float,
    by_cells: bool, stop: int,
) -> int:  # fmt: skip
    """Add the images within reach of particle i to those before `stop`; return where they end.

    Their distances are squares as yet.
    """
    places, particles, cells, vectors, distances, axes = seen
    owners, cells_around = around.owners[place, i], around.cells[place, i]
    offsets, homes = around.offsets[place, i], around.homes[place]
    i, limit = unsigned(i), reach * reach
    home = homes[i]
    for m in range(unsigned(around.counts[place, i])):
        other = unsigned(owners[m])
        square = 0.0
        for axis in range(len(axes)):
            component = columns[axis, other] - columns[axis, i] + offsets[axis, m]
            vectors[axis, stop] = component
            square += component * component
        places[stop], particles[stop] = place, other
        if by_cells:
            cells[stop] = cells_around[m] + homes[other] - home
        distances[stop] = square
        stop += unsigned(square < limit)
    return stop
