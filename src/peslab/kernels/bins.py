"""Particles sorted into bins, so that neighbors are sought nearby only: the cost grows with N."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import Axes, procedure, room, subroutine

# With fewer bins along an axis, the 3ᵈ around a particle are most of the cell: one bin is faster.
FEWEST_BINS = 4


class Bins(NamedTuple):
    """The particles of a cell in the order of their bins, at least as wide as the reach."""

    columns: FloatArray  # (d, N) their positions
    particles: IntArray  # (N,) which they are
    starts: IntArray  # (bins + 1,) where each bin begins; the last place is N
    places: IntArray  # (N,) room: the bin of each particle
    around: IntArray  # (2, d) room: a bin along each axis, and the step to one beside it
    axes: Axes


@subroutine
def bins_per_axis(n_particles: int, dimension: int, cell_width: float, reach: float) -> int:
    """As many bins as the reach leaves, but no more than particles; 1 if they do not pay."""
    if cell_width < FEWEST_BINS * reach:
        return 1
    most = int(np.floor(n_particles ** (1.0 / dimension)))
    per_axis = min(int(cell_width / reach), most)
    return per_axis if per_axis >= FEWEST_BINS else 1


@room
def room_for_bins(n_particles: int, axes: Axes) -> Bins:
    """Room for any number of bins that `bins_per_axis` may choose."""
    return Bins(
        np.empty((len(axes), n_particles)),
        np.empty(n_particles, np.int64),
        np.empty(n_particles + 2, np.int64),
        np.empty(n_particles, np.int64),
        np.empty((2, len(axes)), np.int64),
        axes,
    )


@procedure
def sort_into_bins(
    bins: Bins,
    positions: FloatArray,  # (N, d), wrapped into the cell
    cell_width: float,
    per_axis: int,
) -> None:
    """Fill the bins: a counting sort, which keeps the order of the particles within a bin."""
    columns, particles, starts, places, _, axes = bins
    n_particles, dimension = len(positions), len(axes)
    n_bins = per_axis**dimension
    for place in range(n_bins + 1):
        starts[place] = 0
    for i in range(n_particles):
        place = 0
        for axis in range(dimension):
            # A coordinate just below w_c may be rounded up to it.
            along = min(int(positions[i, axis] / cell_width * per_axis), per_axis - 1)
            place = place * per_axis + along
        places[i] = place
        starts[place + 1] += 1
    for place in range(n_bins):
        starts[place + 1] += starts[place]
    for i in range(n_particles):
        k = starts[places[i]]
        starts[places[i]] += 1
        particles[k] = i
        for axis in range(dimension):
            columns[axis, k] = positions[i, axis]
    for place in range(n_bins, 0, -1):  # each start has moved on to the next
        starts[place] = starts[place - 1]
    starts[0] = 0


@subroutine
def first_bin(bins: Bins, k: int, cell_width: float, per_axis: int) -> int:
    """The first of the bins around the k-th particle: itself, if there is only one."""
    for axis in range(len(bins.axes)):
        along = int(bins.columns[axis, k] / cell_width * per_axis)
        bins.around[0, axis] = min(along, per_axis - 1)
        bins.around[1, axis] = -1 if per_axis > 1 else 1
    return bin_beside(bins, per_axis)


@subroutine
def next_bin(bins: Bins, per_axis: int) -> int:
    """Count the steps up like an odometer; −1 after the last bin."""
    for axis in range(len(bins.axes) - 1, -1, -1):
        if bins.around[1, axis] < 1:
            bins.around[1, axis] += 1
            return bin_beside(bins, per_axis)
        bins.around[1, axis] = -1
    return -1


@subroutine
def bin_beside(bins: Bins, per_axis: int) -> int:
    """The number of the bin a step away, across the edge of the cell if need be."""
    place = 0
    for axis in range(len(bins.axes)):
        along = (bins.around[0, axis] + bins.around[1, axis] + per_axis) % per_axis
        place = place * per_axis + along
    return place
