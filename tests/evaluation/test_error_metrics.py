import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from peslab.evaluation import (
    constant_mae,
    least_absolute_mae,
    least_squares_mae,
    mean_and_sem,
    regression_metrics,
    skill,
)

energies = arrays(np.float64, 12, elements=st.floats(-100, 100))


def test_metrics_of_a_small_table_by_hand():
    """Errors −1, 0, 2 over targets 0, 1, 2: MAE 1, RMSE √(5/3), R² 1 − 5/2."""
    found = regression_metrics(np.array([-1.0, 1.0, 4.0]), np.array([0.0, 1.0, 2.0]))
    assert found == pytest.approx(
        {"mae": 1.0, "rmse": math.sqrt(5 / 3), "r2": -1.5, "max_error": 2.0}, rel=1e-14
    )


@given(prediction=energies, target=energies)
def test_errors_are_ordered(prediction, target):
    """MAE ≤ RMSE ≤ maximum error, and R² ≤ 1, whatever the data."""
    found = regression_metrics(prediction, target)
    slack = 1e-9  # rounding of means of numbers up to 200
    assert found["mae"] <= found["rmse"] + slack
    assert found["rmse"] <= found["max_error"] + slack
    assert math.isnan(found["r2"]) or found["r2"] <= 1.0


@given(target=energies, shift=st.floats(-10, 10))
def test_a_shifted_prediction_has_the_shift_as_error(target, shift):
    """All three errors of E + c are |c|."""
    found = regression_metrics(target + shift, target)
    for name in ("mae", "rmse", "max_error"):
        assert found[name] == pytest.approx(abs(shift), abs=1e-9)


def test_r2_of_perfect_mean_and_constant_targets():
    """1 for a perfect prediction, 0 for the mean, and no number where nothing varies."""
    target = np.array([1.0, 2.0, 6.0])
    assert regression_metrics(target, target)["r2"] == 1.0
    assert regression_metrics(np.full(3, 3.0), target)["r2"] == pytest.approx(0.0, abs=1e-14)
    assert math.isnan(regression_metrics(target, np.ones(3))["r2"])


def test_the_standard_error_has_one_degree_of_freedom_less():
    """Of 1, 2, 3: mean 2, s = 1, standard error 1/√3."""
    assert mean_and_sem(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, 1 / math.sqrt(3)))


def test_one_replica_has_no_standard_error():
    """One number says nothing of its scatter; zero would be a lie."""
    mean, sem = mean_and_sem(np.array([0.4]))
    assert mean == 0.4
    assert math.isnan(sem)


@given(train=energies, constant=st.floats(-100, 100))
def test_the_median_is_the_best_constant(train, constant):
    """No other constant has a smaller error on the part that the median was taken from."""
    assert constant_mae(train, train) <= np.mean(np.abs(train - constant)) + 1e-9


def test_the_constant_knows_the_training_part_only():
    """It is the median of 0, 1, 10 that is compared with the others."""
    assert constant_mae(np.array([0.0, 1.0, 10.0]), np.array([3.0, 1.0])) == 1.0


@pytest.fixture
def plane():
    """Inputs as different in size as eigenvalues, with a collinear and a constant column."""
    generator = np.random.default_rng(5)
    inputs = generator.normal(size=(400, 3)) * [1.0, 1e4, 1e7] + [0.0, 5.0, 1e8]
    inputs = np.column_stack([inputs, 1e7 - inputs[:, 0], np.full(400, 3.0)])
    return inputs, 2.0 + inputs[:, 0] - 3e-4 * inputs[:, 1] + 1e-7 * inputs[:, 2]


def test_least_squares_reproduces_a_plane_through_collinear_inputs(plane):
    """Exactly collinear columns, as the eigenvalues of one order are, do no harm."""
    inputs, targets = plane
    error = least_squares_mae(inputs[:300], targets[:300], inputs[300:], targets[300:])
    # The collinear column, 1e7 − x, holds x with seven digits less than its neighbor.
    assert error < 1e-8


def test_least_squares_is_the_optimum_of_a_linear_model(plane):
    """For curved targets the error is that of NumPy's own fit with an intercept."""
    inputs, _ = plane
    inputs = inputs[:, :3]
    targets = np.tanh(inputs[:, 0]) + 1e-8 * inputs[:, 1] ** 2
    with_intercept = np.column_stack([inputs / [1.0, 1e4, 1e7], np.ones(400)])
    weights = np.linalg.lstsq(with_intercept, targets)[0]
    expected = np.mean(np.abs(with_intercept @ weights - targets))
    assert least_squares_mae(inputs, targets, inputs, targets) == pytest.approx(expected, rel=1e-9)


def test_least_absolute_deviations_are_those_of_a_linear_program(plane):
    """The optimum that a linear network is to reach, by another way; squares do worse."""
    inputs = plane[0][:120, :3]
    random = np.random.default_rng(1)
    targets = np.tanh(inputs[:, 0]) + 1e-8 * inputs[:, 1] ** 2 + random.standard_cauchy(120)
    columns = np.column_stack([inputs / [1.0, 1e4, 1e7], np.ones(120)])
    program = linprog(
        np.concatenate([np.zeros(4), np.ones(120)]),
        A_ub=np.block([[columns, -np.eye(120)], [-columns, -np.eye(120)]]),
        b_ub=np.concatenate([targets, -targets]),
        bounds=[(None, None)] * 4 + [(0, None)] * 120,
    )
    found = least_absolute_mae(inputs, targets, inputs, targets)
    assert found == pytest.approx(program.fun / 120, rel=1e-4)  # steps end at 1e-6 of the error
    assert found < least_squares_mae(inputs, targets, inputs, targets)


def test_least_absolute_deviations_of_a_plane_vanish(plane):
    """Nothing is divided by errors of zero, and collinear columns do no harm."""
    inputs, targets = plane
    assert least_absolute_mae(inputs[:300], targets[:300], inputs[300:], targets[300:]) < 1e-6


@pytest.mark.parametrize("fit", [least_squares_mae, least_absolute_mae])
def test_linear_fits_see_the_mean_over_places(fit):
    """As a linear network with shared weights does."""
    inputs = np.random.default_rng(2).normal(size=(200, 3, 4))
    targets = inputs.mean(axis=1) @ [1.0, 2.0, -1.0, 0.5] + 0.1 * inputs[:, 0, 0] ** 2
    means = inputs.mean(axis=1)
    expected = fit(means[:100], targets[:100], means[100:], targets[100:])
    assert fit(inputs[:100], targets[:100], inputs[100:], targets[100:]) == expected


def test_skill_compares_with_the_constant():
    """Thesis: 0.47 E_c where a constant has 1.06 to 1.19 E_c, a skill of 0.56 to 0.60."""
    assert skill(0.0, 0.7) == 1.0
    assert skill(0.7, 0.7) == 0.0
    assert skill(1.4, 0.7) == -1.0
    assert 0.55 < skill(0.47, 1.06) < skill(0.47, 1.19) < 0.61
