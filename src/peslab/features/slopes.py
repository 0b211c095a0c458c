"""Whether a descriptor's derivatives are those of its features, tried on one configuration."""

from collections.abc import Callable

import numpy as np

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import Configurations, wrapped

STEP = 1e-6  # of the cell width: rounding and the next order are both far below the tolerance
STRAIGHT = 1e-3  # of the slopes: where those of two steps differ by more, features jump or bend
ROUNDING = 1e-6  # of a feature over the cell width: slopes smaller than that are none
TOLERANCE = 1e-2  # of the slopes: a wrong factor or sign differs by more


def check_slopes(
    name: str,
    describe: Callable[[FloatArray, FloatArray], FloatArray],
    jacobian: FloatArray,
    configuration: Configurations,
) -> None:
    """Compare derivatives along one direction with differences of features.

    Args:
        name: What the descriptor is called in the message.
        describe: From positions (n, N, d) and cell widths (n,) to features (n, …).
        jacobian: Of one configuration, shape (1, …, N, d).
        configuration: The same.

    Raises:
        InvalidInputError: If they differ where features are smooth.
    """
    positions, cell_widths = configuration
    way = np.random.default_rng(0).normal(size=positions.shape)
    # Two steps of other lengths and other parts on both sides: slopes differ at jumps and bends.
    lengths = STEP * cell_widths[0] * np.array([1.0, 0.5, -0.25, -0.5])
    moved = np.concatenate([positions + length * way for length in lengths])
    widths = np.repeat(cell_widths, len(moved))
    features = describe(wrapped(moved, widths[:, None, None]), widths)
    places = (-1, *[1] * (features.ndim - 1))
    rise, other_rise = (features[:2] - features[2:]) / (lengths[:2] - lengths[2:]).reshape(places)
    slopes = (jacobian[0] * way[0]).sum(axis=(-2, -1))
    size = np.maximum(np.abs(rise), np.abs(slopes))
    size += ROUNDING * np.abs(features[0]) / cell_widths[0]
    straight = np.abs(rise - other_rise) <= STRAIGHT * size
    wrong = straight & (np.abs(slopes - rise) > TOLERANCE * size)
    if wrong.any():
        raise InvalidInputError(
            f"the Jacobian of {name} is not that of its features, first of feature "
            f"{np.argwhere(wrong)[0][-1]} (counted from 0): correct describe_with_jacobian."
        )
