"""Waiting for what other processes do, however slow the machine is."""

import time
from collections.abc import Callable

LONGEST = 120.0  # seconds
BETWEEN = 0.01  # seconds, from one look to the next


def wait_for(condition: Callable[[], object]) -> None:
    """Look until something is so; a test fails where it never is."""
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(BETWEEN)
