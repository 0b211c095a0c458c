"""Errors, and what they have to be compared with."""

import math

import numpy as np
from numpy.typing import NDArray

from peslab.places import mean_over_places

Array = NDArray[np.float64]


MOST_REWEIGHTINGS = 60
CONVERGED = 1e-6  # a fall of the error, relative to it, that is none
RANK = 1e-12  # directions that are smaller, relative to the largest, hold rounding errors
SMALLEST_ERROR = 1e-9  # of the range of the targets: none weighs more than one so near


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
        train_inputs: Shape (n_train, n_inputs), or (n_train, A, n_inputs) of A places in each
            sample, whose contributions the mean is taken of; places of NaN do not count.
        train_targets: Shape (n_train,).
        inputs: Shape (n, n_inputs) or (n, A, n_inputs).
        targets: The values to predict, shape (n,).

    Returns:
        The mean absolute error, in the units of the targets.
    """
    train, test = _linear_columns(train_inputs, inputs)
    weights, *_ = np.linalg.lstsq(train, train_targets)
    return float(np.mean(np.abs(test @ weights - targets)))


def least_absolute_mae(
    train_inputs: Array, train_targets: Array, inputs: Array, targets: Array
) -> float:
    """Give the error of the linear fit with an intercept that has the least absolute errors.

    That is the best that a linear network can do, and what the thesis's reached. It is found by
    least squares that weigh each sample by one over its last error (Schlossmacher 1973).

    Args:
        train_inputs: Shape (n_train, n_inputs) or (n_train, A, n_inputs).
        train_targets: Shape (n_train,).
        inputs: Shape (n, n_inputs) or (n, A, n_inputs).
        targets: The values to predict, shape (n,).

    Returns:
        The mean absolute error, in the units of the targets.
    """
    train, test = _linear_columns(train_inputs, inputs)
    left, sizes, right = np.linalg.svd(train, full_matrices=False)
    kept = sizes > RANK * sizes[0]
    basis = left[:, kept]  # orthonormal, so that what follows is well conditioned
    weights = basis.T @ train_targets
    errors = np.abs(basis @ weights - train_targets)
    smallest = SMALLEST_ERROR * (float(np.ptp(train_targets)) or 1.0)
    for _ in range(MOST_REWEIGHTINGS):
        before = errors.mean()
        weighted = basis / np.maximum(errors, smallest)[:, None]
        weights = np.linalg.solve(weighted.T @ basis, weighted.T @ train_targets)
        errors = np.abs(basis @ weights - train_targets)
        if before - errors.mean() < CONVERGED * before:
            break
    return float(np.mean(np.abs(test @ (right[kept].T @ (weights / sizes[kept])) - targets)))


def _linear_columns(train: Array, other: Array) -> tuple[Array, Array]:
    """Means over places, standardized by those of the first part, with a column of ones."""
    has_places = train.ndim > 2  # noqa: PLR2004
    parts = [mean_over_places(part) if has_places else part for part in (train, other)]
    mean, deviation = parts[0].mean(axis=0), parts[0].std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    first, second = (
        np.column_stack([np.ones(len(part)), (part - mean) / deviation]) for part in parts
    )
    return first, second


def skill(mae: float, constant: float) -> float:
    """Give the part 1 − MAE / MAE(constant) of the constant's error that a model removes.

    Args:
        mae: The mean absolute error of the model.
        constant: That of the best constant, in the same units.

    Returns:
        1 for a perfect model, 0 for one as good as a constant, less than 0 for a worse one.
    """
    return 1.0 - mae / constant
