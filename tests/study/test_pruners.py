"""Hopeless trials are ended early, the same ones whatever happens to their workers."""

import math
import signal
import subprocess
import sys
import time

import optuna
import pruned_worker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.pruners import SuccessiveHalvingPruner
from optuna.trial import TrialState

from peslab.errors import PeslabError, PrunedError
from peslab.study import Median, SuccessiveHalving, Unpruned
from peslab.study.about import About
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.results.ranking import REASON
from peslab.study.search.pruning import Halving, report, reporting
from peslab.study.storage.study import load, work_on

N_TRIALS = 14


def counted(home):
    """Everything that is known of each trial, in the order of the proposals."""
    trials = [t for t in load("curves", home).trials if INTERRUPTED not in t.user_attrs]
    trials.sort(key=lambda trial: trial.user_attrs.get(RETRY_OF, trial.number))
    return [
        (t.state.name, t.params, t.value, t.intermediate_values, t.user_attrs.get(REASON))
        for t in trials
    ]


@pytest.fixture(scope="module")
def peace(tmp_path_factory):
    """Studies of one worker that nobody disturbs."""
    made = {}
    for pruner in pruned_worker.PRUNERS:
        home = tmp_path_factory.mktemp(pruner)
        pruned_worker.main(home, pruner, N_TRIALS)
        made[pruner] = counted(home)
    return made


@pytest.mark.parametrize("pruner", pruned_worker.PRUNERS)
def test_bad_trials_are_ended_and_good_ones_are_not(pruner, peace):
    """Pruned ones count, keep what they reported, and say where they were ended."""
    states = [state for state, *_ in peace[pruner]]
    assert len(states) == N_TRIALS
    assert set(states) == {"COMPLETE", "PRUNED"}
    best = min(peace[pruner], key=lambda trial: abs(trial[1]["x"] - 0.3))
    assert best[0] == "COMPLETE"
    checks = pruned_worker.PRUNERS[pruner].checks
    for state, params, value, reported, reason in peace[pruner]:
        epochs = [math.ceil(step * pruned_worker.EPOCHS / checks) for step in reported]
        errors = [pruned_worker.error_after(epoch - 1, params["x"]) for epoch in epochs]
        assert list(reported.values()) == errors
        if state == "PRUNED":
            assert value == errors[-1]
            assert f"after epoch {epochs[-1]} of 60" in reason
        else:
            assert list(reported) == list(range(1, checks + 1))


@pytest.mark.parametrize("pruner", pruned_worker.PRUNERS)
def test_interrupted_studies_prune_the_same_trials(pruner, peace, tmp_path):
    """In the middle of trainings, before and after their checks; and between trials."""
    moments = [(0, 30), (2, 3), (5, 12), (5, 13), (9, 0)]

    def killed(_number, epoch):
        if moments and moments[0] == (len(counted(tmp_path)) - 1, epoch):
            moments.pop(0)
            raise KeyboardInterrupt

    while moments:
        with pytest.raises(KeyboardInterrupt):
            pruned_worker.main(tmp_path, pruner, N_TRIALS, killed)
    for n_trials in (11, N_TRIALS):
        pruned_worker.main(tmp_path, pruner, n_trials)
    assert counted(tmp_path) == peace[pruner]


def start(home, n_trials, habit, number):
    words = [home, "asha", n_trials, habit, number]
    return subprocess.Popen([sys.executable, pruned_worker.__file__, *map(str, words)])


def test_a_killed_worker_of_a_pruned_study_is_made_good(peace, tmp_path):
    """By SIGKILL, which nobody can catch; the same trials are pruned at the same epochs."""
    for first in (2, 7):
        worker = start(tmp_path, N_TRIALS, "hangs", first)
        end = time.monotonic() + 120
        while not (tmp_path / "hangs").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
        (tmp_path / "hangs").unlink()
    pruned_worker.main(tmp_path, "asha", N_TRIALS)
    lost = [t for t in load("curves", tmp_path).trials if INTERRUPTED in t.user_attrs]
    assert len(lost) == 2
    assert counted(tmp_path) == peace["asha"]


def test_two_processes_prune_by_each_others_trials(tmp_path):
    """On one journal they end with exactly the trials, some of them pruned, none left over."""
    workers = [start(tmp_path, 20, "shares", 2) for _ in range(2)]
    assert [worker.wait(200) for worker in workers] == [0, 0]
    trials = load("curves", tmp_path).trials
    assert len(trials) == 20
    states = [trial.state for trial in trials]
    assert set(states) == {TrialState.COMPLETE, TrialState.PRUNED}
    assert states.count(TrialState.PRUNED) >= 5
    assert len({trial.user_attrs["worker"] for trial in trials}) == 2


def test_a_trial_that_was_taken_over_is_not_trained_on(tmp_path):
    """Its worker had seemed dead; what it reports now is not heard."""
    settings = pruned_worker.study("asha", 3)
    with work_on(settings, tmp_path, {}, {}, About()) as study:
        trial = study.claim()
        with reporting(trial, settings.pruner):
            report(0, 9, 0.5)
            study.hand_back(trial)
            with pytest.raises(PrunedError, match="taken over"):
                report(1, 9, 0.4)


def test_nothing_is_written_where_nobody_prunes(tmp_path):
    """Neither outside of a study, nor in one without a pruner."""
    report(0, 1, 0.5)
    settings = pruned_worker.study("asha", 3)
    with work_on(settings, tmp_path, {}, {}, About()) as study:
        trial = study.claim()
        with reporting(trial, Unpruned()):
            report(0, 1, 0.5)
        assert study.optuna_study.trials[0].intermediate_values == {}


@given(max_epochs=st.integers(1, 300), checks=st.integers(2, 40))
@settings(max_examples=50, deadline=None)
def test_checks_lie_at_equal_parts_of_a_training(max_epochs, checks):
    """Never more of them than epochs, the last one at the end; they depend on nothing else."""
    study = optuna.create_study()
    trial = study.ask()
    with reporting(trial, SuccessiveHalving(checks, 1, 2)):
        for epoch in range(max_epochs):
            report(epoch, max_epochs, float(epoch))
    reported = study.trials[0].intermediate_values
    assert len(reported) == min(max_epochs, checks)
    assert reported[checks] == max_epochs - 1
    for step, epoch in reported.items():
        assert abs((epoch + 1) / max_epochs - step / checks) < 1 / checks


@given(errors=st.lists(st.lists(st.integers(0, 20), min_size=27, max_size=27), max_size=9))
@settings(max_examples=60, deadline=None)
def test_halving_is_optunas_where_nothing_is_interrupted(errors):
    """Trial after trial, the same are ended at the same checks."""
    ours, theirs = optuna.create_study(), optuna.create_study()
    ours.pruner = Halving(1, 3)
    theirs.pruner = SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    for curve in errors:
        ended = []
        for study in (ours, theirs):
            trial = study.ask()
            for step, error in enumerate(curve, start=1):
                trial.report(float(error), step)
                if trial.should_prune():
                    ended.append(step)
                    break
            else:
                ended.append(None)
            study.tell(trial, 0.0)
        assert ended[0] == ended[1]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Median(1, 1, 1), "checks=1 is too small"),
        (lambda: Median(20, 0, 1), "first_check=0 is too small"),
        (lambda: Median(20, 4, 0), "n_startup_trials=0"),
        (lambda: Median(20, 20, 4), "first_check=20 comes too late"),
        (lambda: SuccessiveHalving(27, 1, 1), "reduction_factor=1"),
    ],
)
def test_impossible_settings_are_told(make, words):
    """With the key."""
    with pytest.raises(PeslabError, match=words):
        make()
