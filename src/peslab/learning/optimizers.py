"""How weights follow the gradient of the loss, number by number."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from peslab.errors import InvalidInputError
from peslab.learning.networks import ReplicaMLP


@dataclass(frozen=True)
class Optimizer(ABC):
    """The choice of an optimizer, before there are weights to optimize.

    Attributes:
        learning_rate: The step size, before the schedule's factor.
    """

    learning_rate: float

    whole_batches: ClassVar[bool] = False
    """Whether every step has to see all samples."""

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < math.inf:
            raise InvalidInputError(
                f"optimizer.learning_rate must be above 0, not {self.learning_rate}; try 1e-3."
            )

    def load(self) -> None:  # noqa: B027  # most need nothing
        """Import what is needed, which is no part of the time that a training takes."""

    @abstractmethod
    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make the optimizer of all replicas, none of which sees another.

        Its `step` takes a closure that sets the gradients and returns the losses (k,).
        """


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam in its fused form, 0.66 to 0.82 of the plain one's time per epoch.

    Attributes:
        weight_decay: Decoupled decay of the weights (AdamW); 0 is Adam itself.
    """

    weight_decay: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("weight_decay", self.weight_decay, math.inf)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make a fused AdamW."""
        return torch.optim.AdamW(
            network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay, fused=True
        )


@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016), the thesis's choice.

    Attributes:
        weight_decay: Decoupled decay of the weights.
    """

    weight_decay: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("weight_decay", self.weight_decay, math.inf)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make a NAdam."""
        return torch.optim.NAdam(
            network.parameters(),
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=True,
        )


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked.

    Attributes:
        momentum: What is kept of the last step.
        nesterov: Whether the gradient is taken as if that had been made already.
    """

    momentum: float
    nesterov: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("momentum", self.momentum, 1.0)
        if self.nesterov and self.momentum == 0.0:
            raise InvalidInputError(
                "optimizer.nesterov needs a momentum: set optimizer.momentum=0.9, or leave it."
            )

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an SGD."""
        return torch.optim.SGD(
            network.parameters(),
            lr=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Steps that shrink where gradients have been large from the start (Duchi et al. 2011)."""

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an Adagrad."""
        return torch.optim.Adagrad(network.parameters(), lr=self.learning_rate)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Steps by the sign of the gradient where it is steady (Tieleman and Hinton 2012).

    Attributes:
        momentum: What is kept of the last step.
    """

    momentum: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("momentum", self.momentum, 1.0)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an RMSprop."""
        return torch.optim.RMSprop(
            network.parameters(), lr=self.learning_rate, momentum=self.momentum
        )


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps as long as the last ones were (Zeiler 2012): a learning rate of 1 is usual."""

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an Adadelta."""
        return torch.optim.Adadelta(network.parameters(), lr=self.learning_rate)


def check_part(name: str, value: float, end: float) -> None:
    """Refuse a setting below 0, or not below its end.

    Raises:
        InvalidInputError: If it is.
    """
    if not 0.0 <= value < end:
        raise InvalidInputError(
            f"optimizer.{name} must be 0 or above{'' if end == math.inf else f' and below {end:g}'}"
            f", not {value}."
        )
