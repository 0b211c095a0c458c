"""What every potential gives: energies and forces of periodic configurations."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    PAIR,
    TRIPLET,
    PairFunction,
    TripletFunction,
    is_compiled,
)
from peslab.kernels.energy import energies_and_forces
from peslab.kernels.inputs import checked_configurations, positive
from peslab.kernels.interaction import MOST_IMAGES, REACH, Interaction
from peslab.kernels.parallel import in_slices

Counting = Literal["translation_invariant", "published"]

# How often equation (9) visits a triangle whose corners lie in one, in two, in three cells. As
# printed, it visits those in two cells 2 + 2 times, once for each corner that can be the one in the
# central cell, where 4 + 2 are needed for an energy that does not depend on the origin.
TRIANGLE_VISITS = {"translation_invariant": (6, 6, 6), "published": (6, 4, 6)}
PAIR_VISITS = (2, 2)


class Potential(ABC):
    """Energy of particles in a periodic cell, from interactions of two and three: equation (9).

    v = (3 Σ V_3 + Σ V_2) / 4 N_p, where the sums run over ordered triangles and pairs with corners
    in the cell, all images included: the depth of the surrounding cells follows from the cutoff.

    A potential of your own is two compiled functions and a frozen dataclass. Here two particles
    attract each other in a Gaussian well that ends smoothly at the cutoff R_0,
    V_2(r) = −D exp(−r²) (1 − r²/R_0²)², and triangles do not interact:

        >>> from dataclasses import dataclass
        >>> import numpy as np
        >>> from peslab.toymodel import Potential, pair_function, triplet_function
        >>> @pair_function
        ... def well(parameters, r):
        ...     depth, cutoff = parameters[0], parameters[1]
        ...     rest = 1.0 - (r / cutoff) ** 2
        ...     value = -depth * np.exp(-r * r) * rest**2
        ...     slope = depth * np.exp(-r * r) * rest * (2.0 * r * rest + 4.0 * r / cutoff**2)
        ...     return value, slope
        >>> @triplet_function
        ... def nothing(parameters, a, b, c):
        ...     return 0.0, 0.0, 0.0, 0.0
        >>> @dataclass(frozen=True)
        ... class GaussianWell(Potential):
        ...     depth: float
        ...     cutoff: float
        ...     pair, triplet = well, nothing
        ...
        ...     @property
        ...     def parameters(self):
        ...         return np.array([self.depth, self.cutoff])
        >>> potential = GaussianWell(depth=2.0, cutoff=2.5)
        >>> energy, forces = potential.energy_and_forces([[0.0, 0.0], [1.0, 0.0]], cell_width=10.0)
        >>> energy.round(4), forces.round(4)
        (array([-0.1298]), array([[[ 0.7169,  0.    ],
                [-0.7169,  0.    ]]]))

    Attributes:
        pair: V_2 and its slope, compiled by `pair_function`.
        triplet: V_3 and its slopes, compiled by `triplet_function`.
        cutoff: R_0, an absolute length: pairs interact below this distance and triangles below this
            mean side. Both interactions have to vanish smoothly there.
        counting: `translation_invariant`, or `published` for equation (9) as printed.
    """

    pair: ClassVar[PairFunction]
    triplet: ClassVar[TripletFunction]
    cutoff: float
    counting: Counting = "translation_invariant"

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
            Shapes (n,) and (n, N, d).

        Raises:
            InvalidInputError: Where an input makes no sense, particles coincide, or an energy is
                not finite.
        """
        interaction = self.interaction()
        inside, cell_widths = checked_configurations(
            positions, cell_width, REACH * self.cutoff, MOST_IMAGES
        )
        energies, forces = np.empty(len(inside)), np.empty_like(inside)
        in_slices(
            lambda start, stop: energies_and_forces(
                inside, cell_widths, *interaction, energies, forces, start, stop
            ),
            len(energies),
            n_threads,
        )
        finite = np.isfinite(energies) & np.isfinite(forces).all(axis=(1, 2))
        if not finite.all():
            raise InvalidInputError(
                f"the energy or a force of configuration {np.argmin(finite)} is not finite: "
                "its particles are too close to each other, or the potential's parameters too big."
            )
        return energies, forces

    def interaction(self) -> Interaction:
        """The potential as kernels take it: functions, parameters, cutoff and weights.

        Raises:
            InvalidInputError: Where a subclass does not give what a potential has to give.
        """
        kind = type(self)
        pair, triplet = getattr(kind, "pair", None), getattr(kind, "triplet", None)
        for name, function, signature in (("pair", pair, PAIR), ("triplet", triplet, TRIPLET)):
            if not is_compiled(function, signature):
                raise InvalidInputError(
                    f"{kind.__name__}.{name} must be a function under the decorator "
                    f"@{name}_function."
                )
        return Interaction(
            kind.pair,
            kind.triplet,
            np.array(self.parameters, dtype=np.float64, order="C"),
            positive("cutoff", self.cutoff),
            *self.weights(),
        )

    def weights(self) -> tuple[FloatArray, FloatArray]:
        """What a pair and a triangle weigh in the energy of the cell, by the cells of its corners.

        Returns:
            Shapes (2,) and (3,): all corners in one cell, in two, in three.

        Raises:
            InvalidInputError: Where there is no such counting.
        """
        if self.counting not in list(TRIANGLE_VISITS):
            raise InvalidInputError(
                f"counting must be {' or '.join(TRIANGLE_VISITS)}, not {self.counting!r}."
            )
        return (
            np.multiply(1 / 4, PAIR_VISITS),
            np.multiply(3 / 4, TRIANGLE_VISITS[self.counting]),
        )
