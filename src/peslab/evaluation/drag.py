"""The thesis's drag test: one particle moves through the cell, and all others stand still.

Where a parity plot shows errors of energies one by one, this shows the surface between them, and
its slope, which is what moves particles (figures 10 and 16 of the thesis).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Energies (n,) or (k, n) in E_c and gradients (n, N, d) or (k, n, N, d) in E_c/R_c of positions
# (n, N, d) in R_c: what is called exact has no replicas, what is predicted has.
EnergyAndGradient = Callable[[Array], tuple[Array, Array]]

# Three particles that attract each other, and a fourth that passes at x = w/2 about R_c away; in
# units of a cell width of 5 R_c.
_STANDING = ((0.30, 0.38), (0.29, 0.59), (0.11, 0.48))

# Points of a path that are looked at to choose one: steps of 0.1 R_c at a width of 5 R_c.
_LOOKED_AT = 51


class DragPath(NamedTuple):
    """A series of configurations that differ in one coordinate of one particle.

    Attributes:
        positions: Shape (n_points, N, d), in R_c.
        cell_width: The width of the cell w_c, in R_c.
        particle: The one that moves.
        axis: The axis that it moves along.
    """

    positions: Array
    cell_width: float
    particle: int
    axis: int

    @property
    def coordinate(self) -> Array:
        """Where the particle is on its axis, shape (n_points,), in R_c."""
        return self.positions[:, self.particle, self.axis]


@dataclass(frozen=True, eq=False)
class DragTest:
    """The exact and the predicted surface along a path.

    Attributes:
        coordinate: Where the dragged particle is, shape (n_points,), in R_c.
        energy: The exact energy per particle, shape (n_points,), in E_c.
        gradient: Its derivative by the coordinate, shape (n_points,), in E_c/R_c.
        predicted_energy: Of each replica, shape (k, n_points).
        predicted_gradient: Of each replica, shape (k, n_points).
    """

    coordinate: Array
    energy: Array
    gradient: Array
    predicted_energy: Array
    predicted_gradient: Array

    def errors(self) -> dict[str, Array]:
        """Give the mean absolute errors over the path.

        Returns:
            "energy_mae" in E_c and "gradient_mae" in E_c/R_c of each replica, shape (k,).
        """
        return {
            "energy_mae": np.abs(self.predicted_energy - self.energy).mean(axis=1),
            "gradient_mae": np.abs(self.predicted_gradient - self.gradient).mean(axis=1),
        }


def straight_path(
    positions: Array, cell_width: float, n_points: int, particle: int, axis: int
) -> DragPath:
    """Move one particle once through the cell along an axis.

    Args:
        positions: The configuration to start from, shape (N, d), in R_c.
        cell_width: The width of the cell w_c, in R_c.
        n_points: Points of the path; the last is an image of the first.
        particle: The one that moves.
        axis: The axis that it moves along, from 0 to w_c.

    Returns:
        The path.
    """
    path = np.repeat(positions[None], n_points, axis=0)
    path[:, particle, axis] = np.linspace(0.0, cell_width, n_points)
    return DragPath(path, cell_width, particle, axis)


def thesis_path(cell_width: float, n_points: int) -> DragPath:
    """Drag the fourth of four particles from bottom to top at x = w_c/2 (as in figure 10).

    Args:
        cell_width: The width of the cell w_c, in R_c.
        n_points: Points of the path.

    Returns:
        The path, in two dimensions.
    """
    positions = cell_width * np.array([*_STANDING, (0.5, 0.0)])
    return straight_path(positions, cell_width, n_points, particle=3, axis=1)


def drag_path(
    configurations: Array,
    cell_width: float,
    n_points: int,
    energy: Callable[[Array], Array],
    highest: float,
) -> DragPath:
    """Drag the particle, of some configurations, that tells most about what a network has learned.

    Most straight paths run into a hard core or leave the others behind, where no training data are.

    Args:
        configurations: To choose from, shape (m, N, d), in R_c.
        cell_width: The width of the cell w_c, in R_c.
        n_points: Points of the path.
        energy: The exact energy per particle (n,) of positions (n, N, d), in E_c.
        highest: The highest energy of the training data, in E_c.

    Returns:
        Of the m·N·d paths the one with most points below `highest`, and of several that one whose
        energies span most.
    """
    _, n_particles, dimension = configurations.shape

    def paths(n_points: int) -> list[DragPath]:
        return [
            straight_path(positions, cell_width, n_points, particle, axis)
            for positions in configurations
            for particle in range(n_particles)
            for axis in range(dimension)
        ]

    looked_at = np.concatenate([path.positions for path in paths(_LOOKED_AT)])
    energies = energy(looked_at).reshape(-1, _LOOKED_AT)  # at once: a tenth of the time
    known, spans = (energies <= highest).mean(axis=1), np.ptp(np.minimum(energies, highest), axis=1)
    return paths(n_points)[int(np.lexsort((-spans, -known))[0])]


def drag_test(path: DragPath, exact: EnergyAndGradient, predict: EnergyAndGradient) -> DragTest:
    """Evaluate the exact and the predicted surface along a path.

    Args:
        path: The path.
        exact: From positions (n, N, d) to the energy per particle (n,) and its gradient (n, N, d).
        predict: The same of k replicas, of shapes (k, n) and (k, n, N, d).

    Returns:
        Both surfaces, with the gradient along the path.
    """
    energy, gradient = exact(path.positions)
    predicted_energy, predicted_gradient = predict(path.positions)
    return DragTest(
        coordinate=path.coordinate,
        energy=energy,
        gradient=gradient[..., path.particle, path.axis],
        predicted_energy=predicted_energy,
        predicted_gradient=predicted_gradient[..., path.particle, path.axis],
    )
