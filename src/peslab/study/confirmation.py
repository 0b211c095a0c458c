"""The end of a study: its leading trials once more, where their luck does not follow them.

The lowest of many errors is low by merit and by chance. Trained with fresh seeds and tested on data
that no trial has seen, a trial shows what of it was merit.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from peslab.errors import PeslabError
from peslab.study.fresh import FRESH, VERDICT, FreshResult, Verdict, fresh_results, verdict
from peslab.study.paired import differences, fresh_mean, is_testable, tied_for_best
from peslab.study.ranking import RankedTrial, ranking
from peslab.study.storage import OpenStudy

FOLDER, ERRORS = "confirmation", "test_errors.parquet"
"""Where the leading trials lie beside the trials, and in there the error of each configuration."""


@dataclass(frozen=True)
class Retrained:
    """A trial that was trained again.

    Attributes:
        errors: Absolute ones of each replica on each fresh test configuration, shape (k, n).
        data: The fingerprint of these configurations.
        told: How fresh they are.
        promised: The error that the study knew, None where it cannot be compared with these.
        run_id: Its run in MLflow.
    """

    errors: NDArray[np.float64]
    data: str
    told: str
    promised: float | None
    run_id: str


Retrain = Callable[[RankedTrial, Path], Retrained]
"""Trains a trial again on fresh data, in a folder; raises a PeslabError where that fails."""


def confirm(
    study: OpenStudy,
    retrain: Retrain,
    on_result: Callable[[FreshResult], None] = lambda _: None,
) -> None:
    """Train the leading trials of a study again and compare them, if all trials are finished.

    One worker does it; what is done is not done again, so that whoever was interrupted goes on, but
    what failed is tried again. A study that got more trials since, and with them other leaders, has
    those confirmed as well.

    Args:
        study: As a worker sees it.
        retrain: Trains one of them.
        on_result: Told after each.
    """
    if study.settings.confirm == 0 or len(study.finished()) < study.settings.n_trials:
        return
    lock = FileLock(study.folder / "locks" / "confirm.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return  # another worker is at it
    try:
        ranked = [trial for trial in ranking(study.optuna_study) if trial.rank is not None]
        leading = ranked[: study.settings.confirm]
        for trial in leading:
            if not _is_done(study, trial.trial):
                on_result(_confirm_one(study, trial, retrain))
        _judge(study, [trial.trial for trial in leading])
    finally:
        lock.release()


def _is_done(study: OpenStudy, trial: int) -> bool:
    result = fresh_results(study.optuna_study).get(trial)
    return result is not None and result.error is not None and _errors_file(study, trial).is_file()


def _errors_file(study: OpenStudy, trial: int) -> Path:
    return study.folder / FOLDER / str(trial) / ERRORS


def _confirm_one(study: OpenStudy, trial: RankedTrial, retrain: Retrain) -> FreshResult:
    """Train a trial again; its errors are on disk before the study knows of them."""
    file = _errors_file(study, trial.trial)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = retrain(trial, file.parent)
        error, sem = fresh_mean(found.errors)
        if not math.isfinite(error):
            raise PeslabError(f"its error on fresh data is {error}.")  # noqa: TRY301
    except PeslabError as failure:
        result = FreshResult(trial.trial, reason=str(failure))
    else:
        columns = {f"replica_{k}": errors for k, errors in enumerate(found.errors)}
        partial = file.with_suffix(".partial")
        pl.DataFrame(columns).write_parquet(partial)
        partial.replace(file)
        replicas = [float(each) for each in found.errors.mean(axis=1)]
        result = FreshResult(
            trial.trial,
            error=error,
            sem=sem,
            replicas=replicas,
            promised=found.promised,
            data=found.data,
            told=found.told,
            run_id=found.run_id,
        )
    study.optuna_study.set_user_attr(f"{FRESH}{trial.trial}", asdict(result))
    return result


def _judge(study: OpenStudy, leading: list[int]) -> None:
    """Record which of the leading trials are tied for best."""
    results = fresh_results(study.optuna_study)
    found = [results[trial] for trial in leading if results[trial].error is not None]
    found.sort(key=lambda result: (result.error, result.trial))
    judged = _verdict(study, found)
    if judged != verdict(study.optuna_study):  # or the journal would grow with each start
        study.optuna_study.set_user_attr(VERDICT, asdict(judged))


def _verdict(study: OpenStudy, found: list[FreshResult]) -> Verdict:
    trials = [result.trial for result in found]
    if len({result.data for result in found}) > 1:
        why = "they were tested on different data, as the study sweeps what these are made of"
        return Verdict(trials, None, why, [])
    errors = {trial: _read(_errors_file(study, trial)) for trial in trials}
    if not all(is_testable(each) for each in errors.values()):
        why = "with one replica each, nobody knows how they scatter with their seeds"
        return Verdict(trials, None, why, [])
    pairs = differences(errors)
    return Verdict(trials, tied_for_best(trials, pairs), None, [pair._asdict() for pair in pairs])


def _read(file: Path) -> NDArray[np.float64]:
    return pl.read_parquet(file, glob=False).to_numpy().T
