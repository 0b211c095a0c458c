"""Making a database: sampling, relaxation, labels, cut."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from peslab.database.recipe import Recipe
from peslab.database.statistics import Tally, tally
from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.parallel import in_threads, usable_cores
from peslab.kernels.relaxation import WORTH_A_THREAD

Progress = Callable[[int, int], None]
"""Told how many configurations of how many are done."""

SECONDS_PER_PIECE = 0.5  # a bar moves twice a second, signals are heard, and pieces cost nothing
FIRST_PIECE = 1  # configurations
GROWTH = 4  # from piece to piece at most: cells of many widths take their turns
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
    """Make the configurations from `start` to `stop`, in pieces that take about half a second.

    A configuration takes from ten microseconds to a minute: pieces begin with a single one and grow
    until they take that long. The rows do not depend on their sizes.
    """
    n_threads = n_threads or usable_cores()
    size = FIRST_PIECE
    while start < stop:
        began = time.perf_counter()
        end = min(start + size, stop)
        yield from make_at_once(recipe, start, end, n_threads)
        per_second = (end - start) / (time.perf_counter() - began)
        largest = min(GROWTH * size, LARGEST_PIECE)
        size = max(min(int(per_second * SECONDS_PER_PIECE), largest), n_threads)
        start = end


def make_at_once(recipe: Recipe, start: int, stop: int, n_threads: int) -> list[Piece]:
    """Configurations as one piece, or as one for each thread where they are few.

    Threads of their own leave the caller free to hear signals: a configuration of a very narrow
    cell takes a minute.
    """
    count = stop - start
    n_pieces = 1 if count >= WORTH_A_THREAD * n_threads else min(count, n_threads)
    edges = [start + count * k // n_pieces for k in range(n_pieces + 1)]
    each = n_threads if n_pieces == 1 else 1
    return in_threads([partial(make_piece, recipe, *ends, each) for ends in pairwise(edges)])


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
