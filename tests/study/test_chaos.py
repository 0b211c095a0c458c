"""A study survives whatever happens to its workers, and ends with exactly its trials."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import chaos_worker
import pytest
from optuna.trial import TrialState

from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.results.ranking import ranking
from peslab.study.storage.journal import Journal
from peslab.study.storage.study import load, work_on
from waiting import wait_for

pytestmark = pytest.mark.timeout(900)  # CI kills twenty workers of each store

N_TRIALS = 24


N_KILLS = int(os.environ.get("PESLAB_KILLS", "5"))
"""CI kills more often."""


def start(home, name="chaos", n_trials=N_TRIALS, milliseconds=20, storage=None):
    """A worker in a process of its own."""
    words = [home, name, n_trials, milliseconds, *([storage] if storage else [])]
    return subprocess.Popen([sys.executable, chaos_worker.__file__, *map(str, words)])


def begun(home):
    """The numbers of all trials that a worker began, in order."""
    file = home / "started.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [int(line.split()[0]) for line in lines]


class Survived(NamedTuple):
    """Where a study is that was killed often, and how many trials it should have."""

    home: Path
    storage: str | None
    n_trials: int


def finished(study):
    return [
        trial
        for trial in study.trials
        if trial.state.is_finished() and INTERRUPTED not in trial.user_attrs
    ]


@pytest.fixture(scope="module", params=["local", "shared", "postgres"])
def survived(request, tmp_path_factory):
    """A study of workers killed in a trial and at random moments, then left alone."""
    home = tmp_path_factory.mktemp("chaos")
    storage = {"local": None, "shared": "shared"}.get(request.param)
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        storage = f"postgresql+psycopg://{server}/postgres"
        os.environ["PGPASSWORD"] = "a@secret"
    draws = random.Random(5)  # noqa: S311  # moments, not secrets
    n_trials = N_TRIALS + 4 * N_KILLS  # so that there is always something to kill
    victim = start(home, n_trials=n_trials, milliseconds=600_000, storage=storage)
    wait_for(lambda: begun(home))
    victim.send_signal(signal.SIGKILL)
    victim.wait(30)
    workers = [start(home, n_trials=n_trials, storage=storage) for _ in range(2)]
    for _ in range(N_KILLS):
        before = len(begun(home))
        wait_for(lambda n=before: len(begun(home)) > n + 1)
        time.sleep(draws.uniform(0, 0.04))
        victim = workers.pop(draws.randrange(2))
        victim.send_signal(signal.SIGKILL)
        victim.wait(30)
        workers.append(start(home, n_trials=n_trials, storage=storage))
    workers.append(start(home, n_trials=n_trials, storage=storage))
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    yield Survived(home, storage, n_trials)
    os.environ.pop("PGPASSWORD", None)


def test_exactly_the_trials_that_were_asked_for_are_finished(survived):
    """However often the study was started; nothing is left running or waiting."""
    study = load("chaos", survived.home)
    assert len(finished(study)) == survived.n_trials
    assert {trial.state for trial in finished(study)} == {TrialState.COMPLETE}
    assert all(trial.state.is_finished() for trial in study.trials)
    assert len(ranking(study)) == survived.n_trials


def test_no_trial_number_is_used_twice(survived):
    """Numbers are names of folders: a second trial in one would overwrite the first."""
    numbers = begun(survived.home)
    assert len(numbers) == len(set(numbers))
    assert {trial.number for trial in finished(load("chaos", survived.home))} <= set(numbers)


def test_the_values_of_an_interrupted_trial_are_run_again(survived):
    """A worker's death loses time, never a proposal."""
    study = load("chaos", survived.home)
    lost = [trial for trial in study.trials if INTERRUPTED in trial.user_attrs]
    done = [trial.params for trial in finished(study)]
    assert lost, "the first kill was in the middle of a trial"
    for trial in lost:  # one that was killed while it was drawn may have only some of them
        assert any(trial.params.items() <= values.items() for values in done)
    assert {trial.state for trial in lost} == {TrialState.FAIL}


def test_no_proposal_is_run_twice_to_its_end(survived):
    """Neither lost nor doubled: each finished trial has values of its own."""
    values = [trial.params["x"] for trial in finished(load("chaos", survived.home))]
    assert len(values) == len(set(values))


def test_chaos_proposes_what_peace_proposes(survived, tmp_path):
    """The default config first, then the same values in the same order, whatever was killed."""
    chaos_worker.main(tmp_path, "chaos", survived.n_trials, 0)
    peace = [trial.params for trial in load("chaos", tmp_path).trials]
    assert peace[0] == {"x": 0.5, "orders": "[-2]"}
    done = finished(load("chaos", survived.home))
    done.sort(key=lambda trial: trial.user_attrs.get(RETRY_OF, trial.number))
    assert [trial.params for trial in done] == peace


def test_dead_workers_leave_locks_that_bind_nobody(survived):
    """A lock file without its process does not hold a trial."""
    home, storage, n_trials = survived
    chaos_worker.main(home, "chaos", n_trials + 1, 0, storage)
    assert len(finished(load("chaos", home))) == n_trials + 1


def test_a_line_that_was_cut_short_does_not_lose_the_study(tmp_path):
    """A worker that dies while it writes leaves half a line at the journal's end."""
    chaos_worker.main(tmp_path, "cut", 3, 0)
    journal = tmp_path / "studies" / "cut" / "journal.log"
    with journal.open("a", encoding="utf-8") as stream:
        stream.write('{"op_code": 4, "worker_id": "ab')
    assert len(finished(load("cut", tmp_path))) == 3


def test_two_studies_side_by_side_do_not_see_each_other(tmp_path):
    """Each has its own journal, numbers and locks, also in one folder of results."""
    workers = [start(tmp_path, name, 8, 2) for name in ("left", "right", "left", "right")]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0, 0]
    for name in ("left", "right"):
        study = load(name, tmp_path)
        assert [trial.number for trial in finished(study)] == list(range(8))
        assert study.study_name == name
    assert sorted(begun(tmp_path)) == sorted([*range(8), *range(8)])


def test_a_worker_that_ends_takes_its_lock_with_it(tmp_path):
    """The folder of locks does not grow with every start."""
    for n_trials in (1, 2, 3):
        chaos_worker.main(tmp_path, "tidy", n_trials, 0)
    left = {path.name for path in (tmp_path / "studies" / "tidy" / "locks").iterdir()}
    assert left <= {"create.lock", "claim.lock", "journal.lock"}


def joined(home, n_trials, name="claims"):
    """The study as a new worker sees it, to be entered with `with`."""
    return work_on(chaos_worker.study(name, n_trials), home, {}, {}, About(reference="nobody"))


def test_claims_of_many_threads_never_exceed_the_trials(tmp_path):
    """Running trials count: nobody begins what would be one too many."""
    claimed, ready = [], threading.Barrier(4)

    def claim():
        with joined(tmp_path, 6) as study:
            ready.wait(30)
            while (trial := study.claim()) is not None:
                claimed.append(trial.number)
            ready.wait(30)  # a worker that left would give its trials back

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(claimed) == list(range(6))


def test_a_worker_that_left_gives_its_trial_back(tmp_path):
    """What it had claimed and not told is claimed again with the same values."""
    with joined(tmp_path, 1) as study:
        lost = study.claim()
        assert study.claim() is None
    with joined(tmp_path, 1) as study:
        again = study.claim()
        assert again.number == lost.number + 1
        assert again.params == lost.params
        assert study.claim() is None
        assert study.finished() == []


class Died(BaseException):
    """What kill -9 is to a worker, at a chosen moment."""


def work_until(home, n_writes):
    """Work on three trials, and die at the write after so many; tell whether it came to that."""
    append, left = Journal.append_logs, [n_writes]

    def mortal(journal, logs):
        if not left[0]:
            raise Died
        left[0] -= 1
        append(journal, logs)

    with pytest.MonkeyPatch.context() as patch, suppress(Died):
        patch.setattr(Journal, "append_logs", mortal)
        with joined(home, 3) as study:
            while (trial := study.claim()) is not None:
                study.tell(trial, TrialState.COMPLETE, [1.0], {})
        return False
    return True


def test_a_worker_may_die_between_any_two_writes(tmp_path):
    """Also while it takes the place of another dead one: nothing is lost, nothing run twice."""
    for n_writes in count():
        home = tmp_path / str(n_writes)
        with joined(home, 3) as study:
            lost = study.claim().params
        has_died = work_until(home, n_writes)
        work_until(home, 10**6)
        done = [trial.params for trial in finished(load("claims", home))]
        assert len(done) == len({trial["x"] for trial in done}) == 3, n_writes
        assert done.count(lost) == 1
        if not has_died:
            break
    assert n_writes > 10


def test_a_failed_trial_counts_and_an_interrupted_one_does_not(tmp_path):
    """A learning rate that diverges would diverge again; a power cut need not."""
    with joined(tmp_path, 3) as study:
        study.optuna_study.tell(study.claim(), state=TrialState.FAIL)
        study.optuna_study.tell(study.claim(), state=TrialState.PRUNED)
        study.claim()
        assert len(study.finished()) == 2
    with joined(tmp_path, 3) as study:
        study.optuna_study.tell(study.claim(), 0.1)
        assert study.claim() is None
        assert [trial.state.name for trial in study.finished()] == ["FAIL", "PRUNED", "COMPLETE"]


def test_more_trials_may_be_asked_for_later(tmp_path):
    """n_trials is no part of what a study is: a larger one continues it, a smaller one is done."""
    for n_trials, expected in ((2, 2), (5, 5), (3, 5)):
        chaos_worker.main(tmp_path, "grows", n_trials, 0)
        assert len(finished(load("grows", tmp_path))) == expected


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"x": "interval(-1, 2)"}, r"x: interval\(-1, 1\) → interval\(-1, 2\)"),
        ({"y": "interval(-1, 1)"}, r"y: – → interval\(-1, 1\)"),
        ({"x": "interval(-1,1)"}, r"x: interval\(-1, 1\) → interval\(-1,1\)"),
    ],
)
def test_a_changed_space_is_refused_with_the_difference(tmp_path, space, words):
    """The sentence says which key was and is what; the study is left as it was."""
    with joined(tmp_path, 1):
        pass
    before = load("claims", tmp_path)
    changed = replace(chaos_worker.study("claims", 1), space=chaos_worker.SPACE | space)
    with (
        pytest.raises(PeslabError, match=words) as caught,
        work_on(changed, tmp_path, {}, {}, About(reference="nobody")),
    ):
        pass
    assert "another space" in str(caught.value)
    assert "orders" not in str(caught.value)
    assert "study.name=" in str(caught.value)
    after = load("claims", tmp_path)
    assert (after.user_attrs, after.trials) == (before.user_attrs, before.trials)
    assert not list(tmp_path.glob("studies/claims/locks/*-*.lock"))


def test_the_recipe_of_the_first_worker_is_that_of_the_study(tmp_path):
    """A key that was not there at all is a difference, too."""
    settings = chaos_worker.study("claims", 1)
    with work_on(settings, tmp_path, {}, {"a": "1"}, About()):
        pass
    with (
        pytest.raises(PeslabError, match=r"another recipe \(a: 1 → –; b: – → 2\)"),
        work_on(settings, tmp_path, {}, {"b": "2"}, About()),
    ):
        pass


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "no-such", "journal.log"])
def test_a_name_that_is_no_study_is_not_read_from_the_disk(name, tmp_path):
    """Whatever is asked for, only studies of this folder of results are opened."""
    with joined(tmp_path, 1, "there"):
        pass
    Path(tmp_path / "journal.log").touch()
    with pytest.raises(PeslabError, match="choose from there"):
        load(name, tmp_path)
