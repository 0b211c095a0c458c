"""Labeled samples, and how they wait on the device for the whole training."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap
from peslab.places import Mask, present, some_absent, zeroed

WHOLE, OF_PLACES = 2, 3  # axes of features: (n, F) of whole configurations, (n, A, F) of places


class Samples(NamedTuple):
    """Features with the values to learn.

    Attributes:
        inputs: Unscaled features, shape (n, F), or (n, A, F) of A places in each configuration,
            whose outputs the mean is taken of. Where configurations differ in their number of
            particles, places without one are rows of NaN and come last.
        targets: Energies per particle in E_c, shape (n,).
        jacobian: Derivatives of the features by the coordinates, shape (*inputs.shape, …); None
            where no gradients are learned. NaN in places without a particle, 0 by coordinates of
            none.
        gradients: Those of the targets by the coordinates, shape (n, …), in E_c/R_c, or None; NaN
            by coordinates of no particle.
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
        there, moved = self.places, self.coordinates
        for values, places in zip(self, (there, None, there, moved), strict=True):
            if values is not None and not _is_finite(values, places):
                raise InvalidInputError(
                    f"The {part} samples hold NaN or infinity; look for coincident particles."
                )
        if not self._agree(there, moved):
            raise InvalidInputError(
                f"The gradients of the {part} samples are NaN for other particles than their "
                "features: make both NaN where no particle is, and nowhere else."
            )

    @property
    def places(self) -> Mask | None:
        """Which places hold a particle, shape (n, A); None where all do."""
        has_absent = self.inputs.ndim == OF_PLACES and some_absent(self.inputs)
        return present(self.inputs) if has_absent else None

    @property
    def coordinates(self) -> Mask | None:
        """Which particles gradients refer to, shape (n, N); None where to all."""
        if self.gradients is None or self.gradients.ndim != OF_PLACES:
            return None
        return present(self.gradients) if some_absent(self.gradients) else None

    def _agree(self, there: Mask | None, moved: Mask | None) -> bool:
        """Whether gradients are missing where particles are, and nothing depends on coordinates."""
        if self.gradients is None or self.jacobian is None or there is moved is None:
            return True
        if self.inputs.ndim == OF_PLACES:
            return there is not None and moved is not None and np.array_equal(there, moved)
        return not np.moveaxis(self.jacobian, WHOLE, 1)[~present(self.gradients)].any()


def _is_finite(values: NDArray[np.float64], there: Mask | None) -> bool:
    """Whether all values are finite, or all of the particles that are there."""
    finite = np.isfinite(values)
    return bool(finite.all() or (there is not None and finite[there].all()))


class Batch(NamedTuple):
    """Some samples of each replica, on the device.

    Attributes:
        inputs: Shape (k, batch, n_inputs) or (k, batch, A, n_inputs).
        targets: Shape (k, batch).
        jacobian: Shape (*inputs.shape, C) for C coordinates, or None.
        gradients: Shape (k, batch, C), or None.
        weights: 1/N in places of the N particles that are there and 0 in others, shape (k, batch,
            A); None where particles are in all places.
        components: 1 for components of gradients of particles that are there and 0 for others,
            shape (k, batch, C); None where all are.
    """

    inputs: Tensor
    targets: Tensor
    jacobian: Tensor | None
    gradients: Tensor | None
    weights: Tensor | None
    components: Tensor | None


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
    weights: Tensor | None
    components: Tensor | None

    def __init__(
        self, samples: Samples, scaling: LinearMap, target_shift: float, dtype: torch.dtype
    ) -> None:
        super().__init__()
        slopes = None
        if samples.jacobian is not None:  # (…, F, C) to (…, n_inputs, C)
            unscaled = samples.jacobian.reshape(*samples.inputs.shape, -1)
            slopes = np.einsum("...fc,fi->...ic", unscaled, scaling.matrix, optimize=True)
        inputs, gradients, there = scaling.apply(samples.inputs), samples.gradients, samples.places
        weights = components = None
        if there is not None:
            inputs, weights = zeroed(inputs, there), there / there.sum(axis=1, keepdims=True)
            slopes = None if slopes is None else zeroed(slopes, there)
        if gradients is not None and samples.coordinates is not None:
            components = zeroed(np.ones_like(gradients), samples.coordinates)
            gradients = zeroed(gradients, samples.coordinates)
        for name, values in (
            ("inputs", inputs),
            ("targets", samples.targets - target_shift),
            ("jacobian", slopes),
            ("gradients", None if gradients is None else gradients.reshape(len(gradients), -1)),
            ("weights", weights),
            ("components", None if components is None else components.reshape(len(components), -1)),
        ):
            tensor = None if values is None else torch.tensor(values, dtype=dtype)
            self.register_buffer(name, tensor, persistent=False)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def magnitude(self) -> float:
        """The largest root mean square of an input over all samples: 1 of standardized ones."""
        rows = self.inputs.flatten(0, -2).double()
        return float(rows.square().mean(dim=0).max().sqrt())

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
                None if self.weights is None else self.weights[order[:, part]],
                None if self.components is None else self.components[order[:, part]],
            )

    def in_order(self, size: int) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """Visit all samples once: inputs (1, size, …), targets (1, size), weights of places."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            weights = None if self.weights is None else self.weights[None, part]
            yield self.inputs[None, part], self.targets[None, part], weights
