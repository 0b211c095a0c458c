"""A folder that is written whole or not at all."""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock


def write_whole(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Put files into a folder in place of whatever was there.

    They are written beside it first: a disk that is full, or a process that ends, leaves the folder
    as it was.

    Args:
        folder: Made anew; its parent has to be there.
        files: What stands in each, by their paths in the folder.
    """
    with FileLock(folder.parent / f".{folder.name}.lock"):
        for left in folder.parent.glob(f".{folder.name}.*/"):  # by one that was killed
            shutil.rmtree(left)
        made = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
        made.mkdir()
        try:
            for name, content in files.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
            _replace(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _replace(made: Path, folder: Path) -> None:
    """Put one folder in the place of another, which no system call does everywhere."""
    if not folder.exists():
        made.rename(folder)
        return
    old = Path(f"{made}.old")
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)
