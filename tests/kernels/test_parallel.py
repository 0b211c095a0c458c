"""Slices in threads."""

import signal
import threading
import time

import numpy as np
import pytest

from peslab.kernels.parallel import in_slices, in_threads, usable_cores


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


def test_calls_in_threads_run_side_by_side_and_return_in_their_order():
    """All are in work at the same time, and what goes wrong arrives."""
    meeting = threading.Barrier(3, timeout=20)
    assert in_threads([lambda k=k: (meeting.wait(), k)[1] for k in range(3)]) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        in_threads([lambda: 1, lambda: 1 // 0])


def test_signals_are_heard_while_threads_work():
    """Also where a library lets waits go on that a signal interrupted, as Polars does."""
    done, before = threading.Event(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.siginterrupt(signal.SIGINT, False)
    timer = threading.Timer(0.1, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    try:
        timer.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            in_threads([lambda: done.wait(5.0)])
        assert time.monotonic() - began < 2.5
    finally:
        done.set()
        signal.signal(signal.SIGINT, before)
