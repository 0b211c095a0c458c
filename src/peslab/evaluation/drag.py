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

# Three particles that leave room for a fourth at x = w/2, in units of the cell width.
_STANDING = ((0.22, 0.18), (0.76, 0.48), (0.28, 0.80))


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


def drag_path(positions: Array, cell_width: float, n_points: int) -> DragPath:
    """Drag the particle, along the axis, that comes least close to the others on its way.

    A path chosen at random usually meets a hard core, whose energies no training data contain.

    Args:
        positions: The configuration to start from, shape (N, d), in R_c, with d of 2 or more.
        cell_width: The width of the cell w_c, in R_c.
        n_points: Points of the path.

    Returns:
        The clearest of the N·d paths.
    """
    separations = positions[:, None] - positions
    squares = (separations - cell_width * np.round(separations / cell_width)) ** 2
    across = squares.sum(axis=-1, keepdims=True) - squares  # (N, N, d): without the path's axis
    across[np.diag_indices(len(positions))] = np.inf
    particle, axis = np.unravel_index(across.min(axis=1).argmax(), positions.shape)
    return straight_path(positions, cell_width, n_points, int(particle), int(axis))


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
