"""The leading trials of a study once more, on fresh data, whatever happens to the workers."""

import signal
import subprocess
import sys
import time
from dataclasses import replace

import confirmation_worker
import numpy as np
import polars as pl
import pytest
from confirmation_worker import again, settings

from peslab.errors import InfrastructureError, PeslabError
from peslab.study.results.confirmation import ERRORS, FOLDER, Retrained, confirm
from peslab.study.results.fresh import Verdict, fresh_json, fresh_results, verdict
from peslab.study.results.ranking import ranking
from peslab.study.results.table import trials_frame
from peslab.study.storage.study import load


def run(home, conclude=None, **changes):
    """The study, continued by a worker in this process."""
    confirmation_worker.main(home, replace(settings(), **changes), conclude)
    return load("confirmed", home)


def confirming(retrain, told=None):
    return lambda study: confirm(study, retrain, (told if told is not None else []).append)


def leading(study, number=3):
    return [trial.trial for trial in ranking(study)[:number]]


def test_the_leading_trials_are_trained_again_once(tmp_path):
    """Those with the lowest validation errors, best first; a second start writes nothing."""
    begun, told = [], []
    study = run(tmp_path, confirming(again(begun), told))
    assert begun == leading(study)
    assert sorted(fresh_results(study)) == sorted(begun)
    assert [result.trial for result in told] == begun
    before = (tmp_path / "studies" / "confirmed" / "journal.log").read_bytes()
    run(tmp_path, confirming(again(begun)))
    assert begun == leading(study)
    after = (tmp_path / "studies" / "confirmed" / "journal.log").read_bytes()
    assert after == before


def test_what_came_out_is_kept_with_the_study(tmp_path):
    """Means in the study, the error of each configuration in a file, the promise beside them."""
    study = run(tmp_path, confirming(again()))
    for trial in ranking(study)[:3]:
        result = fresh_results(study)[trial.trial]
        errors = pl.read_parquet(
            tmp_path / "studies" / "confirmed" / FOLDER / str(trial.trial) / ERRORS
        )
        assert errors.columns == ["replica_0", "replica_1", "replica_2"]
        assert errors.mean().row(0) == pytest.approx(result.replicas)
        assert result.error == pytest.approx(np.mean(result.replicas))
        assert 0 < result.sem < result.error
        assert result.promised == trial.metrics["val/energy_mae"]
        assert result.run_id == f"again-{trial.trial}"


def test_who_is_tied_for_best_is_said(tmp_path):
    """The trial that is really worse is not; the verdict is in the table and in JSON."""

    def retrain(trial, folder):
        result = again()(trial, folder)
        is_worst = trial.rank == 2
        return replace(result, errors=result.errors + 10.0 * is_worst)

    study = run(tmp_path, confirming(retrain))
    first, second, third = leading(study)
    judged = verdict(study)
    assert set(judged.trials) == {first, second, third}
    assert judged.trials[-1] == second
    assert set(judged.tied) == {first, third}
    frame = trials_frame(study).filter(pl.col("tied").is_not_null())
    assert dict(frame.select("trial", "tied").iter_rows()) == {
        first: True,
        second: False,
        third: True,
    }
    told = fresh_json(study)[second]
    assert told["tied"] is False
    assert len(told["pairs"]) == 2
    assert all(pair["probability"] < 0.05 for pair in told["pairs"])


def test_a_study_that_is_not_finished_is_not_confirmed(tmp_path):
    """Other workers still run its trials: the last of them does it."""
    begun = []

    def early(study):
        confirm(replace(study, settings=replace(study.settings, n_trials=9)), again(begun))

    run(tmp_path, early)
    assert begun == []


def test_nothing_is_confirmed_where_none_is_asked_for(tmp_path):
    """`study.confirm=0`."""
    study = run(tmp_path, confirming(again()), confirm=0)
    assert (fresh_results(study), verdict(study)) == ({}, None)


def test_what_fresh_data_cannot_confirm_is_not_trained(tmp_path):
    """The reason is kept, once."""
    begun = []

    def conclude(study):
        confirm(study, again(begun), why_not="it is a time")

    study = run(tmp_path, conclude)
    assert (begun, fresh_results(study)) == ([], {})
    assert verdict(study) == Verdict([], None, "it is a time", [])
    run(tmp_path, conclude)
    journal = (tmp_path / "studies" / "confirmed" / "journal.log").read_text()
    assert journal.count("it is a time") == 1


def test_more_can_be_asked_for_later(tmp_path):
    """Only those that are new are trained."""
    begun = []
    study = run(tmp_path, confirming(again(begun)), confirm=1)
    assert verdict(study).trials == leading(study, 1)
    study = run(tmp_path, confirming(again(begun)), confirm=4)
    assert begun == leading(study, 4)
    assert sorted(verdict(study).trials) == sorted(begun)


def test_new_leaders_of_a_study_that_grew_are_confirmed(tmp_path):
    """The verdict is about those that lead now; what was measured stays."""
    before = run(tmp_path, confirming(again()))
    old = leading(before)
    after = run(tmp_path, confirming(again()), n_trials=40)
    new = leading(after)
    assert new != old
    assert sorted(verdict(after).trials) == sorted(new)
    assert set(fresh_results(after)) == {*old, *new}
    left = next(trial for trial in old if trial not in new)
    row = trials_frame(after).filter(pl.col("trial") == left)
    assert row["fresh_error"].item() is not None
    assert row["tied"].item() is None


def test_a_trial_that_fails_again_is_told_and_left_out(tmp_path):
    """Seeds by which a training diverges are news of it; the others are compared."""

    def retrain(trial, folder):
        if trial.rank == 1:
            raise PeslabError("the loss became NaN.")
        return again()(trial, folder)

    study = run(tmp_path, confirming(retrain))
    best = leading(study)[0]
    assert fresh_results(study)[best].reason == "the loss became NaN."
    assert best not in verdict(study).trials
    assert len(verdict(study).trials) == 2
    assert trials_frame(study).filter(pl.col("trial") == best)["fresh_error"].item() is None


def test_an_error_that_is_no_number_is_a_failure(tmp_path):
    """It could not be compared, nor kept as JSON."""

    def retrain(trial, folder):
        return replace(again()(trial, folder), errors=np.full((2, 5), np.nan))

    study = run(tmp_path, confirming(retrain))
    assert {each.reason for each in fresh_results(study).values()} == {"its error is nan."}
    assert verdict(study).trials == []


def test_a_lost_server_is_no_failure_of_a_trial(tmp_path):
    """Nothing is recorded, and the next start does it."""

    def lost(trial, folder):
        raise InfrastructureError("the server is gone.")

    with pytest.raises(InfrastructureError):
        run(tmp_path, confirming(lost))
    assert fresh_results(load("confirmed", tmp_path)) == {}
    study = run(tmp_path, confirming(again()))
    assert len(verdict(study).trials) == 3


def test_one_replica_has_no_ties(tmp_path):
    """Its error is told without a scatter, and who is best stays open."""

    def retrain(trial, folder):
        result = again()(trial, folder)
        return replace(result, errors=result.errors[:1])

    study = run(tmp_path, confirming(retrain))
    assert verdict(study).tied is None
    assert "one replica" in verdict(study).reason
    assert {each.sem for each in fresh_results(study).values()} == {None}
    assert trials_frame(study)["tied"].is_null().all()


def test_the_best_of_what_is_maximized_is_the_highest(tmp_path):
    """And a lower one than was promised is the winner's curse."""

    def retrain(trial, folder):
        return replace(again()(trial, folder), is_maximized=True, promised=10.0)

    study = run(tmp_path, confirming(retrain))
    found, results = verdict(study), fresh_results(study)
    errors = [results[trial].error for trial in found.trials]
    assert errors == sorted(errors, reverse=True)
    assert found.trials[0] in found.tied
    assert found.pairs[0]["difference"] <= 0  # the first pair is of the best and the next
    assert all(each.above_promise == 10.0 - each.error for each in results.values())


def test_different_test_data_are_not_compared(tmp_path):
    """As where the study sweeps what the data are made of."""

    def retrain(trial, folder):
        return replace(again()(trial, folder), data=f"of trial {trial.trial}")

    study = run(tmp_path, confirming(retrain))
    assert verdict(study).tied is None
    assert "different data" in verdict(study).reason


def test_lost_errors_are_measured_again(tmp_path):
    """Somebody cleared the folder: without the file nothing can be compared."""
    begun = []
    study = run(tmp_path, confirming(again(begun)))
    lost = leading(study)[1]
    (tmp_path / "studies" / "confirmed" / FOLDER / str(lost) / ERRORS).unlink()
    run(tmp_path, confirming(again(begun)), confirm=4)
    assert begun[3:] == [lost, leading(study, 4)[3]]


def test_a_worker_that_was_taken_for_dead_is_not_heard(tmp_path):
    """Another has claimed its trial meanwhile, and what it says counts."""

    def slow(study):
        def retrain(trial, folder):
            name = f"confirming/{trial.trial}"
            study.optuna_study.set_user_attr(name, "another-worker")
            return again()(trial, folder)

        told = []
        with pytest.raises(RecursionError):
            confirm(study, _only(2, retrain), told.append)
        assert told == []

    run(tmp_path, slow)
    assert fresh_results(load("confirmed", tmp_path)) == {}


def _only(times, retrain):
    """A training that may be tried so often: the other worker is dead, it is claimed again."""
    left = [times]

    def limited(trial, folder):
        if not left[0]:
            raise RecursionError
        left[0] -= 1
        return retrain(trial, folder)

    return limited


def start(home, *milliseconds):
    command = [sys.executable, confirmation_worker.__file__, home, *milliseconds]
    return subprocess.Popen([str(word) for word in command])


def begun_in(home):
    file = home / "again.txt"
    return file.read_text(encoding="utf-8").split() if file.exists() else []


def test_whoever_was_killed_is_continued_and_nothing_is_done_twice(tmp_path):
    """kill -9 in the second confirmation: the first stays, the second and third are done."""
    worker = start(tmp_path, 0, 600_000)
    end = time.monotonic() + 120
    while len(begun_in(tmp_path)) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    killed = load("confirmed", tmp_path)
    done = list(fresh_results(killed))
    assert len(done) == 1
    assert verdict(killed) is None
    assert start(tmp_path, 0).wait(60) == 0
    study = load("confirmed", tmp_path)
    first, second, third = map(str, leading(study))
    assert begun_in(tmp_path) == [first, second, second, third]
    assert sorted(verdict(study).trials) == sorted(leading(study))


def test_several_workers_share_them(tmp_path):
    """Each is trained by one, and the last of them judges."""
    run(tmp_path)
    workers = [start(tmp_path, 300) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    study = load("confirmed", tmp_path)
    assert sorted(begun_in(tmp_path)) == sorted(map(str, leading(study)))
    assert verdict(study) is not None


def test_a_result_is_what_a_worker_hands_over():
    """Errors of each replica on each configuration, in the order of the test part."""
    found = again()(next(iter(_ranked())), None)
    assert isinstance(found, Retrained)
    assert found.errors.shape == (3, 50)


def _ranked():
    from peslab.study.results.ranking import RankedTrial

    yield RankedTrial(1, 0, "run", {}, {"val/energy_mae": 0.1}, None, "complete", front=True)
