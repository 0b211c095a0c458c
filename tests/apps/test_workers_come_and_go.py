"""A study says how far it is to whoever joins, leaves, or ends before the others."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from peslab.study.storage.stores import open_store
from peslab.study.storage.study import WORKER, load

pytestmark = pytest.mark.usefixtures("unrendered")

NAME = "host-1-0123abcd"


@pytest.fixture
def command(tmp_path):
    """A study of a script that takes no time; all of its trials are equally good."""
    script = tmp_path / "quick.sh"
    script.write_text("""#!/bin/sh\necho '{"val/error": 0.5}' > metrics.json\n""")
    script.chmod(0o755)
    return (
        *("train", "study=own_trainer", "study.name=quick", "replicas=1"),
        *(f"study.command={script} {{x}}", "x=interval(0,1)"),
    )


@contextmanager
def at_work(home):
    """Another worker, which is killed at the end."""
    with open_store(None, home / "studies" / "quick").alive(NAME):
        load("quick", home).ask().set_user_attr(WORKER, NAME)
        yield


def states(home):
    return [trial.state.name for trial in load("quick", home).trials]


def test_who_was_lost_hides_no_result(command, home, peslab, monkeypatch):
    """All trials are finished: the others took over what it left."""
    monkeypatch.setattr("peslab.study.sweeper.sys", SimpleNamespace(executable="/bin/false"))
    answer = peslab(*command, "study.workers=2", "study.n_trials=2")
    assert (answer.status, answer.err) == (0, "")
    assert "a worker of the study: it ended with status 1, see " in answer.out
    assert "worker_1.log" in answer.out
    assert "Report: " in answer.out


def test_what_a_lost_worker_left_at_the_end_is_taken_over(command, home, peslab, monkeypatch):
    """The command that had started it had run all others by then."""
    peslab(*command, "study.n_trials=1")

    @contextmanager
    def killed(*_):
        lost = []
        with at_work(home):
            yield lost
        lost.append("it was ended by SIGKILL, see its log")

    monkeypatch.setattr("peslab.apps.study.fellow_workers", killed)
    answer = peslab(*command, "study.workers=2", "study.n_trials=3")
    assert (answer.status, answer.err) == (0, "")
    assert states(home) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert (
        answer.out.index("  trial 2: ") < answer.out.index("lost") < answer.out.index("trial 3: ")
    )


def test_a_ranking_that_is_not_the_last_is_told(command, home, peslab):
    """Another worker may find a better trial."""
    peslab(*command, "study.n_trials=1")
    with at_work(home):
        answer = peslab(*command, "study.n_trials=3")
        assert (answer.status, answer.err) == (0, "")
        assert "1 trial is still being worked on elsewhere" in answer.out
        assert "peslab report quick shows" in answer.out
        answer = peslab(*command, "study.n_trials=3")
        assert "has 2 finished trials, and 1 being worked on: nothing was run" in answer.out
        load("quick", home).ask().set_user_attr(WORKER, NAME)
        answer = peslab(*command, "study.n_trials=4")
        assert "2 trials are still being worked on elsewhere" in answer.out
    answer = peslab(*command, "study.n_trials=4")
    assert "The study 'quick' goes on: 2 of 4 trials are finished.\n" in answer.out
    assert "elsewhere" not in answer.out


@pytest.mark.parametrize("n_trials", [3, 2])
def test_a_finished_study_tells_what_gives_it_more(n_trials, command, home, peslab, monkeypatch):
    """Twice the same command adds them once, so that it can be interrupted, or typed elsewhere."""
    monkeypatch.setattr("peslab.apps.present.MORE", 1)
    peslab(*command, "study.n_trials=3")
    again = (*command, f"study.n_trials={n_trials}")
    for before in (3, 4):
        answer = peslab(*again)
        assert f"The study 'quick' has {before} finished trials: nothing was run." in answer.out
        said = " ".join(answer.out.split())
        hint = re.search(rf"1 more: (study.extend_by=\d+), beyond study.n_trials={n_trials}", said)
        for _ in range(2):
            peslab(*again, hint[1])
            assert states(home) == ["COMPLETE"] * (before + 1)


def test_a_sampler_without_other_values_is_offered_none(command, home, peslab):
    """A grid has its points, and tells so where more trials were asked for."""
    grid = (*command, "x=choice(1,2)", "study/sampler=grid", "study.n_trials=9")
    answer = peslab(*grid)
    assert answer.status == 0
    assert "has 2 points, each of which is tried once: fewer than study.n_trials=9" in answer.out
    said = " ".join(peslab(*grid).out.split())
    assert "has 2 finished trials: nothing was run. Its sampler has no other values." in said


def test_an_interrupted_study_goes_on(command, home, peslab, monkeypatch):
    """Which is told; a single run begins anew."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("peslab.pipeline.own_trainer.run", interrupt)
        answer = peslab(*command, "study.n_trials=1")
        assert answer.status == 130
        assert answer.err == "peslab: interrupted; the same command goes on.\n"
        patched.setattr("peslab.apps.train.task", interrupt)
        answer = peslab("train")
        assert (answer.status, answer.err) == (130, "peslab: interrupted.\n")
    assert peslab(*command, "study.n_trials=1").status == 0
