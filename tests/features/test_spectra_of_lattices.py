"""Spectra known without an eigensolver: sum rules, symmetric lattices, dragged particles."""

import numpy as np
import pytest

from peslab.features import ProximityEigenvalues, Standardize

WIDTH = 5.0
POSITIONS = np.random.default_rng(3).uniform(0.0, WIDTH, (40, 4, 2))
UNIT_SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) + 0.3


def blocks(features, n_particles):
    """Eigenvalues by order, shape (n, orders, N)."""
    return features.reshape(len(features), -1, n_particles)


def proximity(r, order, cutoff):
    """(R_0p/r − r/R_0p)^−o below R_0p."""
    return np.where(r < cutoff, np.abs(cutoff / r - r / cutoff) ** -order, 0.0)


def own_images(width, dimension, order, cutoff):
    """P_ii: all images of a particle but itself, over more cells than can matter."""
    depth = int(cutoff / width) + 2
    axes = np.meshgrid(*[np.arange(-depth, depth + 1)] * dimension)
    r = width * np.sqrt(sum(axis**2 for axis in axes).ravel())
    return proximity(r[r > 0], order, cutoff).sum()


@pytest.mark.parametrize("order", [-2, -3, -5])
@pytest.mark.parametrize("cutoff", [3.0, 6.0, 20.0])
def test_the_trace_knows_the_width_alone(order, cutoff):
    """The eigenvalues of an order sum to N times the images of one particle: a constant."""
    features = ProximityEigenvalues([order], cutoff)(POSITIONS, WIDTH)
    expected = 4 * own_images(WIDTH, 2, order, cutoff)
    # The smallest and the largest nearly cancel: rounding is that of the largest.
    np.testing.assert_allclose(features.sum(axis=1), expected, atol=1e-12 * np.abs(features).max())


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("width", [0.8, 2.0, 3.5])
def test_a_single_particle_has_one_constant(dimension, width):
    """The only eigenvalue of a lone particle is the sum over its images, wherever it stands."""
    positions = np.random.default_rng(0).uniform(0.0, width, (5, 1, dimension))
    features, jacobian = ProximityEigenvalues([-2, -3], 3.0).with_jacobian(positions, width)
    for k, order in enumerate((-2, -3)):
        expected = own_images(width, dimension, order, 3.0)
        np.testing.assert_allclose(features[:, k], expected, rtol=1e-12)
    assert not jacobian.any()


def test_a_lone_particle_out_of_reach_of_its_images_has_nothing():
    """Beyond R_0p an eigenvalue is exactly zero, not a small number."""
    assert (ProximityEigenvalues([-2, -7], 3.0)([[1.0, 2.0]], 3.0) == 0.0).all()


def square_lattice_spectrum(order, cutoff):
    """Four particles on a square lattice of spacing 1 in a cell of width 2: Bloch waves.

    P is cyclic along both axes, so its eigenvalues are the sums of proximities with the signs
    (±1)^x (±1)^y of the waves that fit into the cell; those of (1, −1) and (−1, 1) are equal.
    """
    steps = np.arange(-12, 13)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    away = (x != 0) | (y != 0)
    p = proximity(np.hypot(x, y)[away], order, cutoff)
    signs = [np.ones_like(x), (-1) ** (x % 2), (-1) ** (y % 2), (-1) ** ((x + y) % 2)]
    return np.sort([(sign[away] * p).sum() for sign in signs])


@pytest.mark.parametrize("order", [-2, -3, -4])
@pytest.mark.parametrize("cutoff", [1.2, 1.9, 4.3])
def test_the_square_lattice_has_bloch_waves(order, cutoff):
    """Two of the four eigenvalues of the square lattice are equal, and all are known sums."""
    features = ProximityEigenvalues([order], cutoff)(UNIT_SQUARE, 2.0)[0]
    expected = square_lattice_spectrum(order, cutoff)
    np.testing.assert_allclose(features, expected, atol=1e-12 * np.abs(expected).max())
    assert abs(features[1] - features[2]) < 1e-12 * np.abs(features).max()


@pytest.mark.parametrize("order", [-2, -3, -4])
@pytest.mark.parametrize("positions", [UNIT_SQUARE, UNIT_SQUARE + 0.5, 1.3 * UNIT_SQUARE])
def test_jacobians_at_degeneracies_are_finite_and_obey_sum_rules(order, positions):
    """At equal eigenvalues slopes exist; those of Σ λ and Σ λ² do not care which vectors span."""
    features, jacobian = ProximityEigenvalues([order], 2.7).with_jacobian(positions, 2.0)
    squares = 1.0 + (features**2).sum()
    assert np.isfinite(jacobian).all()
    np.testing.assert_allclose(
        jacobian[0].sum(axis=0), 0.0, atol=1e-12 * (1.0 + np.abs(features).max())
    )

    def sum_of_squares(moved):
        return (ProximityEigenvalues([order], 2.7)(moved, 2.0) ** 2).sum()

    slopes = 2.0 * np.einsum("m,mia->ia", features[0], jacobian[0])
    step = 1e-5
    for i in range(4):
        for axis in range(2):
            move = np.zeros((4, 2))
            move[i, axis] = step
            rise = sum_of_squares(positions + move) - sum_of_squares(positions - move)
            # Central differences: step² times a third derivative, and rounding over the step.
            assert slopes[i, axis] == pytest.approx(rise / (2 * step), abs=1e-6 * squares)


def test_symmetry_alone_makes_no_slope():
    """In the perfect square lattice every particle stands between equal neighbors: Σ λ² rests."""
    features, jacobian = ProximityEigenvalues([-2, -4], 2.7).with_jacobian(UNIT_SQUARE, 2.0)
    slopes = np.einsum("om,omia->oia", blocks(features, 4)[0], jacobian.reshape(2, 4, 4, 2))
    # Large slopes cancel, of opposite images: what is left is rounding of terms of the size of λ².
    np.testing.assert_allclose(slopes, 0.0, atol=1e-13 * np.max(features**2))


def test_order_minus_twenty():
    """High orders stay exact over twenty powers of ten: two particles by hand, with the slope."""
    for r in (0.3, 1.0, 2.0, 2.9):
        base, slope = 3.0 / r - r / 3.0, -3.0 / r**2 - 1.0 / 3.0
        features, jacobian = ProximityEigenvalues([-20], 3.0).with_jacobian(
            [[1.0, 1.0], [1.0 + r, 1.0]], 12.0
        )
        np.testing.assert_allclose(features, [[-(base**20), base**20]], rtol=1e-12)
        np.testing.assert_allclose(
            jacobian[0, 1, :, 0], np.array([-20.0, 20.0]) * base**19 * slope, rtol=1e-12
        )
        np.testing.assert_allclose(jacobian[0, :, :, 1], 0.0)


def test_orders_are_powers_of_each_other():
    """For two particles out of reach of other images, order −2k has the k-th powers of order −2."""
    pairs = np.random.default_rng(1).uniform(0.5, 1.5, (20, 2, 3))
    features = ProximityEigenvalues([-2, -4, -6, -20], 1.9)(pairs, 6.0)[:, 1::2]
    for column, power in ((1, 2), (2, 3), (3, 10)):
        np.testing.assert_allclose(features[:, column], features[:, 0] ** power, rtol=1e-12)


def dragged(n_points):
    """The third of four particles goes twice around the cell, close to none of the others."""
    positions = np.array([[0.6, 0.6], [4.4, 2.1], [0.0, 3.3], [2.2, 4.5]])
    path = np.repeat(positions[None], n_points, axis=0)
    path[:, 2, 0] = np.linspace(-WIDTH, WIDTH, n_points)
    return path


@pytest.mark.parametrize("cutoff", [1.7, 3.0, 8.0])
@pytest.mark.parametrize("order", [-2, -3, -6])
def test_dragged_eigenvalues_do_not_jump(order, cutoff):
    """Halved steps halve the largest change, over R_0p, over the edge of the cell, at crossings."""
    descriptor = ProximityEigenvalues([order], cutoff)
    coarse, fine = (descriptor(dragged(n), WIDTH) for n in (1001, 2001))
    assert (np.diff(fine, axis=1) >= 0.0).all()
    np.testing.assert_array_equal(coarse[-1], coarse[0])  # an image of the start
    largest = [np.abs(np.diff(features, axis=0)).max() for features in (coarse, fine)]
    # A jump would stay as large: the ratio is 1 then, and 1/2 for a bounded slope.
    assert largest[1] == pytest.approx(0.5 * largest[0], rel=0.05)


@pytest.mark.parametrize("cutoff", [1.7, 3.0, 8.0])
def test_dragged_slopes_do_not_jump(cutoff):
    """At order −2 the slope is continuous but kinked at R_0p: halved steps halve its changes.

    It is that of Σ λ², which is smooth where eigenvalues meet and exchange their slopes.
    """
    changes = []
    for n_points in (2001, 4001):
        features, jacobian = ProximityEigenvalues([-2], cutoff).with_jacobian(
            dragged(n_points), WIDTH
        )
        slopes = 2.0 * np.einsum("nm,nmia->nia", features, jacobian)
        changes.append(np.abs(np.diff(slopes, axis=0)).max())
    assert changes[1] == pytest.approx(0.5 * changes[0], rel=0.05)


def test_slopes_add_up_to_the_change():
    """Along the drag the Jacobian, integrated, gives the eigenvalues back."""
    n_points = 4001
    features, jacobian = ProximityEigenvalues([-2, -4], 3.0).with_jacobian(dragged(n_points), WIDTH)
    slopes = jacobian[:, :, 2, 0]
    step = 2 * WIDTH / (n_points - 1)
    climbed = np.cumsum(0.5 * step * (slopes[1:] + slopes[:-1]), axis=0)
    # Where sorted eigenvalues meet they exchange slopes within a step, which costs up to half of
    # one; all else of the trapezoidal rule is far smaller. A path of 4,000 steps is compared.
    np.testing.assert_allclose(
        climbed, features[1:] - features[0], rtol=0, atol=step * np.abs(slopes).max()
    )


def test_the_sum_rule_leaves_a_direction_without_information():
    """Standardized, the inputs of an order still add up to a constant: one too many of them."""
    features = ProximityEigenvalues([-2], 6.0)(POSITIONS, WIDTH)
    inputs = Standardize().fit(features).apply(features)
    singular = np.linalg.svd(inputs, compute_uv=False)
    assert singular[-1] < 1e-10 * singular[0]
    assert singular[-2] > 1e-4 * singular[0]
