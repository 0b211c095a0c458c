"""The thesis's descriptor: what a configuration looks like, whatever its origin and labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.eigenvalues import LARGEST, diagonalize
from peslab.kernels.inputs import Configurations, check_images, checked_configurations, positive
from peslab.kernels.parallel import in_slices
from peslab.kernels.proximity import eigenvalue_slopes, proximity_matrices

HIGHEST_ORDER = -2  # above it an eigenvalue's slope jumps where an image crosses R_0p
MOST_IMAGES = 10**6  # of a particle within R_0p: a matrix then takes some tens of ms
LOWEST_ORDER = -100  # powers are taken by multiplication
SLICE_BYTES = 2**22  # matrices, slopes and eigenvectors of a slice stay in a core's cache


@dataclass(frozen=True)
class ProximityEigenvalues:
    """Sorted eigenvalues of the proximity matrices, equation (11).

    One matrix for each order o has the elements

        P_ij = Σ_k (R_0p/r_ijk − r_ijk/R_0p)^−o    over all images k of j with r_ijk < R_0p

    without a particle's distance to itself. Its eigenvalues do not change when the configuration is
    moved, rotated or reflected with its cell, or its particles are exchanged.

    Example:
        >>> from peslab.features import ProximityEigenvalues
        >>> features = ProximityEigenvalues(orders=[-2, -4], cutoff=3.0)
        >>> features([[1.0, 1.0], [2.0, 1.0]], cell_width=5.0).round(2)
        array([[ -7.11,   7.11, -50.57,  50.57]])

    Attributes:
        orders: o, whole numbers of −2 or less: those above are not smooth at R_0p.
        cutoff: R_0p, an absolute length.
    """

    orders: list[int] | tuple[int, ...]
    cutoff: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "orders", checked_orders(self.orders))
        object.__setattr__(self, "cutoff", positive("cutoff", self.cutoff))

    def names(self, n_particles: int) -> list[str]:
        """What the inputs are called, in their sequence."""
        numbers = range(1, n_particles + 1)
        return [f"eigenvalue {k} of order {order}" for order in self.orders for k in numbers]

    def __call__(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> FloatArray:
        """The eigenvalues: a block for each order, ascending within it.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shape (n, len(orders) · N), without a unit.

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or a matrix
                element is not finite.
        """
        configurations = checked_configurations(positions, cell_width)
        check_images(configurations, self.cutoff, MOST_IMAGES)
        n, n_particles, dimension = configurations.positions.shape
        features = np.empty((n, len(self.orders), n_particles))
        no_slopes = np.empty((0, 0, 0, 0, dimension))

        def run(start: int, stop: int) -> None:
            matrices = self._matrices(configurations, start, stop, no_slopes)
            features[start:stop], _ = eigenvalues(matrices, with_vectors=False)

        in_slices(run, n, n_threads, self._largest_slice(n_particles, dimension))
        return features.reshape(n, -1)

    def with_jacobian(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """The eigenvalues and their derivatives by the positions, dλ = vᵀ dP v.

        Where eigenvalues are equal, only the sum of their derivatives has a meaning.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shapes (n, F) and (n, F, N, d) with F = len(orders) · N, the second per R_c.

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or a matrix
                element is not finite.
        """
        configurations = checked_configurations(positions, cell_width)
        check_images(configurations, self.cutoff, MOST_IMAGES)
        n, n_particles, dimension = configurations.positions.shape
        features = np.empty((n, len(self.orders), n_particles))
        jacobian = np.empty((*features.shape, n_particles, dimension))

        def run(start: int, stop: int) -> None:
            slopes = np.empty_like(jacobian[start:stop])
            matrices = self._matrices(configurations, start, stop, slopes)
            check_finite(slopes, start)
            features[start:stop], vectors = eigenvalues(matrices, with_vectors=True)
            eigenvalue_slopes(vectors, slopes, jacobian[start:stop])

        in_slices(run, n, n_threads, self._largest_slice(n_particles, dimension))
        return features.reshape(n, -1), jacobian.reshape(n, -1, n_particles, dimension)

    def _matrices(
        self, configurations: Configurations, start: int, stop: int, slopes: FloatArray
    ) -> FloatArray:
        """Matrices of a slice, (n, orders, N, N); slopes are filled in where there is room."""
        positions = configurations.positions[start:stop]
        cell_widths = configurations.cell_widths[start:stop]
        n_particles = positions.shape[1]
        matrices = np.empty((len(positions), len(self.orders), n_particles, n_particles))
        powers = np.negative(self.orders, dtype=np.int64)
        with_slopes = slopes.size > 0
        proximity_matrices(
            positions,
            cell_widths,
            powers,
            self.cutoff,
            with_slopes,
            matrices,
            slopes,
            tuple(range(positions.shape[2])),
        )
        check_finite(matrices, start)
        return matrices

    def _largest_slice(self, n_particles: int, dimension: int) -> int:
        """Number of configurations that fill `SLICE_BYTES`."""
        numbers = len(self.orders) * n_particles**2 * (dimension + 2)
        return max(SLICE_BYTES // (8 * numbers), 1)


def eigenvalues(matrices: FloatArray, *, with_vectors: bool) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (n, orders, N) of symmetric matrices, ascending, and their vectors in columns."""
    if matrices.shape[-1] <= LARGEST:
        values = np.empty(matrices.shape[:-1])
        vectors = np.empty(matrices.shape if with_vectors else (0, 0, 0, 0))
        diagonalize(matrices, with_vectors, values, vectors)
        return values, vectors
    if not with_vectors:
        return np.asarray(np.linalg.eigvalsh(matrices)), np.empty((0, 0, 0, 0))
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray(values), np.ascontiguousarray(vectors)


def check_finite(values: FloatArray, start: int) -> None:
    """Refuse matrices or slopes, of configurations from `start` on, that overflow."""
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        raise InvalidInputError(
            f"a proximity matrix of configuration {start + np.argmin(finite)} is not finite: "
            "its particles are too close to each other for orders as low as these."
        )


def checked_orders(orders: Sequence[int]) -> tuple[int, ...]:
    """Different whole numbers of −2 or less, at least one."""
    if isinstance(orders, str) or not isinstance(orders, Sequence) or len(orders) == 0:
        raise InvalidInputError(f"orders must be a list such as [-2, -3], not {orders!r}.")
    for order in orders:
        if (
            isinstance(order, bool)
            or not isinstance(order, int | np.integer)
            or not LOWEST_ORDER <= order <= HIGHEST_ORDER
        ):
            raise InvalidInputError(
                f"each of the orders must be a whole number from {LOWEST_ORDER} to -2, not "
                f"{order!r}: above -2 the inputs are not smooth at the cutoff."
            )
    if len(set(orders)) < len(orders):
        raise InvalidInputError(f"orders must differ from each other: {list(orders)}.")
    return tuple(int(order) for order in orders)
