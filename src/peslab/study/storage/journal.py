"""Optuna's journal on disk, which neither a kill nor a full disk leaves unreadable."""

import gc
import json
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock
from optuna.distributions import json_to_distribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from peslab.errors import PeslabError
from peslab.study.storage import digest

DIGEST = "digest.log"
"""Beside a journal: what it tells, in short."""

LONG = 10_000
"""Records, of a thousand trials: a digest takes a tenth of a second to write, and saves as much."""


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
        self._start = self._n_read, self._end = 0, 0  # records, and bytes that they are

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The records from a number on; half a line at the end is none.

        A last line that is no record is left for the next time: on a shared file system its
        beginning may come after its end.

        Raises:
            PeslabError: If a line before the last one is no record.
        """
        records: digest.Records = []
        if log_number_from == 0:
            records, end = digest.read(self._path.with_name(DIGEST), self._path)
            self._start = self._n_read, self._end = len(records), end
        elif log_number_from != self._n_read:  # a digest was taken in whole, what follows was not
            self._n_read, self._end = self._start
        with self._path.open("rb") as file:
            file.seek(self._end)
            lines = file.read()
        found, n_bytes = self._whole(lines[: lines.rfind(b"\n") + 1])
        begun = self._n_read
        self._n_read, self._end = begun + len(found), self._end + n_bytes
        yield from records
        yield from found[max(0, log_number_from - begun) :]

    def _whole(self, lines: bytes) -> tuple[digest.Records, int]:
        """The records of some lines, but for a last one that is none; and how long these are."""
        with suppress(ValueError):
            return digest.decoded(lines), len(lines)
        lines = lines[: lines.rfind(b"\n", 0, -1) + 1]
        try:
            return digest.decoded(lines), len(lines)
        except ValueError as error:
            raise PeslabError(
                f"The study's journal {self._path} is damaged ({error}): bring it back from a "
                "backup, or start another study with study.name=…"
            ) from error

    def keep_in_short(self, storage: JournalStorage) -> None:
        """Write a digest for those who open it next, if what has been read was long.

        Args:
            storage: That has read this journal.
        """
        if self._n_read - self._start[0] < LONG:
            return
        end = self._end
        records = digest.in_short(storage)
        if records is not None and self._end == end:  # nobody has written meanwhile
            digest.write(self._path.with_name(DIGEST), self._path, records, end)

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


def open_journal(path: Path, lock: Lock) -> JournalStorage:
    """A study's storage that is a journal, made where there is none."""
    # Reading makes very many objects that stay: looking for rubbish would take a third of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        journal = Journal(path, lock)
        with _each_distribution_once():
            storage = JournalStorage(journal)
        journal.keep_in_short(storage)
        return storage
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _each_distribution_once() -> Iterator[None]:
    """Let Optuna read each text of a distribution once, not for every trial: half of the time."""
    names = vars(sys.modules[JournalStorage.__module__])
    names[json_to_distribution.__name__] = cache(json_to_distribution)
    try:
        yield
    finally:
        names[json_to_distribution.__name__] = json_to_distribution


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
