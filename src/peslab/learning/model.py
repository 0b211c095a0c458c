"""What is left when the training is over: features in, energies out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peslab.features.scaling import LinearMap
from peslab.learning.data import OF_PLACES
from peslab.learning.networks import ReplicaMLP


class TrainedModel(nn.Module):
    """k trained replicas between the scaling of their inputs and that of their targets.

    E = shift + scale · network((features − shift) · matrix): both scalings run in float64, the
    network in the precision it was trained in.

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
        return self._unscaled(self.network(self._inputs(features)[None])).T

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predict with every replica.

        Args:
            features: Shape (n, n_features) or (n, A, n_features).

        Returns:
            Energies per particle in E_c, shape (k, n).
        """
        with torch.inference_mode():
            chunks = [self(chunk) for chunk in self._chunks(features)]
            return torch.cat(chunks).T.cpu().numpy().copy()

    def predict_with_gradient(
        self, features: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict with every replica, and differentiate by the features.

        Args:
            features: Shape (n, n_features) or (n, A, n_features).

        Returns:
            Energies per particle in E_c, shape (k, n), and their gradients with respect to the
            unscaled features, shape (k, *features.shape).
        """
        energies, gradients = [], []
        for chunk in self._chunks(features):
            inputs = self._inputs(chunk)
            # Each replica differentiates a copy of its own.
            inputs = inputs.expand(self.network.n_replicas, *inputs.shape).clone().requires_grad_()
            outputs = self.network(inputs)
            (slopes,) = torch.autograd.grad(outputs.sum(), inputs)
            energies.append(self._unscaled(outputs.detach()))
            gradients.append(self.target_scale * slopes.double() @ self.feature_matrix.T)
        return (
            torch.cat(energies, dim=1).cpu().numpy(),
            torch.cat(gradients, dim=1).cpu().numpy(),
        )

    def predict_places(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predict what each place of a sample gives to its energy, of which that is the mean.

        Args:
            features: Shape (n, A, n_features).

        Returns:
            Energies of places in E_c, shape (k, n, A).
        """
        with torch.inference_mode():
            chunks = [
                self._unscaled(self.network.at_places(self._inputs(chunk)[None]))
                for chunk in self._chunks(features)
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
        torch.save({"shape": shape, "state": self.state_dict()}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model that `save` wrote; nothing in the file is executed.

        Args:
            path: The file.

        Returns:
            The model, on the CPU.
        """
        content = torch.load(path, weights_only=True, map_location="cpu")
        shape, state = content["shape"], content["state"]
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

    def _chunks(self, features: NDArray[np.float64]) -> Iterator[Tensor]:
        places = features.shape[1] if features.ndim == OF_PLACES else 1
        size = self.network.samples_at_once(places)
        for start in range(0, len(features), size):
            yield torch.tensor(features[start : start + size], device=self.feature_shift.device)
