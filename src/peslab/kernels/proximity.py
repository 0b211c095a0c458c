"""Proximity matrices, equation (11), their derivatives and those of their eigenvalues."""

import math
from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    FLAG,
    INTEGERS,
    MATRICES,
    MATRIX_SLOPES,
    NOTHING,
    NUMBER,
    NUMBERS,
    Axes,
    kernel,
    room,
    signed,
    subroutine,
    summing,
    unsigned,
)
from peslab.kernels.neighbors import first_shift, narrowest, next_shift


class Images(NamedTuple):
    """Room for the images of one particle within reach of another, and what they contribute."""

    squares: FloatArray  # (capacity,) of their distances
    vectors: FloatArray  # (d, capacity)
    bases: FloatArray  # (capacity,) (R_0p/r − r/R_0p)²
    slopes: FloatArray  # (capacity,) of the root of the base, over it and over r
    powers: FloatArray  # (capacity,)
    shifts: IntArray  # (3, d) room for first_shift
    axes: Axes


@room
def room_for_images(cell_widths: FloatArray, cutoff: float, axes: Axes) -> Images:
    """Room for as many images as there can be in the narrowest of these cells."""
    capacity = (int(2.0 * cutoff / narrowest(cell_widths)) + 2) ** len(axes)
    return Images(
        np.empty(capacity),
        np.empty((len(axes), capacity)),
        np.empty(capacity),
        np.empty(capacity),
        np.empty(capacity),
        np.empty((3, len(axes)), np.int64),
        axes,
    )


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS, NUMBERS, INTEGERS, NUMBER, FLAG, MATRICES, MATRIX_SLOPES, axes
    )
)
def proximity_matrices(
    positions: FloatArray,  # (n, N, d), wrapped into the cell
    cell_widths: FloatArray,  # (n,)
    powers: IntArray,  # (orders,) −o
    cutoff: float,  # R_0p
    with_slopes: bool,
    matrices: FloatArray,  # (n, orders, N, N) filled with P_ij
    slopes: FloatArray,  # (n, orders, N, N, d) filled with ∂P_ij/∂r_j, if with_slopes
    axes: Axes,
) -> None:
    """Proximity matrices and their derivatives by the position of the second particle."""
    n, n_particles = len(positions), positions.shape[1]
    images = room_for_images(cell_widths, cutoff, axes)
    gradient = np.empty(len(axes))
    for k in range(n):
        columns = positions[k].T
        for i in range(n_particles):
            for j in range(i):
                count = find_images(images, columns, i, j, cell_widths[k], cutoff)
                for o in range(powers.size):
                    value = sum_over_images(images, count, powers[o], with_slopes, gradient)
                    matrices[k, o, i, j] = matrices[k, o, j, i] = value
                    if with_slopes:
                        for axis in range(len(axes)):
                            slopes[k, o, i, j, axis] = gradient[axis]
                            slopes[k, o, j, i, axis] = -gradient[axis]
        # A particle is as far from its own images as any other is, and they move along: the
        # diagonal is the same for all, and for all cells of one width.
        same = k > 0 and cell_widths[k] == cell_widths[k - 1]
        last = n_particles - 1  # a literal 0 would be compiled once more
        count = 0 if same else find_images(images, columns, last, last, cell_widths[k], cutoff)
        for o in range(powers.size):
            value = sum_over_images(images, count, powers[o], with_slopes, gradient)
            diagonal = matrices[k - 1, o, 0, 0] if same else value
            for i in range(n_particles):
                matrices[k, o, i, i] = diagonal
    if with_slopes:
        no_slopes_on_diagonals(slopes, axes)


@subroutine
def no_slopes_on_diagonals(slopes: FloatArray, axes: Axes) -> None:
    """A particle takes its own images along."""
    for k in range(len(slopes)):
        for o in range(slopes.shape[1]):
            for i in range(slopes.shape[2]):
                for axis in range(len(axes)):
                    slopes[k, o, i, i, axis] = 0.0


@subroutine
def find_images(
    images: Images, columns: FloatArray, i: int, j: int, cell_width: float, cutoff: float
) -> int:
    """Fill in the images of j within R_0p of i, by rows along the last axis; return their number.

    The square of the base is (R_0p² − r²)²/(r² R_0p²): even orders take no root, and near R_0p
    nothing cancels.
    """
    squares, vectors, bases, slopes, _, shifts, axes = images
    others, last = axes[1:], len(axes) - 1
    limit = cutoff * cutoff
    offset = columns[last, j] - columns[last, i]
    count = unsigned(0)
    more = first_shift(shifts, others, columns, i, j, cell_width, cutoff)
    while more:
        square = 0.0
        for axis in range(len(others)):
            component = columns[axis, j] - columns[axis, i] + shifts[2, axis] * cell_width
            square += component * component
        half = math.sqrt(max(limit - square, 0.0))
        first = math.ceil((-half - offset) / cell_width)
        row = math.floor((half - offset) / cell_width) - first + 1 if square < limit else 0
        for place in range(unsigned(row)):
            component = offset + (first + signed(place)) * cell_width
            vectors[last, count + place] = component
            squares[count + place] = square + component * component
        for axis in range(len(others)):
            component = columns[axis, j] - columns[axis, i] + shifts[2, axis] * cell_width
            for place in range(unsigned(row)):
                vectors[axis, count + place] = component
        count += unsigned(row)
        more = next_shift(shifts, others)
    if i == j:  # the particle itself is no image
        count = leave_out_itself(squares, count)
    for m in range(count):
        bases[m] = (limit - squares[m]) ** 2 / (squares[m] * limit)
        slopes[m] = 1.0 / limit - limit / (squares[m] * squares[m])
    return signed(count)


@subroutine
def leave_out_itself(squares: FloatArray, count: int) -> int:
    """Put the last image in the place of the one at distance 0."""
    for m in range(count):
        if squares[m] == 0.0:
            squares[m] = squares[count - unsigned(1)]
            return count - unsigned(1)
    return count


@summing
def sum_over_images(
    images: Images, count: int, power: int, with_slopes: bool, gradient: FloatArray
) -> float:
    """Sum (R_0p/r − r/R_0p)^power over images, and fill in the derivative by their position."""
    bases, slopes, powers = images.bases, images.slopes, images.powers
    for m in range(count):
        powers[m] = math.sqrt(bases[m]) if power % 2 == 1 else 1.0
    for _ in range((power - 2) // 2):
        for m in range(count):
            powers[m] *= bases[m]
    total = 0.0
    for m in range(count):
        total += powers[m] * bases[m]
    if with_slopes:
        for m in range(count):
            powers[m] *= power * slopes[m]
        for axis in range(len(images.axes)):
            gradient[axis] = 0.0
            component = 0.0
            for m in range(count):
                component += powers[m] * images.vectors[axis, m]
            gradient[axis] = component
    return total


@kernel(NOTHING(MATRICES, MATRIX_SLOPES, MATRIX_SLOPES))
def eigenvalue_slopes(
    eigenvectors: FloatArray,  # (n, orders, N, N), one in each column
    slopes: FloatArray,  # (n, orders, N, N, d) ∂P_ij/∂r_j
    jacobian: FloatArray,  # (n, orders, N, N, d) filled with ∂λ_m/∂r_i
) -> None:
    """Derivatives of eigenvalues: dλ = vᵀ dP v, where only row and column i change with r_i."""
    n, n_orders, n_particles, _, dimension = slopes.shape
    for k in range(n):
        for o in range(n_orders):
            for m in range(n_particles):
                for i in range(n_particles):
                    for axis in range(dimension):
                        change = 0.0
                        for j in range(n_particles):
                            change += eigenvectors[k, o, j, m] * slopes[k, o, j, i, axis]
                        jacobian[k, o, m, i, axis] = 2.0 * eigenvectors[k, o, i, m] * change
