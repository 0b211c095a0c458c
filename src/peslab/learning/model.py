"""What is left when the training is over: features in, energies out."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap
from peslab.learning.data import OF_PLACES
from peslab.learning.networks import ReplicaMLP
from peslab.places import present, some_absent


class TrainedModel(nn.Module):
    """k trained replicas between the scaling of their inputs and that of their targets.

    E = shift + scale · network((features − shift) · matrix): both scalings run in float64, the
    network in the precision it was trained in. Of samples of several places the energy is the mean
    over those that hold a particle: the others are rows of NaN and come last.

    Args:
        linear_map: The scaling of the features that the network was trained behind.
        network: The replicas.
        target_shift: The mean of the training targets, in E_c.
        target_scale: Their standard deviation, in E_c.
    """

    feature_shift: Tensor
    feature_matrix: Tensor
    target_shift: Tensor
    target_scale: Tensor

    def __init__(
        self,
        linear_map: LinearMap,
        network: ReplicaMLP,
        target_shift: float,
        target_scale: float,
    ) -> None:
        super().__init__()
        self.network = network.eval()
        for name, value in (
            ("feature_shift", linear_map.shift),
            ("feature_matrix", linear_map.matrix),
            ("target_shift", target_shift),
            ("target_scale", target_scale),
        ):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))

    def forward(self, features: Tensor) -> Tensor:
        """Predict with every replica.

        Args:
            features: Shape (batch, n_features), or (batch, A, n_features) of A places in each
                sample; of any floating type.

        Returns:
            Energies per particle in E_c, shape (batch, k), float64.
        """
        inputs = self._inputs(features)
        if features.dim() == OF_PLACES:  # without looking at values, so that it can be exported
            there = ~features.isnan().all(dim=-1)
            inputs = torch.where(there[..., None], inputs, 0.0)
            return self._unscaled(self.network(inputs[None], self._weights(there)[None])).T
        return self._unscaled(self.network(inputs[None])).T

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predict with every replica.

        Args:
            features: Shape (n, n_features) or (n, A, n_features).

        Returns:
            Energies per particle in E_c, shape (k, n).
        """
        with torch.inference_mode():
            chunks = [
                self._unscaled(self.network(inputs[None], weights))
                for inputs, weights, _ in self._chunks(features)
            ]
            return torch.cat(chunks, dim=1).cpu().numpy()

    def predict_with_gradient(
        self, features: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict with every replica, and differentiate by the features.

        Args:
            features: Shape (n, n_features) or (n, A, n_features).

        Returns:
            Energies per particle in E_c, shape (k, n), and their gradients with respect to the
            unscaled features, shape (k, *features.shape), NaN in places without a particle.
        """
        energies, gradients = [], []
        for inputs, weights, there in self._chunks(features):
            # Each replica differentiates a copy of its own.
            copies = inputs.expand(self.network.n_replicas, *inputs.shape).clone().requires_grad_()
            outputs = self.network(copies, weights)
            (slopes,) = torch.autograd.grad(outputs.sum(), copies)
            energies.append(self._unscaled(outputs.detach()))
            unscaled = self.target_scale * slopes.double() @ self.feature_matrix.T
            gradients.append(_absent_as_nan(unscaled, there))
        return (
            torch.cat(energies, dim=1).cpu().numpy(),
            torch.cat(gradients, dim=1).cpu().numpy(),
        )

    def predict_places(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predict what each place of a sample gives to its energy, of which that is the mean.

        Args:
            features: Shape (n, A, n_features).

        Returns:
            Energies of places in E_c, shape (k, n, A), NaN in places without a particle.
        """
        with torch.inference_mode():
            chunks = [
                _absent_as_nan(self._unscaled(self.network.at_places(inputs[None])), there)
                for inputs, _, there in self._chunks(features)
            ]
            return torch.cat(chunks, dim=1).cpu().numpy()

    def replica(self, index: int) -> "TrainedModel":
        """Copy one replica, with the scalings around it, into a model of its own.

        Args:
            index: Its number, from 0.

        Returns:
            The model, on the CPU.
        """
        linear_map = LinearMap(self.feature_shift.cpu().numpy(), self.feature_matrix.cpu().numpy())
        return TrainedModel(
            linear_map,
            self.network.replica(index).cpu(),
            target_shift=self.target_shift.item(),
            target_scale=self.target_scale.item(),
        )

    def save(self, path: Path) -> None:
        """Write the shape of the network and all numbers to a file that holds no code.

        Args:
            path: The file, usually with the ending .pt.
        """
        shape = {
            "sizes": list(self.network.sizes),
            "activation": self.network.activation,
            "n_replicas": self.network.n_replicas,
        }
        content = io.BytesIO()  # of a full disk PyTorch's own writer tells nothing
        torch.save({"shape": shape, "state": self.state_dict()}, content)
        path.write_bytes(content.getbuffer())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model that `save` wrote; nothing in the file is executed.

        Args:
            path: The file.

        Returns:
            The model, on the CPU.

        Raises:
            InvalidInputError: If the file is damaged, or holds more than numbers.
        """
        try:
            content = torch.load(path, weights_only=True, map_location="cpu")
            shape, state = content["shape"], content["state"]
        except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
            raise InvalidInputError(
                f"{path} is no network of peslab, or damaged: train it again."
            ) from error
        # The seeds are of no consequence: the state replaces every weight.
        network = ReplicaMLP(shape["sizes"], shape["activation"], range(shape["n_replicas"]))
        network.to(state["network.readout.weight"].dtype)
        linear_map = LinearMap(state["feature_shift"].numpy(), state["feature_matrix"].numpy())
        model = cls(linear_map, network, target_shift=0.0, target_scale=1.0)
        model.load_state_dict(state)
        return model

    def _inputs(self, features: Tensor) -> Tensor:
        inputs = (features.double() - self.feature_shift) @ self.feature_matrix
        return inputs.to(self.network.dtype)

    def _unscaled(self, outputs: Tensor) -> Tensor:
        return self.target_shift + self.target_scale * outputs.double()

    def _weights(self, there: Tensor) -> Tensor:
        """1/N in places of the N particles that are there and 0 in others, shape (batch, A)."""
        return (there.double() / there.sum(dim=-1, keepdim=True)).to(self.network.dtype)

    def _chunks(
        self, features: NDArray[np.float64]
    ) -> Iterator[tuple[Tensor, Tensor | None, Tensor | None]]:
        """Inputs, weights of places (1, batch, A), and which hold a particle; None where all do."""
        has_places = features.ndim == OF_PLACES
        has_absent = has_places and some_absent(features)
        size = self.network.samples_at_once(features.shape[1] if has_places else 1)
        for start in range(0, len(features), size):
            chunk = features[start : start + size]
            inputs = self._inputs(torch.tensor(chunk, device=self.feature_shift.device))
            if not has_absent:
                yield inputs, None, None
                continue
            there = torch.tensor(present(chunk), device=inputs.device)
            inputs = torch.where(there[..., None], inputs, 0.0)
            yield inputs, self._weights(there)[None], there


def _absent_as_nan(values: Tensor, there: Tensor | None) -> Tensor:
    """Values (k, batch, A, …) with NaN in places without a particle."""
    if there is None:
        return values
    return values.masked_fill(~there.view(*there.shape, *[1] * (values.dim() - 3)), torch.nan)
