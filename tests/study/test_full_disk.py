"""A disk may be full at any write: the study says so, and goes on when there is room again."""

import errno
import os
import time
from contextlib import suppress
from itertools import count

import chaos_worker
import pytest
from test_chaos import finished

from peslab.errors import InfrastructureError
from peslab.study.about import About
from peslab.study.storage import stores
from peslab.study.storage.leases import renewed
from peslab.study.storage.study import load
from peslab.study.sweeper import TrialResult, work
from peslab.tracking import Tracking, spool, track_run

SPOOLING = Tracking(uri=None, experiment="peslab", spool=True)


def do(home, storage):
    """Work on a study of three trials whose runs are spooled."""

    def run_trial(number, overrides):
        tags = {"problem": "p", "study": "full", "trial": str(number)}
        with track_run(SPOOLING, home, f"full/{number}", tags) as log:
            log.params({"number": number})
            log.metrics({"val/error": 0.1})
        return TrialResult(0.1, {"val/error": 0.1}, log.run_id)

    work(
        chaos_worker.study("full", 3, storage),
        home,
        run_trial,
        defaults={},
        recipe={},
        about=About(),
        on_interrupted=lambda number: SPOOLING.close_lost(home, "full", number),
    )


def do_until(home, storage, n_writes):
    """The same on a disk that is full after so many writes; tell whether it came to that."""
    sync, left = os.fsync, [n_writes]

    def full(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with suppress(OSError, InfrastructureError):  # which a command tells in a sentence
            do(home, storage)
    return left[0] < 0


@pytest.mark.parametrize("storage", [None, "shared"])
def test_a_disk_may_be_full_at_any_write(storage, tmp_path, monkeypatch):
    """With room again: exactly the trials, one good run each, none open, nothing left behind."""
    monkeypatch.setattr(stores, "RENEWAL_SECONDS", 0.05)
    step = 1 if storage is None else 5  # locks are files there, too
    for n_writes in count(0, step):
        home = tmp_path / str(n_writes)
        was_full = do_until(home, storage, n_writes)
        do(home, storage)
        done = finished(load("full", home))
        assert len(done) == len({trial.params["x"] for trial in done}) == 3, n_writes
        assert ended(home) == {str(trial.number) for trial in done}
        if not was_full:
            break
    assert n_writes > 20


def ended(home):
    """How the run of each trial ended; those of interrupted ones are KILLED."""
    runs = [
        (spool.read(each / spool.RUN)["tags"]["trial"], spool.status(each))
        for each in spool.spooled(home)
    ]
    assert {status for _, status in runs} <= {"FINISHED", "KILLED"}
    good = [trial for trial, status in runs if status == "FINISHED"]
    assert len(set(good)) == len(good)
    return set(good)


def test_a_lease_is_renewed_again_when_there_is_room(tmp_path, monkeypatch):
    """Its thread outlives a full disk; else a living worker would be taken for dead."""
    lease, sync = tmp_path / "me", os.fsync
    with renewed(lease, 0.01):
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
        time.sleep(0.1)
        monkeypatch.setattr(os, "fsync", sync)
        os.utime(lease, (0, 0))
        end = time.monotonic() + 10
        while lease.stat().st_mtime == 0:
            assert time.monotonic() < end
            time.sleep(0.01)
