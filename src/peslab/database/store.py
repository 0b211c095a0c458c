"""Databases on disk: made once, found by their recipe, read back only if whole."""

import hashlib
import logging
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from filelock import FileLock

from peslab.database.generate import generate
from peslab.database.recipe import Recipe
from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.toymodel import Potential

logger = logging.getLogger(__name__)

CHECKED_ROWS = 16  # labels computed again when a database is read
READABLE_BY_ALL = 0o644


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


def database_path(recipe: Recipe, folder: Path) -> Path:
    """The file that holds, or will hold, the rows of a recipe."""
    return folder / f"{recipe.fingerprint[:16]}.parquet"


def load_or_generate(recipe: Recipe, folder: Path, n_threads: int | None = None) -> pl.DataFrame:
    """Read the rows of a recipe from a folder; make and keep them if they are not there.

    Of several processes that ask at once, one makes the rows and the others wait and read. A
    damaged file is made again.

    Args:
        recipe: What to read or make.
        folder: Where databases are kept; it is created.
        n_threads: None takes all usable cores.

    Raises:
        InvalidInputError: Where the folder cannot be written.
    """
    path = database_path(recipe, folder)
    frame = read(path, recipe)
    if frame is not None:
        return frame
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            frame = read(path, recipe)  # another process may have made it in the meantime
            return make(path, recipe, n_threads) if frame is None else frame
    except OSError as error:
        raise InvalidInputError(
            f"the database folder {folder} cannot be written ({error.strerror}): choose another "
            "with PESLAB_HOME."
        ) from error


def read(path: Path, recipe: Recipe) -> pl.DataFrame | None:
    """The rows in a file; None where it is missing, damaged, or of another recipe or potential."""
    if not path.is_file():
        return None
    try:
        metadata = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path, glob=False)
    except PermissionError:
        raise  # somebody else's, not damaged
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    is_whole = metadata.get("content") == digest(frame)
    is_ours = is_whole and metadata.get("fingerprint") == recipe.fingerprint
    return frame if is_ours and has_labels_of(recipe.potential, frame) else None


def has_labels_of(potential: Potential, frame: pl.DataFrame) -> bool:
    """Whether a potential gives the energies of the first rows: it may have been rewritten."""
    rows = arrays(frame.head(CHECKED_ROWS))
    energies = potential.energy_per_particle(rows.positions, rows.cell_width, n_threads=1)
    return np.allclose(energies, rows.energy, rtol=1e-9, atol=1e-9)


def make(path: Path, recipe: Recipe, n_threads: int | None) -> pl.DataFrame:
    """Make the rows and keep them in a file, in place of what may be there."""
    if path.exists():
        logger.warning("The database %s is damaged or outdated, and is made again.", path)
    frame = generate(recipe, n_threads)
    write(frame, path, recipe)
    return frame


def write(frame: pl.DataFrame, path: Path, recipe: Recipe) -> None:
    """Put the rows in a file at once: whoever looks sees all of it or nothing."""
    metadata = {"fingerprint": recipe.fingerprint, "content": digest(frame)}
    descriptor, name = tempfile.mkstemp(suffix=".tmp", prefix=path.stem, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            frame.write_parquet(file, metadata=metadata)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), READABLE_BY_ALL)  # a folder of results may be shared
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the values themselves, whatever the file around them."""
    content = hashlib.sha256()
    for column in frame.rechunk().iter_columns():
        content.update(f"{column.name} {column.dtype} {column.len()} ".encode())
        content.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    return content.hexdigest()
