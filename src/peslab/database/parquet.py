"""Parquet files that appear whole or not at all, and are believed only if every bit is right."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

Frames = Callable[[], Iterator[pl.DataFrame]]
"""Rows in pieces, which can be gone through more than once."""

ROWS_AT_ONCE = 2**15  # in a row group, and digested: 5 MB of four particles in 2D
READABLE_BY_ALL = 0o644

DAMAGED = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises where a file is no Parquet, or not any more."""


class Sealed(NamedTuple):
    """What a file holds.

    Attributes:
        frame: Its rows.
        about: What was written about them.
    """

    frame: pl.DataFrame
    about: str


def write(
    frames: Frames,
    path: Path,
    fingerprint: str,
    about: str,
    units: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Put rows in a file at once, piece by piece: whoever looks sees all of it or nothing.

    Args:
        frames: The rows; gone through twice, once for their digest.
        path: In place of what may be there.
        fingerprint: Whose rows these are.
        about: A text that is kept with them.
        units: Of the rows, by the names that their readers know.

    Raises:
        OSError: Where the file cannot be written; nothing of it stays.
    """
    content = digest(frames())
    metadata = {
        **units,
        "fingerprint": fingerprint,
        "content": content,
        "about": about,
        "seal": _seal(fingerprint, content, about),
    }
    descriptor, name = tempfile.mkstemp(suffix=".tmp", prefix=path.stem, dir=path.parent)
    try:
        with os.fdopen(descriptor, "rb") as file:
            rows = register_io_source(lambda *_: frames(), schema=next(frames()).schema)
            rows.sink_parquet(name, metadata=metadata, row_group_size=ROWS_AT_ONCE)
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), READABLE_BY_ALL)  # a folder of results may be shared
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if code := re.search(r"\(os error (\d+)\)", str(error)):  # a full disk, in polars' words
            raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
        raise


def read(path: Path, fingerprint: str) -> Sealed | None:
    """What a file holds; None where it is missing, damaged, or of another fingerprint.

    Raises:
        PermissionError: Where the file is somebody else's.
    """
    if not path.is_file():
        return None
    try:
        metadata = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path, glob=False)
    except PermissionError:
        raise
    except DAMAGED:
        return None
    is_whole = _is_sealed_as(metadata, fingerprint, digest([frame]))
    return Sealed(frame, metadata.get("about", "")) if is_whole else None


def is_whole(path: Path, fingerprint: str) -> bool:
    """Whether `read` would give what a file holds, in memory that does not grow with its rows.

    Raises:
        PermissionError: Where the file is somebody else's.
    """
    if not path.is_file():
        return False
    try:
        metadata = pl.read_parquet_metadata(path)
        return _is_sealed_as(metadata, fingerprint, digest(rows_of(path)))
    except PermissionError:
        raise
    except DAMAGED:
        return False


def rows_of(path: Path, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a file, or some columns of them, in pieces that fit into any memory."""
    lazy = pl.scan_parquet(path, glob=False)
    if columns is not None:
        lazy = lazy.select(columns)
    for start in count(0, ROWS_AT_ONCE):
        piece = lazy.slice(start, ROWS_AT_ONCE).collect()
        yield piece
        if len(piece) < ROWS_AT_ONCE:
            return


def is_sealed(path: Path) -> bool:
    """Whether a file was written here, rather than by anybody else; damaged ones were not."""
    try:
        return path.suffix == ".parquet" and "seal" in pl.read_parquet_metadata(path)
    except DAMAGED:
        return False


def remove_leftovers(path: Path) -> None:
    """Remove what writers of this file left when they were killed; its lock must be held."""
    for leftover in path.parent.glob(f"{path.stem}*.tmp"):
        leftover.unlink(missing_ok=True)


def digest(frames: Iterable[pl.DataFrame]) -> str:
    """SHA-256 of the values themselves, whatever the pieces they come in."""
    columns: dict[str, hashlib._Hash] = {}
    rows = 0
    for frame in frames:
        rows += len(frame)
        for piece in frame.iter_slices(ROWS_AT_ONCE):
            for column in piece.iter_columns():
                name = f"{column.name} {column.dtype}"
                content = columns.setdefault(name, hashlib.sha256())
                content.update(np.ascontiguousarray(column.to_numpy()).data)
    told = [f"{name} {rows} {content.hexdigest()}" for name, content in columns.items()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _is_sealed_as(metadata: Mapping[str, str], fingerprint: str, content: str) -> bool:
    """Whether a file was written for this fingerprint with this content."""
    return metadata.get("seal") == _seal(fingerprint, content, metadata.get("about", ""))


def _seal(fingerprint: str, content: str, about: str) -> str:
    return hashlib.sha256(f"{fingerprint}\n{content}\n{about}".encode()).hexdigest()
