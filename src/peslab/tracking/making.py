"""How a store comes to be: once, whoever wants it at the same time, whole or not at all."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock

from peslab.tracking.reaching import reaching

CONNECT_SECONDS = 10
LOCK = int.from_bytes(hashlib.sha256(b"peslab mlflow").digest()[:8], signed=True)
"""The number by which PostgreSQL knows the lock of the store that is in the same database."""


def file_of(address: str) -> Path | None:
    """The file of a SQLite store; None for others."""
    kind, slashes, path = address.partition("sqlite:///")
    return Path(path.partition("?")[0]).absolute() if slashes and not kind else None


def store_lock(address: str, lock: Path) -> AbstractContextManager[object]:
    """What one process at a time does to a store, is done inside.

    For a file these are all processes that use it, for PostgreSQL those of all machines, for a
    server, which takes care of itself, those that share a folder of results.

    Args:
        address: The store's.
        lock: A file in the folder of results.

    Raises:
        InfrastructureError: If the database cannot be reached.
    """
    file = file_of(address)
    if file is not None:
        return FileLock(file.with_suffix(".lock"))
    if address.startswith("postgresql"):
        return _advisory_lock(address)
    return FileLock(lock)


def make_file(address: str) -> None:
    """Make the file of a SQLite store where there is none, under its name when it is whole.

    To be called inside its lock. SQLite keeps the tables that MLflow made until it was killed or
    the disk full, and MLflow does not go on from there.
    """
    file = file_of(address)
    if file is None or file.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        SqlAlchemyStore(f"sqlite:///{partial}", file.parent.as_uri()).engine.dispose()
        partial.replace(file)
    finally:
        for left in file.parent.glob(f".{file.name}.*"):  # of those who were killed, too
            left.unlink(missing_ok=True)


@contextmanager
def _advisory_lock(address: str) -> Iterator[None]:
    """A lock of the server, which it frees when the session ends, however it ends."""
    import sqlalchemy

    with reaching(address):
        engine = sqlalchemy.create_engine(
            address,
            poolclass=sqlalchemy.NullPool,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
        with engine.connect() as session:
            session.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({LOCK})"))
            yield
