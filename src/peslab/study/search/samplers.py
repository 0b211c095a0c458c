"""Who proposes the values of the next trial: what conf/study/sampler names.

Whatever is proposed depends on the study's seed, on how many proposals were made before, and on
what came out of them, so that a study that was interrupted goes on as if it had not been. Optuna's
CMA-ES is not among them: it would unpickle what it finds in the storage.
"""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from peslab.errors import PeslabError

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from peslab.study.search.space import Space


@dataclass(frozen=True)
class Proposal:
    """Which values are asked for.

    Attributes:
        study_seed: The same for all proposals of a study.
        number: How many were made before; trials that repeat an interrupted one are none.
        n_startup_trials: Before a model of the trials' errors takes over.
    """

    study_seed: int
    number: int
    n_startup_trials: int

    @property
    def seed(self) -> int:
        """Of this proposal alone."""
        return int(np.random.SeedSequence([self.study_seed, self.number]).generate_state(1)[0])


class Sampler(ABC):
    """A way to choose the next trial's values."""

    def limit(self, space: "Space") -> int | None:
        """The number of different trials in a space, where they end.

        Raises:
            PeslabError: If the space cannot be sampled so, with what to choose instead.
        """
        del space
        return None

    @abstractmethod
    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """Optuna's sampler for one proposal."""


@dataclass(frozen=True)
class TPE(Sampler):
    """Tree-structured Parzen estimator (Bergstra et al. 2011) of all keys together.

    Keys that do not always exist are modeled in groups of those that exist together.
    """

    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """Optuna's, for trials that may run beside it."""
        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                n_startup_trials=proposal.n_startup_trials,
                multivariate=True,
                group=space.is_conditional,
                constant_liar=True,
                seed=proposal.seed,
            )


@dataclass(frozen=True)
class GaussianProcess(Sampler):
    """A Gaussian process of the errors, and where their expected improvement is largest.

    The most careful with few trials; a proposal takes some tenths of a second. What was pruned or
    failed counts as worse than all complete trials: it looks elsewhere.
    """

    def limit(self, space: "Space") -> None:
        """None; keys that do not always exist are refused."""
        if space.is_conditional:
            keys = ", ".join(key for key, when in space.conditions.items() if when.comparisons)
            raise PeslabError(
                f"A Gaussian process needs keys that always exist, not {keys}: choose "
                "study/sampler=tpe, or leave them out."
            )

    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """Optuna's, fitted anew in each proposal."""
        from peslab.study.search.points import LearnsFromAll

        return LearnsFromAll(space, proposal)


@dataclass(frozen=True)
class Random(Sampler):
    """Values that know nothing of each other: what the others have to beat."""

    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """Optuna's."""
        import optuna

        del space
        return optuna.samplers.RandomSampler(seed=proposal.seed)


@dataclass(frozen=True)
class Grid(Sampler):
    """Every combination of choices and integers once, in an order drawn from the study's seed."""

    def limit(self, space: "Space") -> int:
        """The number of combinations; intervals of floats have none."""
        from peslab.study.search.points import all_points

        return len(all_points(space))

    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """The first combination that no trial has."""
        from peslab.study.search.points import UntakenPoint

        return UntakenPoint(space, proposal.study_seed)


@dataclass(frozen=True)
class QuasiMonteCarlo(Sampler):
    """Points of a scrambled Sobol sequence, which leave smaller gaps than random ones.

    The default config stands in for the first point. A study is spread most evenly after 8, 16, 32
    trials and so on.
    """

    def build(self, proposal: Proposal, space: "Space") -> "BaseSampler":
        """The point of the sequence with this proposal's number."""
        from peslab.study.search.points import SobolPoint

        return SobolPoint(space, proposal)
