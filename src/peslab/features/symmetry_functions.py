"""Symmetry functions: a descriptor of each particle's surroundings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from peslab.errors import InvalidInputError
from peslab.features.descriptor import INVARIANT_AND_SMOOTH, Descriptor, Law
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import finite, positive, whole
from peslab.kernels.symmetry import symmetry_functions

LARGEST_ZETA = 128  # powers are taken by multiplication


@dataclass(frozen=True)
class SymmetryFunctions(Descriptor):
    """Radial and angular symmetry functions of each particle, of Behler and Parrinello.

    Functions G² and G⁴ of J. Behler, J. Chem. Phys. 134, 074106 (2011), after J. Behler and
    M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007), summed over all images within the cutoff:

        G²_i = Σ_j exp(−η (r_ij − r_s)²) f_c(r_ij)
        G⁴_i = 2^(1−ζ) Σ_{j<k} (1 + λ cos θ_jik)^ζ exp(−η (r_ij² + r_ik² + r_jk²))
               · f_c(r_ij) f_c(r_ik) f_c(r_jk)

    with λ of 1 and −1, and each pair of neighbors counted once. Where those articles take a cosine,
    the cutoff function here is f_c(r) = (1 − r²/r_c²)³, whose second derivative vanishes at the
    cutoff too: forces end smoothly there.

    Centers r_s stand at equal steps from 0 to the cutoff, without both ends, and η = 1/(2 step²):
    neighboring Gaussians overlap.

    Example:
        >>> from peslab.features import SymmetryFunctions
        >>> features = SymmetryFunctions(cutoff=3.0, n_radial=2, etas=[0.1], zetas=[1])
        >>> features.feature_names(n_particles=3)
        ['G2 at 1', 'G2 at 2', 'G4 η=0.1 ζ=1 λ=+1', 'G4 η=0.1 ζ=1 λ=−1']
        >>> features([[1.0, 1.0], [2.0, 1.0], [2.0, 2.0]], cell_width=9.0)[0, 1].round(3)
        array([1.405, 0.852, 0.156, 0.156])

    Attributes:
        cutoff: r_c, where a neighbor is out of sight, a length.
        n_radial: How many G² there are.
        etas: η of the G⁴, of 0 or more, per square of a length.
        zetas: ζ of the G⁴, whole numbers from 1 on: the higher, the narrower in angle.
        with_cell_width: Whether the width of the cell is one more feature.
    """

    cutoff: float
    n_radial: int
    etas: list[float] | tuple[float, ...]
    zetas: list[int] | tuple[int, ...]

    per_particle: ClassVar[bool] = True
    most_images: ClassVar[int] = 10**3  # all pairs of neighbors are summed over

    def __post_init__(self) -> None:
        object.__setattr__(self, "cutoff", positive("cutoff", self.cutoff))
        object.__setattr__(self, "n_radial", whole("n_radial", self.n_radial, minimum=0))
        object.__setattr__(self, "etas", checked_etas(self.etas))
        object.__setattr__(self, "zetas", checked_zetas(self.zetas))
        if (len(self.etas) == 0) != (len(self.zetas) == 0):
            raise InvalidInputError(
                "etas and zetas make angular functions together: give both, or leave both empty."
            )
        if self.n_radial == len(self.etas) == 0:
            raise InvalidInputError(
                "there are no functions: raise n_radial, or give etas and zetas."
            )

    @property
    def obeys(self) -> frozenset[Law]:
        """All laws; only the width of the cell tells a supercell from a cell."""
        of_places: frozenset[Law] = frozenset({"supercell"})
        return INVARIANT_AND_SMOOTH if self.with_cell_width else INVARIANT_AND_SMOOTH | of_places

    @property
    def reach(self) -> float:
        """The cutoff."""
        return self.cutoff

    @property
    def centers(self) -> FloatArray:
        """r_s of the radial functions."""
        return self.cutoff * np.arange(1, self.n_radial + 1) / (self.n_radial + 1)

    def feature_names(self, n_particles: int) -> list[str]:  # noqa: ARG002  # as many for all
        """G² by their centers, then G⁴ by η, ζ and λ."""
        radial = [f"G2 at {center:.3g}" for center in self.centers]
        angular = [
            f"G4 η={eta:g} ζ={zeta} λ={sign}1"
            for eta in self.etas
            for zeta in self.zetas
            for sign in "+−"
        ]
        return radial + angular

    def describe(self, positions: FloatArray, cell_widths: FloatArray) -> FloatArray:
        """The functions of each particle, (n, N, F) with F = n_radial + 2 etas · zetas."""
        return self._described(positions, cell_widths, with_slopes=False)[0]

    def describe_with_jacobian(
        self, positions: FloatArray, cell_widths: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The functions (n, N, F) and their derivatives (n, N, F, N, d)."""
        return self._described(positions, cell_widths, with_slopes=True)

    def _described(
        self, positions: FloatArray, cell_widths: FloatArray, *, with_slopes: bool
    ) -> tuple[FloatArray, FloatArray]:
        n, n_particles, dimension = positions.shape
        shape = (n, n_particles, self.n_radial + 2 * len(self.etas) * len(self.zetas))
        features = np.empty(shape)
        jacobian = np.empty(
            (*shape, n_particles, dimension) if with_slopes else (0, 0, 0, 0, dimension)
        )
        width = 0.5 * ((self.n_radial + 1) / self.cutoff) ** 2
        symmetry_functions(
            positions,
            cell_widths,
            np.stack([np.full(self.n_radial, width), self.centers]),
            np.array(self.etas, dtype=np.float64),
            np.array(self.zetas, dtype=np.int64),
            self.cutoff,
            with_slopes,
            features,
            jacobian,
            tuple(range(dimension)),
        )
        return features, jacobian


def checked_etas(etas: Sequence[float]) -> tuple[float, ...]:
    """Different numbers of 0 or more."""
    if isinstance(etas, str) or not isinstance(etas, Sequence):
        raise InvalidInputError(f"etas must be a list such as [0.1, 0.4], not {etas!r}.")
    checked = tuple(finite("each of the etas", eta) for eta in etas)
    if min(checked, default=0.0) < 0.0 or len(set(checked)) < len(checked):
        raise InvalidInputError(f"etas must differ and be 0 or more, not {list(etas)}.")
    return checked


def checked_zetas(zetas: Sequence[int]) -> tuple[int, ...]:
    """Different whole numbers from 1 on."""
    if isinstance(zetas, str) or not isinstance(zetas, Sequence):
        raise InvalidInputError(f"zetas must be a list such as [1, 2, 4], not {zetas!r}.")
    checked = tuple(whole("each of the zetas", zeta, minimum=1) for zeta in zetas)
    if max(checked, default=1) > LARGEST_ZETA or len(set(checked)) < len(checked):
        raise InvalidInputError(
            f"zetas must differ and be at most {LARGEST_ZETA}, not {list(zetas)}."
        )
    return checked
