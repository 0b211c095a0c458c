"""Optimizers that know how gradients hang together: each replica is a block of its own for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from peslab.errors import InvalidInputError
from peslab.learning.networks import ReplicaMLP
from peslab.learning.optimizers import Optimizer, check_part
from peslab.learning.soap import ReplicaSOAP


@dataclass(frozen=True)
class SOAP(Optimizer):
    """Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al. 2024).

    Attributes:
        beta: How slowly the means of gradients, their squares and products move, for all three.
        weight_decay: Decoupled decay of the weights.
        precondition_frequency: Steps from one update of the eigenbasis to the next.
    """

    beta: float
    weight_decay: float
    precondition_frequency: int

    same_calls: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_part("beta", self.beta, 1.0)
        check_part("weight_decay", self.weight_decay, float("inf"))
        if self.precondition_frequency < 1:
            raise InvalidInputError(
                "optimizer.precondition_frequency counts steps and must be 1 or more, not "
                f"{self.precondition_frequency}."
            )

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make a SOAP of all replicas together."""
        rate: float | Tensor = (
            torch.tensor(self._rates(network.n_replicas), dtype=torch.float64)
            if isinstance(self.learning_rate, tuple)
            else self.learning_rate
        )
        return ReplicaSOAP(
            [{"params": list(network.parameters()), "lr": rate}],
            self.beta,
            self.weight_decay,
            self.precondition_frequency,
        )


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Quasi-Newton steps with a line search, for batches of the whole training part.

    Attributes:
        history_size: Past steps that curvature is told from.
        max_iter: Iterations in one step, with some evaluations of the loss each.
    """

    history_size: int
    max_iter: int

    whole_batches: ClassVar[bool] = True
    by_replica: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("history_size", "max_iter"):
            if getattr(self, name) < 1:
                raise InvalidInputError(
                    f"optimizer.{name} must be 1 or more, not {getattr(self, name)}."
                )

    def build(self, network: ReplicaMLP) -> torch.optim.Optimizer:
        """Make an L-BFGS of each replica, which go step by step in turn."""
        return InTurn(
            [
                torch.optim.LBFGS(
                    [group],
                    history_size=self.history_size,
                    max_iter=self.max_iter,
                    line_search_fn="strong_wolfe",
                )
                for group in self.groups(network)
            ]
        )


class InTurn(torch.optim.Optimizer):
    """An optimizer of each replica, for rules that take all its weights together.

    Args:
        optimizers: One for each replica.
    """

    def __init__(self, optimizers: list[torch.optim.LBFGS]) -> None:
        groups = [dict(group) for optimizer in optimizers for group in optimizer.param_groups]
        super().__init__(groups, {})
        self.optimizers = optimizers

    def step(self, closure: Callable[[], Any] | None = None) -> Tensor:  # type: ignore[override]
        """Let each replica take its step; the others stand still meanwhile.

        Args:
            closure: Sets the gradients and returns the losses, shape (k,).

        Returns:
            The losses before the steps, shape (k,).
        """
        assert closure is not None  # noqa: S101
        losses = []
        for index, (optimizer, group) in enumerate(
            zip(self.optimizers, self.param_groups, strict=True)
        ):
            optimizer.param_groups[0]["lr"] = group["lr"]
            step: Callable[[Callable[[], Tensor]], Tensor] = optimizer.step
            losses.append(step(lambda index=index: closure()[index]))  # type: ignore[misc]
        return torch.stack([torch.as_tensor(loss) for loss in losses])

    def state_dict(self) -> dict[str, Any]:
        """What each of them remembers."""
        return {"each": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember what `state_dict` told."""
        for optimizer, state in zip(self.optimizers, state_dict["each"], strict=True):
            optimizer.load_state_dict(state)
