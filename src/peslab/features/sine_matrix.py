"""Eigenvalues of the sine matrix, which knows the lattice without a sum over images."""

from dataclasses import dataclass

import numpy as np

from peslab.features.descriptor import INVARIANT_AND_SMOOTH, Descriptor, Law
from peslab.features.orders import checked_orders
from peslab.features.spectra import eigenvalues, eigenvalues_and_slopes
from peslab.kernels.arrays import FloatArray

HIGHEST_ORDER = -1
DIAGONAL = 0.5  # 0.5 Z^2.4 with Z = 1, a constant


@dataclass(frozen=True)
class SineMatrixEigenvalues(Descriptor):
    """Sorted eigenvalues of the sine matrix.

    It is that of F. Faber et al., Int. J. Quantum Chem. 115, 1094 (2015). In a cubic cell of
    particles of one kind (Z = 1) its elements are

        M_ij = ‖w_c Σ_a ê_a sin²(π (r_j − r_i)_a / w_c)‖^o,    M_ii = 1/2

    with o = −1 in that article; lower orders make more features, as those of the thesis's matrices
    do. A distance between two sheets of images stands in place of a sum over images, so there is no
    cutoff, and little physics.

    Example:
        >>> from peslab.features import SineMatrixEigenvalues
        >>> SineMatrixEigenvalues(orders=[-1])([[0.0, 0.0], [2.0, 0.0]], cell_width=4.0)
        array([[0.25, 0.75]])

    Attributes:
        orders: o, whole numbers below 0.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    orders: list[int] | tuple[int, ...]

    def __post_init__(self) -> None:
        orders = checked_orders(
            self.orders, HIGHEST_ORDER, "far particles count more than near ones"
        )
        object.__setattr__(self, "orders", orders)

    @property
    def obeys(self) -> frozenset[Law]:
        """All but smoothness, where two eigenvalues meet."""
        return INVARIANT_AND_SMOOTH - {"smoothness"}

    def feature_names(self, n_particles: int) -> list[str]:
        """Eigenvalues ascend within each order."""
        numbers = range(1, n_particles + 1)
        return [f"eigenvalue {k} of order {order}" for order in self.orders for k in numbers]

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The eigenvalues, (n, F) with F = orders · N, in R_c^o."""
        inverse, _ = _inverse_and_slopes(positions, cell_widths)
        return eigenvalues(self._matrices(inverse)).reshape(len(positions), -1)

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The eigenvalues (n, F) and their derivatives (n, F, N, d).

        Where eigenvalues are equal, only the sum of their derivatives has a meaning.
        """
        n, n_particles, dimension = positions.shape
        inverse, slopes = _inverse_and_slopes(positions, cell_widths)
        matrices = self._matrices(inverse)
        # d(1/x)^−o = −o (1/x)^(−o−1) d(1/x); on the diagonal slopes are 0, whatever stands there
        with np.errstate(over="ignore", invalid="ignore"):
            outer = -np.array(self.orders)[:, None, None] * matrices / inverse[:, None]
            matrix_slopes = outer[..., None] * slopes[:, None]
        values, jacobian = eigenvalues_and_slopes(matrices, matrix_slopes)
        return values.reshape(n, -1), jacobian.reshape(n, -1, n_particles, dimension)

    def _matrices(self, inverse: FloatArray) -> FloatArray:
        """M for each order, (n, orders, N, N)."""
        n, n_particles, _ = inverse.shape
        matrices = np.empty((n, len(self.orders), n_particles, n_particles))
        for o, order in enumerate(self.orders):
            matrices[:, o] = inverse
            with np.errstate(over="ignore"):  # what is not finite is refused later
                for _ in range(-order - 1):  # NumPy's powers differ in bits from place to place
                    matrices[:, o] *= inverse
        diagonal = np.arange(n_particles)
        matrices[..., diagonal, diagonal] = DIAGONAL
        return matrices


def _inverse_and_slopes(
    positions: FloatArray, cell_widths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The inverse norm (w_c² Σ_a sin⁴)^−½, (n, N, N), 1 on the diagonal, and its slopes by r_j."""
    widths = cell_widths[:, None, None, None]
    angles = np.pi * (positions[:, None] - positions[:, :, None]) / widths
    sines, cosines = np.sin(angles), np.cos(angles)
    cubes = sines * sines * sines
    squares = cell_widths[:, None, None] ** 2 * (cubes * sines).sum(axis=-1)
    diagonal = np.arange(positions.shape[1])
    squares[:, diagonal, diagonal] = 1.0
    inverse = 1.0 / np.sqrt(squares)
    slopes = -2.0 * np.pi * widths * (inverse / squares)[..., None] * cubes * cosines
    return inverse, slopes
