"""A database that is being made: its parts on disk, so that whoever was interrupted goes on."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from peslab.database import parquet
from peslab.database.generate import LARGEST_PIECE, Piece, Progress, pieces
from peslab.database.recipe import Recipe
from peslab.database.rows import read_rows
from peslab.database.statistics import Tally

logger = logging.getLogger(__name__)

LARGEST_PART = LARGEST_PIECE
SECONDS_PER_PART = 30.0  # of work that a kill may cost


class Part(NamedTuple):
    """Consecutive configurations in a file, or still in memory.

    Attributes:
        start: Number of the first one.
        stop: Number after the last one.
        moves: What their relaxation tried.
        rows: The file, or the rows themselves.
    """

    start: int
    stop: int
    moves: Tally
    rows: Path | pl.DataFrame

    def read(self, columns: list[str] | None = None) -> pl.DataFrame:
        """The rows, or some columns of them."""
        if isinstance(self.rows, Path):
            return pl.read_parquet(self.rows, columns=columns, glob=False)
        return self.rows.select(columns) if columns else self.rows


def make_parts(
    recipe: Recipe, folder: Path, n_threads: int | None = None, progress: Progress | None = None
) -> list[Part]:
    """Make all configurations of a recipe, but for those that are in the folder already.

    What is made in less than 30 seconds and is not large stays in memory, and the folder is not
    even created. A lock must be held.

    Args:
        recipe: What to make.
        folder: Of the parts.
        n_threads: None takes all usable cores.
        progress: Told how many configurations are done, and of how many.

    Returns:
        The parts in their order, which hold each configuration once.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
        OSError: Where the folder cannot be written.
    """
    total = recipe.cut.n_configurations
    done = whole_parts(folder, recipe)
    parts: list[Part] = []
    start = 0
    while start < total:
        if start in done:
            parts.append(done[start])
        else:
            gap = min((begin for begin in done if begin > start), default=total)
            for part in gathered(recipe, start, gap, n_threads, progress):
                is_all = part.stop - part.start == total
                parts.append(part if is_all else on_disk(part, folder, recipe))
        start = parts[-1].stop
        if progress:
            progress(start, total)
    return parts


def gathered(
    recipe: Recipe, start: int, stop: int, n_threads: int | None, progress: Progress | None
) -> Iterator[Part]:
    """Make configurations and gather them to parts that are worth a file."""
    held: list[Piece] = []
    began = time.monotonic()
    for piece in pieces(recipe, start, stop, n_threads):
        rows = sum(len(one.frame) for one in held)
        late = time.monotonic() - began > SECONDS_PER_PART
        if held and (late or rows + len(piece.frame) > LARGEST_PART):
            yield together(held, start)
            start, held, began = start + rows, [], time.monotonic()
        held.append(piece)
        if progress:
            done = start + sum(len(one.frame) for one in held)
            progress(done, recipe.cut.n_configurations)
    yield together(held, start)


def together(held: list[Piece], start: int) -> Part:
    """Several pieces as one part."""
    rows = pl.concat([piece.frame for piece in held], rechunk=True)
    moves = held[0].moves
    for piece in held[1:]:
        moves += piece.moves
    return Part(start, start + len(rows), moves, rows)


def on_disk(part: Part, folder: Path, recipe: Recipe) -> Part:
    """Keep a part in a file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{part.start}-{part.stop}.parquet"
    about = f"{part.start} {part.stop} {part.moves.to_json()}"
    parquet.write(lambda: iter([part.read()]), path, recipe.fingerprint, about)
    return part._replace(rows=path)


def whole_parts(folder: Path, recipe: Recipe) -> dict[int, Part]:
    """The parts in a folder by their start; what is damaged or of another recipe is removed."""
    found = {}
    for path in folder.glob("*.tmp"):
        path.unlink()
    for path in folder.glob("*.parquet"):
        sealed = read_rows(path, recipe)
        if sealed is None:
            logger.warning("The part %s of a database is damaged, and is made again.", path)
            path.unlink()
            continue
        start, stop, moves = sealed.about.split(" ", 2)
        found[int(start)] = Part(int(start), int(stop), Tally.from_json(moves), path)
    return found


def configurations_in(folder: Path) -> int:
    """How many configurations the parts in a folder hold by their names, damaged or not."""
    ranges = [path.stem.split("-") for path in folder.glob("*.parquet")]
    return sum(int(stop) - int(start) for start, stop in ranges)
