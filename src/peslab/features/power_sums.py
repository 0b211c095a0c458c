"""Power sums of proximity matrices: as symmetric as their eigenvalues, and smooth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from peslab.errors import InvalidInputError
from peslab.features.proximity import Proximities
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import whole

HIGHEST_POWER = 100


@dataclass(frozen=True)
class PowerSums(Proximities):
    """Means of powers of the eigenvalues of the proximity matrices, equation (11).

        s_k = (1 + Σ_m λ_mᵏ / N)^(1/k) = (1 + tr Pᵏ / N)^(1/k)

    Power sums take no order among eigenvalues, so nothing happens where two of them meet: these
    features are smooth everywhere, and the first N powers hold all that the spectrum does. The root
    keeps them as small as the eigenvalues are, and the 1 keeps the root smooth where all particles
    are out of reach of each other. Elements of P are positive, and so is what stands in brackets.

    Example:
        >>> from peslab.features import PowerSums
        >>> PowerSums(orders=[-2], cutoff=2.0, powers=[2, 4])([[0.0], [1.0]], cell_width=9.0)
        array([[2.46221445, 2.27163385]])

    Attributes:
        orders: o, whole numbers of −2 or less: those above are not smooth at R_0p.
        cutoff: R_0p, an absolute length, or several of them side by side.
        powers: k, whole numbers from 2 on; the first is a constant of the width of the cell.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    powers: list[int] | tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "powers", checked_powers(self.powers))

    def feature_names(self, n_particles: int) -> list[str]:  # noqa: ARG002  # as many for all
        """Powers follow each other within each order, orders within each cutoff."""
        return [f"power {k} of {matrix}" for matrix in self.matrix_names() for k in self.powers]

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The roots of the power sums, (n, F) with F = cutoffs · orders · powers."""
        matrices = self.matrices(positions, cell_widths)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused later
            features = [root for _, root, _ in self._roots(matrices)]
        return np.stack(features, axis=-1).reshape(len(positions), -1)

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same, and their derivatives (n, F, N, d), per R_c.

        Only row and column i of P change with r_i: d tr Pᵏ = 2k Σ_j (Pᵏ⁻¹)_ij dP_ij.
        """
        n, n_particles, dimension = positions.shape
        matrices, slopes = self.matrices_and_slopes(positions, cell_widths)
        features, jacobian = [], []
        with np.errstate(over="ignore", invalid="ignore"):
            for k, root, lower in self._roots(matrices):
                outer = 2.0 / n_particles * root ** (1 - k)
                inner = np.einsum("nmji,nmjia->nmia", lower, slopes)
                features.append(root)
                jacobian.append(outer[..., None, None] * inner)
        return (
            np.stack(features, axis=-1).reshape(n, -1),
            np.stack(jacobian, axis=2).reshape(n, -1, n_particles, dimension),
        )

    def _roots(self, matrices: FloatArray) -> Iterator[tuple[int, FloatArray, FloatArray]]:
        """Each power k, the root of its sum, (n, m), and Pᵏ⁻¹, (n, m, N, N)."""
        lower = matrices
        for k in range(2, max(self.powers) + 1):
            if k in self.powers:
                trace = np.einsum("nmij,nmij->nm", lower, matrices)
                yield k, (1.0 + trace / matrices.shape[-1]) ** (1.0 / k), lower
            lower = lower @ matrices


def checked_powers(powers: Sequence[int]) -> tuple[int, ...]:
    """Ascending whole numbers from 2 on, at least one."""
    if isinstance(powers, str) or not isinstance(powers, Sequence) or len(powers) == 0:
        raise InvalidInputError(f"powers must be a list such as [2, 3, 4], not {powers!r}.")
    checked = tuple(whole("each of the powers", power, minimum=2) for power in powers)
    if list(checked) != sorted(set(checked)) or checked[-1] > HIGHEST_POWER:
        raise InvalidInputError(
            f"powers must ascend and end at {HIGHEST_POWER} at the latest, not {list(powers)}."
        )
    return checked
