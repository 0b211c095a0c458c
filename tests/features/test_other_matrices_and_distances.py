"""Power sums, sine matrices and distances against their definitions."""

import doctest

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import (
    PowerSums,
    ProximityEigenvalues,
    RelativeDistances,
    SineMatrixEigenvalues,
    SortedDistances,
    distances,
    power_sums,
    sine_matrix,
)

WIDTH = 5.0
POSITIONS = np.random.default_rng(11).uniform(0.0, WIDTH, (30, 4, 2))


@pytest.mark.parametrize("cutoff", [1.7, 3.0, (1.7, 6.0)])
def test_power_sums_are_those_of_the_eigenvalues(cutoff):
    """(1 + Σ λᵏ / N)^(1/k), whichever eigenvalue is which."""
    powers = [2, 3, 5]
    eigenvalues = ProximityEigenvalues([-2, -3], cutoff)(POSITIONS, WIDTH).reshape(30, -1, 4)
    sums = PowerSums([-2, -3], cutoff, powers)(POSITIONS, WIDTH).reshape(30, -1, 3)
    for column, k in enumerate(powers):
        expected = 1.0 + (eigenvalues**k).mean(axis=2)
        # Odd powers of eigenvalues cancel, which those of the matrix do not.
        rounding = 1e-11 * (1.0 + np.abs(eigenvalues).max(axis=2) ** k)
        assert (np.abs(sums[..., column] ** k - expected) < rounding).all()


def test_power_sums_of_nothing_are_one():
    """Out of reach of each other particles have a sum of zero, and its root has slopes of zero."""
    sums, jacobian = PowerSums([-2], 2.0, [2, 3]).with_jacobian([[0.0, 0.0], [2.5, 0.0]], WIDTH)
    assert (sums == 1.0).all()
    assert not jacobian.any()


def test_power_sums_tell_spectra_apart():
    """With as many powers as particles they determine the spectrum (Newton's identities)."""
    sums = PowerSums([-2], 6.0, [2, 3, 4])(POSITIONS, WIDTH)
    eigenvalues = ProximityEigenvalues([-2], 6.0)(POSITIONS, WIDTH)
    powers = [eigenvalues[:, :].sum(axis=1)]  # of the first power: a constant of the width
    powers += [4.0 * (sums[:, k - 2] ** k - 1.0) for k in (2, 3, 4)]
    e1 = powers[0]
    e2 = (e1 * powers[0] - powers[1]) / 2
    e3 = (e2 * powers[0] - e1 * powers[1] + powers[2]) / 3
    e4 = (e3 * powers[0] - e2 * powers[1] + e1 * powers[2] - powers[3]) / 4
    for k in range(5):
        roots = np.sort(np.roots([1.0, -e1[k], e2[k], -e3[k], e4[k]]).real)
        np.testing.assert_allclose(roots, eigenvalues[k], rtol=1e-4, atol=1e-4 * roots.max())


def test_names_follow_the_power_sums():
    """Powers within orders within cutoffs."""
    assert PowerSums([-2, -3], (1.0, 2.0), [2, 4]).names(9)[:5] == [
        "power 2 of order -2 within 1",
        "power 4 of order -2 within 1",
        "power 2 of order -3 within 1",
        "power 4 of order -3 within 1",
        "power 2 of order -2 within 2",
    ]


@pytest.mark.parametrize("powers", [[], [1], [3, 2], [2, 2], [2.0], [101], 2, "2", None, [True]])
def test_impossible_powers_are_named(powers):
    """Whole, ascending, from 2 on."""
    with pytest.raises(InvalidInputError, match="powers"):
        PowerSums([-2], 3.0, powers)


def test_power_sums_that_overflow_are_refused():
    """High powers of high orders of small distances."""
    with pytest.raises(InvalidInputError, match="configuration 0 is not finite"):
        PowerSums([-20], 3.0, [40]).with_jacobian([[0.0, 0.0], [1e-3, 0.0]], WIDTH)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("orders", [[-1], [-2, -1, -5]])
def test_sine_matrices_of_the_definition(dimension, orders):
    """‖B Σ ê sin²(π B⁻¹ (r_i − r_j))‖ with B = w_c 1, and ½ on the diagonal."""
    positions = np.random.default_rng(1).uniform(0.0, WIDTH, (3, dimension))
    blocks = []
    for order in orders:
        matrix = np.full((3, 3), 0.5)
        for i in range(3):
            for j in range(3):
                if i != j:
                    sines = np.sin(np.pi * (positions[i] - positions[j]) / WIDTH)
                    matrix[i, j] = np.linalg.norm(WIDTH * sines**2) ** order
        blocks.append(np.linalg.eigvalsh(matrix))
    found = SineMatrixEigenvalues(orders)(positions, WIDTH)[0]
    np.testing.assert_allclose(found, np.concatenate(blocks), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("orders", [[], [0], [1], [-1.0], [-1, -1], [-101], -1, "-1", None])
def test_impossible_orders_of_sine_matrices_are_named(orders):
    """Whole numbers below 0."""
    with pytest.raises(InvalidInputError, match="orders"):
        SineMatrixEigenvalues(orders)


def test_sine_matrices_that_overflow_are_refused():
    """Better than infinity among the inputs."""
    with pytest.raises(InvalidInputError, match="configuration 0 is not finite"):
        SineMatrixEigenvalues([-60]).with_jacobian([[0.0, 0.0], [1e-3, 0.0]], WIDTH)


@pytest.mark.parametrize("images", ["nearest", "none"])
def test_distances_of_all_pairs(images):
    """In the sequence of their names, to the nearest image or within the cell."""
    found = RelativeDistances(images)(POSITIONS, WIDTH)
    for name, column in zip(RelativeDistances(images).names(4), found.T, strict=True):
        i, j = (int(number) - 1 for number in name.removeprefix("distance ").split("-"))
        offsets = POSITIONS[:, j] - POSITIONS[:, i]
        if images == "nearest":
            offsets = (offsets + 0.5 * WIDTH) % WIDTH - 0.5 * WIDTH
        np.testing.assert_allclose(column, np.linalg.norm(offsets, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(SortedDistances(images)(POSITIONS, WIDTH), np.sort(found, axis=1))


@pytest.mark.parametrize("images", ["near", "", None, True])
def test_impossible_images_are_named(images):
    """Nearest or none."""
    with pytest.raises(InvalidInputError, match="images"):
        RelativeDistances(images)


@pytest.mark.parametrize("module", [distances, power_sums, sine_matrix])
def test_examples_in_the_documentation_run(module):
    """What a reader copies works."""
    assert doctest.testmod(module).failed == 0
