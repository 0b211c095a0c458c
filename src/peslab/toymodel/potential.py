"""What every potential gives: energies and forces of periodic configurations."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Optional

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels import potentials
from peslab.kernels.arrays import FloatArray
from peslab.kernels.block import energies_and_forces_of_blocks
from peslab.kernels.by_number import by_number
from peslab.kernels.compilation import SideFunction
from peslab.kernels.energy import energies_and_forces
from peslab.kernels.inputs import (
    Configurations,
    check_images,
    checked_configurations,
    finite,
    whole,
)
from peslab.kernels.interaction import MOST_IMAGES, Interaction
from peslab.kernels.parallel import in_slices
from peslab.places import some_absent
from peslab.toymodel.not_finite import check_finite
from peslab.toymodel.parts import (
    LOWER_THE_DEPTH,
    check_own_slopes,
    check_reach,
    checked_function,
    checked_sides,
    cutoff_of,
    evaluated,
    parameters_of,
    per_corner,
    worth_a_thread,
)

Counting = Literal["translation_invariant", "published", "once", "block"]

# How often a sum visits a pair whose corners lie in one, in two cells, and a triangle whose corners
# lie in one, in two, in three. Equation (9) as printed visits triangles in two cells 2 + 2 times,
# once for each corner that can be the one in the central cell, where 4 + 2 are needed for an energy
# that does not depend on the origin.
VISITS = {
    "translation_invariant": ((2, 2), (6, 6, 6)),
    "published": ((2, 2), (6, 4, 6)),
    "once": ((1, 2), (1, 2, 3)),
    "block": ((2, 2), (6, 6, 6)),
}

ROUNDING = 1e-12  # by which a side may seem longer than the other two of particles in a line


@dataclass(frozen=True, kw_only=True)
class Potential(ABC):
    """Energy of particles in a periodic cell, from interactions of two and three: equation (9).

    v = (3 Σ V_3 + Σ V_2) / 4 N_p, where the sums run over ordered triangles and pairs with corners
    in the cell, all images included. Potentials that vanish beyond a cutoff are summed completely;
    others to a depth, which has to be said.

    A potential of your own is one or two compiled functions and a frozen dataclass. Here two
    particles attract each other in a Gaussian well that ends smoothly at the cutoff R_0,
    V_2(r) = −D exp(−r²) (1 − r²/R_0²)², and triangles do not interact; the slope is derived:

        >>> from dataclasses import dataclass
        >>> import numpy as np
        >>> from peslab.toymodel import Potential, pair_function
        >>> @pair_function
        ... def well(parameters, r):
        ...     depth, cutoff = parameters
        ...     return -depth * np.exp(-r * r) * (1 - (r / cutoff) ** 2) ** 2
        >>> @dataclass(frozen=True)
        ... class GaussianWell(Potential):
        ...     well_depth: float
        ...     cutoff: float
        ...     pair = well
        ...
        ...     @property
        ...     def parameters(self):
        ...         return np.array([self.well_depth, self.cutoff])
        >>> potential = GaussianWell(well_depth=2.0, cutoff=2.5)
        >>> energy, forces = potential.energy_and_forces([[0.0, 0.0], [1.0, 0.0]], cell_width=10.0)
        >>> energy.round(4), forces.round(4)
        (array([-0.1298]), array([[[ 0.7169,  0.    ],
                [-0.7169,  0.    ]]]))

    Attributes:
        pair: V_2 and its slope, compiled by `pair_function`; None where pairs do not interact.
        triplet: V_3 and its slopes, compiled by `triplet_function`; None where triangles do not.
        cutoff: R_0, an absolute length: pairs interact below this distance and triangles below this
            mean side. Both interactions have to vanish smoothly there. A potential that goes on
            without end has none.
        counting: `translation_invariant` visits every triangle once for each of its corners;
            `published` is equation (9) as printed, and `once` takes each triangle with a corner in
            the cell once (figure 3): their energies depend on the origin. `block` sums all
            triangles in a block of cells, whose edges are missing neighbors: equation (4).
        pair_weight: The part of pair interactions in the energy, 1/4 in equation (9).
        triplet_weight: The part of triplet interactions, 3/4 in equation (9).
        pair_part: Another potential whose pair interaction is taken instead of this one's; of its
            counting, weights and depth nothing is.
        depth: d_s, the depth of surrounding cells that is summed. None sums all, for which there
            has to be a cutoff. Counted `translation_invariant`, these are the pairs closer than
            d_s w_c and the triangles with a perimeter below 2 d_s w_c, wherever the cell begins;
            otherwise those in the block of (2d_s + 1)ᵈ cells, as printed.
    """

    pair: ClassVar[SideFunction | None] = None
    triplet: ClassVar[SideFunction | None] = None

    counting: Counting = "translation_invariant"
    pair_weight: float = 1 / 4
    triplet_weight: float = 3 / 4
    pair_part: Optional["Potential"] = None
    depth: int | None = None

    @property
    @abstractmethod
    def parameters(self) -> FloatArray:
        """What `pair` and `triplet` receive as their first argument: an array of float64."""

    def energy_per_particle(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> FloatArray:
        """Energy per particle v of equation (9), in E_c.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
                Where configurations differ in their number of particles, places without one are
                rows of NaN and come last.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shape (n,).

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or an energy is
                not finite.
        """
        return self.energy_and_forces(positions, cell_width, n_threads)[0]

    def energy_and_forces(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Energy per particle and forces F = −∂(N v)/∂r, in E_c and E_c/R_c.

        The force on a particle is minus the gradient of the energy of the whole cell, which is N
        times that of the energy per particle.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shapes (n,) and (n, N, d); forces are NaN where positions are, for no particle is there.

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or an energy is
                not finite.
        """
        if some_absent(positions):
            energies, forces = by_number(
                lambda places, widths: self.energy_and_forces(places, widths, n_threads),
                positions,
                cell_width,
                ((), (1,)),
            )
            return energies, forces
        configurations = checked_configurations(positions, cell_width)
        if self.sums_a_block:
            energies, forces = self._summed_block(configurations, n_threads)
        else:
            energies, forces = self._summed(configurations, 1, n_threads)
        check_finite(self, configurations, energies, forces)
        return energies[:, 0] / forces.shape[1], forces

    def particle_energies(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> FloatArray:
        """Energies of single particles, whose mean is the energy per particle, in E_c.

        A pair shares its energy equally between its two particles, a triangle between its three: a
        convention, for only the energy of the cell can be measured.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; inside the cell or not.
            cell_width: w_c, a number or shape (n,).
            n_threads: None takes all usable cores; the result is the same, bit for bit.

        Returns:
            Shape (n, N), NaN where no particle is.

        Raises:
            InvalidInputError: Where particles have no energy of their own, for it would depend on
                where the cell begins, an input makes no sense, particles coincide, or an energy is
                not finite.
        """
        if self.counting != "translation_invariant":
            raise InvalidInputError(
                f"counting={self.counting} gives no energies of single particles, for they would "
                "depend on where the cell begins: set counting=translation_invariant."
            )
        if some_absent(positions):
            (energies,) = by_number(
                lambda places, widths: (self.particle_energies(places, widths, n_threads),),
                positions,
                cell_width,
                ((1,),),
            )
            return energies
        configurations = checked_configurations(positions, cell_width)
        n_particles = configurations.positions.shape[1]
        energies, forces = self._summed(configurations, n_particles, n_threads)
        check_finite(self, configurations, energies, forces)
        return energies

    @property
    def sums_a_block(self) -> bool:
        """Whether the sum is that of a block of cells, as printed, which depends on the origin."""
        origin_matters = self.counting in {"published", "once"} and self.depth is not None
        return origin_matters or self.counting == "block"

    def _summed(
        self, configurations: Configurations, n_energies: int, n_threads: int | None
    ) -> tuple[FloatArray, FloatArray]:
        """Energies of the cells (n, 1) or of their particles (n, N), and forces, over classes."""
        interaction = self.interaction()
        check_reach(self, configurations)
        inside, cell_widths = configurations
        energies, forces = np.empty((len(inside), n_energies)), np.empty_like(inside)
        axes = tuple(range(inside.shape[2]))
        in_slices(
            lambda start, stop: energies_and_forces(
                inside, cell_widths, interaction, energies, forces, start, stop, axes
            ),
            len(energies),
            n_threads,
            smallest_slice=worth_a_thread(interaction, configurations),
        )
        return energies, forces

    def _summed_block(
        self, configurations: Configurations, n_threads: int | None
    ) -> tuple[FloatArray, FloatArray]:
        """Energies of the cells (n, 1) and forces, summed over a block of cells."""
        inside, cell_widths = configurations
        energies, forces = np.empty((len(inside), 1)), np.empty_like(inside)
        axes = tuple(range(inside.shape[2]))
        interaction = self.interaction()
        if self.depth is None:
            raise InvalidInputError(
                f"counting={self.counting} sums the pairs and triangles of a block of cells, whose "
                "size only you can tell: set depth=1, or more, for (2 depth + 1)ᵈ cells."
            )
        depth = whole("depth", self.depth, minimum=0)
        check_images(configurations, depth * cell_widths, MOST_IMAGES, LOWER_THE_DEPTH)
        corner_weights = interaction._replace(
            depth=math.inf,
            pair_weights=per_corner(interaction.pair_weights),
            triangle_weights=per_corner(interaction.triangle_weights),
        )
        in_slices(
            lambda start, stop: energies_and_forces_of_blocks(
                inside,
                cell_widths,
                corner_weights,
                depth,
                self.counting == "block",
                energies,
                forces,
                start,
                stop,
                axes,
            ),
            len(energies),
            n_threads,
            smallest_slice=1,
        )
        return energies, forces

    def pair_values(self, r: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """V_2 by itself, without weight and counting, and its slope dV_2/dr.

        Args:
            r: Distances, a number or shape (n,), in R_c.

        Returns:
            Both of the shape of r, in E_c and E_c/R_c; 0 from the cutoff on.

        Raises:
            InvalidInputError: Where pairs do not interact, or a distance is not finite and above 0.
        """
        pairs = self if self.pair_part is None else self.pair_part
        (sides,) = checked_sides(r=r)
        values, slope = evaluated(pairs, "pair", sides[None])
        return values, slope[0]

    def triplet_values(
        self, a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """V_3 by itself, without weight and counting, and its slopes by each side.

        Args:
            a: First sides of triangles, a number or shape (n,), in R_c.
            b: Their second sides.
            c: Their third sides.

        Returns:
            Values of the common shape (n,) of the sides, in E_c, and slopes (3, n), in E_c/R_c;
            0 where the mean side has reached the cutoff.

        Raises:
            InvalidInputError: Where triangles do not interact, a side is not finite and above 0, or
                three sides make no triangle.
        """
        sides = np.stack(checked_sides(a=a, b=b, c=c))
        if (2.0 * sides.max(axis=0) > (1.0 + ROUNDING) * sides.sum(axis=0)).any():
            raise InvalidInputError(
                "the sides a, b, c must make triangles: shorten the one that is longer than the "
                "other two together."
            )
        return evaluated(self, "triplet", sides)

    def interaction(self) -> Interaction:
        """The potential as kernels take it: functions, parameters, cutoffs and weights.

        Raises:
            InvalidInputError: Where a subclass does not give what a potential has to give, or a
                potential without a cutoff has no depth.
        """
        pairs = self if self.pair_part is None else self.pair_part
        if not isinstance(pairs, Potential) or (pairs is not self and pairs.pair is None):
            raise InvalidInputError(
                f"pair_part must be a potential whose pairs interact, not {pairs!r}."
            )
        if pairs is not self and pairs.pair_part is not None:
            raise InvalidInputError(
                f"{type(pairs).__name__}, a pair_part, has a pair_part of its own: name that one."
            )
        pair, triplet = checked_function(pairs, "pair"), checked_function(self, "triplet")
        if pair is None and triplet is None:
            raise InvalidInputError(
                f"{type(self).__name__} has neither a pair nor a triplet interaction: give it one, "
                "by these names."
            )
        for potential, name in ((pairs, "pair"), (self, "triplet")):
            check_own_slopes(potential, name)
        pair_weights, triangle_weights = self.weights()
        return Interaction(
            pair_parameters=parameters_of(pairs),
            triplet_parameters=parameters_of(self),
            pair_cutoff=cutoff_of(pairs) if pair else 0.0,
            triplet_cutoff=cutoff_of(self) if triplet else 0.0,
            depth=math.inf if self.depth is None else whole("depth", self.depth, minimum=0),
            pair_weights=pair_weights,
            triangle_weights=triangle_weights,
            pair=pair or potentials.none.compiled,
            triplet=triplet or potentials.none.compiled,
        )

    def weights(self) -> tuple[FloatArray, FloatArray]:
        """What a pair and a triangle weigh in the energy of the cell, by the cells of its corners.

        Returns:
            Shapes (2,) and (3,): all corners in one cell, in two, in three.

        Raises:
            InvalidInputError: Where there is no such counting, or a weight is no finite number.
        """
        if self.counting not in list(VISITS):
            raise InvalidInputError(
                f"counting must be {' or '.join(VISITS)}, not {self.counting!r}."
            )
        pair_visits, triangle_visits = VISITS[self.counting]
        return (
            finite("pair_weight", self.pair_weight) * np.array(pair_visits, np.float64),
            finite("triplet_weight", self.triplet_weight) * np.array(triangle_visits, np.float64),
        )
