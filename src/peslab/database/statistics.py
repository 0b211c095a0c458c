"""What the making of a database met: acceptance over the epochs, and what the cut took away."""

import json
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from peslab.database.recipe import Recipe
from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.relaxation import NOT_RUN

COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "cell_width": pl.Float64,
    "sampled": pl.Int64,
    "kept": pl.Int64,
    "cut_energy": pl.Float64,
    "highest_energy": pl.Float64,
    "acceptance_rate": pl.Float64,
    "acceptance_rate_sem": pl.Float64,
    "accepted": pl.List(pl.Int64),
    "tried": pl.List(pl.Int64),
    "n_particles": pl.Int64,
}


Kind = Literal["cell_width", "n_particles"]
"""What configurations of a database may differ in by design."""


class Tally(NamedTuple):
    """Moves in each epoch, over all configurations of a kind: whole numbers add up exactly.

    Attributes:
        accepted: Shape (n_kinds, epochs).
        tried: The same, without those of configurations whose relaxation had ended before.
    """

    accepted: IntArray
    tried: IntArray

    def __add__(self, other: object) -> "Tally":
        """The moves of both."""
        if not isinstance(other, Tally):
            return NotImplemented
        epochs = max(self.tried.shape[1], other.tried.shape[1])  # wider cells may take more
        mine, others = ([padded(part, epochs) for part in tally] for tally in (self, other))
        return Tally(mine[0] + others[0], mine[1] + others[1])

    def to_json(self) -> str:
        """As a text, to be kept with a piece."""
        return json.dumps([moves.tolist() for moves in self])

    @classmethod
    def from_json(cls, text: str) -> "Tally":
        """What `to_json` wrote."""
        accepted, tried = (np.array(moves, dtype=np.int64) for moves in json.loads(text))
        return cls(accepted, tried)


def padded(moves: IntArray, epochs: int) -> IntArray:
    """Moves (kinds, epochs), with epochs in which there were none."""
    return np.pad(moves, ((0, 0), (0, epochs - moves.shape[1])))


def tally(accepted: IntArray, first_index: int, n_kinds: int, n_particles: int | IntArray) -> Tally:
    """Count the moves of a piece.

    Args:
        accepted: Of each configuration in each epoch, shape (n, epochs), −1 where it was not run.
        first_index: Where in the sequence of kinds the piece begins.
        n_kinds: Number of kinds: of widths, times numbers of particles.
        n_particles: Moves that a configuration tries in an epoch, of all kinds or of each.
    """
    counts = np.zeros((2, n_kinds, accepted.shape[1]), dtype=np.int64)
    moves = np.broadcast_to(n_particles, n_kinds)
    was_run = accepted != NOT_RUN
    for place in range(min(n_kinds, len(accepted))):
        kind = (first_index + place) % n_kinds
        of_kind = slice(place, None, n_kinds)
        counts[0, kind] = np.where(was_run, accepted, 0)[of_kind].sum(axis=0)
        counts[1, kind] = was_run[of_kind].sum(axis=0) * moves[kind]
    return Tally(*counts)


def summarize(recipe: Recipe, energies: FloatArray, rates: FloatArray, moves: Tally) -> str:
    """What is kept about a database in its file, as `statistics` reads it.

    Args:
        recipe: Whose rows these are.
        energies: Of all configurations before the cut, shape (n,).
        rates: Their acceptance rates, shape (n,), NaN where nothing was tried.
        moves: Of all configurations.
    """
    lattice, cut = recipe.lattice, recipe.cut
    rows = []
    for kind in range(min(lattice.n_kinds, recipe.size)):
        sampled, kept = int(cut.sampled[kind]), int(cut.kept[kind])
        of_kind = np.sort(energies[kind :: lattice.n_kinds][:sampled])
        mean, sem = mean_with_sem(rates[kind :: lattice.n_kinds])
        highest = float(of_kind[kept - 1]), float(of_kind[-1])
        accepted, tried = moves.accepted[kind].tolist(), moves.tried[kind].tolist()
        width = float(lattice.cell_widths[kind % lattice.n_widths])
        number = lattice.particle_numbers[kind // lattice.n_widths]
        rows.append((width, sampled, kept, *highest, mean, sem, accepted, tried, number))
    return json.dumps(rows)


def mean_with_sem(rates: FloatArray) -> tuple[float | None, float | None]:
    """The mean of what is a number and its standard error, where there are any and several."""
    known = rates[~np.isnan(rates)]
    mean = float(known.mean()) if len(known) else None
    sem = float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else None
    return mean, sem


def statistics(path: Path) -> pl.DataFrame:
    """What the making of a database met, from its file.

    Args:
        path: Of the database, as `database_path` tells.

    Returns:
        One row for each cell width and number of particles: cell_width in R_c; how many
        configurations were sampled and how many of them kept; cut_energy, the highest energy per
        particle that was kept, and highest_energy, the highest of all, in E_c; acceptance_rate, the
        mean over all sampled configurations of their last ten epochs, with its standard error, null
        where nothing was tried; the moves accepted and tried in each epoch; and n_particles, null
        in files of a time when all configurations had one number.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    try:
        rows = json.loads(pl.read_parquet_metadata(path)["about"])
    except (OSError, KeyError, pl.exceptions.PolarsError) as error:
        raise InvalidInputError(
            f"{path} is no database of peslab's: make one with peslab generate."
        ) from error
    complete = [[*row, None][: len(COLUMNS)] for row in rows]  # older ones tell no number
    return pl.DataFrame(complete, schema=COLUMNS, orient="row")


def acceptance(path: Path, by: Kind = "cell_width") -> pl.DataFrame:
    """Acceptance over the epochs of a relaxation, from the file of a database (section 4.2.1).

    Args:
        path: Of the database, as `database_path` tells.
        by: What configurations are told apart by.

    Returns:
        One row for each width, or number of particles, and epoch: cell_width in R_c or n_particles,
        epoch from 1 on, and acceptance_rate, the part of all moves that was accepted, over all
        sampled configurations that ran it, before the cut; null where none did. No rows where
        nothing was tried.

    Raises:
        InvalidInputError: Where the file is no database.
    """
    moves = statistics(path).select(by, "accepted", "tried")
    per_epoch = moves.with_columns(epoch=pl.int_ranges(1, pl.col("tried").list.len() + 1)).explode(
        "epoch", "accepted", "tried", empty_as_null=False
    )
    sums = per_epoch.group_by(by, "epoch", maintain_order=True).sum()
    rate = pl.when(pl.col("tried") > 0).then(pl.col("accepted") / pl.col("tried"))
    return sums.select(by, "epoch", acceptance_rate=rate)
