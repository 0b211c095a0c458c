"""How long a prediction takes, from positions to energies."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BATCH = 1000
"""Configurations in one timed prediction of many."""

BATCHES, SINGLES = 10, 40
"""Timed predictions, of which the fastest counts: the others waited for somebody."""


def prediction_times(predict: Callable[..., object], *inputs: Array) -> dict[str, float]:
    """Time predictions of many configurations at once, and of one alone.

    Args:
        predict: From inputs of n rows each to whatever it predicts.
        inputs: Of at least one row; the first 1,000 are taken.

    Returns:
        "prediction_microseconds", for a configuration among many, and
        "prediction_microseconds_single", for one alone.
    """
    batch = tuple(array[:BATCH] for array in inputs)
    single = tuple(array[:1] for array in inputs)
    return {
        "prediction_microseconds": _fastest(predict, batch, BATCHES) / len(batch[0]),
        "prediction_microseconds_single": _fastest(predict, single, SINGLES),
    }


def _fastest(predict: Callable[..., object], inputs: tuple[Array, ...], repeats: int) -> float:
    """Microseconds of the fastest of several calls."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        predict(*inputs)
        times.append(time.perf_counter() - began)
    return 1e6 * min(times)
