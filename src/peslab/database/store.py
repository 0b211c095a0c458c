"""Databases on disk: made once, found by their recipe, read back only if whole."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from filelock import FileLock

from peslab.database import parquet
from peslab.database.generate import Progress
from peslab.database.parts import Part, configurations_in, make_parts
from peslab.database.recipe import Recipe
from peslab.database.rows import is_made, read_rows
from peslab.database.statistics import summarize
from peslab.errors import InvalidInputError
from peslab.toymodel.units import units_of

logger = logging.getLogger(__name__)

Found = TypeVar("Found")


def database_path(recipe: Recipe, folder: Path) -> Path:
    """The file that holds, or will hold, the rows of a recipe."""
    return folder / f"{recipe.fingerprint[:16]}.parquet"


def load_or_generate(
    recipe: Recipe, folder: Path, n_threads: int | None = None, progress: Progress | None = None
) -> pl.DataFrame:
    """Read the rows of a recipe from a folder; make and keep them if they are not there.

    Of several processes that ask at once, one makes the rows and the others wait and read. A
    damaged file is made again. What takes long is kept in parts as it is made, in a folder beside
    the file: a process that was killed is continued by the next one that asks.

    Args:
        recipe: What to read or make.
        folder: Where databases are kept; it is created.
        n_threads: None takes all usable cores.
        progress: Told while rows are made how many configurations are done, and of how many.

    Raises:
        InvalidInputError: Where the folder cannot be written, or the potential gives an energy
            that is not finite.
    """
    return _found(recipe, folder, read, n_threads, progress)


def generate_if_missing(
    recipe: Recipe, folder: Path, n_threads: int | None = None, progress: Progress | None = None
) -> Path:
    """Do what `load_or_generate` does, but for keeping the rows in memory.

    Returns:
        The file, which holds the rows of the recipe, all of them and right to the last bit.
    """
    _found(recipe, folder, _whole, n_threads, progress)
    return database_path(recipe, folder)


def _whole(path: Path, recipe: Recipe) -> Path | None:
    return path if is_made(path, recipe) else None


def _found(
    recipe: Recipe,
    folder: Path,
    look: Callable[[Path, Recipe], Found | None],
    n_threads: int | None,
    progress: Progress | None,
) -> Found:
    """What there is to be seen in the file of a recipe, made if there is nothing."""
    path = database_path(recipe, folder)
    found = look(path, recipe)
    if found is not None and not has_leftovers(path):
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            found = look(path, recipe)  # another process may have made it in the meantime
            if found is None:
                make(path, recipe, n_threads, progress)
                found = look(path, recipe)
            if found is None:
                raise InvalidInputError(
                    f"the database {path} is not read as it was written: check the disk, and that "
                    "the potential gives the same energies each time."
                )
            shutil.rmtree(parts_folder(path), ignore_errors=True)
            return found
    except OSError as error:
        raise InvalidInputError(
            f"the database folder {folder} cannot be written ({error.strerror or error}): choose "
            "another with PESLAB_HOME."
        ) from error


def remaining_configurations(recipe: Recipe, folder: Path) -> int:
    """How many configurations `load_or_generate` has to make; nothing is read for that."""
    path = database_path(recipe, folder)
    if path.is_file():
        return 0
    return recipe.cut.n_configurations - configurations_in(parts_folder(path))


def read(path: Path, recipe: Recipe) -> pl.DataFrame | None:
    """The rows in a file; None where it is missing, damaged, or of another recipe or potential."""
    sealed = read_rows(path, recipe)
    return None if sealed is None else sealed.frame


def make(path: Path, recipe: Recipe, n_threads: int | None, progress: Progress | None) -> None:
    """Make the rows and keep them in a file, in place of what may be there."""
    if path.exists():
        logger.warning("The database %s is damaged or outdated, and is made again.", path)
    parquet.remove_leftovers(path)
    parts = make_parts(recipe, parts_folder(path), n_threads, progress)
    energies, rates = (
        np.concatenate([part.read([name])[name].to_numpy() for part in parts])
        for name in ("energy_per_particle", "acceptance_rate")
    )
    moves = parts[0].moves
    for part in parts[1:]:
        moves += part.moves
    stays = recipe.cut.lowest(energies)
    about = summarize(recipe, energies, rates, moves)
    energy, length = units_of(recipe.potential)
    units = {"energy_unit": energy, "length_unit": length}
    parquet.write(lambda: kept_rows(parts, stays), path, recipe.fingerprint, about, units)


def kept_rows(parts: list[Part], stays: npt.NDArray[np.bool_]) -> Iterator[pl.DataFrame]:
    """The rows that stay after the cut, part by part."""
    for part in parts:
        yield part.read().filter(stays[part.start : part.stop])


def parts_folder(path: Path) -> Path:
    """Where the parts of a database lie while it is made."""
    return path.with_suffix(".parts")


def has_leftovers(path: Path) -> bool:
    """Whether a killed process left parts that can be removed."""
    return parts_folder(path).is_dir() and os.access(path.parent, os.W_OK)
