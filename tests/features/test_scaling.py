import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap, Standardize, Unscaled


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


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.7e6])
def test_constant_features_are_named(features, constant):
    """A column that holds only rounding errors must not be blown up to deviation one."""
    features[:, 1] = constant * (1 + 1e-16 * np.arange(500))
    with pytest.raises(InvalidInputError, match=r"column\(s\) 1 .*constant.*cutoff"):
        Standardize().fit(features)


def test_one_configuration_cannot_be_standardized(features):
    """All features of a single row are constant."""
    with pytest.raises(InvalidInputError, match="0, 1, 2"):
        Standardize().fit(features[:1])


@pytest.mark.parametrize("scaling", [Standardize(), Unscaled()])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_named(features, scaling, bad):
    """Coincident particles make infinite eigenvalues: say which, before the loss is NaN."""
    features[3, 2] = bad
    with pytest.raises(InvalidInputError, match=r"column\(s\) 2 .*coincident"):
        scaling.fit(features)


@pytest.mark.parametrize("shape", [(5,), (0, 3), (3, 0), (2, 3, 4)])
def test_features_are_a_table(shape):
    """One row a configuration, one column a feature, and at least one of each."""
    with pytest.raises(InvalidInputError, match="shape"):
        Standardize().fit(np.ones(shape))
