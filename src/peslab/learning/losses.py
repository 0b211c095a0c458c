"""What a network is asked to make small, for one configuration at a time.

Losses see energies in E_c: the training module undoes the scaling of the targets first.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from peslab.errors import InvalidInputError


class Loss(ABC):
    """A loss of each prediction; its mean over a batch is what a replica descends."""

    @abstractmethod
    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Compare element by element.

        Args:
            prediction: Energies per particle in E_c, shape (k, batch).
            target: The exact ones, of the same shape.

        Returns:
            The loss of every element, shape (k, batch).
        """


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """|ΔE|, the thesis's loss: rare large energies weigh no more than their error."""

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give |ΔE| in E_c, shape (k, batch)."""
        return functional.l1_loss(prediction, target, reduction="none")


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """ΔE², smooth everywhere, but ruled by the largest errors."""

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give ΔE² in E_c², shape (k, batch)."""
        return functional.mse_loss(prediction, target, reduction="none")


@dataclass(frozen=True)
class Huber(Loss):
    """ΔE²/2 up to |ΔE| = δ and δ(|ΔE| − δ/2) beyond: smooth, and calm about outliers.

    Attributes:
        delta: δ, where the parabola becomes a line, in E_c.
    """

    delta: float

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise InvalidInputError(f"loss.delta is an energy above 0 (in E_c), not {self.delta}.")

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give the Huber loss in E_c², shape (k, batch)."""
        return functional.huber_loss(prediction, target, reduction="none", delta=self.delta)
