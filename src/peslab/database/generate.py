"""Making a database: sampling, relaxation, labels, cut."""

import polars as pl

from peslab.database.recipe import Recipe


def generate(recipe: Recipe, n_threads: int | None = None) -> pl.DataFrame:
    """Make the rows of a recipe, one for each configuration, in the order of sampling.

    Args:
        recipe: What to make.
        n_threads: None takes all usable cores; the rows are the same, bit for bit.

    Returns:
        `size` rows with the columns positions (N, d), cell_width, energy_per_particle, forces
        (N, d), and acceptance_rate, which is null where nothing was relaxed.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
    """
    lattice, seed = recipe.lattice, recipe.seed
    n_sampled = recipe.cut.n_configurations
    starts, widths = lattice.sample(n_sampled, seed), lattice.widths(n_sampled)
    positions, acceptance_rates, _ = recipe.relaxation.relax(
        recipe.potential, starts, widths, seed, n_threads=n_threads
    )
    energies, forces = recipe.potential.energy_and_forces(positions, widths, n_threads)
    frame = pl.DataFrame(
        {
            "positions": positions,
            "cell_width": widths,
            "energy_per_particle": energies,
            "forces": forces,
            "acceptance_rate": pl.Series(acceptance_rates).fill_nan(None),
        }
    )
    return frame.filter(recipe.cut.lowest(energies))
