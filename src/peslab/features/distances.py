"""Distances of particles as they are: the thesis's first inputs, which the others are held to."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from peslab.errors import InvalidInputError
from peslab.features.descriptor import Descriptor, Law
from peslab.kernels.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class RelativeDistances(Descriptor):
    """The distance of each pair of particles, where exchanged particles exchange inputs.

    Section 3.3 of the thesis begins with them, to say what is wrong: a network has to learn for
    itself that particles are alike.

    Example:
        >>> from peslab.features import RelativeDistances
        >>> positions = [[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]]
        >>> RelativeDistances(images="nearest")(positions, cell_width=5.0)
        array([[1.        , 2.        , 2.23606798]])
        >>> RelativeDistances(images="none")(positions, cell_width=5.0)
        array([[4.        , 2.        , 4.47213595]])

    Attributes:
        images: "nearest" takes the distance to the nearest image, whose slope jumps where another
            becomes the nearest; "none" that within the cell, as in the thesis, which jumps where a
            particle leaves the cell.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    images: Literal["nearest", "none"]

    def __post_init__(self) -> None:
        if self.images not in {"nearest", "none"}:
            raise InvalidInputError(f"images must be nearest or none, not {self.images!r}.")

    @property
    def obeys(self) -> frozenset[Law]:
        """Rotation, and translation of nearest images."""
        kept: frozenset[Law] = frozenset({"rotation", "translation"})
        return kept if self.images == "nearest" else kept - {"translation"}

    def feature_names(self, n_particles: int) -> list[str]:
        """The particles of a pair, counted from 1."""
        first, second = _pairs(n_particles)
        return [f"distance {i + 1}-{j + 1}" for i, j in zip(first, second, strict=True)]

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The distances, (n, N (N − 1)/2), in R_c."""
        return np.asarray(np.sqrt((self._vectors(positions, cell_widths) ** 2).sum(axis=-1)))

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The distances (n, F) and their derivatives (n, F, N, d)."""
        vectors = self._vectors(positions, cell_widths)
        distances = np.sqrt((vectors**2).sum(axis=-1))
        directions = vectors / distances[..., None]
        first, second = _pairs(positions.shape[1])
        pairs = np.arange(len(first))
        jacobian = np.zeros((*distances.shape, *positions.shape[1:]))
        jacobian[:, pairs, second] = directions
        jacobian[:, pairs, first] = -directions
        return distances, jacobian

    def _vectors(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """From the first particle of each pair to the second, (n, F, d)."""
        first, second = _pairs(positions.shape[1])
        vectors = positions[:, second] - positions[:, first]
        if self.images == "nearest":
            widths = cell_widths[:, None, None]
            vectors -= widths * np.round(vectors / widths)
        return np.asarray(vectors)


@dataclass(frozen=True)
class SortedDistances(RelativeDistances):
    """The distances of all pairs of particles, the shortest first.

    Exchanged particles change nothing, but two distances that become equal exchange their slopes:
    this is what the thesis takes eigenvalues for.

    Example:
        >>> from peslab.features import SortedDistances
        >>> positions = [[0.0, 0.0], [0.0, 2.0], [4.0, 0.0]]
        >>> SortedDistances(images="nearest")(positions, cell_width=5.0)
        array([[1.        , 2.        , 2.23606798]])

    Attributes:
        images: "nearest" takes the distance to the nearest image; "none" that within the cell, as
            in the thesis.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    @property
    def obeys(self) -> frozenset[Law]:
        """What distances obey, and permutation."""
        return super().obeys | {"permutation"}

    def feature_names(self, n_particles: int) -> list[str]:
        """From the shortest on."""
        return [f"distance {k + 1}" for k in range(len(_pairs(n_particles)[0]))]

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The distances, ascending, (n, N (N − 1)/2), in R_c."""
        return np.sort(super().describe(positions, cell_widths), axis=1)

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The distances (n, F) and their derivatives (n, F, N, d)."""
        distances, jacobian = super().describe_with_jacobian(positions, cell_widths)
        order = np.argsort(distances, axis=1, kind="stable")
        return (
            np.take_along_axis(distances, order, axis=1),
            np.take_along_axis(jacobian, order[..., None, None], axis=1),
        )


def _pairs(n_particles: int) -> tuple[IntArray, IntArray]:
    """The first and the second particle of each pair."""
    if n_particles < 2:  # noqa: PLR2004  # a pair
        raise InvalidInputError(
            "there is no distance of a particle alone: use cells of two particles or more, or "
            "features that see a particle's own images."
        )
    return np.triu_indices(n_particles, 1)
