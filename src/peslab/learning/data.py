"""Labeled samples, and how they wait on the device for the whole training."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peslab.errors import InvalidInputError


class Samples(NamedTuple):
    """Features with the values to learn.

    Attributes:
        inputs: Unscaled features, shape (n, n_features).
        targets: Energies per particle in E_c, shape (n,).
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]

    def check(self, part: str) -> None:
        """Refuse samples that cannot be learned from.

        Args:
            part: What they are called in the message.

        Raises:
            InvalidInputError: If shapes do not fit or a value is not finite.
        """
        if self.targets.ndim != 1 or self.inputs.shape[:-1] != self.targets.shape:
            raise InvalidInputError(
                f"The {part} samples have inputs of shape {self.inputs.shape} and targets of shape "
                f"{self.targets.shape}; they must be (n, n_features) and (n,)."
            )
        if len(self.targets) == 0:
            raise InvalidInputError(f"There are no {part} samples: use more data.")
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.targets).all()):
            raise InvalidInputError(
                f"The {part} samples hold NaN or infinity; look for coincident particles."
            )


class ResidentSamples(nn.Module):
    """Scaled samples as buffers of a module, so that they move to the device once, with it.

    Args:
        inputs: Scaled inputs, shape (n, n_inputs).
        targets: Energies per particle less their mean over the training part, in E_c, shape (n,).
        dtype: The precision of the network.
    """

    inputs: Tensor
    targets: Tensor

    def __init__(
        self, inputs: NDArray[np.float64], targets: NDArray[np.float64], dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.register_buffer("inputs", torch.tensor(inputs, dtype=dtype), persistent=False)
        self.register_buffer("targets", torch.tensor(targets, dtype=dtype), persistent=False)

    def __len__(self) -> int:
        return len(self.targets)

    def shuffled(self, generators: Sequence[torch.Generator]) -> tuple[Tensor, Tensor]:
        """Put all samples in a new order, another for each replica.

        Args:
            generators: The source of each replica's order, on the device of the samples.

        Returns:
            Inputs of shape (k, n, n_inputs) and targets of shape (k, n).
        """
        order = torch.stack(
            [
                torch.randperm(len(self), generator=generator, device=generator.device)
                for generator in generators
            ]
        )
        return self.inputs[order], self.targets[order]


def batches(inputs: Tensor, targets: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Slice samples along the axis behind the replicas', without copying.

    Args:
        inputs: Shape (k, n, n_inputs).
        targets: Shape (k, n).
        size: Samples of a slice; the last slice may have fewer.

    Yields:
        Inputs of shape (k, size, n_inputs) and targets of shape (k, size).
    """
    for start in range(0, targets.shape[1], size):
        yield inputs[:, start : start + size], targets[:, start : start + size]
