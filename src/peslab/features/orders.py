"""Orders of matrices: the power that a distance is taken to."""

from collections.abc import Sequence

import numpy as np

from peslab.errors import InvalidInputError

LOWEST_ORDER = -100  # powers are taken by multiplication


def checked_orders(orders: Sequence[int], highest: int, otherwise: str) -> tuple[int, ...]:
    """Different whole numbers, at least one.

    Args:
        orders: To be checked.
        highest: The highest that may be.
        otherwise: What is wrong with higher ones.

    Raises:
        InvalidInputError: Where they are anything else.
    """
    if isinstance(orders, str) or not isinstance(orders, Sequence) or len(orders) == 0:
        raise InvalidInputError(
            f"orders must be a list such as [{highest}, {highest - 1}], not {orders!r}."
        )
    for order in orders:
        whole = isinstance(order, int | np.integer) and not isinstance(order, bool)
        if not whole or not LOWEST_ORDER <= order <= highest:
            raise InvalidInputError(
                f"each of the orders must be a whole number from {LOWEST_ORDER} to {highest}, not "
                f"{order!r}: above {highest} {otherwise}."
            )
    if len(set(orders)) < len(orders):
        raise InvalidInputError(f"orders must differ from each other: {list(orders)}.")
    return tuple(int(order) for order in orders)
