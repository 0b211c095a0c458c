"""A descriptor and trained replicas as one function from positions to energies."""

import math
from dataclasses import dataclass

import numpy as np

from peslab.features import Descriptor
from peslab.learning import TrainedModel
from peslab.places import present, some_absent, zeroed
from peslab.problems.contract import Array

CHUNK_BYTES = 2**24
"""Of the Jacobians in one pass."""


@dataclass(frozen=True)
class DescribedModel:
    """Predictions of every replica straight from a problem's inputs.

    Args:
        features: Makes the inputs of the network.
        model: The replicas, between the scaling of their inputs and that of their targets.
    """

    features: Descriptor
    model: TrainedModel

    def replica(self, index: int) -> "DescribedModel":
        """One replica on its own, by its number from 0."""
        return DescribedModel(self.features, self.model.replica(index))

    def predict(self, *inputs: Array, n_threads: int | None = None) -> Array:
        """Targets, shape (k, n)."""
        return self.model.predict(self.features(*inputs, n_threads=n_threads))

    def predict_places(self, *inputs: Array) -> Array | None:
        """What each particle gives to the mean energy, shape (k, n, N), of a descriptor of each."""
        return self.model.predict_places(self.features(*inputs)) if self.per_particle else None

    @property
    def per_particle(self) -> bool:
        """Whether the network is evaluated for each particle."""
        return self.features.per_particle

    def predict_with_gradient(self, *inputs: Array) -> tuple[Array, Array]:
        """Targets, shape (k, n), and gradients dE/dr = Σ_f dE/dx_f · dx_f/dr, (k, n, N, d).

        Gradients are NaN in places without a particle, as the positions are.

        Raises:
            InvalidInputError: If the descriptor has no Jacobian.
        """
        predictions, gradients = [], []
        coordinates = inputs[0].shape[1:]
        places = coordinates[0] if self.per_particle else 1
        numbers = places * len(self.features.names(coordinates[0])) * math.prod(coordinates)
        chunk = max(CHUNK_BYTES // (8 * numbers), 1)
        for start in range(0, len(inputs[0]), chunk):
            part = tuple(array[start : start + chunk] for array in inputs)
            features, jacobian = self.features.with_jacobian(*part)
            prediction, slopes = self.model.predict_with_gradient(features)
            if self.per_particle and some_absent(features):  # absent particles add nothing
                there = present(features)
                jacobian = zeroed(jacobian, there)
                slopes = np.stack([zeroed(of_replica, there) for of_replica in slopes])
            predictions.append(prediction)
            of_features = slopes.reshape(*prediction.shape, -1)
            by_coordinates = jacobian.reshape(len(jacobian), of_features.shape[-1], -1)
            chained = np.einsum("knf,nfc->knc", of_features, by_coordinates, optimize=True)
            gradient = chained.reshape(*prediction.shape, *coordinates)
            gradient[:, ~present(part[0])] = np.nan
            gradients.append(gradient)
        return np.concatenate(predictions, axis=1), np.concatenate(gradients, axis=1)
