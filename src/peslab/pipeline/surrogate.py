"""A descriptor and trained replicas as one function from positions to energies."""

from dataclasses import dataclass

import numpy as np

from peslab.features import Descriptor
from peslab.learning import TrainedModel
from peslab.problems.contract import Array

CHUNK = 2000
"""Configurations per pass: their Jacobians stay within some tens of MB."""


@dataclass(frozen=True)
class DescribedModel:
    """Predictions of every replica straight from a problem's inputs.

    Args:
        features: Makes the inputs of the network.
        model: The replicas, between the scaling of their inputs and that of their targets.
    """

    features: Descriptor
    model: TrainedModel

    def predict(self, *inputs: Array, n_threads: int | None = None) -> Array:
        """Targets, shape (k, n)."""
        return self.model.predict(self.features(*inputs, n_threads=n_threads))

    def predict_with_gradient(self, *inputs: Array) -> tuple[Array, Array]:
        """Targets, shape (k, n), and gradients dE/dr = Σ_f dE/dx_f · dx_f/dr, (k, n, N, d)."""
        predictions, gradients = [], []
        for start in range(0, len(inputs[0]), CHUNK):
            part = tuple(array[start : start + CHUNK] for array in inputs)
            features, jacobian = self.features.with_jacobian(*part)
            prediction, slopes = self.model.predict_with_gradient(features)
            predictions.append(prediction)
            of_features = slopes.reshape(*prediction.shape, -1)
            by_coordinates = jacobian.reshape(len(jacobian), of_features.shape[-1], -1)
            chained = np.einsum("knf,nfc->knc", of_features, by_coordinates, optimize=True)
            gradients.append(chained.reshape(*prediction.shape, *part[0].shape[1:]))
        return np.concatenate(predictions, axis=1), np.concatenate(gradients, axis=1)
