"""Labeled samples, and how they wait on the device for the whole training."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap

WHOLE, OF_PLACES = 2, 3  # axes of features: (n, F) of whole configurations, (n, A, F) of places


class Samples(NamedTuple):
    """Features with the values to learn.

    Attributes:
        inputs: Unscaled features, shape (n, F), or (n, A, F) of A places in each configuration,
            whose outputs the mean is taken of.
        targets: Energies per particle in E_c, shape (n,).
        jacobian: Derivatives of the features by the coordinates, shape (*inputs.shape, …); None
            where no gradients are learned.
        gradients: Those of the targets by the coordinates, shape (n, …), in E_c/R_c, or None.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    jacobian: NDArray[np.float64] | None = None
    gradients: NDArray[np.float64] | None = None

    def check(self, part: str) -> None:
        """Refuse samples that cannot be learned from.

        Args:
            part: What they are called in the message.

        Raises:
            InvalidInputError: If shapes do not fit or a value is not finite.
        """
        shapes = self.inputs.shape, self.targets.shape
        if self.inputs.ndim not in (WHOLE, OF_PLACES) or shapes[1] != shapes[0][:1]:
            raise InvalidInputError(
                f"The {part} samples have inputs of shape {shapes[0]} and targets of shape "
                f"{shapes[1]}; they must be (n, n_features) or (n, places, n_features), and (n,)."
            )
        if len(self.targets) == 0:
            raise InvalidInputError(f"There are no {part} samples: use more data.")
        if (self.jacobian is None) != (self.gradients is None) or (
            self.jacobian is not None
            and self.gradients is not None
            and self.jacobian.shape != (*shapes[0], *self.gradients.shape[1:])
        ):
            raise InvalidInputError(
                f"The {part} samples need a jacobian of shape (*inputs.shape, …) and gradients of "
                "shape (n, …), or none of both."
            )
        for values in self:
            if values is not None and not np.isfinite(values).all():
                raise InvalidInputError(
                    f"The {part} samples hold NaN or infinity; look for coincident particles."
                )


class Batch(NamedTuple):
    """Some samples of each replica, on the device.

    Attributes:
        inputs: Shape (k, batch, n_inputs) or (k, batch, A, n_inputs).
        targets: Shape (k, batch).
        jacobian: Shape (*inputs.shape, C) for C coordinates, or None.
        gradients: Shape (k, batch, C), or None.
    """

    inputs: Tensor
    targets: Tensor
    jacobian: Tensor | None
    gradients: Tensor | None


class ResidentSamples(nn.Module):
    """Scaled samples as buffers of a module, so that they move to the device once, with it.

    Args:
        samples: As they were described and labeled.
        scaling: From features to inputs.
        target_shift: The mean of the training targets, in E_c, which is subtracted here.
        dtype: The precision of the network.
    """

    inputs: Tensor
    targets: Tensor
    jacobian: Tensor | None
    gradients: Tensor | None

    def __init__(
        self, samples: Samples, scaling: LinearMap, target_shift: float, dtype: torch.dtype
    ) -> None:
        super().__init__()
        slopes = None
        if samples.jacobian is not None:  # (…, F, C) to (…, n_inputs, C)
            unscaled = samples.jacobian.reshape(*samples.inputs.shape, -1)
            slopes = np.einsum("...fc,fi->...ic", unscaled, scaling.matrix, optimize=True)
        gradients = samples.gradients
        for name, values in (
            ("inputs", scaling.apply(samples.inputs)),
            ("targets", samples.targets - target_shift),
            ("jacobian", slopes),
            ("gradients", None if gradients is None else gradients.reshape(len(gradients), -1)),
        ):
            tensor = None if values is None else torch.tensor(values, dtype=dtype)
            self.register_buffer(name, tensor, persistent=False)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def places(self) -> int:
        """Of each sample; 1 where it is described as a whole."""
        return self.inputs.shape[1] if self.inputs.dim() == OF_PLACES else 1

    def shuffled(self, generators: Sequence[torch.Generator], size: int) -> Iterator[Batch]:
        """Visit all samples once in a new order, another for each replica.

        Args:
            generators: The source of each replica's order, on the device of the samples.
            size: Samples of a batch; the last one may have fewer.

        Yields:
            Batches; what a Jacobian takes is copied for one batch at a time.
        """
        order = torch.stack(
            [
                torch.randperm(len(self), generator=generator, device=generator.device)
                for generator in generators
            ]
        )
        inputs, targets = self.inputs[order], self.targets[order]
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield Batch(
                inputs[:, part],
                targets[:, part],
                None if self.jacobian is None else self.jacobian[order[:, part]],
                None if self.gradients is None else self.gradients[order[:, part]],
            )

    def in_order(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Visit all samples once as they are: inputs (1, size, …) and targets (1, size)."""
        for start in range(0, len(self), size):
            yield self.inputs[None, start : start + size], self.targets[None, start : start + size]
