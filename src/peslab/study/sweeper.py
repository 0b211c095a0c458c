"""A worker: ask for values, run them in this process, tell what came out, until enough is told."""

import gc
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.trial import Trial, TrialState

from peslab.children import guarded
from peslab.errors import FULL, InfrastructureError, PeslabError, PrunedError, ended
from peslab.passwords import masked
from peslab.study.about import About
from peslab.study.process import how_it_ended
from peslab.study.results.ranking import METRICS, REASON, RUN_ID, as_text
from peslab.study.results.shown import on_test_part
from peslab.study.search.pruning import reporting
from peslab.study.search.space import as_overrides, parse_space, start_point
from peslab.study.settings import FELLOW, Study
from peslab.study.storage.study import OpenStudy, work_on
from peslab.tracking.entries import not_finite

HANDED_BACK = (InfrastructureError, OSError, StorageInternalError)
"""Errors that are none of the trial's own."""

ERROR = "error on the validation part"
"""What a study without objectives of its own is about."""

GRACE_SECONDS = 30.0
"""For fellow workers that are stopped to hand their trials back."""


@dataclass(frozen=True)
class TrialResult:
    """What one run hands back to the study.

    Attributes:
        objective: The error on the validation part, minimized.
        metrics: Everything measured at the run's end.
        run_id: Its run in MLflow.
    """

    objective: float
    metrics: dict[str, float]
    run_id: str


@dataclass(frozen=True)
class ToldTrial:
    """One told trial, for whoever shows the study's progress.

    Attributes:
        number: The trial's.
        finished: How many trials are.
        n_trials: How many will be in the end.
        values: Those of the swept keys.
        result: What came out; None of a trial that failed or was pruned.
        reason: Why it failed, was pruned, or was not heard.
        seconds: That it took.
        pruned: Whether it was ended early.
    """

    number: int
    finished: int
    n_trials: int
    values: dict[str, Any]
    result: TrialResult | None
    reason: str | None
    seconds: float
    pruned: bool = False


def work(
    settings: Study,
    home: Path,
    run_trial: Callable[[int, list[str]], TrialResult],
    *,
    defaults: Mapping[str, Any],
    recipe: Mapping[str, str],
    about: About,
    on_trial: Callable[[ToldTrial], None] = lambda _: None,
    on_interrupted: Callable[[int], None] = lambda _: None,
    on_resumed: Callable[[int, int], None] = lambda *_: None,
    conclude: Callable[[OpenStudy], None] = lambda _: None,
) -> int:
    """Take trials of a study until it has enough.

    Args:
        settings: What conf/study says.
        home: The folder of results.
        run_trial: Runs the config with the trial's number and overrides in this process.
        defaults: The composed config's value of every swept key: the first trial.
        recipe: What all trials of this study share.
        about: What its report has to know.
        on_trial: Told after each trial.
        on_interrupted: Told of each trial that was interrupted, its values being queued again.
        on_resumed: Told, before the first one, how many trials are finished already, and of how
            many, if it has some and others are missing.
        conclude: Called when no trial is left to take, while this worker is still known as such.

    Returns:
        How many trials this worker ran.

    Raises:
        PeslabError: If the space cannot be read, the study was begun as another, or too many trials
            failed one after the other.
        InfrastructureError: If the disk is full or a server lost; the trial is handed back.
    """
    space = parse_space(settings.space)
    if (limit := settings.sampler.limit(space)) is not None:
        settings = replace(settings, n_trials=min(settings.n_finished, limit), extend_by=0)
    start = start_point(space, defaults)
    n_run, failures = 0, 0
    with work_on(settings, home, start, recipe, about, on_interrupted) as study:
        if 0 < (n_finished := len(study.finished())) < settings.n_finished:
            on_resumed(n_finished, settings.n_finished)
        while (trial := study.next_trial()) is not None:
            told = _run(study, trial, run_trial)
            on_trial(told)
            n_run += 1
            if n_run == 1:
                _keep_for_good()
            failures = failures + 1 if told.result is None and not told.pruned else 0
            if failures >= settings.max_failures:
                raise PeslabError(
                    f"The last {failures} trials failed, the last one so: "
                    f"{ended(str(told.reason))} Mend the config, or let more fail with "
                    "study.max_failures."
                )
        conclude(study)
    return n_run


def _keep_for_good() -> None:
    """Let Python's search for garbage pass over what libraries have made of themselves by now.

    There are a million of them after the first trial: a complete search takes half a second.
    """
    gc.collect()
    gc.freeze()


def _run(
    study: OpenStudy, trial: Trial, run_trial: Callable[[int, list[str]], TrialResult]
) -> ToldTrial:
    began = time.monotonic()
    try:
        for lost in study.repeats(trial):
            study.on_interrupted(lost)  # again: the store may have been lost with it
        with reporting(trial, study.settings.pruner):
            state, result, reason = _result(trial, run_trial)
        values = _values(study.settings, result) if result else None
        names = [each.metric for each in study.settings.searched] or [ERROR]
        if values is not None and (told := not_finite(dict(zip(names, values, strict=True)))):
            state, result, reason = TrialState.FAIL, None, told
        heard = _tell(study, trial, state, values, result, reason)
    except BaseException as error:
        _leave(study, trial, error)
        raise
    if not heard:
        study.on_interrupted(trial.number)
        result, reason = None, "it was taken over, as this worker had seemed dead; not counted."
    return ToldTrial(
        trial.number,
        len(study.finished()),
        study.settings.n_finished,
        dict(trial.params),
        result,
        reason,
        time.monotonic() - began,
        pruned=heard and state == TrialState.PRUNED,
    )


def _result(
    trial: Trial, run_trial: Callable[[int, list[str]], TrialResult]
) -> tuple[TrialState, TrialResult | None, str | None]:
    """How a trial ended and what came out, or why it was pruned or failed by itself."""
    try:
        result = run_trial(trial.number, as_overrides(trial.params))
    except InfrastructureError:
        raise
    except PrunedError as pruned:
        return TrialState.PRUNED, None, str(pruned)
    except PeslabError as error:
        return TrialState.FAIL, None, masked(str(error))
    except OSError as error:
        if error.errno in FULL:
            raise InfrastructureError(
                "The disk is full: free some space; the same command continues the study."
            ) from error
        raise
    return TrialState.COMPLETE, result, None


def _tell(
    study: OpenStudy,
    trial: Trial,
    state: TrialState,
    values: Sequence[float] | None,
    result: TrialResult | None,
    reason: str | None,
) -> bool:
    if result is None:
        return study.tell(trial, state, None, {REASON: reason})
    told = {METRICS: as_text(_kept(study, result.metrics)), RUN_ID: result.run_id}
    return study.tell(trial, state, values, told)


def _kept(study: OpenStudy, metrics: Mapping[str, float]) -> dict[str, float]:
    """What a study remembers: of single replicas only what it shows; their runs have the rest."""
    asked = {each.metric for each in study.settings.searched}
    shown = {*asked, *map(on_test_part, asked), About.of(study.optuna_study).baselined}
    return {
        name: value
        for name, value in metrics.items()
        if not name.startswith("replica_") or name.partition("/")[2] in shown
    }


def _values(settings: Study, result: TrialResult) -> list[float]:
    """The objectives of a trial."""
    if not settings.searched:
        return [result.objective]
    names = [each.metric for each in settings.searched]
    for name in names:
        if name not in result.metrics:
            found = get_close_matches(name, result.metrics, n=3, cutoff=0.3)
            raise PeslabError(
                f"study.objectives: no run logs {name}; start another study (study.name=…) with "
                f"one that is there, such as {', '.join(found) or next(iter(result.metrics), '')}."
            )
    return [result.metrics[name] for name in names]


def _leave(study: OpenStudy, trial: Trial, error: BaseException) -> None:
    """Hand a trial back before the worker ends; a mistake of ours would only happen again."""
    # A signal may have broken off an import, which then fails whenever it is tried again.
    expected = HANDED_BACK if isinstance(error, Exception) else (Exception,)
    with suppress(*expected):  # the next worker finds it, and closes its run
        if isinstance(error, Exception) and not isinstance(error, HANDED_BACK):
            reason = masked(str(error)) or type(error).__name__
            study.tell(trial, TrialState.FAIL, None, {REASON: reason})
        else:
            study.hand_back(trial)


@contextmanager
def fellow_workers(count: int, overrides: Sequence[str], folder: Path) -> Iterator[list[str]]:
    """Start more workers of a study: the same command again, each with one worker.

    They are waited for; where this process is killed they hand their trials back, too.

    Args:
        count: How many to start.
        overrides: Of the command that starts them.
        folder: The study's, where each writes what it says.

    Yields:
        A list that in the end tells of those that were lost: how, and where they say why.
    """
    command = [sys.executable, "-m", "peslab", "train", "-m", *overrides, "study.workers=1"]
    lost: list[str] = []
    if count == 0:
        yield lost
        return
    folder.mkdir(parents=True, exist_ok=True)
    logs = [folder / f"worker_{index}.log" for index in range(1, count + 1)]
    workers = []
    with guarded(signal.SIGTERM) as guard:
        try:
            for path in logs:
                with path.open("w", encoding="utf-8") as stream:
                    worker = subprocess.Popen(
                        command,
                        stdout=stream,
                        stderr=subprocess.STDOUT,
                        env={**os.environ, FELLOW: "1"},
                    )
                guard(worker.pid)
                workers.append(worker)
            yield lost
            for worker, path in zip(workers, logs, strict=True):
                if status := worker.wait(math.inf):  # looks again and again, and so hears Ctrl+C
                    lost.append(f"{how_it_ended(status)}, see {path}")
        finally:
            _end(workers)


def _end(workers: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Ask workers to hand their trials back, as far as they have not ended."""
    for worker in workers:
        if worker.poll() is None:
            worker.terminate()
    for worker in workers:
        with suppress(subprocess.TimeoutExpired):
            worker.wait(GRACE_SECONDS)
