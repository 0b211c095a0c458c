"""A trial tells its study how its training goes, and hears whether to go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial, Trial

from peslab.errors import PrunedError
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.pruners import Pruner


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
class _Reporter:
    trial: Trial
    checks: int

    def report(self, epoch: int, max_epochs: int, error: float) -> None:
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


_current: ContextVar[_Reporter | None] = ContextVar("reporter", default=None)
_retry: ContextVar[int | None] = ContextVar("retry", default=None)


@contextmanager
def reporting(trial: Trial, pruner: Pruner) -> Iterator[None]:
    """Let what runs inside report to a trial, and know whether it is a retry."""
    trial.study.pruner = pruner.build()
    token = _current.set(_Reporter(trial, pruner.checks) if pruner.checks else None)
    retry = _retry.set(trial.user_attrs.get(RETRY_OF))
    try:
        yield
    finally:
        _retry.reset(retry)
        _current.reset(token)


def retry_of() -> int | None:
    """The number of the trial whose interruption the one that runs here makes good, if any."""
    return _retry.get()


def report(epoch: int, max_epochs: int, error: float) -> None:
    """Tell the trial that runs here, if any, of an epoch; written at the pruner's checks only.

    Args:
        epoch: Counted from 0.
        max_epochs: Of the training.
        error: On the validation part, the mean over replicas.

    Raises:
        PrunedError: If the trial is hopeless, or no longer this worker's.
    """
    reporter = _current.get()
    if reporter is not None:
        reporter.report(epoch, max_epochs, error)
