"""A signal ends what runs in order, once, and is not lost."""

import os
import signal
import sys
import threading
import time

import pytest

from peslab.apps.signals import ASKING, stopped_by_signals
from peslab.errors import Stopped


@pytest.mark.parametrize("number", ASKING)
def test_a_signal_ends_what_runs_inside(number):
    """With its number, for the exit status."""
    with pytest.raises(Stopped) as caught, stopped_by_signals():
        os.kill(os.getpid(), number)
    assert caught.value.signal == number


def test_further_ones_do_not_disturb_what_is_handed_back():
    """A scheduler asks again and again."""
    handed_back = []
    with pytest.raises(Stopped), stopped_by_signals():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            for each in ASKING:
                os.kill(os.getpid(), each)
            handed_back.append(True)
    assert handed_back == [True]


@pytest.mark.parametrize("number", ASKING)
def test_one_that_was_dropped_is_raised_again(number):
    """What is raised while Python tidies up is raised nowhere: nobody may ask a second time."""
    passed = []

    class Tidied:
        def __del__(self):
            os.kill(os.getpid(), number)
            sum(range(10))

    with pytest.raises(Stopped) as caught, stopped_by_signals():
        Tidied()  # dropped here
        passed.append(True)
        time.sleep(10)
    assert (passed, caught.value.signal) == ([True], number)


def test_other_errors_that_python_drops_are_told_as_before(monkeypatch):
    """By whatever tells them, which is there again in the end."""
    told = []
    monkeypatch.setattr("sys.unraisablehook", lambda dropped: told.append(dropped.exc_type))
    mine = sys.unraisablehook

    class Broken:
        def __del__(self):
            raise ValueError

    with stopped_by_signals():
        Broken()
    assert (told, sys.unraisablehook) == ([ValueError], mine)


def test_what_was_before_comes_back():
    """Also after a signal."""
    before = [signal.getsignal(each) for each in ASKING]
    with pytest.raises(Stopped), stopped_by_signals():
        os.kill(os.getpid(), signal.SIGUSR1)
    assert [signal.getsignal(each) for each in ASKING] == before


def test_threads_leave_signals_alone():
    """Only the main one hears them."""
    found = []

    def enter():
        before = signal.getsignal(signal.SIGTERM)
        with stopped_by_signals():
            found.append(signal.getsignal(signal.SIGTERM) is before)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [True]
