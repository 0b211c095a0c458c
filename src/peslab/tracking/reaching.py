"""A store that cannot be reached is nobody's mistake in a trial: it is told as what it is.

MLflow's errors do not say what went wrong but in what they were raised from: requests' errors of a
server, SQLAlchemy's of a database, the operating system's of a disk.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from peslab.errors import FULL, InfrastructureError, PeslabError
from peslab.passwords import masked

if TYPE_CHECKING:
    from mlflow import MlflowClient

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"

SERVER_ERROR = 500
REFUSED = (401, 403, 407, 429)
"""Answers to who is not let in: another trial would not be, either."""

ABOUT_FILES = (errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
"""What the operating system says of a file, not of the disk or the network that it is on."""

LONGEST = 200


@contextmanager
def reaching(address: str) -> Iterator[None]:
    """Tell what happens inside because a store cannot be reached as an `InfrastructureError`.

    Args:
        address: The store's.

    Raises:
        InfrastructureError: In place of the errors of MLflow and of what it stands on.
    """
    try:
        yield
    except PeslabError:
        raise
    except Exception as error:
        reason = why_lost(error)
        if reason is None:
            raise
        raise lost(address, reason) from error


def lost(address: str, reason: str) -> InfrastructureError:
    """The sentence about a store that cannot be reached."""
    if any(os.strerror(number) in reason for number in FULL) or "disk is full" in reason:
        return InfrastructureError(
            f"The disk of the tracking store {masked(address)} is full: free some space; the same "
            "command goes on."
        )
    return InfrastructureError(
        f"The tracking store {masked(address)} cannot be used ({masked(reason)}): bring it back, "
        "or check tracking.uri; the same command goes on."
    )


def why_lost(error: BaseException) -> str | None:
    """Why a store could not be reached; None if the error is of another kind."""
    from mlflow.exceptions import MlflowException, RestException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    if not isinstance(error, MlflowException | RequestException | SQLAlchemyError):
        return None
    chain = list(_chain(error))
    told = [reason for each in chain if (reason := _reason(each)) is not None]
    if told:  # the innermost knows best
        return told[-1]
    status = error.get_http_status_code() if isinstance(error, RestException) else 0
    if _is_lost(status):
        return f"it answers {status}: {_short(error)}"
    return None


@contextmanager
def without_retries() -> Iterator[None]:
    """Ask servers once: who is told to end, or knows that a server is lost, does not wait."""
    before = os.environ.get(RETRIES)
    os.environ[RETRIES] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[RETRIES]
        else:
            os.environ[RETRIES] = before


class _Reaching:
    """A client whose every call tells when its store cannot be reached."""

    def __init__(self, client: "MlflowClient", address: str) -> None:
        self._client, self._address = client, address

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the client has
        found = getattr(self._client, name)
        return reaching(self._address)(found) if callable(found) else found


def told_when_lost(client: "MlflowClient", address: str) -> "MlflowClient":
    """The same client, but for its errors."""
    return cast("MlflowClient", _Reaching(client, address))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _reason(error: BaseException) -> str | None:
    """Why a store could not be reached, if this error alone says so."""
    from requests import HTTPError, RequestException, Timeout
    from sqlalchemy import exc

    about_values = exc.IntegrityError | exc.DataError | exc.ProgrammingError
    reason: str | None = None
    if isinstance(error, HTTPError):
        status = 0 if error.response is None else error.response.status_code
        reason = f"it answers {status}" if _is_lost(status) else None
    elif isinstance(error, Timeout | exc.TimeoutError | TimeoutError):
        reason = "it does not answer"
    elif isinstance(error, RequestException):
        reason = _short(getattr(error.args[0], "reason", error) if error.args else error)
    elif isinstance(error, OSError):
        reason = None if error.errno in ABOUT_FILES else error.strerror
    elif isinstance(error, exc.DBAPIError) and not isinstance(error, about_values):
        reason = _short(error.orig or error)
    return reason


def _is_lost(status: int) -> bool:
    return status >= SERVER_ERROR or status in REFUSED


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:LONGEST]
