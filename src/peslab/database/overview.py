"""A database at a glance: how many rows, which energies, how well they were relaxed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from peslab.database.parquet import rows_of
from peslab.database.statistics import statistics
from peslab.kernels.arrays import FloatArray, IntArray
from peslab.places import numbers

QUANTILES = {"min": 0.0, "5%": 0.05, "25%": 0.25, "50%": 0.5, "75%": 0.75, "95%": 0.95, "max": 1.0}


@dataclass(frozen=True)
class Overview:
    """A database at a glance, or its rows of one width or number of particles.

    Attributes:
        rows: How many configurations were kept.
        rows_cut: How many were cut because of their energies.
        cell_widths: From the smallest to the largest, in R_c.
        acceptance_rate: Of the last ten epochs, the mean over all sampled configurations; None
            where nothing was tried.
        acceptance_rate_sem: Its standard error.
        energy_quantiles: Of the energy per particle of the rows, in E_c, by the names of
            `QUANTILES`.
        highest_energy: Of all that were sampled, in E_c.
    """

    rows: int
    rows_cut: int
    cell_widths: tuple[float, ...]
    acceptance_rate: float | None
    acceptance_rate_sem: float | None
    energy_quantiles: dict[str, float]
    highest_energy: float


def overview(path: Path) -> Overview:
    """A database at a glance.

    Args:
        path: Of the database, as `database_path` tells.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    kinds = statistics(path)
    energies = pl.read_parquet(path, columns=["energy_per_particle"], glob=False)
    return _overview(kinds, energies["energy_per_particle"].to_numpy())


def overviews_by_width(path: Path) -> list[Overview]:
    """The rows of each width at a glance, from the smallest width to the largest.

    Args:
        path: Of the database, as `database_path` tells.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    kinds = statistics(path)
    rows = pl.read_parquet(path, columns=["cell_width", "energy_per_particle"], glob=False)
    widths, energies = (rows[name].to_numpy() for name in rows.columns)
    return [
        _overview(kinds.filter(pl.col("cell_width") == width), energies[widths == width])
        for width in np.unique(widths).tolist()
    ]


def overviews_by_number(path: Path) -> dict[int, Overview]:
    """The rows of each number of particles at a glance, from the smallest to the largest.

    Args:
        path: Of the database, as `database_path` tells.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    kinds = statistics(path)
    energies = pl.read_parquet(path, columns=["energy_per_particle"], glob=False)
    of_row = particle_numbers(path)
    return {
        number: _overview(
            kinds.filter(pl.col("n_particles").fill_null(number) == number),
            energies["energy_per_particle"].to_numpy()[of_row == number],
        )
        for number in np.unique(of_row).tolist()
    }


def particle_numbers(path: Path) -> IntArray:
    """How many particles each configuration of a file has, shape (n,)."""
    pieces = rows_of(path, ["positions"])
    return np.concatenate([numbers(piece["positions"].to_numpy()) for piece in pieces])


def _overview(kinds: pl.DataFrame, energies: FloatArray) -> Overview:
    sampled, kept = (kinds[name].to_numpy() for name in ("sampled", "kept"))
    rate, sem = (kinds[name] for name in ("acceptance_rate", "acceptance_rate_sem"))
    weights = sampled / sampled.sum()
    # Each kind was sampled on its own, so the errors of their means add up as squares.
    return Overview(
        rows=len(energies),
        rows_cut=int((sampled - kept).sum()),
        cell_widths=tuple(kinds["cell_width"].unique().sort().to_list()),
        acceptance_rate=None if rate.has_nulls() else float(weights @ rate.to_numpy()),
        acceptance_rate_sem=(
            None if sem.has_nulls() else float(np.linalg.norm(weights * sem.to_numpy()))
        ),
        energy_quantiles=dict(
            zip(QUANTILES, np.quantile(energies, list(QUANTILES.values())).tolist(), strict=True)
        ),
        highest_energy=float(kinds["highest_energy"].to_numpy().max()),
    )
