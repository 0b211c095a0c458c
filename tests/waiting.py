"""Waiting for what other processes do, however slow the machine is."""

import time
from collections.abc import Callable
from pathlib import Path

LONGEST = 120.0  # seconds
BETWEEN = 0.01  # seconds, from one look to the next


def wait_for(condition: Callable[[], object]) -> None:
    """Look until something is so; a test fails where it never is."""
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(BETWEEN)


def runs(process: int | str) -> bool:
    """Whether a process is there; one that ended and waits to be heard of is not."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return told.rpartition(")")[2].split()[0] != "Z"
