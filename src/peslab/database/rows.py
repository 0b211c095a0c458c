"""The rows of a database as arrays, and whether they are what a recipe gives."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from peslab.database import parquet
from peslab.database.recipe import Recipe
from peslab.kernels.arrays import FloatArray
from peslab.toymodel import Potential

CHECKED_ROWS = 16  # labels computed again when a database is read


class Arrays(NamedTuple):
    """The columns of a database that a network learns from; writable copies."""

    positions: FloatArray  # (n, N, d)
    cell_width: FloatArray  # (n,)
    energy: FloatArray  # (n,) per particle
    forces: FloatArray  # (n, N, d)


def arrays(frame: pl.DataFrame) -> Arrays:
    """Take a database as NumPy arrays."""
    names = ("positions", "cell_width", "energy_per_particle", "forces")
    return Arrays(*(np.array(frame[name].rechunk().to_numpy()) for name in names))


def read_rows(path: Path, recipe: Recipe) -> parquet.Sealed | None:
    """The rows in a file; None where it is missing, damaged, or of another recipe or potential."""
    sealed = parquet.read(path, recipe.fingerprint)
    is_ours = sealed is not None and has_labels_of(recipe.potential, sealed.frame)
    return sealed if is_ours else None


def is_made(path: Path, recipe: Recipe) -> bool:
    """Whether `read_rows` would give the rows; they are looked at, and not kept."""
    if not parquet.is_whole(path, recipe.fingerprint):
        return False
    first = pl.read_parquet(path, n_rows=CHECKED_ROWS, glob=False)
    return has_labels_of(recipe.potential, first)


def has_labels_of(potential: Potential, frame: pl.DataFrame) -> bool:
    """Whether a potential gives the energies of the first rows: it may have been rewritten."""
    rows = arrays(frame.head(CHECKED_ROWS))
    energies = potential.energy_per_particle(rows.positions, rows.cell_width, n_threads=1)
    return np.allclose(energies, rows.energy, rtol=1e-9, atol=1e-9)
