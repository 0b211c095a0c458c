"""A worker asks, runs, tells; studies are resumed, shared and never told twice."""

import gc
import multiprocessing
import subprocess
import sys
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import Trial, TrialState
from study_of_a_bowl import DEFAULTS, SPACE, bowl

from peslab.errors import InfrastructureError, PeslabError, Stopped
from peslab.study.about import About
from peslab.study.results.ranking import metrics_of, pick, ranking
from peslab.study.search.pruning import retry_of
from peslab.study.storage.study import INTERRUPTED, load, work_on
from peslab.study.sweeper import TrialResult, fellow_workers, work
from waiting import wait_for


def do(settings, home, run_trial=bowl, recipe=None, defaults=None, **others):
    told = []
    work(
        settings,
        home,
        run_trial,
        defaults=DEFAULTS if defaults is None else defaults,
        recipe={"potential.cutoff": "2.0"} if recipe is None else recipe,
        about=About(reference="others: 0.47"),
        on_trial=told.append,
        **others,
    )
    return told


def test_a_study_ends_with_its_trials(settings, tmp_path):
    """Exactly n_trials are run, each told with its values."""
    told = do(settings, tmp_path)
    assert [progress.finished for progress in told] == [1, 2, 3, 4, 5, 6]
    study = load("bowl", tmp_path)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 6
    assert [trial.number for trial in study.trials] == list(range(6))


def test_the_first_trial_is_the_default_config(settings, tmp_path):
    """So that every study says what tuning has brought."""
    assert do(settings, tmp_path)[0].values == {"x": 0.5, "n": 4, "orders": "[-2,-3]"}


def test_the_same_seed_proposes_the_same_values(settings, tmp_path):
    """Another seed proposes others; seed 0 is a seed."""
    first, second = (do(settings, tmp_path / name) for name in "ab")
    other = do(replace(settings, seed=1), tmp_path / "c")
    assert [p.values for p in first] == [p.values for p in second]
    assert [p.values for p in first[1:]] != [p.values for p in other[1:]]


def test_a_resumed_study_equals_an_uninterrupted_one(settings, tmp_path):
    """Stopping between trials changes nothing: each ask is seeded by the trial's number."""
    whole = do(settings, tmp_path / "whole")
    first = do(replace(settings, n_trials=2), tmp_path / "parts")
    rest = do(settings, tmp_path / "parts")
    assert [p.values for p in whole] == [p.values for p in [*first, *rest]]


def test_garbage_of_later_trials_is_found(settings, tmp_path):
    """What is there after the first trial is passed over, what others leave is not."""
    left = []

    def careless(number, overrides):
        circle = Circle()
        circle.itself = circle
        left.append(weakref.ref(circle))
        return bowl(number, overrides)

    gc.unfreeze()
    do(settings, tmp_path, careless)
    assert gc.get_freeze_count() > 0
    gc.collect()
    assert [circle() for circle in left] == [None] * 6


class Circle:
    """Refers to itself, so that only a search finds that nobody else does."""


@pytest.mark.parametrize("asked", [Stopped(15), KeyboardInterrupt()])
def test_who_is_asked_to_end_ends_with_that(asked, settings, tmp_path):
    """Whatever fails on the way: an import that a signal broke off cannot be had any more."""
    closed = []

    def stopped(_number, _overrides):
        raise asked

    def broken(_number):
        raise AttributeError("partially initialized module 'mlflow'")

    with pytest.raises(type(asked)):
        do(settings, tmp_path, stopped, on_interrupted=broken)
    first, queued = load("bowl", tmp_path).trials
    assert first.user_attrs[INTERRUPTED]
    assert queued.state == TrialState.WAITING
    do(replace(settings, n_trials=1), tmp_path, on_interrupted=closed.append)
    assert closed == [0]


def test_a_finished_study_is_left_alone(settings, tmp_path):
    """The same command again runs nothing."""
    do(settings, tmp_path)
    assert do(settings, tmp_path) == []


def test_proposals_learn(settings, tmp_path):
    """TPE comes nearer to the minimum than the default did: 0.2 away."""
    do(replace(settings, n_trials=30), tmp_path)
    assert ranking(load("bowl", tmp_path))[0].metrics["val/energy_mae"] < 0.03


def test_an_interrupted_trial_is_run_again(settings, tmp_path):
    """Its values return under a new number; it does not count."""

    def interrupted(number, overrides):
        if number == 2:
            raise KeyboardInterrupt
        return bowl(number, overrides)

    with pytest.raises(KeyboardInterrupt):
        do(settings, tmp_path, interrupted)
    lost = load("bowl", tmp_path).trials[2]
    assert (lost.state, lost.user_attrs[INTERRUPTED]) == (TrialState.FAIL, True)
    do(settings, tmp_path)
    trials = load("bowl", tmp_path).trials
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    assert len(complete) == settings.n_trials
    assert [trial.params for trial in complete].count(lost.params) == 1
    assert lost.number not in [trial.trial for trial in ranking(load("bowl", tmp_path))]


def test_a_worker_killed_while_it_claims_loses_nothing(settings, tmp_path):
    """The start point was handed out, but no key of it asked for yet."""
    start = {"x": 0.5, "n": 4, "orders": "[-2,-3]"}
    with work_on(settings, tmp_path, start, {"potential.cutoff": "2.0"}, About()) as killed:
        killed.optuna_study.ask()
    assert do(settings, tmp_path)[0].values == start


def test_a_half_written_line_of_the_journal_is_cut_off(settings, tmp_path):
    """A kill in the middle of a write must not spoil the study for those who continue it."""
    do(replace(settings, n_trials=3), tmp_path)
    journal = settings.folder(tmp_path) / "journal.log"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "worker_id": "ab')
    do(settings, tmp_path)
    assert journal.read_bytes().startswith(whole + b'{"op_code"')
    assert len(ranking(load("bowl", tmp_path))) == settings.n_trials


def test_a_trial_that_fails_by_itself_counts(settings, tmp_path):
    """It is recorded with its reason, not retried, and the study goes on."""

    def fails(number, overrides):
        if number == 1:
            raise PeslabError("the loss is not finite.")
        return bowl(number, overrides)

    told = do(settings, tmp_path, fails)
    assert told[1].reason == "the loss is not finite."
    trials = ranking(load("bowl", tmp_path))
    assert len(trials) == settings.n_trials
    assert (trials[-1].trial, trials[-1].rank, trials[-1].reason) == (1, None, told[1].reason)


@pytest.mark.parametrize(
    "error", [InfrastructureError("lost"), StorageInternalError("lost"), OSError(28, "full")]
)
def test_what_is_no_trials_own_fault_hands_it_back(settings, tmp_path, error):
    """A lost server or a full disk ends the worker; the trial runs again and none has failed."""

    def lost(number, overrides):
        if number == 1:
            raise error
        return bowl(number, overrides)

    with pytest.raises(InfrastructureError, match=r"lost|full"):
        do(settings, tmp_path, lost)
    do(settings, tmp_path, lost)
    trials = ranking(load("bowl", tmp_path))
    assert [trial.rank for trial in trials] == [1, 2, 3, 4, 5, 6]
    assert 1 not in {trial.trial for trial in trials}


def test_a_retry_closes_all_that_it_makes_good_before_it_runs(settings, tmp_path):
    """Whoever was interrupted may have lost the store of its run, too, and several in a row."""
    closed, retries = [], []

    def lost(number, overrides):
        retries.append((number, retry_of(), list(closed)))
        if number in {0, 1}:
            raise InfrastructureError("lost")
        return bowl(number, overrides)

    for _ in range(2):
        with pytest.raises(InfrastructureError):
            do(settings, tmp_path, lost, on_interrupted=unreachable)
    do(replace(settings, n_trials=1), tmp_path, lost, on_interrupted=closed.append)
    assert closed == [1, 0]
    assert retries == [(0, None, []), (2, 0, [1, 0])]


def unreachable(number):
    raise InfrastructureError(f"the store of {number}")


def test_a_run_that_is_not_heard_any_more_is_closed(settings, tmp_path):
    """Others took its worker for dead, and its trial: there is to be one good run of it."""
    closed = []

    def slow(number, overrides):
        if number == 0:
            study = load("bowl", tmp_path)
            Trial(study, study.trials[0]._trial_id).set_user_attr(INTERRUPTED, True)  # by others
            study.tell(0, state=TrialState.FAIL)
        return bowl(number, overrides)

    told = do(replace(settings, n_trials=1), tmp_path, slow, on_interrupted=closed.append)
    assert told[0].reason.startswith("it was taken over")
    assert closed == [0]


def test_a_mistake_of_ours_is_not_swallowed(settings, tmp_path):
    """An error that is not a user's ends the study loudly; it counts, so the next start goes on."""

    def broken(number, overrides):
        if number == 1:
            raise ZeroDivisionError
        return bowl(number, overrides)

    with pytest.raises(ZeroDivisionError):
        do(settings, tmp_path, broken)
    do(settings, tmp_path, broken)
    trials = ranking(load("bowl", tmp_path))
    assert len(trials) == settings.n_trials
    assert (trials[-1].trial, trials[-1].reason) == (1, "ZeroDivisionError")


def test_an_error_that_is_not_a_number_fails_the_trial(settings, tmp_path):
    """NaN has no rank."""

    def nan(number, overrides):
        result = bowl(number, overrides)
        return TrialResult(float("nan"), result.metrics, "run") if number == 2 else result

    told = do(settings, tmp_path, nan)
    assert told[2].result is None
    assert "nan" in told[2].reason


def test_no_two_trials_are_the_same_when_the_default_lies_outside(settings, tmp_path):
    """The first trial is then drawn like all others, from its own number."""
    told = do(settings, tmp_path, defaults={"x": 7.0, "n": 99, "orders": [-9]})
    values = [tuple(progress.values.items()) for progress in told]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"space": SPACE | {"x": "interval(-2, 1)"}}, r"another space \(x: interval\(-1, 1\) → "),
        ({"recipe": {"potential.cutoff": "3.0"}}, r"another recipe \(potential.cutoff: 2.0 → 3.0"),
    ],
)
def test_another_study_under_the_same_name_is_refused(settings, tmp_path, change, words):
    """Trials of different spaces or data cannot be ranked together."""
    do(settings, tmp_path)
    recipe = change.pop("recipe", None)
    with pytest.raises(PeslabError, match=words):
        do(replace(settings, **change), tmp_path, recipe=recipe)


def _worker(settings, home):
    do(settings, home)


def test_two_workers_share_a_study(settings, tmp_path):
    """Started at once they end with exactly n_trials, and none is run twice."""
    settings = replace(settings, n_trials=20)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_worker, args=(settings, tmp_path)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    trials = load("bowl", tmp_path).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 20


def test_a_living_workers_trial_is_not_taken_over(settings, tmp_path):
    """While a worker holds its lock its trial is running, however long it takes."""
    with work_on(settings, tmp_path, {}, {}, About()) as slow:
        trial = slow.claim()
        do(settings, tmp_path, recipe={})
        assert len(slow.finished()) == settings.n_trials - 1
        assert trial.number == 0


def test_the_ranking_is_by_the_objective(settings, tmp_path):
    """The best has rank 1, and can be picked by that name or by its number."""
    do(settings, tmp_path)
    study = load("bowl", tmp_path)
    trials = ranking(study)
    errors = [trial.metrics["val/energy_mae"] for trial in trials]
    assert errors == sorted(errors)
    assert [trial.rank for trial in trials] == [1, 2, 3, 4, 5, 6]
    assert pick(study, "best") == trials[0]
    assert pick(study, str(trials[3].trial)) == trials[3]
    assert trials[0].as_json()["run_id"].startswith("run-of-")


def test_an_unknown_trial_or_study_is_told(settings, tmp_path):
    """The sentence lists what there is."""
    with pytest.raises(PeslabError, match="run one, peslab train"):
        load("bowl", tmp_path)
    do(settings, tmp_path)
    with pytest.raises(PeslabError, match="choose from bowl"):
        load("bowls", tmp_path)
    with pytest.raises(PeslabError, match="no finished trial '99': name best, or one of"):
        pick(load("bowl", tmp_path), "99")


def test_a_fellow_worker_that_fails_is_told(tmp_path, monkeypatch):
    """Its last words stand in a file of the study."""
    # Of the sweeper alone: multiprocessing would keep this program for all tests to come.
    monkeypatch.setattr("peslab.study.sweeper.sys", SimpleNamespace(executable="/bin/false"))
    with fellow_workers(1, [], tmp_path) as lost:
        assert lost == []
    assert lost == [f"it ended with status 1, see {tmp_path / 'worker_1.log'}"]
    assert (tmp_path / "worker_1.log").exists()


FELLOW = """#!/bin/sh
trap 'echo asked > asked; exit' TERM
echo $$ > pid
while :; do sleep 0.1; done
"""
COMMAND = """
import sys, time
from pathlib import Path
from peslab.study.sweeper import fellow_workers
sys.executable = "./fellow.sh"
with fellow_workers(1, [], Path.cwd()):
    time.sleep(600)
"""


def test_a_fellow_worker_is_asked_to_end_when_its_command_is_killed(tmp_path):
    """Nobody would see what it does, so it hands its trial back."""
    (tmp_path / "fellow.sh").write_text(FELLOW)
    (tmp_path / "fellow.sh").chmod(0o755)
    command = subprocess.Popen([sys.executable, "-c", COMMAND], cwd=tmp_path)
    pid = tmp_path / "pid"
    wait_for(lambda: pid.exists() and pid.read_text())
    command.kill()
    command.wait(120)
    wait_for((tmp_path / "asked").exists)


@pytest.mark.parametrize(("before", "told"), [(None, []), (2, [(2, 6)]), (6, [])])
def test_who_goes_on_with_a_study_is_told_how_far_it_is(before, told, settings, tmp_path):
    """Not of a new one, nor of a finished one."""
    if before:
        do(replace(settings, n_trials=before), tmp_path)
    heard = []
    do(settings, tmp_path, on_resumed=lambda *numbers: heard.append(numbers))
    assert heard == told


def test_the_objective_is_what_was_told(settings, tmp_path):
    """Metrics beside it do not decide."""

    def upside_down(number, overrides):
        result = bowl(number, overrides)
        return TrialResult(-result.objective, result.metrics, result.run_id)

    do(settings, tmp_path, upside_down)
    errors = [t.metrics["val/energy_mae"] for t in ranking(load("bowl", tmp_path))]
    assert errors == sorted(errors, reverse=True)


def test_a_study_remembers_single_replicas_of_what_it_shows_only(settings, tmp_path):
    """Hundreds of numbers for each trial would make a study of thousands slow to open."""
    names = ("val/energy_mae", "test/energy_mae", "test/force_mae", "drag/energy_mae")
    metrics = {f"replica_0/{name}": 1.0 for name in names} | dict.fromkeys(names, 1.0)
    asked = replace(settings, objectives=("val/energy_mae",), n_trials=1)
    about = About(baselined="drag/energy_mae")
    run = TrialResult(1.0, metrics, "run")
    work(asked, tmp_path, lambda *_: run, defaults=DEFAULTS, recipe={}, about=about)
    (trial,) = load(settings.name, tmp_path).trials
    assert set(metrics) - set(metrics_of(trial)) == {"replica_0/test/force_mae"}
