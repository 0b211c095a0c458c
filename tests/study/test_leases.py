"""Locks made of files: one holder at a time, whoever dies, however old a list of files is."""

import os
import threading
import time

import pytest

from peslab.study.storage import leases
from peslab.study.storage.leases import GenerationLock, age, renewed, written


@pytest.fixture
def living():
    """Who lives; a test changes it."""
    return {"a", "b", "c"}


@pytest.fixture
def lock(tmp_path, living):
    """Makes the lock `claim` for a holder."""

    def make(holder, name="claim"):
        return GenerationLock(tmp_path, name, holder, living.__contains__)

    return make


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_lock_is_taken_and_given_back(lock, tmp_path):
    """Again and again, by whoever asks; old generations are cleared away."""
    for holder in "abcab":
        one = lock(holder)
        assert one.acquire()
        assert not lock("c")._try()
        one.release()
    assert files(tmp_path) == ["claim.5.free"]


def test_a_living_holder_keeps_it_and_a_dead_one_loses_it(lock, living, tmp_path):
    """Its lease decides; the next one takes the next generation."""
    assert lock("a").acquire()
    other = lock("b")
    assert not other._try()
    living.remove("a")
    assert other._try()
    assert files(tmp_path) == ["claim.2"]
    assert (tmp_path / "claim.2").read_text(encoding="utf-8") == "b"


def test_only_one_of_two_inherits_from_a_dead_one(lock, living):
    """Both saw it dead; the later one must not take the lock from the earlier one."""
    dead, first, second = lock("a"), lock("b"), lock("c")
    dead.acquire()
    living.remove("a")
    seen = second._generations()
    assert first._try()
    second._generations = iter([seen, first._generations()]).__next__  # an old list, then a new one
    assert not second._try()
    second._generations = lock("c")._generations
    assert not second._try()
    first.release()
    assert second._try()


def test_an_old_list_is_noticed(lock, tmp_path):
    """Others came and went since it was read: what was made from it is taken away again."""
    late = lock("c")
    seen = late._generations()  # nothing yet
    for _ in range(3):
        one = lock("a")
        one.acquire()
        one.release()
    holder = lock("b")
    holder.acquire()
    fresh = holder._generations
    late._generations = iter([seen, {**fresh(), 1: False}]).__next__
    assert not late._try()
    assert files(tmp_path) == ["claim.4"]


def test_a_generation_that_was_given_back_is_not_made_twice(lock, tmp_path):
    """Its name is free again, but its turn is over."""
    late = lock("c")
    seen = late._generations()
    one = lock("a")
    one.acquire()
    one.release()
    late._generations = lambda: seen
    assert not late._try()
    assert files(tmp_path) == ["claim.1.free"]


def test_who_was_taken_for_dead_gives_nothing_back(lock, living, tmp_path):
    """It wakes up, and leaves the lock to whoever has it now."""
    slow, other = lock("a"), lock("b")
    slow.acquire()
    living.remove("a")
    other.acquire()
    slow.release()
    assert files(tmp_path) == ["claim.2"]


def test_locks_of_two_names_are_two(lock):
    """Also where one name begins like the other, or ends in a number."""
    locks = [lock("a", name) for name in ("claim", "claimed", "claim.7")]
    assert all(one._try() for one in locks[:2])


def test_many_threads_never_hold_it_together(lock):
    """Two hundred times, eight at once."""
    inside, most = [], []

    def work(holder):
        for _ in range(25):
            one = lock(holder)
            one.acquire()
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            one.release()

    threads = [threading.Thread(target=work, args=(holder,)) for holder in "abcabcab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert most == [1] * 200


def test_a_lease_is_young_while_it_is_renewed(tmp_path):
    """Its age is that of the last sign of life; without one it is infinite."""
    lease = tmp_path / "me"
    assert age(lease) == float("inf")
    with renewed(lease, 0.01):
        os.utime(lease, (0, 0))
        end = time.monotonic() + 60
        while age(lease) > 1e6:
            assert time.monotonic() < end, "nobody renewed it"
            time.sleep(0.01)
    assert age(lease) == float("inf")
    assert files(tmp_path) == []


def test_ages_are_told_by_the_file_system(tmp_path, monkeypatch):
    """Not by the clock of a machine, which may be wrong by years."""
    lease = tmp_path / "me"
    now = written(lease)
    os.utime(lease, (now - 100, now - 100))
    monkeypatch.setattr(leases.time, "time", lambda: 0.0)
    assert age(lease) == pytest.approx(100, abs=5)
