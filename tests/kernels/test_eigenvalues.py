"""Eigenvalues by Jacobi's rotations, against LAPACK and against what they have to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peslab.kernels.eigenvalues import LARGEST, SIDE_BY_SIDE, diagonalize


def eigen(matrices, *, with_vectors=True):
    values = np.empty(matrices.shape[:-1])
    vectors = np.empty(matrices.shape if with_vectors else (0, 0, 0, 0))
    diagonalize(np.ascontiguousarray(matrices), with_vectors, values, vectors)
    return values, vectors


def symmetric(n, orders, size, seed=0):
    matrices = np.random.default_rng(seed).normal(size=(n, orders, size, size))
    return matrices + matrices.swapaxes(-1, -2)


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_values_and_vectors(size):
    """A v = λ v with orthonormal v and ascending λ, as precise as LAPACK."""
    matrices = symmetric(3 * SIDE_BY_SIDE + 5, 2, size)
    values, vectors = eigen(matrices)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrices), rtol=0, atol=1e-13 * size)
    np.testing.assert_allclose(
        matrices @ vectors, vectors * values[..., None, :], rtol=0, atol=1e-13 * size
    )
    unit = vectors.swapaxes(-1, -2) @ vectors
    np.testing.assert_allclose(unit, np.broadcast_to(np.eye(size), unit.shape), atol=1e-13)
    assert (np.diff(values, axis=-1) >= 0.0).all()
    assert np.array_equal(eigen(matrices, with_vectors=False)[0], values)


@settings(max_examples=50, deadline=None)
@given(
    size=st.integers(2, 6), scale=st.floats(1e-100, 1e100), small=st.floats(0.0, 1e-9),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_degenerate_and_badly_scaled(size, scale, small, seed):
    """Equal eigenvalues, split by next to nothing, and elements of any size."""
    matrix = np.ones((size, size)) + small * symmetric(1, 1, size, seed)[0, 0]
    values, vectors = eigen(scale * matrix[None, None])
    np.testing.assert_allclose(values[0, 0], scale * np.linalg.eigvalsh(matrix), atol=scale * 1e-14)
    np.testing.assert_allclose(vectors[0, 0].T @ vectors[0, 0], np.eye(size), atol=1e-14)


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.diag([3.0, 1.0, 2.0]), np.eye(4)])
def test_diagonal_matrices(matrix):
    """Nothing to rotate: the values are sorted, the vectors are axes."""
    values, vectors = eigen(matrix[None, None])
    assert values[0, 0].tolist() == sorted(np.diag(matrix))
    assert sorted(np.abs(vectors).ravel()) == [0.0] * (len(matrix) ** 2 - len(matrix)) + [
        1.0
    ] * len(matrix)


def test_no_result_depends_on_the_matrices_beside_it():
    """Alone, or among others that take more rotations: the same bits."""
    matrices = symmetric(SIDE_BY_SIDE, 1, 4)
    matrices[::2] = np.diag([1.0, 2.0, 3.0, 4.0]) + 1e-9 * matrices[::2]
    values, vectors = eigen(matrices)
    for k in range(SIDE_BY_SIDE):
        value, vector = eigen(matrices[k : k + 1])
        assert np.array_equal(value[0], values[k])
        assert np.array_equal(vector[0], vectors[k])
