"""Sorted eigenvalues of symmetric matrices that hang on positions, with their derivatives."""

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.eigenvalues import LARGEST, diagonalize
from peslab.kernels.proximity import eigenvalue_slopes


def eigenvalues(matrices: FloatArray) -> FloatArray:
    """Eigenvalues, ascending.

    Args:
        matrices: Shape (n, m, N, N), symmetric; those that are not finite are overwritten.

    Returns:
        Shape (n, m, N), NaN of a configuration with a matrix that is not finite.
    """
    return _diagonalized(matrices, with_vectors=False)[0]


def eigenvalues_and_slopes(
    matrices: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues, ascending, and their derivatives, dλ = vᵀ dP v.

    Where eigenvalues are equal, only the sum of their derivatives has a meaning.

    Args:
        matrices: Shape (n, m, N, N), symmetric; those that are not finite are overwritten.
        slopes: ∂P_ij/∂r_j, shape (n, m, N, N, d), 0 where j = i.

    Returns:
        Shapes (n, m, N) and (n, m, N, N, d).
    """
    values, vectors = _diagonalized(matrices, with_vectors=True)
    jacobian = np.empty_like(slopes)
    eigenvalue_slopes(vectors, slopes, jacobian)
    return values, jacobian


def _diagonalized(matrices: FloatArray, *, with_vectors: bool) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues and, in columns, their vectors."""
    infinite = ~np.isfinite(matrices).reshape(len(matrices), -1).all(axis=1)
    matrices[infinite] = 0.0  # LAPACK gives up at NaN
    if matrices.shape[-1] <= LARGEST:
        values = np.empty(matrices.shape[:-1])
        vectors = np.empty(matrices.shape if with_vectors else (0, 0, 0, 0))
        diagonalize(matrices, with_vectors, values, vectors)
    else:
        values, vectors = _by_lapack(matrices, with_vectors=with_vectors)
    values[infinite] = np.nan
    return values, vectors


def _by_lapack(matrices: FloatArray, *, with_vectors: bool) -> tuple[FloatArray, FloatArray]:
    if not with_vectors:
        return np.asarray(np.linalg.eigvalsh(matrices), np.float64), np.empty((0, 0, 0, 0))
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray(values, np.float64), np.ascontiguousarray(vectors, np.float64)
