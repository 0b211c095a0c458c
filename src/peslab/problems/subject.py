"""A potential on a lattice as the laws of `evaluation` see it."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from peslab.errors import InvalidInputError, NotFiniteError
from peslab.evaluation import Interactions, Reach, Subject
from peslab.kernels.interaction import Interaction
from peslab.problems.contract import Array
from peslab.toymodel import Lattice, Potential
from peslab.toymodel.convergence import no_exact_sum
from peslab.toymodel.parts import reach_without_depth

# What the potentials of the thesis call E_c and R_c; those of one's own may use these names too.
ENERGIES = ("characteristic_energy", "well_depth")
LENGTHS = ("characteristic_distance", "minimum_distance")


def subject_of(potential: Potential, lattice: Lattice) -> Subject:
    """What the laws ask of a potential, in its own units of energy and length.

    Args:
        potential: Its units are those of `units_of`.
        lattice: Of the configurations that laws are tried on.

    Raises:
        InvalidInputError: If the potential has neither a cutoff nor a depth.
    """
    interaction = _exact(potential, lattice)
    (n_particles, cell_width), (energy, length) = _only_kind(lattice), units_of(potential)
    depth = interaction.depth * cell_width

    def energy_and_forces(positions: Array, cell_width: float) -> tuple[Array, Array]:
        labels = potential.energy_and_forces(length * positions, length * cell_width)
        return labels[0] / energy, labels[1] / (energy / length)

    def energy_at_depth(positions: Array, cell_width: float, depth: int) -> Array:
        summed = replace(potential, depth=depth)
        return summed.energy_per_particle(length * positions, length * cell_width) / energy

    def in_units(function: Callable[..., tuple[Array, Array]]) -> Callable[..., Any]:
        def values_and_slopes(*sides: Array) -> tuple[Array, Array]:
            values, slopes = function(*(inside := length * np.array(sides)))
            refuse_nan(values, inside)
            return values / energy, slopes / (energy / length)

        return values_and_slopes

    return Subject(
        energy_and_forces=energy_and_forces,
        energy_at_depth=energy_at_depth,
        interactions=Interactions(
            pair=in_units(potential.pair_values) if interaction.pair_cutoff else None,
            triplet=in_units(potential.triplet_values) if interaction.triplet_cutoff else None,
            pair_weight=float(interaction.pair_weights[0]),
            triplet_weight=float(interaction.triangle_weights[0]),
        ),
        reach=Reach(
            distance=min(interaction.pair_cutoff, depth) / length,
            perimeter=min(3.0 * interaction.triplet_cutoff, 2.0 * depth) / length,
            depth=potential.depth,
        ),
        n_particles=n_particles,
        dimension=lattice.dimension,
        cell_width=cell_width / length,
    )


def _exact(potential: Potential, lattice: Lattice) -> Interaction:
    """An interaction whose sum has an end."""
    interaction = potential.interaction()
    if math.isinf(min(reach_without_depth(interaction), interaction.depth)):
        raise InvalidInputError(no_exact_sum(potential, lattice.dimension))
    return interaction


def refuse_nan(values: Array, sides: Array) -> None:
    """Name the sides (1 or 3, n) of a pair or triangle whose value is NaN."""
    (places,) = np.nonzero(np.isnan(values))
    if len(places):
        where = ", ".join(f"{side:.4g}" for side in sides[:, places[0]])
        place = f"the potential returns nan at sides of {where}"
        raise NotFiniteError(f"{place}: let it return a number there.", f"not finite: {place}")


def _only_kind(lattice: Lattice) -> tuple[int, float]:
    """The number of particles and the width of all cells."""
    if lattice.n_widths > 1:
        raise InvalidInputError(
            f"laws are tried in cells of one width, and this lattice has {lattice.n_widths}: "
            "choose one, e.g. lattice=square_4 lattice.cell_width=5."
        )
    if isinstance(lattice.n_particles, tuple):
        raise InvalidInputError(
            "laws are tried on cells of one number of particles, and this lattice has "
            f"{len(lattice.n_particles)}: choose one, e.g. lattice.n_particles=4."
        )
    return lattice.n_particles, float(lattice.cell_widths[0])


def units_of(potential: Potential) -> tuple[float, float]:
    """E_c and R_c of a potential, or those of its well; 1 where it has neither."""
    return _unit(potential, ENERGIES), _unit(potential, LENGTHS)


def _unit(potential: Potential, names: tuple[str, ...]) -> float:
    return next(
        (float(getattr(potential, name)) for name in names if hasattr(potential, name)), 1.0
    )
