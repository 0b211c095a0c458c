"""A database at a glance: how many rows, which energies, how well they were relaxed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from peslab.database.statistics import statistics
from peslab.kernels.arrays import FloatArray

QUANTILES = {"min": 0.0, "5%": 0.05, "25%": 0.25, "50%": 0.5, "75%": 0.75, "95%": 0.95, "max": 1.0}


@dataclass(frozen=True)
class Overview:
    """A database at a glance, or its rows of one width.

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
    widths = statistics(path)
    energies = pl.read_parquet(path, columns=["energy_per_particle"], glob=False)
    return _overview(widths, energies["energy_per_particle"].to_numpy())


def overviews_by_width(path: Path) -> list[Overview]:
    """The rows of each width at a glance, from the smallest width to the largest.

    Args:
        path: Of the database, as `database_path` tells.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    widths = statistics(path)
    rows = pl.read_parquet(path, columns=["cell_width", "energy_per_particle"], glob=False)
    energies = rows.partition_by("cell_width", as_dict=True)
    return [
        _overview(width, energies[width["cell_width"].item(),]["energy_per_particle"].to_numpy())
        for width in widths.iter_slices(1)
    ]


def _overview(widths: pl.DataFrame, energies: FloatArray) -> Overview:
    sampled, kept = (widths[name].to_numpy() for name in ("sampled", "kept"))
    rate, sem = (widths[name] for name in ("acceptance_rate", "acceptance_rate_sem"))
    weights = sampled / sampled.sum()
    # Each width was sampled on its own, so the errors of their means add up as squares.
    return Overview(
        rows=len(energies),
        rows_cut=int((sampled - kept).sum()),
        cell_widths=tuple(widths["cell_width"].to_list()),
        acceptance_rate=None if rate.has_nulls() else float(weights @ rate.to_numpy()),
        acceptance_rate_sem=(
            None if sem.has_nulls() else float(np.linalg.norm(weights * sem.to_numpy()))
        ),
        energy_quantiles=dict(
            zip(QUANTILES, np.quantile(energies, list(QUANTILES.values())).tolist(), strict=True)
        ),
        highest_energy=float(widths["highest_energy"].to_numpy().max()),
    )
