"""Eigenvalues of proximity matrices: values, sequence, bad input."""

import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import ProximityEigenvalues, proximity

VALUES = json.loads((Path(__file__).parents[1] / "reference/thesis_values.json").read_text())
POSITIONS = np.random.default_rng(0).uniform(0.0, 5.0, (300, 4, 2))


@pytest.mark.parametrize("case", VALUES["configurations"])
def test_values_of_equation_11(case):
    """Every order has the eigenvalues of the thesis's matrices, in 2D and 3D."""
    orders = [int(order) for order in case["eigenvalues"]]
    features = ProximityEigenvalues(orders, case["R0p"])(case["positions"], case["width"])
    expected = np.array(list(case["eigenvalues"].values()))
    for block, eigenvalues in zip(np.split(features[0], len(orders)), expected, strict=True):
        # Relative to the largest: that is how precise a symmetric matrix's eigenvalues are.
        np.testing.assert_allclose(block, eigenvalues, atol=1e-10 * np.abs(eigenvalues).max())


def test_two_particles_by_hand():
    """Two particles far from their images have ±(R_0p/r − r/R_0p)^−o."""
    features = ProximityEigenvalues([-3, -2], 2.0)([[0.0, 0.0], [1.0, 0.0]], 10.0)
    np.testing.assert_allclose(features, [[-(1.5**3), 1.5**3, -(1.5**2), 1.5**2]], rtol=1e-14)


def test_one_particle_sees_its_images():
    """A lone particle's eigenvalue is the sum over its own images, whose slopes cancel."""
    features, jacobian = ProximityEigenvalues([-2], 1.2).with_jacobian([[0.3, 0.4]], 1.0)
    np.testing.assert_allclose(features, [[4.0 * (1.2 - 1.0 / 1.2) ** 2]], rtol=1e-12)
    assert not jacobian.any()


def test_blocks_come_in_the_given_sequence():
    """Orders keep their sequence; eigenvalues ascend within each, never across orders."""
    both = ProximityEigenvalues([-4, -2], 3.0)(POSITIONS, 5.0)
    assert both.shape == (300, 8)
    assert (both[:, :4] == ProximityEigenvalues([-4], 3.0)(POSITIONS, 5.0)).all()
    assert (both[:, 4:] == ProximityEigenvalues([-2], 3.0)(POSITIONS, 5.0)).all()
    assert (np.diff(both.reshape(300, 2, 4), axis=-1) >= 0.0).all()


def test_names_follow_the_blocks():
    """Each input has a name of its own, in the sequence of the features."""
    names = ProximityEigenvalues([-4, -2], 3.0).names(2)
    assert names == [
        "eigenvalue 1 of order -4",
        "eigenvalue 2 of order -4",
        "eigenvalue 1 of order -2",
        "eigenvalue 2 of order -2",
    ]


def test_shapes_of_the_jacobian():
    """One derivative for each input, particle and axis; the features are the same as without."""
    eigenvalues = ProximityEigenvalues((-2, -3), 4.0)
    features, jacobian = eigenvalues.with_jacobian(POSITIONS, 5.0)
    assert jacobian.shape == (300, 8, 4, 2)
    np.testing.assert_allclose(features, eigenvalues(POSITIONS, 5.0), rtol=1e-9, atol=1e-9)


def test_cutoffs_stand_side_by_side():
    """Each R_0p has its block of all orders, as if it stood alone, and is named."""
    both = ProximityEigenvalues([-2, -3], (3.0, 1.5))
    features, jacobian = both.with_jacobian(POSITIONS, 5.0)
    for k, cutoff in enumerate((3.0, 1.5)):
        alone = ProximityEigenvalues([-2, -3], cutoff).with_jacobian(POSITIONS, 5.0)
        np.testing.assert_array_equal(features[:, 8 * k : 8 * (k + 1)], alone[0])
        np.testing.assert_array_equal(jacobian[:, 8 * k : 8 * (k + 1)], alone[1])
    assert both.names(4)[0] == "eigenvalue 1 of order -2 within 3"
    assert both.names(4)[-1] == "eigenvalue 4 of order -3 within 1.5"


@pytest.mark.usefixtures("home")
def test_cutoffs_are_named_in_configs(peslab):
    """A length or several, on the command line."""
    for cutoff in ("2.5", "[2.0,3.5]"):
        answer = peslab("train", f"features.cutoff={cutoff}", "debug=compose")
        assert (answer.status, answer.err) == (0, "")
    answer = peslab("train", "features.cutoff=[2.0,near]", "debug=compose")
    assert answer.status == 2
    assert "features.cutoff" in answer.err


def test_lengths_have_no_unit():
    """Stretching everything, R_0p included, leaves the eigenvalues."""
    near = ProximityEigenvalues([-2, -5], 3.0)(POSITIONS, 5.0)
    stretched = ProximityEigenvalues([-2, -5], 0.3 * 3.0)(0.3 * POSITIONS, 0.3 * 5.0)
    np.testing.assert_allclose(stretched, near, atol=1e-9 * np.abs(near).max())


@pytest.mark.parametrize("n_particles", [4, 13])
def test_symmetric_configurations(n_particles):
    """A row of equal steps has equal eigenvalues; their sum still has the derivative of the trace.

    Twelve are diagonalized by Jacobi's rotations, more by LAPACK.
    """
    row = np.arange(n_particles)[:, None] * [1.0, 0.0]
    features, jacobian = ProximityEigenvalues([-2, -3], 3.0).with_jacobian(row, 1.0 * n_particles)
    assert np.isfinite(features).all()
    # The diagonal of P does not depend on the positions, so neither does its trace.
    sums = jacobian.reshape(2, n_particles, -1).sum(axis=1)
    np.testing.assert_allclose(sums, 0.0, atol=1e-10 * (1 + np.abs(jacobian).max()))


def test_a_width_for_each_configuration():
    """The eigenvalues tell widths apart, as the thesis intends."""
    widths = np.linspace(4.0, 6.0, 300)
    features = ProximityEigenvalues([-2], 8.0)(POSITIONS / 5.0 * widths[:, None, None], widths)
    for k in (0, 150, 299):
        alone = ProximityEigenvalues([-2], 8.0)(POSITIONS[k] / 5.0 * widths[k], widths[k])
        np.testing.assert_allclose(features[k], alone[0], rtol=1e-12)


@pytest.mark.parametrize("orders", [[], [-1], [0], [2], [-2, -2], [-2.0], [True], "-2", None, -2])
def test_impossible_orders_are_named(orders):
    """Orders above −2, fractions, repeats and nothing at all are refused by name."""
    with pytest.raises(InvalidInputError, match="orders"):
        ProximityEigenvalues(orders, 3.0)


@pytest.mark.parametrize(
    "cutoff", [0.0, -3.0, float("nan"), float("inf"), None, True, [], (3.0, 3.0), [3.0, -1.0]]
)
def test_impossible_cutoffs_are_named(cutoff):
    """R_0p is a length."""
    with pytest.raises(InvalidInputError, match="cutoff"):
        ProximityEigenvalues([-2], cutoff)


def test_bad_configurations_are_refused():
    """The check of positions is the one that energies have."""
    with pytest.raises(InvalidInputError, match="same place"):
        ProximityEigenvalues([-2], 3.0)([[0.0, 0.0], [5.0, 0.0]], 5.0)


@pytest.mark.parametrize("n_particles", [2, 13])
def test_matrices_that_overflow_are_refused(n_particles):
    """High orders of small distances are infinite: better refused than NaN among the inputs."""
    apart = np.arange(1.0 * n_particles)[:, None]
    near = np.concatenate([[[0.0], [1e-6]], apart[2:]])
    with pytest.raises(InvalidInputError, match="configuration 1 is not finite"):
        ProximityEigenvalues([-60], 3.0)([apart, near], 15.0)
    with pytest.raises(InvalidInputError, match="configuration 1 is not finite"):
        ProximityEigenvalues([-60], 3.0).with_jacobian([apart, near], 15.0)


def test_example_in_the_documentation_runs():
    """What a reader copies works."""
    assert doctest.testmod(proximity).failed == 0
