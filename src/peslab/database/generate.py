"""Making a database: sampling, relaxation, labels, cut."""

import math

import polars as pl

from peslab.database.recipe import Recipe

ROUNDING = 1e-9  # 0.29 of 100 rows is 28.999999999999996


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
    n_sampled = math.ceil(recipe.size / recipe.keep_quantile - ROUNDING)
    starts = lattice.sample(n_sampled, seed)
    positions, acceptance_rates, _ = recipe.relaxation.relax(
        recipe.potential, starts, lattice.cell_width, seed, n_threads=n_threads
    )
    energies, forces = recipe.potential.energy_and_forces(positions, lattice.cell_width, n_threads)
    frame = pl.DataFrame(
        {
            "positions": positions,
            "cell_width": pl.repeat(lattice.cell_width, n_sampled, eager=True),
            "energy_per_particle": energies,
            "forces": forces,
            "acceptance_rate": pl.Series(acceptance_rates).fill_nan(None),
        }
    )
    return cut_top(frame, recipe.keep_quantile)


def cut_top(frame: pl.DataFrame, keep_quantile: float) -> pl.DataFrame:
    """Keep the part of lowest energies within each cell width; the order of the rows stays.

    The thesis deletes the top energies too: rare configurations with particles on top of each
    other, whose energies dwarf all others.

    Args:
        frame: With the columns cell_width and energy_per_particle.
        keep_quantile: The part to keep, rounded down to whole rows.
    """
    rank = pl.col("energy_per_particle").rank("ordinal").over("cell_width")
    kept = (pl.len().over("cell_width") * keep_quantile + ROUNDING).floor()
    return frame.filter(rank <= kept)
