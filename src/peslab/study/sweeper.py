"""A worker: ask for values, run them in this process, tell what came out, until enough is told."""

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import Trial, TrialState

from peslab.errors import PeslabError
from peslab.passwords import masked
from peslab.study.ranking import METRICS, REASON, RUN_ID
from peslab.study.settings import Study
from peslab.study.space import as_overrides, parse_space, start_point
from peslab.study.storage import OpenStudy, work_on


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
    """One told trial, for whoever shows the study's progress."""

    number: int
    finished: int
    n_trials: int
    values: dict[str, Any]
    result: TrialResult | None
    reason: str | None
    seconds: float


def work(
    settings: Study,
    home: Path,
    run_trial: Callable[[int, list[str]], TrialResult],
    *,
    defaults: Mapping[str, Any],
    recipe: Mapping[str, str],
    reference: str,
    unit: str = "E_c",
    on_trial: Callable[[ToldTrial], None] = lambda _: None,
) -> None:
    """Take trials of a study until it has enough.

    Args:
        settings: What conf/study says.
        home: The folder of results.
        run_trial: Runs the config with the trial's number and overrides in this process.
        defaults: The composed config's value of every swept key: the first trial.
        recipe: What all trials of this study share.
        reference: What others reached, for the report.
        unit: Of the errors, for the report.
        on_trial: Told after each trial.

    Raises:
        PeslabError: If the space cannot be read, or the study was begun as another.
    """
    start = start_point(parse_space(settings.space), defaults)
    with work_on(settings, home, start, recipe, reference, unit) as study:
        while (trial := study.claim()) is not None:
            on_trial(_run(study, trial, run_trial))


def _run(
    study: OpenStudy, trial: Trial, run_trial: Callable[[int, list[str]], TrialResult]
) -> ToldTrial:
    began = time.monotonic()
    result, reason = None, None
    try:
        result = run_trial(trial.number, as_overrides(trial.params))
        if not math.isfinite(result.objective):
            raise PeslabError(f"its error on the validation part is {result.objective}.")  # noqa: TRY301
    except Exception as error:
        reason = masked(str(error)) or type(error).__name__
        trial.set_user_attr(REASON, reason)
        study.optuna_study.tell(trial, state=TrialState.FAIL)
        if not isinstance(error, PeslabError):
            raise  # told, so that the next start goes on, but a mistake of ours is not passed over
        result = None
    else:
        trial.set_user_attr(METRICS, result.metrics)
        trial.set_user_attr(RUN_ID, result.run_id)
        study.optuna_study.tell(trial, result.objective)
    return ToldTrial(
        trial.number,
        len(study.finished()),
        study.settings.n_trials,
        dict(trial.params),
        result,
        reason,
        time.monotonic() - began,
    )


@contextmanager
def fellow_workers(count: int, overrides: Sequence[str], folder: Path) -> Iterator[None]:
    """Start more workers of a study: the same command again, each with one worker.

    Args:
        count: How many to start.
        overrides: Of the command that starts them.
        folder: The study's, where each writes what it says.

    Raises:
        PeslabError: If one of them ended with an error.
    """
    command = [sys.executable, "-m", "peslab", "train", "-m", *overrides, "study.workers=1"]
    folder.mkdir(parents=True, exist_ok=True)
    logs = [folder / f"worker_{index}.log" for index in range(1, count + 1)]
    workers = []
    for path in logs:
        with path.open("w", encoding="utf-8") as stream:
            workers.append(subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT))
    try:
        yield
        for worker, path in zip(workers, logs, strict=True):
            if worker.wait():
                raise PeslabError(
                    f"A worker of the study ended with status {worker.returncode}: see {path}; "
                    "the same command again continues the study."
                )
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.terminate()
