"""How weights follow the gradient of the loss, number by number."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import torch
from torch import nn

from peslab.errors import InvalidInputError
from peslab.learning.networks import ReplicaMLP


@dataclass(frozen=True)
class Optimizer(ABC):
    """The choice of an optimizer, before there are weights to optimize.

    Attributes:
        learning_rate: The step size, before the schedule's factor; or one for each replica, which
            then are several settings, not seeds of one.
    """

    learning_rate: float | tuple[float, ...]

    whole_batches: ClassVar[bool] = False
    """Whether every step has to see all samples."""

    by_replica: ClassVar[bool] = False
    """Whether the weights of each replica have to be parameters of their own."""

    same_calls: ClassVar[bool] = False
    """Whether all steps are the same calls, so that a GPU can take them from a recording of one."""

    def __post_init__(self) -> None:
        if isinstance(self.learning_rate, list):
            object.__setattr__(self, "learning_rate", tuple(self.learning_rate))
        rates = (
            self.learning_rate if isinstance(self.learning_rate, tuple) else [self.learning_rate]
        )
        if not rates or not all(0 < rate < math.inf for rate in rates):
            raise InvalidInputError(
                f"optimizer.learning_rate must be above 0, not {self.learning_rate}; try 1e-3."
            )

    @property
    def replicas_differ(self) -> bool:
        """Whether replicas differ in more than their seeds: then they are several settings."""
        return isinstance(self.learning_rate, tuple) and len(set(self.learning_rate)) > 1

    def check_replicas(self, n_replicas: int) -> None:
        """Refuse learning rates that are not one for each replica.

        Raises:
            InvalidInputError: If they are not.
        """
        rates = self.learning_rate
        if isinstance(rates, tuple) and len(rates) != n_replicas:
            raise InvalidInputError(
                f"optimizer.learning_rate has {len(rates)} values for {n_replicas} replicas: set "
                f"replicas={len(rates)}, or give one value for all."
            )

    def apart(self, n_replicas: int) -> Self:
        """The same with a rate for each replica, which a schedule may then change one by one."""
        return replace(self, learning_rate=tuple(self._rates(n_replicas)))

    def is_recordable(self, network: ReplicaMLP) -> bool:
        """Whether steps of this network can be taken from a recording: by a GPU."""
        return self.same_calls and network.readout.weight.is_cuda

    @abstractmethod
    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make the optimizer of all replicas, none of which sees another.

        Its `step` takes a closure that sets the gradients and returns the losses (k,).
        """

    def groups(self, network: ReplicaMLP) -> list[dict[str, Any]]:
        """The weights with their learning rate, as torch's optimizers take them.

        Whatever is told apart is told apart by replica: a group for each, where each has a learning
        rate of its own or the optimizer takes all weights together; else one of hand-batched ones.
        """
        if isinstance(self.learning_rate, tuple) or self.by_replica:
            blocks = replica_blocks(network)
            rates = self._rates(len(blocks))
            return [{"params": own, "lr": rate} for own, rate in zip(blocks, rates, strict=True)]
        return [{"params": list(network.parameters()), "lr": self.learning_rate}]

    def _rates(self, n_replicas: int) -> Sequence[float]:
        self.check_replicas(n_replicas)
        rates = self.learning_rate
        return rates if isinstance(rates, tuple) else [rates] * n_replicas


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam in its fused form, 0.66 to 0.82 of the plain one's time per epoch.

    Attributes:
        weight_decay: Decoupled decay of the weights (AdamW); 0 is Adam itself.
    """

    weight_decay: float

    same_calls: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("weight_decay", self.weight_decay, math.inf)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make a fused AdamW."""
        return torch.optim.AdamW(
            self.groups(network),
            weight_decay=self.weight_decay,
            fused=True,
            capturable=self.is_recordable(network),
        )


@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016), the thesis's choice.

    Attributes:
        weight_decay: Decoupled decay of the weights.
    """

    weight_decay: float

    same_calls: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("weight_decay", self.weight_decay, math.inf)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make a NAdam."""
        return torch.optim.NAdam(
            self.groups(network),
            weight_decay=self.weight_decay,
            decoupled_weight_decay=True,
            capturable=self.is_recordable(network),
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
        return torch.optim.SGD(self.groups(network), momentum=self.momentum, nesterov=self.nesterov)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Steps that shrink where gradients have been large from the start (Duchi et al. 2011)."""

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an Adagrad."""
        return torch.optim.Adagrad(self.groups(network))


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Steps by the sign of the gradient where it is steady (Tieleman and Hinton 2012).

    Attributes:
        momentum: What is kept of the last step.
    """

    momentum: float

    same_calls: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("momentum", self.momentum, 1.0)

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an RMSprop."""
        return torch.optim.RMSprop(
            self.groups(network), momentum=self.momentum, capturable=self.is_recordable(network)
        )


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps as long as the last ones were (Zeiler 2012): a learning rate of 1 is usual."""

    same_calls: ClassVar[bool] = True

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an Adadelta."""
        return torch.optim.Adadelta(self.groups(network), capturable=self.is_recordable(network))


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


def replica_blocks(network: ReplicaMLP) -> list[list[nn.Parameter]]:
    """The weights of each replica as parameters of their own, which share memory with the network.

    So do their gradients, which therefore have to be set to zero instead of being removed.
    """
    blocks: list[list[nn.Parameter]] = [[] for _ in range(network.n_replicas)]
    for weights in network.parameters():
        weights.grad = torch.zeros_like(weights)
        for index, replica in enumerate(blocks):
            block = nn.Parameter(weights.data[index])
            block.grad = weights.grad[index]
            replica.append(block)
    return blocks
