"""What the training data say of themselves, for configs that ask."""

import math

import numpy as np

from peslab.configuration.statistics import NAMES
from peslab.features import LinearMap
from peslab.places import OF_MANY, present
from peslab.problems.contract import Array, Table


def data_statistics(table: Table, scaling: LinearMap) -> dict[str, float]:
    """Statistics of the training part, by the names that configs use.

    Args:
        table: The training part.
        scaling: From its features to the inputs of a network.

    Returns:
        All of `configuration.statistics.NAMES`; those of gradients where the table has them.
    """
    n_features, n_inputs = scaling.matrix.shape
    targets = table.targets
    found: dict[str, float] = {
        "target_mean": float(targets.mean()),
        "target_std": float(targets.std()),
        "target_deviation": float(np.abs(targets - np.median(targets)).mean()),
        "n_train": len(targets),
        "n_features": n_features,
        "n_inputs": n_inputs,
    }
    magnitude = gradient_magnitude(table)
    if magnitude is not None:
        length = found["target_std"] / magnitude if magnitude > 0.0 else math.inf
        found |= {"gradient_magnitude": magnitude, "length": length}
    return {name: found[name] for name in NAMES if name in found}


def scales(table: Table, target: str) -> dict[str, float]:
    """What errors on the test part are parts of, as baselines are called.

    Args:
        table: The test part.
        target: The word before `_mae` in metrics.

    Returns:
        The standard deviation of its targets, and the mean magnitude of components of its gradients
        where it has them.
    """
    magnitude = gradient_magnitude(table)
    found = {f"{target}_std": float(table.targets.std())}
    return found if magnitude is None else found | {"gradient_magnitude": magnitude}


def farthest_input(scaling: LinearMap, train: Array, test: Array) -> dict[str, float]:
    """How far out the inputs of the test part lie, as a baseline is called.

    Args:
        scaling: From features to the inputs of a network.
        train: Features of the training part, shape (n, F) or (n, N, F).
        test: Those of the test part.

    Returns:
        The largest magnitude of an input over that of the same input in the training part, for the
        input where it is largest: far above 1 a network guesses.
    """
    known, new = (
        np.abs(scaling.apply(part[present(part)] if part.ndim == OF_MANY else part)).max(axis=0)
        for part in (train, test)
    )
    return {"farthest_input": float((new / known).max())}


def gradient_magnitude(table: Table) -> float | None:
    """The mean magnitude of a component of a particle's gradient; None without gradients."""
    if table.gradients is None:
        return None
    return float(np.abs(table.gradients[present(table.gradients)]).mean())
