"""Eigenvalues of many small symmetric matrices, by Jacobi's rotations of several side by side.

LAPACK, which NumPy calls, is made for large matrices: for 4 × 4 it takes several times as long.
"""

import math

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import FLAG, MATRICES, NOTHING, VALUES, kernel, subroutine

LARGEST = 12  # rows; from there on LAPACK is faster
SIDE_BY_SIDE = 32  # matrices, so that loops over them become vector instructions
MOST_SWEEPS = 50  # five are enough in general
ROUNDING = 1e-34  # of the square of all elements: what is off the diagonal is gone


@kernel(NOTHING(MATRICES, FLAG, VALUES, MATRICES))
def diagonalize(
    matrices: FloatArray,  # (n, orders, N, N), symmetric
    with_vectors: bool,
    values: FloatArray,  # (n, orders, N) filled, ascending
    vectors: FloatArray,  # (n, orders, N, N) filled, one in each column, if with_vectors
) -> None:
    """Diagonalize each of the matrices."""
    n, n_orders, size = values.shape
    room = np.empty((size, size, SIDE_BY_SIDE))
    turned = np.empty((size if with_vectors else 0, size, SIDE_BY_SIDE))
    angles = np.empty((3, SIDE_BY_SIDE))
    order = np.empty(size, np.int64)
    for o in range(n_orders):
        for start in range(0, n, SIDE_BY_SIDE):
            stop = min(start + SIDE_BY_SIDE, n)
            for k in range(SIDE_BY_SIDE):  # the last ones again, where there are not enough
                for p in range(size):
                    for q in range(size):
                        room[p, q, k] = matrices[min(start + k, n - 1), o, p, q]
            diagonalize_side_by_side(room, turned, angles)
            for k in range(start, stop):
                sort(room, k - start, order)
                for p in range(size):
                    values[k, o, p] = room[order[p], order[p], k - start]
                    for r in range(len(turned)):
                        vectors[k, o, r, p] = turned[r, order[p], k - start]


@subroutine
def diagonalize_side_by_side(
    matrices: FloatArray,  # (N, N, many), left with the eigenvalues on the diagonal
    vectors: FloatArray,  # (N or 0, N, many) filled, one in each column
    angles: FloatArray,  # (3, many) room
) -> None:
    """Rotate until nothing is left off the diagonals (Golub & Van Loan, section 8.5).

    What is done is not rotated any more: so no result depends on the matrices beside it.
    """
    size = len(matrices)
    for p in range(len(vectors)):
        for q in range(size):
            for k in range(SIDE_BY_SIDE):
                vectors[p, q, k] = 1.0 if p == q else 0.0
    for _ in range(MOST_SWEEPS):
        if is_diagonal(matrices, angles):
            break
        for q in range(size):
            for p in range(q):
                rotate(matrices, vectors, angles, p, q)


@subroutine
def is_diagonal(matrices: FloatArray, sums: FloatArray) -> bool:
    """Whether what is left off the diagonals is rounding; those that are not yet get a 1."""
    on, off, to_do = sums[0], sums[1], sums[2]
    for k in range(SIDE_BY_SIDE):
        on[k] = off[k] = 0.0
    for q in range(len(matrices)):
        for k in range(SIDE_BY_SIDE):
            on[k] += matrices[q, q, k] ** 2
        for p in range(q):
            for k in range(SIDE_BY_SIDE):
                off[k] += matrices[p, q, k] ** 2
    most = 0.0
    for k in range(SIDE_BY_SIDE):
        to_do[k] = 1.0 if off[k] > ROUNDING * (on[k] + off[k]) else 0.0
        most = max(most, to_do[k])
    return most == 0.0


@subroutine
def rotate(matrices: FloatArray, vectors: FloatArray, angles: FloatArray, p: int, q: int) -> None:
    """Turn the plane of axes p and q so that their elements vanish."""
    cosines, sines = angles[0], angles[1]
    for k in range(SIDE_BY_SIDE):
        element = angles[2, k] * matrices[p, q, k]
        gap = matrices[q, q, k] - matrices[p, p, k]
        # tan = 1/(θ + √(θ² + 1)) with θ = gap/2 element, without dividing by an element of 0.
        length = math.sqrt(gap * gap + 4.0 * element * element)
        sign = 1.0 if gap >= 0.0 else -1.0
        lower = abs(gap) + length
        tangent = 2.0 * sign * element / lower if lower > 0.0 else 0.0
        cosines[k] = 1.0 / math.sqrt(tangent * tangent + 1.0)
        sines[k] = tangent * cosines[k]
        matrices[p, p, k] -= tangent * element
        matrices[q, q, k] += tangent * element
        matrices[p, q, k] = matrices[q, p, k] = 0.0
    for r in range(len(matrices)):
        if r not in (p, q):
            turn(matrices[r, p], matrices[r, q], cosines, sines)
            for k in range(SIDE_BY_SIDE):
                matrices[p, r, k], matrices[q, r, k] = matrices[r, p, k], matrices[r, q, k]
    for r in range(len(vectors)):
        turn(vectors[r, p], vectors[r, q], cosines, sines)


@subroutine
def turn(ones: FloatArray, others: FloatArray, cosines: FloatArray, sines: FloatArray) -> None:
    """Turn vectors of two components each."""
    for k in range(SIDE_BY_SIDE):
        one, other = ones[k], others[k]
        ones[k] = cosines[k] * one - sines[k] * other
        others[k] = sines[k] * one + cosines[k] * other


@subroutine
def sort(matrices: FloatArray, k: int, order: IntArray) -> None:
    """Fill in the places on a diagonal in the order of their values."""
    for last in range(len(order)):
        place = last
        while place > 0 and matrices[last, last, k] < diagonal(matrices, order[place - 1], k):
            order[place] = order[place - 1]
            place -= 1
        order[place] = last


@subroutine
def diagonal(matrices: FloatArray, p: int, k: int) -> float:
    """An element of a diagonal."""
    return float(matrices[p, p, k])
