"""Finished trials in their order: ties, failures, and what a program reads."""

import json

import chaos_worker
import pytest
from optuna.trial import TrialState, create_trial

from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.results.ranking import METRICS, REASON, RUN_ID, as_text, metrics_of, pick, ranking
from peslab.study.storage.study import work_on


@pytest.fixture
def study(tmp_path):
    """Seven trials: two that tie, two that fail, one that is pruned, one that still runs."""
    with work_on(chaos_worker.study("ranked", 7), tmp_path, {}, {}, About()) as opened:
        for error in (0.3, 0.1, None, 0.1, 0.2):
            trial = opened.claim()
            if error is None:
                trial.set_user_attr(REASON, "the loss is not finite.")
                opened.optuna_study.tell(trial, state=TrialState.FAIL)
                continue
            trial.set_user_attr(METRICS, {"test/energy_mae": 1 - error})
            trial.set_user_attr(RUN_ID, f"run{trial.number}")
            opened.optuna_study.tell(trial, error)
        opened.optuna_study.tell(opened.claim(), state=TrialState.PRUNED)
        opened.claim()
        yield opened.optuna_study


def test_the_order_is_that_of_the_errors_and_then_of_the_numbers(study):
    """Of two equal trials the earlier one is the better: it was found with less."""
    assert [(item.rank, item.trial) for item in ranking(study)] == [
        (1, 1),
        (2, 3),
        (3, 4),
        (4, 0),
        (None, 5),
        (None, 2),
    ]


def test_the_test_part_does_not_rank(study):
    """What is reported in the end must not have been selected by."""
    shown = [item.metrics["test/energy_mae"] for item in ranking(study) if item.rank]
    assert shown != sorted(shown)


def test_a_failed_trial_keeps_its_values_and_its_reason(study):
    """So that one can see where in the space it went wrong."""
    failed = ranking(study)[-1]
    assert set(failed.values) == set(chaos_worker.SPACE)
    assert (failed.reason, failed.run_id, failed.metrics) == ("the loss is not finite.", None, {})


@pytest.mark.parametrize(("which", "number"), [("best", 1), ("1", 1), ("0", 0), ("2", 2)])
def test_a_trial_is_picked_by_its_rank_or_number(study, which, number):
    """`best`, or the number that its folder has, a failed one too."""
    assert pick(study, which).trial == number


@pytest.mark.parametrize("which", ["", "-1", "01", "worst", "6", "1.0", " 1", "99"])
def test_what_is_no_finished_trial_is_told_with_what_there_is(study, which):
    """Neither a running trial nor another spelling of a number is guessed at."""
    with pytest.raises(PeslabError, match="name best, or one of 1, 3, 4, 0, 5, 2"):
        pick(study, which)


def test_a_study_of_nothing_has_no_best(tmp_path):
    """The sentence does not list what is not there."""
    with (
        work_on(chaos_worker.study("empty", 1), tmp_path, {}, {}, About()) as opened,
        pytest.raises(PeslabError, match="one of none yet"),
    ):
        pick(opened.optuna_study, "best")


def test_where_all_failed_there_is_no_best(tmp_path):
    """Failed trials are listed, none of them is the first."""
    with work_on(chaos_worker.study("failed", 1), tmp_path, {}, {}, About()) as opened:
        opened.optuna_study.tell(opened.claim(), state=TrialState.FAIL)
        assert [item.rank for item in ranking(opened.optuna_study)] == [None]
        with pytest.raises(PeslabError, match="no finished trial 'best'"):
            pick(opened.optuna_study, "best")


def test_the_ranking_survives_json(study):
    """What a program reads is what we have."""
    plain = [item.as_json() for item in ranking(study)]
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain[0]) == {
        *("rank", "trial", "run_id", "values", "metrics", "reason", "state", "front"),
        "objectives",
    }


def test_a_reader_cannot_change_the_study_through_its_ranking(study):
    """The tables handed out are copies."""
    ranking(study)[0].metrics.clear()
    ranking(study)[0].values.clear()
    assert ranking(study)[0].metrics
    assert ranking(study)[0].values


@pytest.mark.parametrize("name", ["val/error", "it's", 'a "b"', "back\\'slash\\", "µ", "{'"])
def test_metrics_are_kept_to_the_last_bit(name):
    """Whatever they are called, in three ways: today's, and those of studies from before."""
    metrics = {name: 0.1 + 0.2, "other": -1e-300, "x'": float("inf")}
    for kept in (as_text(metrics), json.dumps(metrics), metrics):
        assert metrics_of(create_trial(value=0.0, user_attrs={METRICS: kept})) == metrics
    assert '"' not in as_text({"a": 0.5, "b": 1.0})  # each would be escaped in a journal


def test_a_trial_without_metrics_has_none():
    """One that failed, or a program that measured nothing."""
    assert metrics_of(create_trial(state=TrialState.FAIL)) == {}
    assert metrics_of(create_trial(value=0.0, user_attrs={METRICS: as_text({})})) == {}
