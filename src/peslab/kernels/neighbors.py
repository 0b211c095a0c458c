"""Neighbors of a particle among all images of all particles, for any dimension and any width.

The image of particle j that is shifted by s cells stands at r_j + s w_c. The shift is kept as one
whole number, its `cell`, whose digits are s_1 … s_d in a base that they cannot overflow: equal
shifts have equal numbers, and the sign of a cell is the lexicographic sign of its shift. Cells are
floats, which are exact up to 2⁵³ and which vector instructions can compute.
"""

import math
from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.bins import Bins, first_bin, next_bin
from peslab.kernels.compilation import Axes, procedure, room, subroutine, unsigned


class Bonds(NamedTuple):
    """Room for vectors from particles to their neighbors, one after another in many cells."""

    places: IntArray  # (capacity,) which configuration
    origins: IntArray  # (capacity,) from which particle
    particles: IntArray  # (capacity,) to an image of which particle
    cells: FloatArray  # (capacity,) in which cell that stands; 0 is the particle's own
    vectors: FloatArray  # (d, capacity)
    distances: FloatArray  # (capacity,)
    energies: FloatArray  # (2, capacity) of its pair, of its triangles
    pulls: FloatArray  # (1 + d, capacity) dE/dr, and what pulls the neighbor sideways
    squares: FloatArray  # (capacity,) room for squares of lengths
    chosen: IntArray  # (capacity,) room for some of the bonds
    shifts: IntArray  # (3, d) room for the lowest, highest and present shift along each axis
    axes: Axes


@room
def room_for_bonds(capacity: int, axes: Axes) -> Bonds:
    """Room for as many bonds."""
    return Bonds(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        np.empty(capacity),
        np.empty((len(axes), capacity)),
        np.empty(capacity),
        np.empty((2, capacity)),
        np.empty((1 + len(axes), capacity)),
        np.empty(capacity),
        np.empty(capacity, np.int64),
        np.empty((3, len(axes)), np.int64),
        axes,
    )


@subroutine
def narrowest(cell_widths: FloatArray) -> float:
    """The least of them; NumPy's minimum takes half a second longer to compile."""
    least = np.inf
    for cell_width in cell_widths:
        least = min(least, cell_width)
    return least


@subroutine
def most_bonds(n_particles: int, dimension: int, cell_width: float, reach: float) -> int:
    """As many bonds as one particle can have within reach, and as are looked at to find them."""
    images_per_axis = int(2.0 * reach / cell_width) + 2
    return int(n_particles * images_per_axis**dimension)


@subroutine
def base_of_cells(cell_width: float, reach: float) -> float:
    """A base for cells whose shifts are at most 2 reach / w_c + 2, to either side."""
    return 4.0 * math.floor(reach / cell_width) + 5.0


@subroutine
def find_later_neighbors(
    bonds: Bonds, start: int, bins: Bins, k: int, cell_width: float, reach: float, per_axis: int
) -> int:
    """Fill in, from `start` on, bonds to the images in reach that come after the k-th particle.

    So each pair, and each triangle at its lowest corner, is met once: the order of images stays
    the same wherever cells are counted from, so that all translations of a triangle agree on it.
    Returns where the bonds end.
    """
    if cell_width >= 2.0 * reach:
        return find_nearest_images(bonds, start, bins, k, cell_width, reach, per_axis)
    return find_images(bonds, start, bins, k, cell_width, reach)


@procedure
def find_nearest_images(
    bonds: Bonds, start: int, bins: Bins, k: int, cell_width: float, reach: float, per_axis: int
) -> int:
    """Fill in later particles, of which only the nearest image can be within reach.

    Squares of distances come first, in loops that become vector instructions.
    """
    columns, squares, chosen = bins.columns, bonds.squares, bonds.chosen
    dimension, per_width = len(bonds.axes), 1.0 / cell_width
    base = base_of_cells(cell_width, reach)
    stop = start
    place = first_bin(bins, k, cell_width, per_axis)
    while place >= 0:
        first, last = unsigned(max(bins.starts[place], k + 1)), unsigned(bins.starts[place + 1])
        for m in range(first, last):
            squares[m] = 0.0
        for axis in range(dimension):
            origin = columns[axis, k]
            for m in range(first, last):
                component = columns[axis, m] - origin
                component -= cell_width * np.floor(component * per_width + 0.5)
                squares[m] += component * component
        count = 0
        for m in range(first, last):
            chosen[count] = m
            # Counted without a branch, which would often be guessed wrong.
            count += squares[m] < reach * reach
        for n in range(count):
            m = chosen[n]
            cell = 0.0
            for axis in range(dimension):
                component = columns[axis, m] - columns[axis, k]
                shift = np.floor(component * per_width + 0.5)
                bonds.vectors[axis, stop] = component - shift * cell_width
                cell = cell * base - shift
            bonds.particles[stop] = bins.particles[m]
            bonds.cells[stop] = cell
            bonds.distances[stop] = np.sqrt(squares[m])
            stop += 1
        place = next_bin(bins, per_axis) if per_axis > 1 else -1
    return stop


@procedure
def find_images(
    bonds: Bonds, start: int, bins: Bins, k: int, cell_width: float, reach: float
) -> int:
    """Fill in all later images within reach, however many of each other particle."""
    particles, cells, vectors, distances = bonds[2:6]
    shifts = bonds.shifts
    columns = bins.columns
    dimension, n_particles = len(bonds.axes), columns.shape[1]
    base = base_of_cells(cell_width, reach)
    stop = start
    for other in range(n_particles):
        more = first_shift(shifts, bonds.axes, columns, k, other, cell_width, reach)
        shifts[0, 0] = max(shifts[0, 0], 0)  # later images have no negative first shift
        shifts[2, 0] = shifts[0, 0]
        more = more and shifts[0, 0] <= shifts[1, 0]
        while more:
            cell = 0.0
            square = 0.0
            for axis in range(dimension):
                cell = cell * base + shifts[2, axis]
                component = columns[axis, other] - columns[axis, k]
                component += shifts[2, axis] * cell_width
                vectors[axis, stop] = component
                square += component * component
            more = next_shift(shifts, bonds.axes)
            later = cell > 0.0 or (cell == 0.0 and other > k)
            particles[stop] = bins.particles[other]
            cells[stop] = cell
            distances[stop] = np.sqrt(square)
            stop += (square < reach * reach) & later
    return stop


@subroutine
def first_shift(
    shifts: IntArray,
    axes: Axes,
    columns: FloatArray,
    particle: int,
    other: int,
    cell_width: float,
    reach: float,
) -> bool:
    """Set the range of shifts that may bring `other` into reach; False if there are none."""
    per_cell = 1.0 / cell_width
    some = True
    for axis in range(len(axes)):
        offset = columns[axis, other] - columns[axis, particle]
        shifts[0, axis] = int(np.ceil((-reach - offset) * per_cell))
        shifts[1, axis] = int(np.floor((reach - offset) * per_cell))
        shifts[2, axis] = shifts[0, axis]
        some = some and shifts[0, axis] <= shifts[1, axis]
    return some


@subroutine
def next_shift(shifts: IntArray, axes: Axes) -> bool:
    """Count the shift up like an odometer, the last axis fastest; False after the last one."""
    for axis in range(len(axes) - 1, -1, -1):
        if shifts[2, axis] < shifts[1, axis]:
            shifts[2, axis] += 1
            return True
        shifts[2, axis] = shifts[0, axis]
    return False
