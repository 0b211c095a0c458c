"""What is wrong with a database: sentences behind the tables of `peslab generate`."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from peslab.database import Recipe, particle_numbers
from peslab.database.statistics import statistics
from peslab.kernels.arrays import FloatArray
from peslab.problems import units_of as numbers_of
from peslab.toymodel.modified_lennard_jones import cut_away
from peslab.toymodel.units import units_of

BoolArray = npt.NDArray[np.bool_]

FAR_BELOW = 20.0  # times the distance of the lower quartile from the median, or E_c


def warned(recipe: Recipe, path: Path) -> list[str]:
    """A sentence for each thing that is wrong with the rows of a recipe."""
    told = (unreached(recipe, path), cut_away(recipe.potential), collapsed(recipe, path))
    return [sentence for sentence in told if sentence]


def unreached(recipe: Recipe, path: Path) -> str | None:
    """A sentence where relaxation ended before the acceptance rate that was asked for."""
    target = getattr(recipe.relaxation, "target_acceptance_rate", None)
    if target is None:
        return None
    # A single particle with nothing to run into goes anywhere, however long it is relaxed.
    number = pl.col("n_particles").fill_null(int(np.max(recipe.lattice.n_particles)))
    bound = statistics(path).filter((number > 1) | (pl.col("acceptance_rate") < 1.0))
    if bound.is_empty():
        return None
    rate = np.average(bound["acceptance_rate"].to_numpy(), weights=bound["sampled"].to_numpy())
    if rate <= target:
        return None
    return (
        f"Not all configurations came to relaxation.target_acceptance_rate={target:g}; the mean is "
        f"{rate:.3f}: raise relaxation.epochs."
    )


def collapsed(recipe: Recipe, path: Path) -> str | None:
    """A sentence where particles fell into one another, with energies far below all others."""
    columns = pl.read_parquet(path, columns=["cell_width", "energy_per_particle"], glob=False)
    widths, energies = (columns[name].to_numpy() for name in columns.columns)
    kinds = np.stack([widths, particle_numbers(path)], axis=1)
    energy, _ = numbers_of(recipe.potential)
    deep = np.zeros(len(energies), bool)
    for kind in np.unique(kinds, axis=0):
        of_kind = (kinds == kind).all(axis=1)
        deep[of_kind] = far_below(energies[of_kind], energy)
    if not deep.any():
        return None
    return (
        f"{deep.sum():,} of {len(deep):,} configurations have collapsed, to energies down to "
        f"{energies.min():.2g} {units_of(recipe.potential).energy}, while half of all lie above "
        f"{np.median(energies):.2g}: take a potential that repels particles which are too close "
        "(peslab laws tells)."
    )


def far_below(energies: FloatArray, characteristic_energy: float) -> BoolArray:
    """Which energies of cells that are alike lie far below the others, shape (n,).

    The lower quartile is half a standard deviation or so below the median, in narrow cells, whose
    energies are all positive, much more.
    """
    lower, median = np.quantile(energies, [0.25, 0.5])
    spread = max(median - lower, characteristic_energy)
    below: BoolArray = energies < min(median, 0.0) - FAR_BELOW * spread
    return below
