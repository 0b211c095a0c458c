"""The thesis's descriptor: what a configuration looks like, whatever its origin and labels."""

from abc import ABC
from dataclasses import dataclass

import numpy as np

from peslab.errors import InvalidInputError
from peslab.features.descriptor import INVARIANT_AND_SMOOTH, Descriptor, Law
from peslab.features.orders import checked_orders
from peslab.features.spectra import eigenvalues, eigenvalues_and_slopes
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import positive
from peslab.kernels.proximity import proximity_matrices

HIGHEST_ORDER = -2  # above it an eigenvalue's slope jumps where an image crosses R_0p


@dataclass(frozen=True)
class Proximities(Descriptor, ABC):
    """What stands on proximity matrices, equation (11).

    There is one for each order o and each R_0p, with the elements

        P_ij = Σ_k (R_0p/r_ijk − r_ijk/R_0p)^−o    over all images k of j with r_ijk < R_0p

    without a particle's distance to itself.

    Attributes:
        orders: o, whole numbers of −2 or less: those above are not smooth at R_0p.
        cutoff: R_0p, an absolute length, or several of them side by side.
    """

    orders: list[int] | tuple[int, ...]
    cutoff: float | tuple[float, ...]

    def __post_init__(self) -> None:
        orders = checked_orders(
            self.orders, HIGHEST_ORDER, "the inputs are not smooth at the cutoff"
        )
        object.__setattr__(self, "orders", orders)
        object.__setattr__(self, "cutoff", checked_cutoff(self.cutoff))

    @property
    def cutoffs(self) -> tuple[float, ...]:
        """Every R_0p."""
        return self.cutoff if isinstance(self.cutoff, tuple) else (self.cutoff,)

    @property
    def reach(self) -> float:
        """The largest R_0p."""
        return max(self.cutoffs)

    def matrix_names(self) -> list[str]:
        """What the matrices are called, in their sequence."""
        within = [f" within {cutoff:g}" for cutoff in self.cutoffs]
        endings = within if len(within) > 1 else [""]
        return [f"order {order}{ending}" for ending in endings for order in self.orders]

    def matrices(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The matrices, (n, m, N, N) with m = cutoffs · orders."""
        return self._matrices(positions, cell_widths, with_slopes=False)[0]

    def matrices_and_slopes(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The matrices, (n, m, N, N), and ∂P_ij/∂r_j, (n, m, N, N, d)."""
        return self._matrices(positions, cell_widths, with_slopes=True)

    def _matrices(
        self, positions: FloatArray, cell_widths: FloatArray, *, with_slopes: bool
    ) -> tuple[FloatArray, FloatArray]:
        n, n_particles, dimension = positions.shape
        shape = (n, len(self.orders), n_particles, n_particles)
        powers = np.negative(self.orders, dtype=np.int64)
        axes = tuple(range(dimension))
        blocks = []
        for cutoff in self.cutoffs:
            matrices = np.empty(shape)
            slopes = np.empty((*shape, dimension) if with_slopes else (0, 0, 0, 0, dimension))
            proximity_matrices(
                positions, cell_widths, powers, cutoff, with_slopes, matrices, slopes, axes
            )
            blocks.append((matrices, slopes))
        if len(blocks) == 1:
            return blocks[0]
        matrices, slopes = (np.concatenate(block, axis=1) for block in zip(*blocks, strict=True))
        return matrices, slopes


@dataclass(frozen=True)
class ProximityEigenvalues(Proximities):
    """Sorted eigenvalues of the proximity matrices, equation (11).

    They do not change when the configuration is moved, rotated or reflected with its cell, or its
    particles are exchanged. Sorted, they are smooth except where two of one matrix meet and
    exchange their slopes, as all symmetric configurations have it.

    Example:
        >>> from peslab.features import ProximityEigenvalues
        >>> features = ProximityEigenvalues(orders=[-2, -4], cutoff=3.0)
        >>> features([[1.0, 1.0], [2.0, 1.0]], cell_width=5.0).round(2)
        array([[ -7.11,   7.11, -50.57,  50.57]])

    Attributes:
        orders: o, whole numbers of −2 or less: those above are not smooth at R_0p.
        cutoff: R_0p, an absolute length, or several of them side by side.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    @property
    def obeys(self) -> frozenset[Law]:
        """All but smoothness, where two eigenvalues meet."""
        return INVARIANT_AND_SMOOTH - {"smoothness"}

    def feature_names(self, n_particles: int) -> list[str]:
        """Eigenvalues ascend within each order, and orders follow each other within each cutoff."""
        numbers = range(1, n_particles + 1)
        return [f"eigenvalue {k} of {matrix}" for matrix in self.matrix_names() for k in numbers]

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The eigenvalues, (n, F) with F = cutoffs · orders · N, without a unit."""
        return eigenvalues(self.matrices(positions, cell_widths)).reshape(len(positions), -1)

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The eigenvalues (n, F) and their derivatives (n, F, N, d), per R_c.

        Where eigenvalues are equal, only the sum of their derivatives has a meaning.
        """
        matrices, slopes = self.matrices_and_slopes(positions, cell_widths)
        values, jacobian = eigenvalues_and_slopes(matrices, slopes)
        n, n_particles, dimension = positions.shape
        return values.reshape(n, -1), jacobian.reshape(n, -1, n_particles, dimension)


def checked_cutoff(cutoff: object) -> float | tuple[float, ...]:
    """A length, or several different ones."""
    if not isinstance(cutoff, list | tuple):
        return positive("cutoff", cutoff)
    cutoffs = tuple(positive("cutoff", each) for each in cutoff)
    if not cutoffs or len(set(cutoffs)) < len(cutoffs):
        raise InvalidInputError(
            f"cutoff must be a length, or a list of different ones, not {cutoff!r}."
        )
    return cutoffs
