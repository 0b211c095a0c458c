"""Where studies are kept: each store tells the living from the dead, and lets one in at a time."""

import os
import signal
import subprocess
import sys
import threading
import time

import chaos_worker
import pytest
from optuna.trial import TrialState
from test_chaos import begun, finished, wait_for

from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.results.ranking import ranking
from peslab.study.settings import public
from peslab.study.storage import stores
from peslab.study.storage.stores import LocalStore, SharedStore, open_store
from peslab.study.storage.study import INTERRUPTED, RETRY_OF, load, work_on

KINDS = ["local", "shared", "postgres"]


@pytest.fixture(params=KINDS)
def storage(request, monkeypatch, tmp_path):
    """What `study.storage` says, for each kind; leases are renewed soon."""
    monkeypatch.setattr(stores, "RENEWAL_SECONDS", 0.1)
    if request.param != "postgres":
        return {"local": None, "shared": "shared"}[request.param]
    address = request.getfixturevalue("postgres_server")
    monkeypatch.setenv("PGPASSWORD", "a@secret")  # for readers, who find no password in the folder
    return f"postgresql+psycopg://{address}/postgres"


@pytest.fixture
def name(tmp_path):
    """Of a study; one server keeps those of all tests."""
    return f"of-{tmp_path.name}"[:60]


def start(home, name, n_trials, milliseconds, storage):
    words = [home, name, n_trials, milliseconds, *([storage] if storage else [])]
    return subprocess.Popen([sys.executable, chaos_worker.__file__, *map(str, words)])


def test_the_living_are_told_from_the_dead(storage, tmp_path):
    """While a worker is inside it lives, for others; before and after it does not."""
    mine, others = open_store(storage, tmp_path), open_store(storage, tmp_path)
    assert not others.is_alive("me")
    with mine.alive("me"):
        assert others.is_alive("me")
        if (lease := tmp_path / "leases" / "me").exists():
            os.utime(lease, (0, 0))  # it ends, unless it is renewed
        wait_for(lambda: others.is_alive("me"))
    assert not others.is_alive("me")


def test_one_at_a_time_holds_a_lock(storage, tmp_path):
    """Of many that want it at once; and two locks do not wait for each other."""
    inside, most, ready = [], [], threading.Barrier(4)

    def work():
        store = open_store(storage, tmp_path)
        ready.wait(30)
        for _ in range(5):
            with store.lock("claim"), store.lock("another"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 20


def test_a_killed_worker_is_dead_soon(storage, tmp_path, name):
    """Its trial is run again with the same values, and no other is."""
    worker = start(tmp_path, name, 3, 60_000, storage)
    wait_for(lambda: len(begun(tmp_path)) == 1)
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    for lease in tmp_path.glob("studies/*/leases/*"):
        os.utime(lease, (0, 0))  # later; nobody renews it
    chaos_worker.main(tmp_path, name, 3, 0, storage)
    study = load(name, tmp_path)
    assert len(finished(study)) == 3
    left = [trial for trial in study.trials if INTERRUPTED in trial.user_attrs]
    assert [trial.number for trial in left] == [0]
    (again,) = [trial for trial in study.trials if RETRY_OF in trial.user_attrs]
    assert again.params == left[0].params
    assert again.user_attrs[RETRY_OF] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_worker_that_is_asked_to_end_hands_its_trial_back_at_once(
    storage, tmp_path, name, number
):
    """As at the end of a walltime: the next one need not wait until it seems dead."""
    worker = start(tmp_path, name, 2, 60_000, storage)
    wait_for(lambda: len(begun(tmp_path)) == 1)
    worker.send_signal(number)
    assert worker.wait(30) == 0
    trials = load(name, tmp_path).trials
    assert [trial.state for trial in trials] == [TrialState.FAIL, TrialState.WAITING]
    assert INTERRUPTED in trials[0].user_attrs


def test_four_workers_at_once_make_one_study(storage, tmp_path, name, monkeypatch):
    """The first creation of every store by several processes works, and no trial is run twice."""
    monkeypatch.setenv("LEASE_SECONDS", "60")  # a slow machine kills nobody
    workers = [start(tmp_path, name, 12, 5, storage) for _ in range(4)]
    assert [worker.wait(90) for worker in workers] == [0] * 4
    assert sorted(begun(tmp_path)) == list(range(12))
    assert len(ranking(load(name, tmp_path))) == 12


def test_what_a_worker_taken_for_dead_says_is_not_heard(storage, tmp_path, name):
    """A machine that slept through its lease: others have run its trial in the meantime."""
    settings = chaos_worker.study(name, 1, storage)
    with work_on(settings, tmp_path, {}, {}, About()) as slow:
        trial = slow.claim()
        slow.hand_back(trial)  # what others do who find it dead
        with work_on(settings, tmp_path, {}, {}, About()) as other:
            again = other.claim()
            assert other.tell(again, TrialState.COMPLETE, 0.5, {})
        assert not slow.tell(trial, TrialState.COMPLETE, 0.1, {"metrics": {}})
    assert [trial.value for trial in finished(load(name, tmp_path))] == [0.5]


def test_a_study_stays_where_it_was_begun(storage, tmp_path, name):
    """Another storage under the same name would be another study with the same folders."""
    chaos_worker.main(tmp_path, name, 1, 0, storage)
    other = "shared" if storage is None else None
    with pytest.raises(PeslabError, match=r"was begun with study\.storage=.*study\.name="):
        chaos_worker.main(tmp_path, name, 2, 0, other)


def test_passwords_are_not_kept(postgres_server, tmp_path, name):
    """The folder of a study tells its address only; whoever reads brings the password."""
    assert public("postgresql+psycopg://a:b%40c@host:5/d") == "postgresql+psycopg://a@host:5/d"
    assert public("postgresql+psycopg://a@host/d") == "postgresql+psycopg://a@host/d"
    chaos_worker.main(tmp_path, name, 1, 0, f"postgresql+psycopg://{postgres_server}/postgres")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"secret" not in file.read_bytes()


def test_a_server_that_does_not_answer_is_told(tmp_path):
    """In one sentence, without the password."""
    with pytest.raises(PeslabError, match=r"server cannot be reached.*study\.storage") as caught:
        open_store("postgresql+psycopg://me:secret@127.0.0.1:1/none", tmp_path)
    assert "secret" not in str(caught.value)


def test_what_follows_from_a_lost_server_is_not_told(postgres_server, tmp_path, caplog):
    """By the driver, which cannot end in order what it was sending; the loss itself is an error."""
    import psycopg

    address = f"{postgres_server}/postgres"
    open_store(f"postgresql+psycopg://{address}", tmp_path).storage()
    lost = psycopg.connect(f"postgresql://{address}", autocommit=True)
    with pytest.raises(psycopg.OperationalError), lost.pipeline():
        with psycopg.connect(f"postgresql://{address}", autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [lost.info.backend_pid])
        lost.execute("SELECT 1").fetchone()
    assert [record.name for record in caplog.records if record.name == "psycopg"] == []


def test_leases_are_judged_by_one_clock(tmp_path, monkeypatch):
    """That of the file system: a machine whose own clock is wrong takes nobody for dead."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    store = SharedStore(tmp_path)
    with store.alive("me"):
        assert SharedStore(tmp_path).is_alive("me")
        lease = tmp_path / "leases" / "me"
        old = lease.stat().st_mtime - 2 * stores.LEASE_SECONDS
        os.utime(lease, (old, old))
        assert not SharedStore(tmp_path).is_alive("me")
    assert list((tmp_path / "leases").iterdir()) == []


DEAD, ALIVE = "here-12-0123abcd", "my-host-34-89ab4567"


def test_locks_of_killed_workers_are_swept(tmp_path):
    """Those that nobody holds; locks that all share stay."""
    store = LocalStore(tmp_path)
    with store.alive(ALIVE), store.lock("claim"):
        (tmp_path / "locks" / f"{DEAD}.lock").touch()
        store.sweep()
        left = {path.name for path in (tmp_path / "locks").iterdir()}
        assert left == {f"{ALIVE}.lock", "claim.lock"}
        assert LocalStore(tmp_path).is_alive(ALIVE)


def test_leases_of_killed_workers_are_swept(tmp_path):
    """Those that ended, and what was written for a moment and is there for ten of them."""
    store, folder = SharedStore(tmp_path), tmp_path / "leases"
    passing = [f"{kind}-{'0123abcd' * 4}" for kind in ("guest", "clock", "draft")]
    forgotten = f"draft-{'a' * 32}"
    ages = dict.fromkeys([DEAD, *passing, "create.1.free"], 2.0) | {forgotten: 20.0}
    with store.alive(ALIVE), store.lock("claim"):
        for name, leases_ago in ages.items():
            (folder / name).touch()
            old = time.time() - leases_ago * stores.LEASE_SECONDS
            os.utime(folder / name, (old, old))
        store.sweep()
        left = {path.name for path in folder.iterdir()}
    assert left >= {ALIVE, *passing, "create.1.free"}
    assert not left & {DEAD, forgotten}


@pytest.mark.parametrize("kind", ["shared", None])
def test_a_worker_that_joins_sweeps(kind, tmp_path):
    """Killed ones leave their files only until the same command goes on."""
    settings = chaos_worker.study("swept", 1, kind)
    folder = tmp_path / "studies" / "swept" / ("leases" if kind else "locks")
    folder.mkdir(parents=True)
    left = folder / (DEAD if kind else f"{DEAD}.lock")
    left.touch()
    os.utime(left, (1.0, 1.0))
    with work_on(settings, tmp_path, {}, {}, About()):
        assert not left.exists()
        assert len(list(folder.glob("*-*-*"))) == 1  # its own


def test_a_refused_storage_makes_nothing(tmp_path):
    """Neither leases nor locks."""
    chaos_worker.main(tmp_path, "local", 1, 0, None)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PeslabError, match="was begun with"):
        chaos_worker.main(tmp_path, "local", 1, 0, "shared")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_local_lock_leaves_no_file(tmp_path):
    """Of workers that came and went."""
    store = LocalStore(tmp_path)
    with store.alive("me"):
        assert [path.name for path in (tmp_path / "locks").iterdir()] == ["me.lock"]
    assert list((tmp_path / "locks").iterdir()) == []
