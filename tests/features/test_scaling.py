"""Scalings: what reaches the network, what comes back, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peslab.errors import InvalidInputError
from peslab.features import ProximityEigenvalues
from peslab.features.scaling import LinearMap, Standardize, Unscaled, Whiten, check_features


@pytest.fixture
def features():
    """Three features of very different sizes, as eigenvalues of several orders have."""
    generator = np.random.default_rng(7)
    return generator.normal(loc=[3.0, -2e3, 1e7], scale=[0.1, 1e3, 1e6], size=(500, 3))


def test_standardized_inputs_have_mean_zero_and_deviation_one(features):
    """Whatever their size, all features reach the network alike."""
    inputs = Standardize().fit(features).apply(features)
    # The mean of 1e7 is subtracted with 1e-16 of relative rounding: 1e-9 in units of 1e6.
    np.testing.assert_allclose(inputs.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(inputs.std(axis=0), 1.0, rtol=1e-12)


def test_the_map_of_the_training_part_serves_all_other_features(features):
    """Held-out features are scaled by the training part's mean and deviation, not by their own."""
    linear_map = Standardize().fit(features)
    shifted = linear_map.apply(features + features.std(axis=0))
    np.testing.assert_allclose(shifted, linear_map.apply(features) + 1.0, atol=1e-9)


def test_unscaled_features_stay_as_they_are(features):
    """The thesis's choice changes no bit."""
    np.testing.assert_array_equal(Unscaled().fit(features).apply(features), features)


@given(
    shift=arrays(np.float64, 3, elements=st.floats(-10, 10)),
    matrix=arrays(np.float64, (3, 2), elements=st.floats(-10, 10)),
)
def test_a_linear_map_may_mix_and_drop_features(shift, matrix):
    """Inputs are (features − shift) · matrix, one row at a time."""
    features = np.arange(12.0).reshape(4, 3)
    inputs = LinearMap(shift, matrix).apply(features)
    assert inputs.shape == (4, 2)
    for row, mapped in zip(features, inputs, strict=True):
        # Sums of three products below 300, in another order.
        np.testing.assert_allclose((row - shift) @ matrix, mapped, atol=1e-12)


@pytest.fixture
def collinear():
    """Eigenvalues of two orders: those of each order add up to a constant."""
    positions = np.random.default_rng(0).uniform(0.0, 5.0, (2000, 4, 2))
    return ProximityEigenvalues([-2, -4], 6.0)(positions, 5.0)


def test_whitened_inputs_are_uncorrelated(collinear):
    """Covariances are those of independent inputs; one direction of each order is dropped."""
    inputs = Whiten().fit(collinear).apply(collinear)
    assert inputs.shape == (2000, 6)
    np.testing.assert_allclose(inputs.mean(axis=0), 0.0, atol=1e-6)
    # Directions of a 1e-9 of the largest variance are known to some 1e-7 of themselves.
    np.testing.assert_allclose(np.cov(inputs.T, ddof=0), np.eye(6), atol=1e-5)


def test_whitening_loses_nothing_but_constants(collinear):
    """Least squares brings the features back from the inputs."""
    inputs = Whiten().fit(collinear).apply(collinear)
    known = np.column_stack([inputs, np.ones(len(inputs))])
    back = known @ np.linalg.lstsq(known, collinear)[0]
    np.testing.assert_allclose(
        back / collinear.std(axis=0), collinear / collinear.std(axis=0), atol=1e-6
    )


def test_whitening_puts_the_widest_direction_first(features):
    """Two features that agree are wider together than apart, and have the same sign."""
    twins = np.column_stack(
        [features, features[:, 0] + 1e-3 * features.std(axis=0)[0] * features[:, 2] / 1e6]
    )
    matrix = Whiten().fit(twins).matrix * twins.std(axis=0)[:, None]
    assert matrix[0, 0] == pytest.approx(matrix[3, 0], rel=1e-2)
    assert matrix[0, 0] > 0.4


@pytest.mark.parametrize(("floor", "kept"), [(1e-9, 4), (1e-5, 3)])
def test_the_floor_decides_what_is_dropped(features, floor, kept):
    """A direction of 1e-7 of the largest variance is information or noise, as one likes."""
    noise = np.random.default_rng(1).normal(size=500) * features[:, 0].std()
    nearly = np.column_stack([features, features[:, 0] + 6e-4 * noise])
    assert Whiten(floor=floor).fit(nearly).matrix.shape == (4, kept)


def test_whitening_standardizes_a_single_feature(features):
    """There is nothing to mix."""
    alone = features[:, :1]
    np.testing.assert_allclose(
        Whiten().fit(alone).apply(alone), Standardize().fit(alone).apply(alone), rtol=1e-10
    )


@pytest.mark.parametrize("floor", [0.0, 1.0, -1e-9, 1e-20, None, float("nan")])
def test_impossible_floors_are_named(floor):
    """A part of the largest variance, above what is rounding."""
    with pytest.raises(InvalidInputError, match="floor"):
        Whiten(floor=floor)


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
def test_rows_of_all_particles_are_scaled_together(features, scaling):
    """Places are alike, so what is fitted to (n, N, F) is what is fitted to all its rows."""
    places = features.reshape(100, 5, 3)
    linear_map, expected = scaling.fit(places), scaling.fit(features)
    np.testing.assert_array_equal(linear_map.matrix, expected.matrix)
    inputs = linear_map.apply(places)
    assert inputs.shape == (100, 5, 3)
    np.testing.assert_allclose(inputs.reshape(500, 3), expected.apply(features), rtol=1e-12)


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
def test_the_inverse_brings_targets_back(scaling):
    """Energies that were scaled to be learned come back to their last digits."""
    energies = np.random.default_rng(3).normal(-40.0, 2.5, (300, 1))
    linear_map = scaling.fit(energies)
    back = linear_map.inverse().apply(linear_map.apply(energies))
    np.testing.assert_allclose(back, energies, rtol=1e-14)


def test_what_was_dropped_has_no_inverse(collinear):
    """Better a sentence than features that are nearly those."""
    with pytest.raises(InvalidInputError, match=r"8 features became 6 inputs.*standardize"):
        Whiten().fit(collinear).inverse()


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
def test_matrices_lie_in_memory_by_rows(features, scaling):
    """As a network that is exported with them needs it."""
    linear_map = scaling.fit(features)
    assert linear_map.matrix.flags.c_contiguous
    assert linear_map.inverse().matrix.flags.c_contiguous
    assert LinearMap(np.zeros(2), np.ones((3, 2)).T).matrix.flags.c_contiguous


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
@pytest.mark.parametrize("constant", [0.0, 0.1, -3.7e6])
def test_constant_features_are_named(features, scaling, constant):
    """A column that holds only rounding errors must not be blown up to deviation one."""
    features[:, 1] = constant * (1 + 1e-16 * np.arange(500))
    with pytest.raises(InvalidInputError, match=r"counted from 0, 1 are constant.*cutoff"):
        scaling.fit(features)


def test_constant_features_are_called_by_their_names(features):
    """Those that are constant, of many the first six."""
    features[:, 2] = 5.0
    with pytest.raises(InvalidInputError, match=r"Feature\(s\) 'cell width' are constant"):
        check_features(features, ["a", "b", "cell width"])
    many = np.column_stack([features[:, :1], np.ones((500, 9))])
    with pytest.raises(InvalidInputError, match="'x6', and 3 more are constant"):
        check_features(many, [f"x{number}" for number in range(10)])
    check_features(features[:, :2], ["a", "b"])


def test_one_configuration_cannot_be_standardized(features):
    """All features of a single row are constant."""
    with pytest.raises(InvalidInputError, match="All features, 3 of them, are constant"):
        Standardize().fit(features[:1])


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_named(features, scaling, bad):
    """Coincident particles make infinite eigenvalues: say which, before the loss is NaN."""
    features[3, 2] = bad
    with pytest.raises(InvalidInputError, match=r"column\(s\), counted from 0, 2 hold.*coincident"):
        scaling.fit(features)


@pytest.mark.parametrize("shape", [(5,), (0, 3), (3, 0), (3, 0, 2), (2, 3, 4, 5)])
def test_features_are_a_table(shape):
    """One row a configuration, one column a feature, and at least one of each."""
    with pytest.raises(InvalidInputError, match="shape"):
        Standardize().fit(np.ones(shape))
