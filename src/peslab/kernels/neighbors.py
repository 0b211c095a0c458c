"""Neighbors of a particle among all images of all particles, for any dimension and any width.

The image of particle j that is shifted by s cells stands at r_j + s w_c. The shift is kept as one
integer, its `cell`, whose digits are s_1 … s_d in a base that they cannot overflow: equal shifts
have equal numbers, and the sign of a cell is the lexicographic sign of its shift.
"""

import math
from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import subroutine


class Neighbors(NamedTuple):
    """Room for the neighbors of one particle; `find_neighbors` fills the first rows."""

    particles: IntArray  # (capacity,) whose images they are
    cells: IntArray  # (capacity,) in which cells they stand; 0 is the particle's own
    vectors: FloatArray  # (capacity, d) from the particle to the neighbor
    distances: FloatArray  # (capacity,)
    shifts: IntArray  # (3, d) the lowest, the highest and the present shift along each axis


@subroutine
def room_for_neighbors(
    n_particles: int, dimension: int, cell_width: float, reach: float
) -> Neighbors:
    """As much room as all images within `reach` of a particle can take."""
    images_per_axis = int(2.0 * reach / cell_width) + 2
    capacity = n_particles * images_per_axis**dimension
    return Neighbors(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        np.empty((capacity, dimension)),
        np.empty(capacity),
        np.empty((3, dimension), np.int64),
    )


@subroutine
def base_of_cells(cell_width: float, reach: float) -> int:
    """A base for cells whose shifts are at most 2 reach / w_c + 2, to either side."""
    return 4 * int(reach / cell_width) + 5


@subroutine
def find_neighbors(
    neighbors: Neighbors,
    positions: FloatArray,  # (N, d), wrapped into the cell
    particle: int,
    cell_width: float,
    reach: float,
    only_later: bool,
) -> int:
    """Fill in all images closer than `reach` to a particle and return their number.

    Images are ordered by cell, then by particle; `only_later` leaves out those before the particle.
    So each pair, and each triangle at its lowest corner, is met once: the order stays the same
    wherever cells are counted from, so that all translations of a triangle agree on the corner.
    """
    particles, cells, vectors, distances, shifts = neighbors
    n_particles, dimension = positions.shape
    base = base_of_cells(cell_width, reach)
    count = 0
    for other in range(n_particles):
        more = first_shift(shifts, positions, particle, other, cell_width, reach, only_later)
        while more:
            cell = 0
            square = 0.0
            for axis in range(dimension):
                cell = cell * base + shifts[2, axis]
                component = positions[other, axis] - positions[particle, axis]
                component += shifts[2, axis] * cell_width
                vectors[count, axis] = component
                square += component * component
            more = next_shift(shifts)
            itself = cell == 0 and other == particle
            not_later = cell < 0 or (cell == 0 and other <= particle)
            particles[count] = other
            cells[count] = cell
            distances[count] = np.sqrt(square)
            # Counted without a branch, which would be guessed wrong every other time.
            count += (square < reach * reach) & (not (not_later if only_later else itself))
    return count


@subroutine
def first_shift(
    shifts: IntArray,
    positions: FloatArray,
    particle: int,
    other: int,
    cell_width: float,
    reach: float,
    only_later: bool,
) -> bool:
    """Set the range of shifts that may bring `other` into reach; False if there are none."""
    per_cell = 1.0 / cell_width
    some = True
    for axis in range(shifts.shape[1]):
        offset = positions[other, axis] - positions[particle, axis]
        shifts[0, axis] = int(np.ceil((-reach - offset) * per_cell))
        shifts[1, axis] = int(np.floor((reach - offset) * per_cell))
        if only_later and axis == 0:
            shifts[0, 0] = max(shifts[0, 0], 0)  # later images have no negative first shift
        shifts[2, axis] = shifts[0, axis]
        some = some and shifts[0, axis] <= shifts[1, axis]
    return some


@subroutine
def next_shift(shifts: IntArray) -> bool:
    """Count the shift up like an odometer, the last axis fastest; False after the last one."""
    for axis in range(shifts.shape[1] - 1, -1, -1):
        if shifts[2, axis] < shifts[1, axis]:
            shifts[2, axis] += 1
            return True
        shifts[2, axis] = shifts[0, axis]
    return False


@subroutine
def length_of_side(vectors: FloatArray, first: int, second: int) -> float:
    """Distance of two neighbors from each other."""
    square = 0.0
    for axis in range(vectors.shape[1]):
        component = vectors[second, axis] - vectors[first, axis]
        square += component * component
    return math.sqrt(square)
