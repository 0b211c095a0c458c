"""What laws and test figures ask of a potential: functions of positions and of sides.

All in units of the potential: lengths in R_c and energies in E_c, whatever numbers those are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from peslab.places import groups, some_absent

Array = NDArray[np.float64]

# Energies per particle (n,), in E_c, and forces (n, N, d), in E_c/R_c, of positions (n, N, d).
EnergyAndForces = Callable[[Array, float], tuple[Array, Array]]

# Energies per particle (n,) of positions (n, N, d) in a cell, summed to a depth d_s.
EnergyAtDepth = Callable[[Array, float, int], Array]

# V_2 and its slope of distances (n,), or V_3 (n,) and its slopes (3, n) of three sides (n,) each.
PairValues = Callable[[Array], tuple[Array, Array]]
TripletValues = Callable[[Array, Array, Array], tuple[Array, Array]]

NEAR = 0.9  # R_c, of the closest particles of configurations that laws are tried on
IN_THE_CORNER = 0.02  # cell widths from the border, of one of these particles
PAIRS_AT_ONCE = 10**6  # whose distances are computed together, some tens of MB
LARGE = 40.0  # R_c: in so large a cell sums that converge feel no images


@dataclass(frozen=True, eq=False)
class Interactions:
    """What two and three particles feel, and what a lone pair and a lone triangle weigh.

    Attributes:
        pair: V_2; None where pairs do not interact.
        triplet: V_3; None where triangles do not.
        pair_weight: Times V_2, the energy of two particles in an empty cell.
        triplet_weight: Times V_3, what a triangle adds to the energy of three.
    """

    pair: PairValues | None
    triplet: TripletValues | None
    pair_weight: float
    triplet_weight: float

    def energy_of_three(self, a: Array, b: Array, c: Array) -> Array:
        """The energy of three particles alone in the world, from the sides (n,) between them."""
        energy = np.zeros(len(a))
        if self.pair is not None:
            energy += self.pair_weight * sum(self.pair(side)[0] for side in (a, b, c))
        if self.triplet is not None:
            energy += self.triplet_weight * self.triplet(a, b, c)[0]
        return energy

    @property
    def flat(self) -> "Interactions":
        """The same particles, which feel nothing."""
        pair = None if self.pair is None else lambda r: (np.zeros_like(r), np.zeros_like(r))
        triplet = None if self.triplet is None else lambda *sides: (
            np.zeros_like(sides[0]), np.zeros_like(sides)
        )  # fmt: skip
        return replace(self, pair=pair, triplet=triplet)


class Reach(NamedTuple):
    """Where the sums of a potential end.

    Attributes:
        distance: Of pairs, in R_c; 0 where they do not interact.
        perimeter: Of triangles, in R_c; 0 where they do not interact.
        depth: d_s where the sums are cut off there; None where the potential vanishes by itself.
    """

    distance: float
    perimeter: float
    depth: int | None


@dataclass(frozen=True, eq=False)
class Subject:
    """A potential on a lattice, as laws see it.

    Attributes:
        energy_and_forces: Of configurations in a periodic cell.
        energy_at_depth: The same energies, of surrounding cells up to a depth.
        interactions: What two and three particles feel.
        reach: Where the sums end in a cell of this width.
        n_particles: N_p, of the configurations that laws are tried on.
        dimension: d.
        cell_width: w_c, in R_c.
    """

    energy_and_forces: EnergyAndForces
    energy_at_depth: EnergyAtDepth
    interactions: Interactions
    reach: Reach
    n_particles: int
    dimension: int
    cell_width: float

    @property
    def large_width(self) -> float:
        """A cell in which images of what lies in its middle are as good as absent, in R_c."""
        vanishes = self.reach.depth is None
        reach = self.reach.distance + self.reach.perimeter if vanishes else 0.0
        return max(LARGE, 2.0 * reach)

    @property
    def flat(self) -> "Subject":
        """The potential that is zero everywhere, on the same lattice."""
        return replace(
            self,
            energy_and_forces=lambda positions, _: (
                np.zeros(len(positions)),
                np.zeros_like(positions),
            ),
            energy_at_depth=lambda positions, _, depth: np.zeros(len(positions)),  # noqa: ARG005
            interactions=self.interactions.flat,
        )

    def examples(self, n: int, random: np.random.Generator) -> Array:
        """Draw configurations in which laws would show if they were broken, shape (n, N, d).

        Each is the one of 30 whose closest particles are nearest to 0.9 R_c apart: farther ones do
        not feel each other, nearer ones have energies up to 1e11 E_c, whose rounding hides all
        else. One of these two comes first, and lies in a corner of the cell, so that what it
        interacts with is in other cells.
        """
        shape = (n, 30, self.n_particles, self.dimension)
        draws = random.uniform(0.0, self.cell_width, shape)
        closest = distances(draws, self.cell_width).min(axis=-1, initial=self.cell_width)
        best = np.abs(closest - NEAR).argmin(axis=1)
        chosen = draws[np.arange(n), best]
        if self.n_particles > 1:
            pairs = distances(chosen, self.cell_width).argmin(axis=-1)
            first = np.triu_indices(self.n_particles, 1)[0][pairs]
            rows = np.arange(n)
            chosen[rows, first], chosen[:, 0] = chosen[:, 0].copy(), chosen[rows, first].copy()
        corner = IN_THE_CORNER * self.cell_width
        return np.asarray((chosen - chosen[:, :1] + corner) % self.cell_width)


def shortest_distances(positions: Array, cell_widths: Array) -> Array:
    """Between the closest two particles of each configuration, their images included.

    Args:
        positions: Shape (n, N, d), NaN in places without a particle.
        cell_widths: Shape (n,).

    Returns:
        Shape (n,); a particle is a cell width away from its own image.
    """
    if some_absent(positions):
        shortest = np.empty_like(cell_widths)
        for number, rows_of in groups(positions):
            shortest[rows_of] = shortest_distances(
                positions[rows_of, :number], cell_widths[rows_of]
            )
        return shortest
    at_once = max(1, PAIRS_AT_ONCE // positions.shape[1] ** 2)
    shortest = np.array(cell_widths)
    for start in range(0, len(positions), at_once):
        rows = slice(start, start + at_once)
        found = distances(positions[rows], cell_widths[rows, None, None])
        shortest[rows] = np.minimum(shortest[rows], found.min(axis=-1, initial=np.inf))
    return shortest


def distances(positions: Array, cell_width: float | Array) -> Array:
    """Of the nearest images of all pairs: shape (…, N(N − 1)/2) of positions (…, N, d)."""
    first, second = np.triu_indices(positions.shape[-2], 1)
    offsets = positions[..., first, :] - positions[..., second, :]
    offsets -= cell_width * np.round(offsets / cell_width)
    return np.asarray(np.sqrt((offsets**2).sum(axis=-1)))


def three_in_a_large_cell(corners: Array, subject: Subject) -> Array:
    """The energy of the cell (n,) of three particles, (n, 3, d), in the middle of an empty one."""
    width = subject.large_width
    energies, _ = subject.energy_and_forces(corners + 0.5 * width, width)
    return np.asarray(corners.shape[1] * energies)


def equilateral(sides: Array, dimension: int) -> Array:
    """Corners of equilateral triangles around the origin, shape (n, 3, d) with d from 2 on."""
    corners = np.zeros((3, dimension))
    corners[:, :2] = [[-0.5, -np.sqrt(1 / 12)], [0.5, -np.sqrt(1 / 12)], [0.0, np.sqrt(1 / 3)]]
    return sides[:, None, None] * corners
