"""Making a database: sampling, relaxation, labels, cut."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from peslab.database.recipe import Recipe
from peslab.database.statistics import Tally, tally
from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.parallel import usable_cores
from peslab.kernels.relaxation import WORTH_A_THREAD

Progress = Callable[[int, int], None]
"""Told how many configurations of how many are done."""

SECONDS_PER_PIECE = 0.5  # a bar moves twice a second, and pieces cost nothing
LARGEST_PIECE = 2**15  # configurations: 5 MB of four particles in 2D


class Piece(NamedTuple):
    """Some consecutive configurations of a recipe, before the cut.

    Attributes:
        frame: A row for each.
        moves: What their relaxation tried.
    """

    frame: pl.DataFrame
    moves: Tally


def generate(
    recipe: Recipe, n_threads: int | None = None, progress: Progress | None = None
) -> pl.DataFrame:
    """Make the rows of a recipe, one for each configuration, in the order of sampling.

    Args:
        recipe: What to make.
        n_threads: None takes all usable cores; the rows are the same, bit for bit.
        progress: Told about twice a second how many configurations are done, and of how many.

    Returns:
        `size` rows with the columns positions (N, d), cell_width, energy_per_particle, forces
        (N, d), and acceptance_rate, which is null where nothing was relaxed. Positions and forces
        are NaN in places without a particle.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
    """
    frames, done, total = [], 0, recipe.cut.n_configurations
    for piece in pieces(recipe, 0, total, n_threads):
        frames.append(piece.frame)
        done += len(piece.frame)
        if progress:
            progress(done, total)
    frame = pl.concat(frames, rechunk=True)
    return frame.filter(recipe.cut.lowest(energies_of(frame)))


def pieces(recipe: Recipe, start: int, stop: int, n_threads: int | None = None) -> Iterator[Piece]:
    """Make the configurations from `start` to `stop`, in pieces that take about half a second."""
    smallest = WORTH_A_THREAD * (n_threads or usable_cores())  # below, threads have nothing to do
    size = smallest
    while start < stop:
        began = time.perf_counter()
        piece = make_piece(recipe, start, min(start + size, stop), n_threads)
        start += len(piece.frame)
        yield piece
        per_second = len(piece.frame) / (time.perf_counter() - began)
        size = int(np.clip(per_second * SECONDS_PER_PIECE, smallest, LARGEST_PIECE))


def make_piece(recipe: Recipe, start: int, stop: int, n_threads: int | None = None) -> Piece:
    """Make the configurations from `start` to `stop`, whichever others are made.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
    """
    lattice, seed = recipe.lattice, recipe.seed
    widths = lattice.widths(stop - start, start)
    try:
        relaxed = recipe.relaxation.relax(
            recipe.potential,
            lattice.sample(stop - start, seed, start),
            widths,
            seed,
            start,
            n_threads=n_threads,
        )
        energies, forces = recipe.potential.energy_and_forces(relaxed.positions, widths, n_threads)
    except InvalidInputError as error:
        if start == 0:
            raise
        raise InvalidInputError(
            f"counted from configuration {start} of seed {seed} on, {error}"
        ) from error
    frame = pl.DataFrame(
        {
            "positions": relaxed.positions,
            "cell_width": widths,
            "energy_per_particle": energies,
            "forces": forces,
            "acceptance_rate": pl.Series(relaxed.acceptance_rates).fill_nan(None),
        }
    )
    moved = np.repeat(lattice.particle_numbers, lattice.n_widths)  # of each kind, in an epoch
    return Piece(frame, tally(relaxed.accepted, start, lattice.n_kinds, moved))


def energies_of(frame: pl.DataFrame) -> FloatArray:
    """The energies of all rows, shape (n,)."""
    return frame["energy_per_particle"].to_numpy()
