"""Data from elsewhere, data for elsewhere: databases in every format that a file's ending names."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from peslab.database.ase_files import read_db, read_xyz, write_db, write_xyz
from peslab.database.contents import Database, Progress
from peslab.database.parquet import is_sealed
from peslab.database.parquet_files import read_parquet, write_parquet
from peslab.database.published import read_json
from peslab.errors import InvalidInputError

READERS: dict[str, Callable[[Path, Progress], Database]] = {
    ".parquet": read_parquet,
    ".extxyz": read_xyz,
    ".xyz": read_xyz,
    ".db": read_db,
    ".json": read_json,
}
WRITERS: dict[str, Callable[[Database, Path, Progress], None]] = {
    ".parquet": write_parquet,
    ".extxyz": write_xyz,
    ".xyz": write_xyz,
    ".db": write_db,
}
GIT_LFS = b"version https://git-lfs"


def unwatched(part: float) -> None:
    """Nobody is told what part is done."""


def read_database(path: str | Path, progress: Progress = unwatched) -> Database:
    """Read labeled configurations of one element in cubic periodic cells.

    Args:
        path: `.parquet` of peslab, `.extxyz` or `.xyz` (extended XYZ), `.db` (ASE's SQLite), or
            `.json` of the program published with the thesis.
        progress: Told what part is done, from 0 to 1.

    Returns:
        All its rows in their order, in the file's own units, checked.

    Raises:
        InvalidInputError: Where the file is not there, damaged, or holds anything else; the
            sentence names the file and the row, counted from 0.
    """
    path = Path(path)
    _check_ending(path, READERS, "read")
    if not path.is_file():
        raise InvalidInputError(f"there is no file {path}: check its path.")
    with path.open("rb") as file:
        beginning = file.read(len(GIT_LFS))
    try:
        if not beginning:
            raise InvalidInputError("is empty: get it again.")  # noqa: TRY301
        if beginning == GIT_LFS:
            raise InvalidInputError("is a pointer of git-lfs: run git lfs pull where it is from.")  # noqa: TRY301
        return READERS[path.suffix.lower()](path, progress)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path}: is no text: check what file it is.") from error
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from error


def check_target(path: Path, *, replace: bool) -> None:
    """Refuse, before anything is read, what could not be written.

    Raises:
        InvalidInputError: Where the ending is none that is written, the folder is not there, or the
            file is there and not to be replaced, or holds what a recipe made.
    """
    _check_ending(path, WRITERS, "written")
    if not path.absolute().parent.is_dir():
        raise InvalidInputError(f"there is no folder {path.absolute().parent}: make it first.")
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder: name a file.")
    if path.exists() and not replace:
        raise InvalidInputError(
            f"{path} is there already: name another file, or allow to replace it (--force)."
        )
    if path.exists() and is_sealed(path):
        raise InvalidInputError(
            f"{path} is a database that peslab generate made, found again by its name and seal, "
            "which what replaced it would not have: name another file."
        )


def write_database(
    database: Database, path: str | Path, *, replace: bool = False, progress: Progress = unwatched
) -> None:
    """Write a database in the format that the file's ending names, at once or not at all.

    Args:
        database: What to write, in its own units.
        path: `.parquet`, `.extxyz`, `.xyz` or `.db`.
        replace: Whether a file that is there may be replaced.
        progress: Told what part is done, from 0 to 1.

    Raises:
        InvalidInputError: Where the file is there already, or the format cannot hold the database.
    """
    path = Path(path)
    check_target(path, replace=replace)
    folder = path.absolute().parent
    with tempfile.TemporaryDirectory(prefix=".peslab-", dir=folder) as beside:
        unfinished = Path(beside) / path.name
        WRITERS[path.suffix.lower()](database, unfinished, progress)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)


def _check_ending(path: Path, known: Iterable[str], done: str) -> None:
    if path.suffix.lower() not in known:
        raise InvalidInputError(
            f"{path} cannot be {done}, as its ending is none of {', '.join(known)}: name another "
            "file."
        )
