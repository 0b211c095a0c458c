"""Looks at a model of any potential energy surface, from its predictions on the test part."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from peslab.evaluation import (
    ensemble_figure,
    ensemble_metrics,
    error_figure,
    parity,
    sample_lattices,
    shortest_distances,
)
from peslab.evaluation.style import gradient_unit, unit_label
from peslab.places import groups, numbers, present
from peslab.problems.contract import Array, Prediction, Probe, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PAIRS = 5 * 10**7
"""Of particles, whose distances are looked at: about a second."""

DRAWN_DIMENSIONS = (2, 3)
DRAWN_PARTICLES = 200
"""In larger cells nothing is recognized."""

BOND_LENGTH = 1.2
"""Joined particles are nearer than this, in typical shortest distances."""


def surface_probes(predicted: Prediction, test: Table, units: tuple[str, str]) -> Iterator[Probe]:
    """Forces, where errors are, the replicas as an ensemble, and some configurations.

    Args:
        predicted: What the model says of them.
        test: With positions (n, N, d), NaN in places without a particle, and cell widths (n,).
        units: Of energies and of lengths.
    """
    energy_unit, _ = units
    positions, widths = test.inputs
    most, dimension = positions.shape[1:]
    prediction, gradients = predicted
    if gradients is not None and test.gradients is not None:
        unit = gradient_unit(*units)
        yield Probe("forces", {}, partial(_forces, positions, gradients, test.gradients, unit))
    rows = slice(None, max(1, MOST_PAIRS // most**2))
    shortest = shortest_distances(positions[rows], widths[rows])
    yield _errors(prediction[:, rows], test.rows(rows), shortest, units)
    if len(prediction) > 1:
        draw = partial(ensemble_figure, prediction, test.targets, energy_unit)
        found = ensemble_metrics(prediction, test.targets)
        yield Probe("ensemble", {}, draw, common=found)
    if dimension in DRAWN_DIMENSIONS and most <= DRAWN_PARTICLES:
        bond_length = BOND_LENGTH * float(np.median(shortest))
        known = (positions, widths, test.targets)
        yield Probe(
            "lattices", {}, partial(sample_lattices, *known, bond_length, prediction, units)
        )


def _forces(positions: Array, gradients: Array, exact: Array, unit: str) -> "Figure":
    """The parity of the forces on all particles, F = −N ∂v/∂r."""
    there = present(positions)
    particles = np.repeat(numbers(positions), numbers(positions))[:, None]
    forces = -(particles * gradients[:, there]).reshape(len(gradients), -1)
    return parity(forces, -(particles * exact[there]).ravel(), unit, "force component")


def _errors(prediction: Array, table: Table, shortest: Array, units: tuple[str, str]) -> Probe:
    """Errors over the energy, the shortest distance and, of many, cell width and number."""
    energy_unit, length_unit = map(unit_label, units)
    errors = np.abs(prediction - table.targets)
    panels = {
        f"exact energy per particle ({energy_unit})": table.targets,
        f"shortest distance ({length_unit})": shortest,
    }
    positions, widths = table.inputs
    if len(np.unique(widths)) > 1:
        panels[f"cell width ({length_unit})"] = widths
    levels = {"median": 0.5, "percentile_95": 0.95}
    found = {name: np.quantile(errors, level, axis=1) for name, level in levels.items()}
    particles = numbers(positions)
    if len(np.unique(particles)) > 1:
        panels["particles"] = particles.astype(float)
        found |= {
            f"mae_of_{number}_particles": errors[:, rows].mean(axis=1)
            for number, rows in groups(positions)
        }
    return Probe("errors", found, partial(error_figure, panels, errors, units[0]))
