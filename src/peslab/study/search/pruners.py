"""Who ends hopeless trials: what conf/study/pruner names.

A trial's validation error, the mean over its replicas, is looked at in so many places of its
training, at equal distances in epochs: what is pruned depends neither on the speed of a machine nor
on how long a training is.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from peslab.errors import PeslabError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Pruner(ABC):
    """A way to tell early that a trial will not be the best.

    Attributes:
        checks: How often a training is looked at; 0 is never, and nothing is written then.
    """

    checks: int

    @abstractmethod
    def build(self) -> "BasePruner":
        """Optuna's pruner, whose steps are checks."""


@dataclass(frozen=True)
class Unpruned(Pruner):
    """Every trial is trained to its end."""

    checks: int = field(default=0, init=False)

    def build(self) -> "BasePruner":
        """Optuna's that prunes nothing."""
        import optuna

        return optuna.pruners.NopPruner()


@dataclass(frozen=True)
class Median(Pruner):
    """Ends a trial whose lowest error so far is above the median of the complete ones there.

    Args:
        checks: How often a training is looked at.
        first_check: The first of them that may end a trial.
        n_startup_trials: Trials that are complete before any is pruned.

    Raises:
        PeslabError: If a value is impossible.
    """

    checks: int
    first_check: int
    n_startup_trials: int

    def __post_init__(self) -> None:
        _check(self, checks=2, first_check=1, n_startup_trials=1)

    def build(self) -> "BasePruner":
        """Optuna's."""
        import optuna

        return optuna.pruners.MedianPruner(
            n_startup_trials=self.n_startup_trials, n_warmup_steps=self.first_check
        )


@dataclass(frozen=True)
class SuccessiveHalving(Pruner):
    """Asynchronous successive halving, ASHA (Li et al. 2018).

    At the checks r, r·η, r·η² … a trial goes on if it is among the best 1/η of those that were
    there before; the first one always does.

    Args:
        checks: How often a training is looked at.
        first_check: r.
        reduction_factor: η.

    Raises:
        PeslabError: If a value is impossible.
    """

    checks: int
    first_check: int
    reduction_factor: int

    def __post_init__(self) -> None:
        _check(self, checks=2, first_check=1, reduction_factor=2)

    def build(self) -> "BasePruner":
        """Ours, which does not count interrupted trials."""
        from peslab.study.search.pruning import Halving

        return Halving(self.first_check, self.reduction_factor)


def _check(pruner: "Median | SuccessiveHalving", **least: int) -> None:
    for key, lowest in least.items():
        if getattr(pruner, key) < lowest:
            raise PeslabError(f"{key}={getattr(pruner, key)} is too small: use {lowest} or more.")
    if pruner.first_check >= pruner.checks:
        raise PeslabError(
            f"first_check={pruner.first_check} comes too late: the last of {pruner.checks} checks "
            "is the end of a training, where nothing is left to save."
        )
