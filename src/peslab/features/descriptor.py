"""What every descriptor offers to the rest of the way, and what one of your own has to say."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.features.slopes import check_slopes
from peslab.kernels.arrays import FloatArray
from peslab.kernels.by_number import by_number
from peslab.kernels.inputs import (
    AXES_OF_ONE,
    Configurations,
    check_images,
    checked_configurations,
)
from peslab.kernels.parallel import in_slices
from peslab.places import numbers, some_absent

Law = Literal["translation", "permutation", "rotation", "smoothness", "supercell"]

INVARIANT_AND_SMOOTH: frozenset[Law] = frozenset(
    {"translation", "permutation", "rotation", "smoothness"}
)
SLICE_BYTES = 2**22  # of a slice's Jacobian and what it is made of, which stay in a core's cache
BYTES_PER_THREAD = 2**19  # of Jacobian, which take about a millisecond: fewer are not worth one


@dataclass(frozen=True)
class Descriptor(ABC):
    """Features of configurations: the inputs of a network, before they are scaled.

    Called with positions (n, N, d) and cell widths, a descriptor of whole configurations gives
    features (n, F); `with_jacobian` also gives their derivatives by the positions, (n, F, N, d). A
    descriptor `per_particle` gives a row to each place, (n, N, F) and (n, N, F, N, d): a network
    is evaluated at each of them, and its outputs are averaged.

    Configurations may differ in their number of particles where the number of features does not:
    places without a particle are rows of NaN in the positions, come last, and have NaN for features
    and derivatives of their own; nothing depends on their coordinates.

    One of your own says what its features are called and what they are; all else is here.

    Example:
        >>> class StructureFactors(Descriptor):
        ...     '''|Σ_j exp(i k·r_j)|²/N of three waves that fit into the cell, over all axes.'''
        ...
        ...     def feature_names(self, n_particles):
        ...         return [f"wave {m}" for m in (1, 2, 3)]
        ...
        ...     def describe(self, positions, cell_widths):
        ...         phases = 2j * np.pi * positions[:, None] / cell_widths[:, None, None, None]
        ...         waves = np.exp(np.array([[[1]], [[2]], [[3]]]) * phases)
        ...         return (np.abs(waves.sum(axis=2)) ** 2).sum(axis=2) / positions.shape[1]
        >>> StructureFactors()([[1.0, 1.0], [2.0, 1.0]], cell_width=4.0)
        array([[3., 2., 3.]])

    Attributes:
        with_cell_width: Whether the width of the cell is one more feature, the last one; where all
            cells have one width it is constant, and no scaling takes it.
    """

    with_cell_width: bool = field(default=False, kw_only=True)

    per_particle: ClassVar[bool] = False
    """Whether each particle has its own row of features."""

    most_images: ClassVar[int] = 10**6
    """Of a particle within reach: what is summed over them then takes some tens of ms."""

    @abstractmethod
    def feature_names(self, n_particles: int) -> list[str]:
        """What the features are called, in their sequence, without the width of the cell.

        Names that end alike, in "… of order -2", or else begin with the same word, share a panel of
        a figure.
        """

    @abstractmethod
    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The features of some configurations.

        Args:
            positions: Shape (n, N, d), all inside their cells and no two in the same place.
            cell_widths: Shape (n,).

        Returns:
            Shape (n, F), or (n, N, F) of a descriptor per particle; NaN or infinity where there is
            no value, which is then refused.
        """

    def describe_with_jacobian(
        self,
        positions: FloatArray,  # noqa: ARG002  # of those who have one
        cell_widths: FloatArray,  # noqa: ARG002
    ) -> tuple[FloatArray, FloatArray]:
        """The features of some configurations, and their derivatives by all positions.

        A descriptor without this method serves for energies, not for forces.

        Args:
            positions: Shape (n, N, d), as those of `describe`.
            cell_widths: Shape (n,).

        Returns:
            Features as `describe` gives them, and their derivatives, (n, F, N, d) or
            (n, N, F, N, d).
        """
        raise InvalidInputError(
            f"{type(self).__name__} has no Jacobian, so there are no forces: give it a method "
            "describe_with_jacobian, or train on energies alone."
        )

    @property
    def has_jacobian(self) -> bool:
        """Whether it can be asked for derivatives, and a model that stands on it for forces."""
        return type(self).describe_with_jacobian is not Descriptor.describe_with_jacobian

    @property
    def obeys(self) -> frozenset[Law]:
        """What leaves the features as they are, and whether their first derivatives are continuous.

        "translation" of all particles, "permutation" of particles, which exchanges the rows of a
        descriptor per particle, "rotation" and reflection of the lattice, "supercell", several
        cells taken as one; and "smoothness" everywhere but where particles coincide.
        """
        return INVARIANT_AND_SMOOTH

    @property
    def reach(self) -> float:
        """How far a particle sees; 0 where nothing is summed over images."""
        return 0.0

    def names(self, n_particles: int) -> list[str]:
        """What all features are called, in their sequence."""
        return self.feature_names(n_particles) + ["cell width"] * self.with_cell_width

    def __call__(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, *, n_threads: int | None = None
    ) -> FloatArray:
        """The features.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shape (n, F), or (n, N, F) of a descriptor per particle.

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or a feature is
                not finite, or configurations differ in their number of features.
        """
        if some_absent(positions):
            (features,) = by_number(
                lambda places, widths: (self(places, widths, n_threads=n_threads),),
                self._comparable(positions),
                cell_width,
                ((1,) if self.per_particle else (),),
            )
            return features
        configurations = self._checked(positions, cell_width)
        features = self._room(configurations)
        own = features[..., : features.shape[-1] - self.with_cell_width]

        def run(start: int, stop: int) -> None:
            part = Configurations(*(array[start:stop] for array in configurations))
            self._put(self.describe(*part), own[start:stop], start)

        self._in_slices(run, configurations, features, n_threads)
        return features

    def with_jacobian(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, *, n_threads: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """The features and their derivatives by the positions of all particles.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shapes (n, F) and (n, F, N, d), or (n, N, F) and (n, N, F, N, d) of a descriptor per
            particle.

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, a feature or a
                derivative is not finite, configurations differ in their number of features, or the
                descriptor has no Jacobian, or one that is visibly not that of its features.
        """
        if some_absent(positions):
            features, jacobian = by_number(
                lambda places, widths: self.with_jacobian(places, widths, n_threads=n_threads),
                self._comparable(positions),
                cell_width,
                ((1,), (1, 3)) if self.per_particle else ((), (2,)),
            )
            return features, jacobian
        configurations = self._checked(positions, cell_width)
        features = self._room(configurations)
        jacobian = np.empty((*features.shape, *configurations.positions.shape[1:]))
        n_own = features.shape[-1] - self.with_cell_width
        own = features[..., :n_own], jacobian[..., :n_own, :, :]
        jacobian[..., n_own:, :, :] = 0.0

        def run(start: int, stop: int) -> None:
            part = Configurations(*(array[start:stop] for array in configurations))
            for values, place in zip(self.describe_with_jacobian(*part), own, strict=True):
                self._put(values, place[start:stop], start)

        self._in_slices(run, configurations, features, n_threads)
        if not type(self).__module__.startswith("peslab."):  # ours are tested
            first = Configurations(*(array[:1] for array in configurations))
            check_slopes(type(self).__name__, self.describe, own[1][:1], first)
        return features, jacobian

    def check_numbers(self, particle_numbers: Sequence[int]) -> None:
        """Refuse numbers of particles whose configurations would have different features.

        Args:
            particle_numbers: All that occur together.

        Raises:
            InvalidInputError: If a network cannot take the features of all of them.
        """
        fewest, *others = sorted(particle_numbers)
        for number in others:
            if self.names(number) != self.names(fewest):
                raise InvalidInputError(
                    f"{type(self).__name__} gives configurations of {fewest} and of {number} "
                    "particles different features, which one network cannot take: choose "
                    "features=symmetry_functions, which describes each particle."
                )

    def _comparable(self, positions: npt.ArrayLike) -> FloatArray:
        """Positions of different numbers of particles that have the same features."""
        given = np.asarray(positions, dtype=np.float64)
        given = given[None] if given.ndim == AXES_OF_ONE else given
        self.check_numbers(np.unique(numbers(given)).tolist())
        return given

    def _checked(self, positions: npt.ArrayLike, cell_width: npt.ArrayLike) -> Configurations:
        configurations = checked_configurations(positions, cell_width)
        check_images(configurations, self.reach, self.most_images)
        return configurations

    def _room(self, configurations: Configurations) -> FloatArray:
        """Room for all features, with the width of the cell filled in."""
        positions, cell_widths = configurations
        n, n_particles, _ = positions.shape
        places = (n_particles,) if self.per_particle else ()
        features = np.empty((n, *places, len(self.names(n_particles))))
        if self.with_cell_width:
            features.T[-1] = cell_widths
        return features

    def _put(self, values: FloatArray, place: FloatArray, start: int) -> None:
        """Put what a slice is described by in its place; `start` is its first configuration."""
        if np.shape(values) != place.shape:
            raise InvalidInputError(
                f"{type(self).__name__} gave an array of shape {np.shape(values)} where its names "
                f"ask for {place.shape}: correct its feature_names or what it gives."
            )
        finite = np.isfinite(values)
        if not finite.all():
            k = start + int(finite.reshape(len(values), -1).all(axis=1).argmin())
            raise InvalidInputError(
                f"what {type(self).__name__} makes of configuration {k} is not finite: two of its "
                "particles are too close to each other, so move one or take softer features."
            )
        place[...] = values

    def _in_slices(
        self,
        run: Callable[[int, int], None],
        configurations: Configurations,
        features: FloatArray,
        n_threads: int | None,
    ) -> None:
        """Share out the configurations by the size of their Jacobians, asked for or not."""
        n, n_particles, dimension = configurations.positions.shape
        size = 8 * max(features[0].size, 1) * n_particles * (dimension + 2)
        in_slices(
            run,
            n,
            n_threads,
            largest_slice=max(SLICE_BYTES // size, 1),
            smallest_slice=max(BYTES_PER_THREAD // size, 1),
        )
