"""Proximity matrices, equation (11), their derivatives and those of their eigenvalues."""

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
    subroutine,
)
from peslab.kernels.neighbors import first_shift, next_shift


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
    n, n_particles, dimension = len(positions), positions.shape[1], len(axes)
    shifts = np.empty((3, dimension), np.int64)
    values = np.empty(powers.size)
    gradients = np.empty((powers.size, dimension))
    for k in range(n):
        configuration = positions[k]
        for i in range(n_particles):
            # A particle is as far from its own images as any other is: the diagonal is computed
            # once, and its derivatives vanish.
            for j in range(i + 1 if i == 0 else i):
                sum_over_images(
                    configuration, i, j, cell_widths[k], powers, cutoff, with_slopes,
                    shifts, values, gradients, axes,
                )  # fmt: skip
                for o in range(powers.size):
                    matrices[k, o, i, j] = matrices[k, o, j, i] = values[o]
                    if with_slopes:
                        for axis in range(dimension):
                            slopes[k, o, i, j, axis] = gradients[o, axis]
                            slopes[k, o, j, i, axis] = -gradients[o, axis]
            for o in range(powers.size):
                matrices[k, o, i, i] = matrices[k, o, 0, 0]
                if with_slopes:
                    for axis in range(dimension):
                        slopes[k, o, i, i, axis] = 0.0


@subroutine
def sum_over_images(
    positions: FloatArray,
    i: int,
    j: int,
    cell_width: float,
    powers: IntArray,
    cutoff: float,
    with_slopes: bool,
    shifts: IntArray,  # (3, d) room for first_shift
    values: FloatArray,  # (orders,) filled with P_ij
    gradients: FloatArray,  # (orders, d) filled with ∂P_ij/∂r_j, if with_slopes
    axes: Axes,
) -> None:
    """Sum (R_0p/r − r/R_0p)^−o over the images of j within R_0p of i.

    The square of the base is (R_0p² − r²)²/(r² R_0p²): even orders take no root, and near R_0p
    nothing cancels.
    """
    for o in range(powers.size):
        values[o] = 0.0
        for axis in range(len(axes)):
            gradients[o, axis] = 0.0
    limit = cutoff * cutoff
    more = first_shift(shifts, axes, positions.T, i, j, cell_width, cutoff, False)
    while more:
        square = 0.0
        for axis in range(len(axes)):
            component = positions[j, axis] - positions[i, axis] + shifts[2, axis] * cell_width
            square += component * component
        if 0.0 < square < limit:
            base = (limit - square) ** 2 / (square * limit)
            slope = 1.0 / limit - limit / (square * square)
            for o in range(powers.size):
                power = np.sqrt(base) if powers[o] % 2 == 1 else 1.0
                for _ in range((powers[o] - 2) // 2):
                    power *= base
                values[o] += power * base
                if with_slopes:
                    for axis in range(len(axes)):
                        component = positions[j, axis] - positions[i, axis]
                        component += shifts[2, axis] * cell_width
                        gradients[o, axis] += powers[o] * power * slope * component
        more = next_shift(shifts, axes)


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
