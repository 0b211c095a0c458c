"""Optuna's journal on disk, which neither a kill nor a full disk leaves unreadable."""

import gc
import json
import os
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock
from optuna.storages import JournalStorage
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
        self._n_read, self._end = 0, 0

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The records from a number on; half a line at the end is none.

        Decoded together, as line by line takes half as long again. A last line that is no record is
        left for the next time: on a shared file system its beginning may come after its end.

        Raises:
            PeslabError: If a line before the last one is no record.
        """
        if log_number_from != self._n_read:
            self._n_read, self._end = 0, 0
        with self._path.open("rb") as file:
            file.seek(self._end)
            lines = file.read()
        lines = lines[: lines.rfind(b"\n") + 1]
        try:
            records = _decoded(lines)
        except ValueError:
            lines = lines[: lines.rfind(b"\n", 0, -1) + 1]
            try:
                records = _decoded(lines)
            except ValueError as error:
                raise PeslabError(
                    f"The study's journal {self._path} is damaged ({error}): bring it back from a "
                    "backup, or start another study with study.name=…"
                ) from error
        begun = self._n_read
        self._n_read, self._end = begun + len(records), self._end + len(lines)
        yield from records[log_number_from - begun :]

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


def _decoded(lines: bytes) -> list[dict[str, Any]]:
    """The records of whole lines."""
    return list(json.loads(b"[" + lines[:-1].replace(b"\n", b",") + b"]"))


def open_journal(path: Path, lock: Lock) -> JournalStorage:
    """A study's storage that is a journal, made where there is none."""
    # Reading makes very many objects that stay: looking for rubbish would take a third of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return JournalStorage(Journal(path, lock))
    finally:
        if was_enabled:
            gc.enable()


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
