"""What a network is asked to make small: errors of energies and, where asked, of gradients.

Losses see energies in E_c and gradients in E_c/R_c: the training module undoes the scaling of the
targets first.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn import functional

from peslab.errors import InvalidInputError

# Added to a mean of squares before its root is taken, which has no slope at zero.
_ROUNDING = 1e-24


@dataclass(frozen=True)
class Loss(ABC):
    """A loss of every replica: L(E) + w L(∂E/∂r), means over a batch.

    That of gradients is over all components of all particles of the batch, so that a configuration
    of many particles weighs as its particles do.

    Attributes:
        gradient_weight: w, the weight of the gradient of the energy per particle, whose errors are
            in E_c/R_c; 0 learns from energies alone.
    """

    gradient_weight: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if not 0.0 <= self.gradient_weight < float("inf"):
            raise InvalidInputError(
                f"loss.gradient_weight must be 0 or above, not {self.gradient_weight}; try 0.1."
            )

    @abstractmethod
    def each(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Compare element by element.

        Args:
            prediction: Shape (k, …).
            target: The exact values, of the same shape.

        Returns:
            The loss of every element, of the same shape.
        """

    def __call__(self, prediction: Tensor, target: Tensor, counted: Tensor | None = None) -> Tensor:
        """Compare, and take the mean over all but the replicas.

        Args:
            prediction: Energies (k, batch), or gradients (k, batch, components).
            target: The exact ones, of the same shape.
            counted: 1 for what the mean is taken of and 0 for all else, of the same shape; None
                takes all.

        Returns:
            The loss of each replica, shape (k,).
        """
        losses = self.each(prediction, target).flatten(1)
        if counted is None:
            return losses.mean(dim=1)
        return (losses * counted.flatten(1)).sum(dim=1) / counted.flatten(1).sum(dim=1)


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """|ΔE|, the thesis's loss: rare large energies weigh no more than their error."""

    def each(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give |ΔE|."""
        return functional.l1_loss(prediction, target, reduction="none")


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """ΔE², smooth everywhere, but ruled by the largest errors."""

    def each(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give ΔE²."""
        return functional.mse_loss(prediction, target, reduction="none")


@dataclass(frozen=True)
class RootMeanSquaredError(MeanSquaredError):
    """√⟨ΔE²⟩ over a batch: steps do not shrink with the error, as those of ΔE² do."""

    def __call__(self, prediction: Tensor, target: Tensor, counted: Tensor | None = None) -> Tensor:
        """Give √⟨ΔE²⟩ of each replica, shape (k,)."""
        return (super().__call__(prediction, target, counted) + _ROUNDING).sqrt()


@dataclass(frozen=True)
class Huber(Loss):
    """ΔE²/2 up to |ΔE| = δ and δ(|ΔE| − δ/2) beyond: smooth, and calm about outliers.

    Attributes:
        delta: δ, where the parabola becomes a line, in E_c; of gradients in E_c/R_c.
    """

    delta: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.delta > 0:
            raise InvalidInputError(f"loss.delta is an energy above 0 (in E_c), not {self.delta}.")

    def each(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Give the Huber loss."""
        return functional.huber_loss(prediction, target, reduction="none", delta=self.delta)
