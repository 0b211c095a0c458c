"""How the learning rate changes while a network is trained."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from peslab.errors import InvalidInputError


class Schedule(ABC):
    """A factor of the learning rate, in every step."""

    by_replica: ClassVar[bool] = False
    """Whether replicas have factors of their own, as their errors are looked at."""

    @abstractmethod
    def factor(self, progress: float) -> float:
        """Tell the factor of a step.

        Args:
            progress: The part of all steps that is over, 0 or above and below 1.
        """

    def epoch_factor(self, errors: Sequence[float]) -> float:
        """Tell a further factor, that of a whole epoch of a replica, if it is `by_replica`.

        Args:
            errors: The validation errors of that replica in the epochs that are over.
        """
        del errors
        return 1.0


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays as it is, as in the thesis."""

    def factor(self, progress: float) -> float:
        """Tell 1."""
        del progress
        return 1.0


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine down to zero: η(t) = η₀ (1 + cos(πt)) / 2 where the part t is over.

    To end at zero lowers the final error three times below that of a constant rate.
    """

    def factor(self, progress: float) -> float:
        """Tell (1 + cos(πt)) / 2."""
        return 0.5 * (1.0 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up along half a cosine, and down to nothing along another (Smith and Topin 2019).

    Attributes:
        warm_up: The part of the steps in which the rate rises.
        start: The factor at the start.
    """

    warm_up: float
    start: float

    def __post_init__(self) -> None:
        _check_parts("schedule", warm_up=self.warm_up, start=self.start)

    def factor(self, progress: float) -> float:
        """Tell the factor: `start` at first, 1 where the warm-up ends, 0 at the end."""
        if progress < self.warm_up:
            rise = 0.5 * (1.0 - math.cos(math.pi * progress / self.warm_up))
            return self.start + (1.0 - self.start) * rise
        return 0.5 * (1.0 + math.cos(math.pi * (progress - self.warm_up) / (1.0 - self.warm_up)))


@dataclass(frozen=True)
class WarmupFlatDecay(Schedule):
    """Up along a line, flat, and down to zero along a line.

    Attributes:
        warm_up: The part of the steps in which the rate rises.
        decay: The part in which it falls, at the end.
    """

    warm_up: float
    decay: float

    def __post_init__(self) -> None:
        _check_parts("schedule", warm_up=self.warm_up, decay=self.decay)
        if self.warm_up + self.decay > 1.0:
            raise InvalidInputError(
                f"schedule.warm_up={self.warm_up} and schedule.decay={self.decay} are more than "
                "the whole training: lower one of them."
            )

    def factor(self, progress: float) -> float:
        """Tell the factor: 0 at first, 1 between warm-up and decay, 0 at the end."""
        rise = progress / self.warm_up if self.warm_up > 0.0 else 1.0
        fall = (1.0 - progress) / self.decay if self.decay > 0.0 else 1.0
        return min(rise, 1.0, fall)


@dataclass(frozen=True)
class Plateau(Schedule):
    """Lower the rate where the validation error no longer falls: the thesis's wish.

    Each replica has a rate of its own, by its own error, so that it learns as it would alone.

    Attributes:
        reduction: What the rate is multiplied by.
        patience: Epochs without an improvement that are waited for.
    """

    reduction: float
    patience: int

    by_replica: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0.0 < self.reduction < 1.0:
            raise InvalidInputError(
                f"schedule.reduction must lie between 0 and 1, not {self.reduction}; try 0.5."
            )
        if self.patience < 1:
            raise InvalidInputError(
                f"schedule.patience counts epochs and must be 1 or more, not {self.patience}."
            )

    def factor(self, progress: float) -> float:
        """Tell 1: nothing changes within an epoch."""
        del progress
        return 1.0

    def epoch_factor(self, errors: Sequence[float]) -> float:
        """Tell `reduction` to the power of how often `patience` epochs brought nothing."""
        lowest, waited, reductions = math.inf, 0, 0
        for error in errors:
            waited = 0 if error < lowest else waited + 1
            lowest = min(error, lowest)
            if waited == self.patience:
                waited, reductions = 0, reductions + 1
        return float(self.reduction**reductions)


def _check_parts(group: str, **parts: float) -> None:
    for name, part in parts.items():
        if not 0.0 <= part < 1.0:
            raise InvalidInputError(
                f"{group}.{name} is a part, 0 or above and below 1, not {part}."
            )
