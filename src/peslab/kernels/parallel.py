"""Kernels on several cores: slices of configurations in threads, for kernels hold no GIL."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import pairwise
from threading import Thread
from typing import TypeVar

from peslab.errors import InvalidInputError
from peslab.kernels.inputs import is_whole

Found = TypeVar("Found")

SLICES_PER_THREAD = 4  # so that an expensive slice does not keep the other threads waiting
HEARD_EVERY = 0.1  # seconds, that signals are heard
SMALLEST_SLICE = 1024  # fewer configurations, of a microsecond each, are not worth a thread


def usable_cores() -> int:
    """Number of cores that this process may use: a cluster may grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_slices(
    run: Callable[[int, int], None],
    n: int,
    n_threads: int | None = None,
    largest_slice: int | None = None,
    smallest_slice: int = SMALLEST_SLICE,
) -> None:
    """Call `run(start, stop)` for consecutive slices of `range(n)`, in threads.

    What a slice writes must not depend on another: then results are the same, bit for bit, for any
    number of threads.

    Args:
        run: Works on the configurations from `start` to `stop`.
        n: Number of configurations.
        n_threads: None takes all usable cores.
        smallest_slice: Fewest configurations that are worth a thread.
        largest_slice: Most configurations in a slice, where a slice takes memory; None for any.

    Raises:
        InvalidInputError: Where there is no thread to run on.
    """
    n_threads = usable_cores() if n_threads is None else n_threads
    if not is_whole(n_threads, minimum=1):
        raise InvalidInputError(
            f"n_threads must be 1 or more, a whole number, or None, not {n_threads!r}."
        )
    n_slices = min(SLICES_PER_THREAD * n_threads, n // smallest_slice) if n_threads > 1 else 1
    n_slices = max(n_slices, 1, -(-n // largest_slice) if largest_slice else 1)
    edges = [n * k // n_slices for k in range(n_slices + 1)]
    if n_threads == 1 or n_slices == 1:
        for start, stop in pairwise(edges):
            run(start, stop)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(run, edges[:-1], edges[1:]):
            pass  # an exception of a slice is raised here


def in_threads(calls: Sequence[Callable[[], Found]]) -> list[Found]:
    """Call functions side by side, each in a thread that is left behind when a signal comes.

    Python hears signals in its main thread, and only between kernels, not within.

    Returns:
        What they returned, in their order.
    """
    futures = [Future[Found]() for _ in calls]

    def run(call: Callable[[], Found], future: Future[Found]) -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
            future.set_exception(error)

    for call, future in zip(calls, futures, strict=True):
        Thread(target=run, args=(call, future), daemon=True).start()
    while wait(futures, timeout=HEARD_EVERY).not_done:
        pass  # Polars lets waits go on that a signal interrupted
    return [future.result() for future in futures]
