"""Errors, and what they have to be compared with."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def regression_metrics(prediction: Array, target: Array) -> dict[str, float]:
    """Compare one replica's predictions with the exact values.

    Args:
        prediction: Shape (n,).
        target: Shape (n,), in the same units.

    Returns:
        "mae", "rmse" and "max_error" in these units, and "r2", the part 1 − Σ Δ² / Σ (t − t̄)² of
        the variance that is explained: 1 is perfect, 0 is as good as the mean, NaN where all
        targets are equal.
    """
    errors = prediction - target
    squares, variance = float(np.mean(errors**2)), float(np.var(target))
    return {
        "mae": float(np.mean(np.abs(errors))),
        "rmse": math.sqrt(squares),
        "r2": 1.0 - squares / variance if variance > 0 else math.nan,
        "max_error": float(np.max(np.abs(errors))),
    }


def mean_and_sem(values: Array) -> tuple[float, float]:
    """Give the mean over replicas and its standard error, s / √k with s² = Σ (v − v̄)² / (k − 1).

    Args:
        values: One value of each replica, shape (k,).

    Returns:
        The mean and its standard error; one replica alone says nothing of the scatter: NaN.
    """
    k = len(values)
    sem = float(np.std(values, ddof=1)) / math.sqrt(k) if k > 1 else math.nan
    return float(np.mean(values)), sem


def constant_mae(train_targets: Array, targets: Array) -> float:
    """Give the error of the best constant, the median of the training targets.

    Args:
        train_targets: Shape (n_train,).
        targets: The values to predict, shape (n,).

    Returns:
        The mean absolute error, in the units of the targets.
    """
    return float(np.mean(np.abs(targets - np.median(train_targets))))


def least_squares_mae(
    train_inputs: Array, train_targets: Array, inputs: Array, targets: Array
) -> float:
    """Give the error of the linear least-squares fit with an intercept.

    The eigenvalues of one order sum to a constant at a fixed cell width, so that columns are
    exactly collinear: the fit is of the smallest norm among the equally good ones, over
    standardized columns.

    Args:
        train_inputs: Shape (n_train, n_inputs).
        train_targets: Shape (n_train,).
        inputs: Shape (n, n_inputs).
        targets: The values to predict, shape (n,).

    Returns:
        The mean absolute error, in the units of the targets.
    """
    mean, deviation = train_inputs.mean(axis=0), train_inputs.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    intercept = train_targets.mean()
    weights, *_ = np.linalg.lstsq((train_inputs - mean) / deviation, train_targets - intercept)
    prediction = intercept + (inputs - mean) / deviation @ weights
    return float(np.mean(np.abs(prediction - targets)))


def skill(mae: float, constant: float) -> float:
    """Give the part 1 − MAE / MAE(constant) of the constant's error that a model removes.

    Args:
        mae: The mean absolute error of the model.
        constant: That of the best constant, in the same units.

    Returns:
        1 for a perfect model, 0 for one as good as a constant, less than 0 for a worse one.
    """
    return 1.0 - mae / constant
