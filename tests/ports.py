"""Ports for servers of tests: below those that the system gives to connections by itself."""

import random
import socket
from collections.abc import Iterator

TRIES = 5
"""Another server may take a port between the look and the start: then another one is tried."""


def free_ports() -> Iterator[int]:
    """Some ports of this machine that nobody listened to a moment ago."""
    draws = random.SystemRandom()
    for _ in range(TRIES):
        while not _is_free(port := draws.randrange(20_000, 32_000)):
            pass
        yield port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
