"""Slices in threads."""

import threading

import numpy as np
import pytest

from peslab.kernels.parallel import in_slices, usable_cores


@pytest.mark.parametrize("n", [0, 1, 1023, 2048, 5000])
@pytest.mark.parametrize("n_threads", [None, 1, 3])
@pytest.mark.parametrize("largest", [None, 7])
def test_every_configuration_is_run_once(n, n_threads, largest):
    """Slices leave no gap and do not overlap, and none is larger than allowed."""
    visits = np.zeros(n, dtype=int)
    sizes = []

    def run(start, stop):
        visits[start:stop] += 1
        sizes.append(stop - start)

    in_slices(run, n, n_threads, largest)
    assert (visits == 1).all()
    assert largest is None or max(sizes) <= largest


def test_threads_share_the_work():
    """Two slices are in work at the same time."""
    meeting = threading.Barrier(2, timeout=20)
    in_slices(lambda _start, _stop: meeting.wait(), 2048, n_threads=2)


def test_exceptions_arrive():
    """What goes wrong in a thread goes wrong for the caller."""

    def fail(start, _stop):
        if start > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_slices(fail, 2048, n_threads=2)


def test_usable_cores():
    """There is always one."""
    assert usable_cores() >= 1
