"""A study in PostgreSQL: its workers, on any machines, hold locks of the server as they live."""

import hashlib
import logging
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

from optuna.storages import BaseStorage, RDBStorage

from peslab.errors import InfrastructureError, PeslabError
from peslab.study.settings import SCHEME
from peslab.study.storage.stores import LOST, Store

if TYPE_CHECKING:
    from psycopg import Connection

# The server notices within a minute that a machine has vanished, and frees its locks.
KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


class PostgresStore(Store):
    """Tables of a server, and locks of its sessions: a dead worker's session ends with it.

    Args:
        uri: `postgresql+psycopg://user@host/database`.
        folder: Of the study on this machine, for its trials' folders.

    Raises:
        PeslabError: If the server cannot be reached, or its driver is not installed.
    """

    def __init__(self, uri: str, folder: Path) -> None:
        super().__init__(folder)
        self._uri = uri
        self._session: Connection | None = None  # of a living worker
        self._connected().close()

    def storage(self) -> BaseStorage:
        """The tables, made by one worker while others wait."""
        logging.getLogger("alembic").setLevel(logging.WARNING)
        # It would tell what follows from a lost server, which is told already.
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        with self.lock("create"):
            try:
                storage = RDBStorage(self._uri, engine_kwargs={"pool_pre_ping": True})
            except RuntimeError as error:  # tables of its names that are not its own
                raise PeslabError(
                    "The database of study.storage holds tables of another program, such as "
                    "MLflow's, or of another Optuna: use one of its own."
                ) from error
        weakref.finalize(storage, storage.engine.dispose)  # its connections are closed with it
        return storage

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """A lock of the server."""
        with self._any_session() as session:
            self._ask(session, "SELECT pg_advisory_lock(%s)", name)
            try:
                yield
            finally:
                self._ask(session, "SELECT pg_advisory_unlock(%s)", name)

    @contextmanager
    def alive(self, worker: str) -> Iterator[None]:
        """A lock of a session that lasts as long as the worker."""
        with self._connected() as session:
            self._ask(session, "SELECT pg_advisory_lock(%s)", worker)
            self._session = session
            try:
                yield
            finally:
                self._session = None

    def is_alive(self, worker: str) -> bool:
        """Whether its lock is held."""
        with self._any_session() as session:
            if not self._ask(session, "SELECT pg_try_advisory_lock(%s)", worker):
                return True
            self._ask(session, "SELECT pg_advisory_unlock(%s)", worker)
            return False

    @contextmanager
    def _any_session(self) -> "Iterator[Connection]":
        """The worker's session, or one for a moment."""
        if self._session is not None:
            yield self._session
            return
        with self._connected() as session:
            yield session

    def _ask(self, session: "Connection", query: LiteralString, name: str) -> object:
        """Ask for something about a lock."""
        import psycopg

        try:
            row = session.execute(query, [self._key(name)]).fetchone()
        except psycopg.OperationalError as error:
            raise InfrastructureError(LOST) from error
        return None if row is None else row[0]

    def _key(self, name: str) -> int:
        """The number by which PostgreSQL knows a lock, of 64 bits."""
        digest = hashlib.sha256(f"peslab {self.folder.name} {name}".encode()).digest()
        return int.from_bytes(digest[:8], signed=True)

    def _connected(self) -> "Connection":
        try:
            import psycopg
        except ImportError as error:
            raise PeslabError(
                f"study.storage={SCHEME}… needs a driver: pip install 'peslab[cluster]'."
            ) from error
        if self._uri.count("@") > 1:  # errors would name what follows the first one as the host
            raise PeslabError("study.storage has an @ in its password: write %40 for it.")
        address = "postgresql://" + self._uri.removeprefix(SCHEME)
        try:
            return psycopg.connect(address, autocommit=True, options=KEEPALIVE, connect_timeout=10)
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            raise InfrastructureError(
                f"The study's server cannot be reached ({reason}): check study.storage, and "
                "PGPASSWORD if it wants a password."
            ) from error
