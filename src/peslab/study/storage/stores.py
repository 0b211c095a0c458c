"""Where a study is kept, and how its workers know of each other.

| `study.storage` | the study | who is alive | for |
|---|---|---|---|
| null | a journal in its folder | holds a lock of the operating system | one machine |
| `shared` | the same | renews a lease, a file, every ten seconds | a shared file system |
| `postgresql+psycopg://…` | tables of a server | holds a lock of the server | many machines |
"""

import os
import re
import socket
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from optuna.storages import BaseStorage

from peslab.study.settings import SHARED
from peslab.study.storage.journal import OwnedLock, open_journal
from peslab.study.storage.leases import GenerationLock, age, renewed

JOURNAL = "journal.log"
LOCKS, LEASES = "locks", "leases"

LOST = "The server of the study was lost: the same command goes on when it is back."

RENEWAL_SECONDS = 10.0
LEASE_SECONDS = 60.0
"""Of a lease that is not renewed: several renewals may be late, and caches of NFS be as old."""


_WORKER = re.compile(r".+-\d+-[0-9a-f]{8}")
_PASSING = re.compile(r"(guest|clock|draft)-[0-9a-f]{32}")
"""Files that live for a moment, unless whoever wrote them is killed in it."""


def worker_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


class Store(ABC):
    """A study's place, and the locks of its workers.

    Args:
        folder: Of the study: trials have folders in it, wherever the study itself is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def storage(self) -> BaseStorage:
        """Optuna's storage, made where there is none."""

    @abstractmethod
    def lock(self, name: str) -> AbstractContextManager[object]:
        """What one worker at a time does, is done inside."""

    @abstractmethod
    def alive(self, worker: str) -> AbstractContextManager[object]:
        """As long as a worker lives it is inside, and everybody can tell."""

    @abstractmethod
    def is_alive(self, worker: str) -> bool:
        """Whether another worker lives, or has died less than `doubt` ago."""

    def sweep(self) -> None:
        """Clear away the files that killed workers left, if there are any; one at a time does."""
        return

    @property
    def doubt(self) -> float:
        """Seconds for which a dead worker may seem to live."""
        return 0.0


class LocalStore(Store):
    """A journal whose workers are on one machine: a lock that is free belongs to a dead one."""

    def storage(self) -> BaseStorage:
        """A journal in the folder."""
        lock = OwnedLock(self._path("journal"))
        return open_journal(self.folder / JOURNAL, lock)

    def lock(self, name: str) -> FileLock:
        """A lock file."""
        return FileLock(self._path(name))

    @contextmanager
    def alive(self, worker: str) -> Iterator[None]:
        """A lock file of its own, which goes with it."""
        path = self._path(worker)
        try:
            with FileLock(path):
                yield
        finally:
            path.unlink(missing_ok=True)

    def is_alive(self, worker: str) -> bool:
        """Whether its lock is held."""
        path = self._path(worker)
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True

    def sweep(self) -> None:
        """Remove lock files of workers that nobody holds, while holding them."""
        for path in (self.folder / LOCKS).glob("*.lock"):
            if _WORKER.fullmatch(path.stem):
                with suppress(Timeout), FileLock(path, timeout=0):
                    path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        folder = self.folder / LOCKS
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.lock"


class SharedStore(Store):
    """A journal on a file system of many machines; a living worker renews its lease, a file."""

    _worker: str | None = None

    def storage(self) -> BaseStorage:
        """A journal in the folder."""
        return open_journal(self.folder / JOURNAL, self._generations("journal"))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """A lock of files; who is no worker gets a lease for as long as it is held."""
        with nullcontext() if self._worker else self.alive(f"guest-{uuid.uuid4().hex}"):
            lock = self._generations(name)
            lock.acquire()
            try:
                yield
            finally:
                lock.release()

    @contextmanager
    def alive(self, worker: str) -> Iterator[None]:
        """A lease that is renewed by a thread, and goes with the worker."""
        with renewed(self._path(worker), RENEWAL_SECONDS):
            self._worker = worker
            try:
                yield
            finally:
                self._worker = None

    @property
    def doubt(self) -> float:
        """As long as a lease."""
        return LEASE_SECONDS

    def is_alive(self, worker: str) -> bool:
        """Whether its lease was renewed not long ago."""
        return age(self._path(worker)) < LEASE_SECONDS

    def sweep(self) -> None:
        """Remove leases that ended; whoever was only slow writes its own again.

        What is written for a moment may be in use for longer where a machine hardly moves.
        """
        for path in (self.folder / LEASES).glob("*"):
            is_passing = _PASSING.fullmatch(path.name)
            if not is_passing and not _WORKER.fullmatch(path.name):
                continue
            if age(path) >= (10.0 if is_passing else 1.0) * LEASE_SECONDS:
                path.unlink(missing_ok=True)

    def _generations(self, name: str) -> GenerationLock:
        return GenerationLock(
            self._path(name).parent, name, self._worker or "reader", self.is_alive
        )

    def _path(self, name: str) -> Path:
        folder = self.folder / LEASES
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name


def open_store(storage: str | None, folder: Path) -> Store:
    """The store that `study.storage` names.

    Args:
        storage: None, `shared`, or the address of a PostgreSQL database.
        folder: Of the study.

    Raises:
        PeslabError: If the server cannot be reached.
    """
    if storage is None:
        return LocalStore(folder)
    if storage == SHARED:
        return SharedStore(folder)
    from peslab.study.storage.postgres import PostgresStore

    return PostgresStore(storage, folder)
