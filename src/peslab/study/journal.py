"""Optuna's journal on disk, which neither a kill nor a full disk leaves unreadable."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock
from optuna.storages.journal import JournalFileBackend

from peslab.errors import PeslabError


class Lock(Protocol):
    """What Optuna calls a lock of a file."""

    def acquire(self) -> bool:
        """Wait until it is free, and take it."""

    def release(self) -> None:
        """Give it back."""


class OwnedLock:
    """A lock that the operating system takes back from whoever dies with it.

    Optuna's own locks are files that stay: whoever comes next waits half a minute for a dead one.

    Args:
        path: Of the lock file.
    """

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path)

    def acquire(self) -> bool:
        """Wait until it is free, and take it."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Give it back."""
        self._lock.release()


class Journal(JournalFileBackend):
    """A journal whose last line is whole when the next one is written.

    A writer that was killed, or whose disk was full, leaves half a line; what is appended to that
    could never be read. Whoever holds the lock knows that no other writes, and cuts it off.

    Args:
        path: The file, made where there is none.
        lock: Held while something is appended.

    Raises:
        PeslabError: If the file is something else, which would be cut off as half a line.
    """

    def __init__(self, path: Path, lock: Lock) -> None:
        with path.open("rb") if path.is_file() else nullcontext() as file:
            if file is not None and file.read(1) not in {b"", b"{"}:
                raise PeslabError(
                    f"{path} is no journal of a study: bring it back from a copy, or remove it."
                )
        super().__init__(str(path))
        self._path, self._own = path, lock

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records, all of them or none.

        Raises:
            OSError: Where the disk is full, or the file cannot be written.
        """
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        self._own.acquire()
        try:
            with self._path.open("r+b") as file:
                end = _end_of_last_line(file.fileno())
                try:
                    os.ftruncate(file.fileno(), end)
                    file.seek(end)
                    file.write(lines.encode())
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    os.ftruncate(file.fileno(), end)
                    raise
        finally:
            self._own.release()


def _end_of_last_line(descriptor: int) -> int:
    """Where the last whole line of a file ends."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - 4096)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
