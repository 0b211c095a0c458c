"""Functions of configurations of one number of particles, for configurations of several."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import checked_configurations
from peslab.places import groups

PLACES = 1  # the axis of results whose rows are NaN where no particle is


def by_number(
    run: Callable[[FloatArray, FloatArray], Sequence[FloatArray]],
    positions: npt.ArrayLike,
    cell_width: npt.ArrayLike,
    place_axes: Sequence[tuple[int, ...]],
) -> tuple[FloatArray, ...]:
    """Run a function on the configurations of each number of particles, and join what it gives.

    Args:
        run: From positions (m, N, d) and cell widths (m,) to arrays of m rows.
        positions: Shape (n, N, d), NaN in places without a particle, which come last.
        cell_width: A number, or shape (n,).
        place_axes: Of each result the axes that go over particles. Without a particle axis 1 holds
            NaN, for there is nothing, and every other one 0, for nothing depends on it.

    Returns:
        The results, of n rows.

    Raises:
        InvalidInputError: Where an input makes no sense, or the function refuses it.
    """
    inside, widths = checked_configurations(positions, cell_width, with_absent=True)
    joined: list[FloatArray] = []
    for number, rows in groups(inside):
        try:
            found = run(inside[rows, :number], widths[rows])
        except InvalidInputError as error:
            if len(rows) == len(inside):
                raise
            raise InvalidInputError(
                f"counted among the configurations of {number} particles, {error}"
            ) from error
        joined = joined or [
            np.zeros(_shape(part, axes, inside), part.dtype)
            for part, axes in zip(found, place_axes, strict=True)
        ]
        for whole, part, axes in zip(joined, found, place_axes, strict=True):
            if PLACES in axes:
                whole[rows, number:] = np.nan
            place: tuple[Any, ...] = (rows, *(slice(size) for size in part.shape[1:]))
            whole[place] = part
    return tuple(joined)


def _shape(part: FloatArray, axes: tuple[int, ...], positions: FloatArray) -> tuple[int, ...]:
    """Of the whole result: all rows, and all places where it goes over particles."""
    n, n_places, _ = positions.shape
    return n, *(n_places if axis in axes else part.shape[axis] for axis in range(1, part.ndim))
