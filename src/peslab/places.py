"""Configurations of different numbers of particles in one array: which places hold a particle.

An array over particles has the shape (n, N, …), N being the largest number. A place without a
particle is a row of NaN, and such places come last: what forgets about them becomes NaN, and is
noticed. All that is known of them is told by the array itself.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

OF_ONE, OF_MANY = 2, 3  # axes of positions (N, d) and (n, N, d)


def some_absent(values: npt.ArrayLike) -> bool:
    """Whether a place may be without a particle: one look at the last place of each configuration.

    Args:
        values: Shape (n, N, …) or (N, d); of anything else it is not for here to say what is wrong.
    """
    try:
        given = np.asarray(values)
    except ValueError:  # rows of different lengths
        return False
    if given.dtype.kind != "f" or given.ndim < OF_ONE or given.size == 0:
        return False
    last = given[-1] if given.ndim == OF_ONE else given[:, -1]
    return bool(np.isnan(last).any())


def numbers(values: FloatArray) -> IntArray:
    """How many particles each configuration has: its places up to the last that is not all NaN.

    Args:
        values: Shape (n, N, …).

    Returns:
        Shape (n,), 1 or more: a configuration of nothing but NaN has one that makes no sense.
    """
    n, n_places = values.shape[:2]
    if n == 0 or not np.isnan(values[:, -1]).any():
        return np.full(n, n_places)
    filled = np.asarray((~np.isnan(values.reshape(n, n_places, -1))).any(axis=2))
    behind = np.where(filled.any(axis=1), filled[:, ::-1].argmax(axis=1), n_places - 1)
    return np.asarray(n_places - behind)


def present(values: FloatArray) -> Mask:
    """Which places hold a particle, shape (n, N), of values (n, N, …)."""
    return np.asarray(np.arange(values.shape[1]) < numbers(values)[:, None])


def groups(values: FloatArray) -> Iterator[tuple[int, IntArray]]:
    """Every number of particles, from the smallest on, with the rows of its configurations."""
    of_row = numbers(values)
    for number in np.unique(of_row).tolist():
        yield number, np.flatnonzero(of_row == number)


def zeroed(values: FloatArray, there: Mask) -> FloatArray:
    """Values (n, N, …) with zeros where no particle is; what is NaN elsewhere stays NaN."""
    return np.where(there.reshape(*there.shape, *[1] * (values.ndim - 2)), values, 0.0)


def mean_over_places(values: FloatArray) -> FloatArray:
    """The mean over the particles that are there, (n, F) of values (n, N, F)."""
    if not some_absent(values):
        return np.asarray(values.mean(axis=1))
    there = present(values)
    return np.asarray(zeroed(values, there).sum(axis=1) / there.sum(axis=1)[:, None])
