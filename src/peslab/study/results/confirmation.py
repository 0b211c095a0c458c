"""The end of a study: its leading trials once more, where their luck does not follow them.

The lowest of many errors is low by merit and by chance. Trained with fresh seeds and tested on data
that no trial has seen, a trial shows what of it was merit.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peslab.errors import InfrastructureError, PeslabError
from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict, fresh_results, verdict
from peslab.study.results.paired import differences, fresh_mean, is_testable, tied_for_best
from peslab.study.results.ranking import RankedTrial, ranking
from peslab.study.storage.study import OpenStudy

CLAIM = "confirming/"
"""Before a trial's number: the attribute of the study that holds the worker that is at it."""

FOLDER, ERRORS = "confirmation", "test_errors.parquet"
"""Where the leading trials lie beside the trials, and in there the error of each configuration."""


SEEDS_OF_A_TRIAL = 1000
"""Replicas of different trials have seeds of their own: the tests take them as independent."""

ROLE = "confirmation"
"""Of its runs in MLflow, as a tag."""


@dataclass(frozen=True)
class Retrained:
    """A trial that was trained again.

    Attributes:
        errors: Those of each replica on each fresh test configuration, shape (k, n), whose mean is
            what the study is ranked by; of what is no such mean the value of each, shape (k, 1).
        data: The fingerprint of these configurations.
        told: How fresh they are.
        promised: The error that the study knew, None where it cannot be compared with these.
        run_id: Its run in MLflow.
        is_maximized: Whether they are no errors, but better when they are higher.
        metric: Whose values they are.
        promised_sem: How the promise scatters with its seeds and configurations, None where that
            is unknown, or these are of another kind.
        is_new: Whether no trial has seen these data.
    """

    errors: NDArray[np.float64]
    data: str
    told: str
    promised: float | None
    run_id: str
    is_maximized: bool = False
    metric: str = ""
    promised_sem: float | None = None
    is_new: bool = True


Retrain = Callable[[RankedTrial, Path], Retrained]
"""Trains a trial again on fresh data, in a folder; raises a PeslabError where that fails."""


def confirm(
    study: OpenStudy,
    retrain: Retrain,
    on_result: Callable[[FreshResult], None] = lambda _: None,
    why_not: str | None = None,
) -> None:
    """Train the leading trials of a study again and compare them, if all trials are finished.

    Several workers share them. What is done is not done again, so that whoever was interrupted goes
    on; a study that got more trials since, and with them other leaders, has those confirmed too.

    Args:
        study: As a worker sees it.
        retrain: Trains one of them.
        on_result: Told after each.
        why_not: Why that would say nothing of them; recorded in place of results.

    Raises:
        InfrastructureError: If the disk is full or a server lost; nothing is recorded then.
    """
    if study.settings.confirm == 0 or len(study.finished()) < study.settings.n_finished:
        return
    ranked = [trial for trial in ranking(study.optuna_study) if trial.rank is not None]
    leading = {trial.trial: trial for trial in ranked[: study.settings.confirm]}
    if why_not is not None:
        with study.store.lock("claim"):
            _keep(study, Verdict([], None, why_not, []))
        return
    while (trial := _next(study, leading)) is not None:
        result, errors = _retrained(study, trial, retrain)
        if _record(study, result, errors):
            on_result(result)
    with study.store.lock("claim"):
        if not _open(study, leading):
            _judge(study, list(leading))


def _next(study: OpenStudy, leading: Mapping[int, RankedTrial]) -> RankedTrial | None:
    """Claim a trial; wait for one as long as a worker that holds one may be dead."""
    end = time.monotonic() + study.store.doubt
    while (trial := _claim(study, leading)) is None:
        if time.monotonic() >= end or not _open(study, leading):
            return None
        time.sleep(min(1.0, study.store.doubt / 10.0))
    return trial


def _claim(study: OpenStudy, leading: Mapping[int, RankedTrial]) -> RankedTrial | None:
    with study.store.lock("claim"):
        for number in _open(study, leading):
            holder = study.optuna_study.user_attrs.get(f"{CLAIM}{number}")
            if holder is None or not study.store.is_alive(holder):
                study.optuna_study.set_user_attr(f"{CLAIM}{number}", study.worker)
                return leading[number]
    return None


def _open(study: OpenStudy, leading: Mapping[int, RankedTrial]) -> list[int]:
    """The leading trials that have no result yet, or lost the file of their errors."""
    results = fresh_results(study.optuna_study)
    return [
        number
        for number in leading
        if number not in results
        or (results[number].error is not None and not _errors_file(study, number).is_file())
    ]


def _errors_file(study: OpenStudy, trial: int) -> Path:
    return study.store.folder / FOLDER / str(trial) / ERRORS


def _retrained(
    study: OpenStudy, trial: RankedTrial, retrain: Retrain
) -> tuple[FreshResult, NDArray[np.float64]]:
    """What came out of a trial that was trained again, or why it failed, and all errors."""
    folder = _errors_file(study, trial.trial).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = retrain(trial, folder)
    except InfrastructureError:
        raise
    except PeslabError as failure:
        return FreshResult(trial.trial, reason=str(failure)), np.empty((0, 0))
    error, sem = fresh_mean(found.errors)
    if not math.isfinite(error):
        reason = f"its {found.metric or 'error'} is {error}."
        return FreshResult(trial.trial, reason=reason), np.empty((0, 0))
    result = FreshResult(
        trial.trial,
        error=error,
        sem=sem,
        replicas=[float(each) for each in found.errors.mean(axis=1)],
        promised=found.promised,
        data=found.data,
        told=found.told,
        run_id=found.run_id,
        is_maximized=found.is_maximized,
        metric=found.metric,
        promised_sem=found.promised_sem,
        is_new=found.is_new,
    )
    return result, found.errors


def _record(study: OpenStudy, result: FreshResult, errors: NDArray[np.float64]) -> bool:
    """Keep a result, its errors first; not of a worker that was taken for dead meanwhile."""
    name, file = f"{CLAIM}{result.trial}", _errors_file(study, result.trial)
    with study.store.lock("claim"):
        if study.optuna_study.user_attrs.get(name) != study.worker:
            return False
        if result.error is not None:
            columns = {f"replica_{k}": of_replica for k, of_replica in enumerate(errors)}
            partial = file.with_suffix(".partial")
            pl.DataFrame(columns).write_parquet(partial)
            partial.replace(file)
        study.optuna_study.set_user_attr(f"{FRESH}{result.trial}", asdict(result))
        return True


def _judge(study: OpenStudy, leading: list[int]) -> None:
    """Record which of the leading trials are tied for best."""
    results = fresh_results(study.optuna_study)
    found = [results[trial] for trial in leading if results[trial].error is not None]
    found.sort(key=lambda result: (result.sign * (result.error or 0.0), result.trial))
    _keep(study, _verdict(study, found))


def _keep(study: OpenStudy, judged: Verdict) -> None:
    if judged != verdict(study.optuna_study):  # or the journal would grow with each start
        study.optuna_study.set_user_attr(VERDICT, asdict(judged))


def _verdict(study: OpenStudy, found: list[FreshResult]) -> Verdict:
    trials = [result.trial for result in found]
    if len({result.data for result in found}) > 1:
        why = "they were tested on different data, as the study sweeps what these are made of"
        return Verdict(trials, None, why, [])
    errors = {each.trial: each.sign * _read(_errors_file(study, each.trial)) for each in found}
    if not all(is_testable(each) for each in errors.values()):
        why = "with one replica each, nobody knows how they scatter with their seeds"
        return Verdict(trials, None, why, [])
    pairs = differences(errors)
    return Verdict(trials, tied_for_best(trials, pairs), None, [pair._asdict() for pair in pairs])


def _read(file: Path) -> NDArray[np.float64]:
    return pl.read_parquet(file, glob=False).to_numpy().T
