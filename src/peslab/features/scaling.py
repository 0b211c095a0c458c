"""How features become the inputs of a network.

The published program did not scale its inputs: eigenvalues of the orders −2 … −5 span ±2e3 to
±3e7, and its learning rate of 1e-5, its trouble with more orders and its useless hidden layers all
follow from that.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peslab.errors import InvalidInputError

# A column whose scatter is below this part of its magnitude holds rounding errors, not information.
_RELATIVE_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class LinearMap:
    """The affine map from features to inputs, inputs = (features − shift) · matrix, in float64.

    A matrix, where a factor for each feature would do for standardization, leaves room for maps
    that mix features or drop some of them.

    Attributes:
        shift: What is subtracted from each feature, shape (n_features,).
        matrix: The mixing of the shifted features, shape (n_features, n_inputs).
    """

    shift: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map features to inputs.

        Args:
            features: Shape (n, n_features).

        Returns:
            The inputs, shape (n, n_inputs).
        """
        return (features - self.shift) @ self.matrix


class Scaling(ABC):
    """A way to choose the map from features to inputs, given the features of the training part."""

    @abstractmethod
    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Choose the map; only the training part may be shown to it.

        Args:
            features: The features of the training part, shape (n, n_features).

        Returns:
            The map to apply to these and to all other features.

        Raises:
            InvalidInputError: If the features cannot be scaled.
        """


@dataclass(frozen=True)
class Standardize(Scaling):
    """Every input has mean 0 and standard deviation 1 over the training part."""

    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Take the mean and the standard deviation of each feature.

        Args:
            features: The features of the training part, shape (n, n_features).

        Returns:
            The map with a diagonal matrix.

        Raises:
            InvalidInputError: If a feature is constant or not finite.
        """
        _check(features)
        deviations = features.std(axis=0)
        constant = deviations <= _RELATIVE_ROUNDING * np.abs(features).max(axis=0)
        if constant.any():
            columns = ", ".join(str(column) for column in np.flatnonzero(constant))
            raise InvalidInputError(
                f"Feature column(s) {columns} (counted from 0) are constant over the "
                f"{len(features)} training configurations and cannot be standardized; leave them "
                "out, or enlarge the cutoff of the features until they see a neighbor."
            )
        return LinearMap(shift=features.mean(axis=0), matrix=np.diag(1.0 / deviations))


@dataclass(frozen=True)
class Unscaled(Scaling):
    """The inputs are the features as they come, which is the thesis's choice."""

    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Give the identity.

        Args:
            features: The features of the training part, shape (n, n_features).

        Returns:
            The map that changes nothing.

        Raises:
            InvalidInputError: If a feature is not finite.
        """
        _check(features)
        n_features = features.shape[1]
        return LinearMap(shift=np.zeros(n_features), matrix=np.eye(n_features))


def _check(features: NDArray[np.float64]) -> None:
    if len(features.shape[1:]) != 1 or 0 in features.shape:
        raise InvalidInputError(
            f"Features must have the shape (configurations, features) with at least one of each, "
            f"not {features.shape}."
        )
    finite = np.isfinite(features).all(axis=0)
    if not finite.all():
        columns = ", ".join(str(column) for column in np.flatnonzero(~finite))
        raise InvalidInputError(
            f"Feature column(s) {columns} (counted from 0) hold NaN or infinity; look for "
            "coincident particles in the configurations."
        )
