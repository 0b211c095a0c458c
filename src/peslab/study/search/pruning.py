"""A trial tells its study how its training goes, and hears whether to go on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from peslab.errors import PrunedError
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.objectives import is_beaten, objectives_of
from peslab.study.search.pruners import Pruner


class Halving(BasePruner):
    """Successive halving as a function of what trials reported, whenever they were interrupted.

    Optuna's keeps what it saw in the trials, where an interrupted one would count beside the one
    that repeats it.
    """

    def __init__(self, first_check: int, reduction_factor: int) -> None:
        self._first, self._factor = first_check, reduction_factor

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether its last report came to a rung, and was not good enough there."""
        steps = sorted(trial.intermediate_values)
        rung = self._first
        while rung * self._factor <= steps[-1]:
            rung *= self._factor
        mine = _at(trial, rung)
        if mine is None or (len(steps) > 1 and steps[-2] >= rung):
            return False
        others = [
            value
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and INTERRUPTED not in other.user_attrs
            if (value := _at(other, rung)) is not None
        ]
        better = sum(value < mine for value in others)
        return better >= max(1, (len(others) + 1) // self._factor)


def _at(trial: FrozenTrial, rung: int) -> float | None:
    """What a trial reported when it came to a rung, if it did."""
    there = [step for step in trial.intermediate_values if step >= rung]
    return trial.intermediate_values[min(there)] if there else None


@dataclass(frozen=True)
class _Own:
    """The trial that runs here."""

    trial: Trial
    checks: int

    def report(self, epoch: int, max_epochs: int, error: float) -> None:
        if not self.checks:
            return
        step = (epoch + 1) * self.checks // max_epochs
        if step == epoch * self.checks // max_epochs:
            return
        try:
            self.trial.report(error, step)
            hopeless = step < self.checks and self.trial.should_prune()
        except UpdateFinishedTrialError as late:
            raise PrunedError("it was taken over, as this worker had seemed dead.") from late
        if hopeless:
            raise PrunedError(
                f"pruned after epoch {epoch + 1} of {max_epochs}, where the validation error was "
                f"{error:.4g}."
            )


_own: ContextVar[_Own | None] = ContextVar("own_trial", default=None)


@contextmanager
def reporting(trial: Trial, pruner: Pruner) -> Iterator[None]:
    """Let what runs inside report to a trial, and ask how it stands and what it repeats."""
    trial.study.pruner = pruner.build()
    token = _own.set(_Own(trial, pruner.checks))
    try:
        yield
    finally:
        _own.reset(token)


def retry_of() -> int | None:
    """The number of the trial whose interruption the one that runs here makes good, if any."""
    own = _own.get()
    return None if own is None else own.trial.user_attrs.get(RETRY_OF)


def report(epoch: int, max_epochs: int, error: float) -> None:
    """Tell the trial that runs here, if any, of an epoch; written at the pruner's checks only.

    Args:
        epoch: Counted from 0.
        max_epochs: Of the training.
        error: On the validation part, the mean over replicas.

    Raises:
        PrunedError: If the trial is hopeless, or no longer this worker's.
    """
    own = _own.get()
    if own is not None:
        own.report(epoch, max_epochs, error)


def leads(metrics: Mapping[str, float]) -> bool:
    """Whether no trial that has ended is better than the one that runs here; true outside studies.

    Args:
        metrics: What it measured, the objectives of the study among them.
    """
    of_trial = _own.get()
    if of_trial is None:
        return True
    study = of_trial.trial.study
    signs = [-1.0 if each == StudyDirection.MAXIMIZE else 1.0 for each in study.directions]
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    mine = np.array([metrics[name] for name in objectives_of(study)]) * signs
    others = np.array([trial.values for trial in ended]).reshape(-1, len(signs)) * signs
    return not is_beaten(mine, others)
