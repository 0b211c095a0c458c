"""A potential on a lattice as the laws of `evaluation` see it."""

import math
from dataclasses import replace

from peslab.errors import InvalidInputError
from peslab.evaluation import Interactions, Reach, Subject
from peslab.kernels.interaction import Interaction
from peslab.problems.contract import Array
from peslab.toymodel import Lattice, Potential

# What the potentials of the thesis call E_c and R_c; those of one's own may use these names too.
ENERGIES = ("characteristic_energy", "well_depth")
LENGTHS = ("characteristic_distance", "minimum_distance")


def subject_of(potential: Potential, lattice: Lattice) -> Subject:
    """What the laws ask of a potential.

    Args:
        potential: Its units are its characteristic energy and distance, or those of its well; 1
            where it has neither.
        lattice: Of the configurations that laws are tried on.

    Raises:
        InvalidInputError: If the potential has neither a cutoff nor a depth.
    """
    interaction = potential.interaction()
    check_end(potential, interaction)
    depth = interaction.depth * lattice.cell_width

    def energy_at_depth(positions: Array, cell_width: float, depth: int) -> Array:
        return replace(potential, depth=depth).energy_per_particle(positions, cell_width)

    return Subject(
        energy_and_forces=potential.energy_and_forces,
        energy_at_depth=energy_at_depth,
        interactions=Interactions(
            pair=potential.pair_values if interaction.pair_cutoff else None,
            triplet=potential.triplet_values if interaction.triplet_cutoff else None,
            pair_weight=float(interaction.pair_weights[0]),
            triplet_weight=float(interaction.triangle_weights[0]),
        ),
        reach=Reach(
            distance=min(interaction.pair_cutoff, depth),
            perimeter=min(3.0 * interaction.triplet_cutoff, 2.0 * depth),
            depth=potential.depth,
        ),
        n_particles=lattice.n_particles,
        dimension=lattice.dimension,
        cell_width=lattice.cell_width,
        energy=unit(potential, ENERGIES),
        length=unit(potential, LENGTHS),
    )


def check_end(potential: Potential, interaction: Interaction) -> None:
    """Check that the sums of a potential have an end."""
    if math.isinf(min(max(interaction.pair_cutoff, interaction.triplet_cutoff), interaction.depth)):
        raise InvalidInputError(
            f"{type(potential).__name__} has no cutoff, so its sums have no end: set its depth, "
            "e.g. potential.depth=3."
        )


def unit(potential: Potential, names: tuple[str, ...]) -> float:
    """The first of these attributes that a potential has, or 1."""
    return next(
        (float(getattr(potential, name)) for name in names if hasattr(potential, name)), 1.0
    )
