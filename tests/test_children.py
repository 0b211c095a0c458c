"""A guard signals what it was told of, unless the block ended in order."""

import signal
import subprocess
import sys

import pytest

from peslab.children import end_with, guarded, session, sign_of_life

BEGUN = "import os; os.write(1, b'.')"
ASLEEP = [sys.executable, "-c", f"{BEGUN}; import time; time.sleep(600)"]
HOLDER = """
import signal, sys, time
from peslab.children import guarded
with guarded(signal.SIGTERM) as guard:
    for number in sys.argv[1:]:
        guard(int(number))
    print("told", flush=True)
    time.sleep(600)
"""

LIVING = """
import time
from peslab.children import sign_of_life
with sign_of_life() as port:
    print(port, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def sleepers():
    """Two programs that sleep, the second one in a group of its own."""
    options = [{}, {"start_new_session": True}]
    started = [subprocess.Popen(ASLEEP, stdout=subprocess.PIPE, **each) for each in options]
    for each in started:
        each.stdout.read(1)
    yield started
    for each in started:
        each.kill()
        each.communicate()


def test_a_kill_signals_processes_and_groups(sleepers):
    """Each by its number, a group by the negative of it; one that is gone already does no harm."""
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    numbers = [str(gone.pid), str(sleepers[0].pid), str(-sleepers[1].pid)]
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, *numbers], stdout=subprocess.PIPE)
    gone.wait()
    assert holder.stdout.readline() == b"told\n"
    holder.kill()
    holder.communicate()
    assert [each.wait(120) for each in sleepers] == [-signal.SIGTERM] * 2


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_what_ends_in_order_signals_nobody(error, sleepers):
    """Also by an error, which whoever started the processes hears of."""
    try:
        with guarded(signal.SIGKILL) as guard:
            guard(sleepers[0].pid)
            if error:
                raise error
    except KeyboardInterrupt:
        pass
    assert sleepers[0].poll() is None


def test_a_guard_that_is_gone_disturbs_nobody(monkeypatch):
    """As where something has ended it to free memory."""
    monkeypatch.setattr("peslab.children.GUARD", ("sh", "-c", "exit"))
    with session([sys.executable, "-c", "pass"]) as process:
        assert process.wait(120) == 0


def test_programs_end_with_whose_sign_of_life_they_follow(sleepers):
    """Though others have started them; also one that begins to follow when it is too late."""
    living = subprocess.Popen([sys.executable, "-c", LIVING], stdout=subprocess.PIPE)
    port = int(living.stdout.readline())
    end_with(port, sleepers[0])
    with pytest.raises(subprocess.TimeoutExpired):
        sleepers[0].wait(0.3)
    living.kill()
    living.communicate()
    end_with(port, sleepers[1])
    assert [each.wait(120) for each in sleepers] == [-signal.SIGTERM] * 2


def test_a_sign_of_life_ends_in_order(sleepers):
    """With its block; programs that have ended before are left alone."""
    sleepers[1].kill()
    sleepers[1].wait()
    with sign_of_life() as port:
        for each in sleepers:
            end_with(port, each)
    assert [each.wait(120) for each in sleepers] == [-signal.SIGTERM, -signal.SIGKILL]
