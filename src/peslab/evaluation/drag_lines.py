"""The drag test as numbers: many random lines through held-out configurations.

One line shows how a surface fails, many tell how often: where it has minima that are none, and how
its slope jumps, which errors at single points do not see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from peslab.evaluation.drag import DragPath, straight_path

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Energies (n,) or (k, n) and gradients (n, N, d) or (k, n, N, d) of positions (n, N, d) in cells of
# widths (n,): what is called exact has no replicas, what is predicted has.
EnergyAndGradient = Callable[[Array, Array], tuple[Array, Array]]

MOST_TRIES = 10
"""Lines that are drawn for each that is wanted."""

USUAL, LEAST_USUAL = 0.75, 0.01
"""The quantile of exact changes of the second derivative that is taken for the usual one, and the
part of their mean that this is at least: in wide cells most points feel nothing."""

LEAST_SWING = 1e-4
"""Part of the range of all energies: a curve that swings back by less has not turned.

Rounding in single precision is a hundred times smaller.
"""


@dataclass(frozen=True, eq=False)
class LineTest:
    """The exact and the predicted surface along l lines of p points.

    What lies above the energies that networks were trained on is NaN in all but the coordinate;
    each line has something below.

    Attributes:
        coordinate: Where the dragged particle is, shape (l, p), in R_c.
        energy: The exact energy per particle, shape (l, p), in E_c.
        gradient: Its derivative by the coordinate, shape (l, p), in E_c/R_c.
        predicted_energy: Of each replica, shape (k, l, p).
        predicted_gradient: Of each replica, shape (k, l, p).
    """

    coordinate: Array
    energy: Array
    gradient: Array
    predicted_energy: Array
    predicted_gradient: Array

    def metrics(self) -> dict[str, Array]:
        """Give what was measured over all lines.

        Returns:
            Of each replica, shape (k,): "energy_mae" in E_c and "gradient_mae" in E_c/R_c, means
            over all points; "spurious_extrema" per line; and "roughness", 0 where a surface is
            nowhere rougher than the exact one, and growing with each jump of its slope.
        """
        energy_errors = np.abs(self.predicted_energy - self.energy)
        gradient_errors = np.abs(self.predicted_gradient - self.gradient)
        return {
            "energy_mae": np.nanmean(energy_errors, axis=(1, 2)),
            "gradient_mae": np.nanmean(gradient_errors, axis=(1, 2)),
            "spurious_extrema": self.spurious_extrema().mean(axis=1),
            "roughness": self.roughness(),
        }

    @property
    def is_telling(self) -> bool:
        """Whether the exact curves have a second derivative that changes, to compare with."""
        return bool(np.nansum(self._changes(self.gradient)) > 0.0)

    def spurious_extrema(self) -> Numbers:
        """Extrema that a predicted curve has more than the exact one has, shape (k, l)."""
        least = LEAST_SWING * float(np.nanmax(self.energy) - np.nanmin(self.energy))
        exact = np.array([count_extrema(line, least) for line in self.energy])
        predicted = [
            [count_extrema(line, least) for line in replica] for replica in self.predicted_energy
        ]
        return np.asarray(np.maximum(np.array(predicted) - exact, 0))

    def roughness(self) -> Array:
        """By how much more than the exact one the second derivative changes from point to point.

        It is the mean over all points of max(|c′| − |c|, 0) / (|c| + q), shape (k,), where c is the
        exact change there, c′ that of a replica, and q what three in four exact changes stay below.
        As a part of the sum of all |c| it would be told by hard cores, beside which |c| is a
        thousand times as large as elsewhere.
        """
        exact = self._changes(self.gradient)
        usual = max(float(np.nanquantile(exact, USUAL)), LEAST_USUAL * float(np.nanmean(exact)))
        excess = np.maximum(self._changes(self.predicted_gradient) - exact, 0.0)
        return np.asarray(np.nanmean(excess / (exact + usual), axis=(1, 2)))

    def _changes(self, gradient: Array) -> Array:
        """Of the second derivative from point to point, shape (…, l, p − 2)."""
        steps = np.diff(self.coordinate, axis=1)
        return np.abs(np.diff(np.diff(gradient) / steps))


def random_lines(
    configurations: Array,
    cell_widths: Array,
    n_lines: int,
    n_points: int,
    seed: int,
    counts: Callable[[DragPath], bool] = lambda _: True,
) -> list[DragPath]:
    """Drag a random particle of random configurations along a random axis.

    Args:
        configurations: To choose from, shape (m, N, d), in R_c.
        cell_widths: Their w_c, shape (m,), in R_c.
        n_lines: How many lines.
        n_points: Points of a line; the last is an image of the first.
        seed: Of the choice: lines are the same for all models.
        counts: Whether a line is taken; where one is not, another one is drawn.

    Returns:
        The lines; fewer, if of ten times as many not enough are taken.
    """
    random = np.random.default_rng(seed)
    choices = random.integers(0, configurations.shape, (MOST_TRIES * n_lines, 3)).tolist()
    drawn = (
        straight_path(configurations[k], float(cell_widths[k]), n_points, particle, axis)
        for k, particle, axis in choices
    )
    return list(islice(filter(counts, drawn), n_lines))


def line_test(
    lines: Sequence[DragPath], exact: EnergyAndGradient, predict: EnergyAndGradient, highest: Array
) -> LineTest:
    """Evaluate the exact and the predicted surface along lines of the same number of points.

    Args:
        lines: The lines.
        exact: From positions (n, N, d) and cell widths (n,) to the energy per particle (n,) and its
            gradient (n, N, d).
        predict: The same of k replicas, of shapes (k, n) and (k, n, N, d).
        highest: The energy above which a line does not count, shape (l,): no training data are
            there.

    Returns:
        Both surfaces, with the gradients along the lines, of all lines of which a part counts.
    """
    positions = np.concatenate([line.positions for line in lines])
    coordinate = np.stack([line.coordinate for line in lines])
    n_points = coordinate.shape[1]
    widths, particles, axes, limits = (
        np.repeat(values, n_points)
        for values in (
            [line.cell_width for line in lines],
            [line.particle for line in lines],
            [line.axis for line in lines],
            highest,
        )
    )
    energy, gradient = exact(positions, widths)
    (rows,) = np.nonzero(energy <= limits)
    if len(rows) == 0:
        nowhere = np.empty((0, n_points))
        return LineTest(nowhere, nowhere, nowhere, nowhere[None], nowhere[None])
    along = (rows, particles[rows], axes[rows])
    predicted_energy, predicted_gradient = predict(positions[rows], widths[rows])
    k = len(predicted_energy)
    found = np.full((2, 1 + k, len(energy)), np.nan)
    found[0, 0, rows], found[0, 1:, rows] = energy[rows], predicted_energy.T
    found[1, 0, rows] = gradient[along]
    found[1, 1:, rows] = predicted_gradient[:, np.arange(len(rows)), along[1], along[2]].T
    found = found.reshape(2, 1 + k, *coordinate.shape)
    counts = np.isfinite(found[0, 0]).any(axis=1)
    energies, gradients = found[:, :, counts]
    return LineTest(coordinate[counts], energies[0], gradients[0], energies[1:], gradients[1:])


def count_extrema(values: Array, least: float) -> int:
    """Count minima and maxima of a curve that is closed, its last point being its first.

    Parts that are NaN count as maxima, as hard cores are.

    Args:
        values: Shape (p,).
        least: A swing that is not larger is none.

    Returns:
        Their number, which is even.
    """
    around = np.where(np.isnan(values), np.inf, values)[:-1]
    highest = int(around.argmax())
    falling, turns, extreme = True, 0, float(around[highest])
    for value in [*np.roll(around, -highest).tolist(), extreme]:
        if (value < extreme) if falling else (value > extreme):
            extreme = value
        elif abs(value - extreme) > least:
            falling, turns, extreme = not falling, turns + 1, value
    return turns + turns % 2
