"""The thesis's potential."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import as_floats, positive, whole
from peslab.kernels.potentials import (
    modified_lennard_jones_pair,
    modified_lennard_jones_triplet,
)
from peslab.toymodel.potential import Potential


@dataclass(frozen=True)
class ModifiedLennardJones(Potential):
    """A Lennard-Jones potential of two and three particles that ends smoothly: equation (10).

    With s the distance of a pair or the mean side of a triangle,

        V(s) = E_c (V_s + V_l + V_c)                            for s < R_0, and 0 beyond
        V_s  = (R_c/s)²ⁿ − (R_c/R_0)²ⁿ
        V_l  = −2 ((R_c/s)ⁿ − (R_c/R_0)ⁿ)
        V_c  = −2n (R_cⁿ/R_0ⁿ⁺¹) (1 − (R_c/R_0)ⁿ) (s − R_0)

    The linear term V_c makes the slope vanish at R_0. Its printed form lacks a factor R_cⁿ⁺¹: the
    two agree where R_c = 1.

    Example:
        >>> from peslab.toymodel import ModifiedLennardJones
        >>> square = [[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]]
        >>> ModifiedLennardJones().energy_per_particle(square, cell_width=5.0).round(4)
        array([-3.1672])

    Attributes:
        exponent: n, a whole number from 1 on.
        cutoff: R_0, an absolute length.
        characteristic_energy: E_c, about the depth of the minimum (0.88 of it for n = 6, R_0 = 2).
        characteristic_distance: R_c, about the place of the minimum.

    The weights and the counting are those of every `Potential`.
    """

    exponent: int = 6
    cutoff: float = 2.0
    characteristic_energy: float = 1.0
    characteristic_distance: float = 1.0

    pair: ClassVar = modified_lennard_jones_pair
    triplet: ClassVar = modified_lennard_jones_triplet

    def __post_init__(self) -> None:
        object.__setattr__(self, "exponent", whole("exponent", self.exponent, minimum=1))
        for name in ("cutoff", "characteristic_energy", "characteristic_distance"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        self.weights()
        if not np.isfinite(self.parameters).all():
            raise InvalidInputError(
                f"E_c (R_c/R_0)ⁿ is too large for exponent {self.exponent}: choose a cutoff above "
                "the characteristic distance, or a smaller characteristic energy."
            )

    @property
    def parameters(self) -> FloatArray:
        """E_c, R_c, R_0, n, and the constants V_0 and V_1 that the kernel adds: see there."""
        n, cutoff, energy = self.exponent, self.cutoff, self.characteristic_energy
        with np.errstate(over="ignore", invalid="ignore"):
            power = np.float64(self.characteristic_distance / cutoff) ** n
            offset = energy * power * (2.0 - power)
            slope = -2.0 * n * energy * power * (1.0 - power) / cutoff
        return np.array([energy, self.characteristic_distance, cutoff, n, offset, slope])

    def without_linear_term(self, r: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """V_s + V_l alone and its slope: continuous at R_0, but with a kink there (figure 19).

        Args:
            r: Distances, a number or shape (n,), in R_c.

        Returns:
            Both of the shape of r, in E_c and E_c/R_c; 0 from the cutoff on.

        Raises:
            InvalidInputError: Where a distance is not finite and above 0.
        """
        values, slopes = replace(self, pair_part=None).pair_values(r)
        rest = np.minimum(as_floats("r", r) - self.cutoff, 0.0)
        tail = np.where(rest < 0.0, self.parameters[-1], 0.0)
        return values - tail * rest, slopes - tail


def cut_away(potential: Potential) -> str | None:
    """A sentence where a cutoff below R_c leaves the potential, or its pair part, no minimum.

    What is left is V_s + V_l + V_c of equation (10), which only falls up to R_0.
    """
    for part in (potential, potential.pair_part):
        if isinstance(part, ModifiedLennardJones) and part.cutoff <= part.characteristic_distance:
            return (
                f"The cutoff {part.cutoff:g} lies within the equilibrium distance "
                f"{part.characteristic_distance:g}: the minimum is cut away, and particles only "
                "repel each other."
            )
    return None
