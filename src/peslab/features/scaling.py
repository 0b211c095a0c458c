"""How features become the inputs of a network.

The published program did not scale its inputs: eigenvalues of the orders −2 … −5 span ±2e3 to
±3e7, and its learning rate of 1e-5, its trouble with more orders and its useless hidden layers all
follow from that.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from peslab.errors import InvalidInputError
from peslab.kernels.inputs import positive
from peslab.places import present, some_absent

# A column whose scatter is below this part of its magnitude holds rounding errors, not information.
_RELATIVE_ROUNDING = 1e-12

OF_PLACES = 3  # axes of features (n, N, F)

MOST_NAMES = 6
"""Of features in a sentence."""

LEAST_FLOOR = 1e-14  # as far as float64 tells variances apart


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

    def __post_init__(self) -> None:
        # Networks are exported with it: torch warns of a matrix that lies in memory by columns.
        object.__setattr__(self, "matrix", np.ascontiguousarray(self.matrix, np.float64))

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map features to inputs.

        Args:
            features: Shape (…, n_features): a row for each configuration, or for each particle.

        Returns:
            The inputs, shape (…, n_inputs).
        """
        return (features - self.shift) @ self.matrix

    def inverse(self) -> "LinearMap":
        """The map back, exact but for rounding: what takes predictions to the targets' unit.

        Raises:
            InvalidInputError: If a part of the features was dropped, which nothing brings back.
        """
        n_features, n_inputs = self.matrix.shape
        if n_features != n_inputs:
            raise InvalidInputError(
                f"{n_features} features became {n_inputs} inputs, and nothing brings the others "
                "back: scale with scaling=standardize, which drops none."
            )
        return LinearMap(
            -self.shift @ self.matrix, np.asarray(np.linalg.inv(self.matrix), np.float64)
        )


class Scaling(ABC):
    """A way to choose the map from features to inputs, given the features of the training part."""

    @abstractmethod
    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Choose the map; only the training part may be shown to it.

        Args:
            features: The features of the training part, shape (n, n_features), or (n, N,
                n_features) of a descriptor per particle, whose rows are taken together, without
                those of NaN behind them, where no particle is.

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
            features: Of the training part, shape (n, n_features) or (n, N, n_features).

        Returns:
            The map with a diagonal matrix.

        Raises:
            InvalidInputError: If a feature is constant or not finite.
        """
        means, deviations = _statistics(_rows(features))
        return LinearMap(shift=means, matrix=np.diag(1.0 / deviations))


@dataclass(frozen=True)
class Whiten(Scaling):
    """Inputs without correlations, of mean 0 and standard deviation 1 over the training part.

    They are the principal components of the standardized features, the widest first. Eigenvalues of
    one matrix add up to a constant, so some direction among them holds rounding errors: such
    directions are dropped. All is done in float64, before anything is rounded to a network's
    precision.

    Args:
        floor: Directions whose variance is below this part of the largest one are dropped.
    """

    floor: float = 1e-9

    def __post_init__(self) -> None:
        if not LEAST_FLOOR <= positive("floor", self.floor) < 1.0:
            raise InvalidInputError(
                f"floor must be from {LEAST_FLOOR:g} to below 1, not {self.floor}: variances "
                "below that are rounding errors."
            )

    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Take the principal components of the standardized features.

        Args:
            features: Of the training part, shape (n, n_features) or (n, N, n_features).

        Returns:
            The map, whose matrix has a column for each direction that is kept.

        Raises:
            InvalidInputError: If a feature is constant or not finite.
        """
        rows = _rows(features)
        means, deviations = _statistics(rows)
        standardized = (rows - means) / deviations
        variances, directions = np.linalg.eigh(standardized.T @ standardized / len(rows))
        kept = np.flatnonzero(variances >= self.floor * variances[-1])[::-1]
        directions = directions[:, kept]
        # A direction and its opposite are both right; the largest component is made positive.
        largest = np.abs(directions).argmax(axis=0)
        directions *= np.sign(directions[largest, np.arange(len(kept))])
        return LinearMap(means, directions / deviations[:, None] / np.sqrt(variances[kept]))


@dataclass(frozen=True)
class Unscaled(Scaling):
    """The inputs are the features as they come, which is the thesis's choice."""

    def fit(self, features: NDArray[np.float64]) -> LinearMap:
        """Give the identity.

        Args:
            features: Of the training part, shape (n, n_features) or (n, N, n_features).

        Returns:
            The map that changes nothing.

        Raises:
            InvalidInputError: If a feature is constant, as for the other scalings, or not finite.
        """
        check_features(features)
        n_features = features.shape[-1]
        return LinearMap(shift=np.zeros(n_features), matrix=np.eye(n_features))


def check_features(features: NDArray[np.float64], names: Sequence[str] = ()) -> None:
    """Refuse features that tell nothing, whether or not they are scaled.

    Args:
        features: Of the training part, shape (n, n_features) or (n, N, n_features).
        names: Of the features; without them they are called by their numbers.

    Raises:
        InvalidInputError: If a feature is constant or not finite.
    """
    _statistics(_rows(features, names), names)


def _rows(features: NDArray[np.float64], names: Sequence[str] = ()) -> NDArray[np.float64]:
    """Features of all particles in one table, all of them finite."""
    if features.ndim not in {2, 3} or 0 in features.shape:
        raise InvalidInputError(
            "Features must have the shape (configurations, features) or (configurations, "
            f"particles, features) with at least one of each, not {features.shape}."
        )
    absent = features.ndim == OF_PLACES and some_absent(features)
    rows = features[present(features)] if absent else features.reshape(-1, features.shape[-1])
    finite = np.isfinite(rows).all(axis=0)
    if not finite.all():
        raise InvalidInputError(
            f"{_told(~finite, names)} hold NaN or infinity; look for coincident particles in the "
            "configurations."
        )
    return rows


def _statistics(
    rows: NDArray[np.float64], names: Sequence[str] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each feature, none of which may be constant."""
    means, deviations = np.asarray(rows.mean(axis=0)), np.asarray(rows.std(axis=0))
    constant = deviations <= _RELATIVE_ROUNDING * np.abs(rows).max(axis=0)
    if constant.all():
        raise InvalidInputError(
            f"All features, {len(constant)} of them, are constant over the {len(rows)} rows of the "
            "training part, so that nothing can be learned; enlarge features.cutoff until "
            "particles see a neighbor, or use more data."
        )
    if constant.any():
        raise InvalidInputError(
            f"{_told(constant, names)} are constant over the {len(rows)} rows of the training part "
            "and tell nothing; leave them out, such as a cell width that is the same everywhere "
            "(features.with_cell_width=false), or enlarge features.cutoff until particles see a "
            "neighbor."
        )
    return means, deviations


def _told(columns: npt.ArrayLike, names: Sequence[str]) -> str:
    """Some features by their names, the first of many; by their numbers where they have none."""
    numbers = np.flatnonzero(columns).tolist()
    told = [repr(names[number]) if names else str(number) for number in numbers[:MOST_NAMES]]
    if len(numbers) > MOST_NAMES:
        told.append(f"and {len(numbers) - MOST_NAMES} more")
    kind = "Feature(s)" if names else "Feature column(s), counted from 0,"
    return f"{kind} {', '.join(told)}"
