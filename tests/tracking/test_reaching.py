"""What is wrong with a store is told from what is wrong with a run."""

import errno
import os
import socket
import sqlite3
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from mlflow.exceptions import MlflowException, RestException
from requests import ConnectionError as NoConnection
from requests import HTTPError, ReadTimeout, Response
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from peslab.errors import InfrastructureError, PeslabError, PrunedError
from peslab.tracking import Tracking, track_run
from peslab.tracking.reaching import RETRIES, reaching, told_when_lost, why_lost, without_retries

ADDRESS = "postgresql+psycopg://me:secret@host/runs"
LOCAL = Tracking(uri=None, experiment="peslab")


def answered(status):
    response = Response()
    response.status_code = status
    return HTTPError(str(status), response=response)


def raised(error, cause):
    """An error as it is caught, raised from another."""
    try:
        try:
            raise cause
        except type(cause):
            raise error  # noqa: B904  # as MLflow does
    except type(error) as caught:
        return caught


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (raised(MlflowException("API request failed"), NoConnection("refused")), "refused"),
        (raised(MlflowException("x"), raised(NoConnection("y"), REFUSED)), "Connection refused"),
        (raised(MlflowException("x"), ReadTimeout()), "it does not answer"),
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError("locked")), "locked"),
        (raised(MlflowException("x"), FULL), "disk of the tracking store .* is full"),
        (answered(503), "it answers 503"),
        (answered(401), "it answers 401"),
        (RestException({"error_code": "INTERNAL_ERROR", "message": "oh"}), "answers 500.*oh"),
    ],
)  # fmt: skip
def test_a_store_that_is_lost_is_told_with_its_cause(error, reason):
    """The innermost error knows it; MLflow's own says only that something failed."""
    with pytest.raises(InfrastructureError, match=reason), reaching(ADDRESS):
        raise error
    assert why_lost(error)


def test_the_sentence_names_the_store_and_not_its_password():
    """As it would stand in a log."""
    with pytest.raises(InfrastructureError) as caught, reaching(ADDRESS):
        raise raised(MlflowException("x"), REFUSED)
    told = str(caught.value)
    assert told == (
        "The tracking store postgresql+psycopg://me:***@host/runs cannot be used (Connection "
        "refused): bring it back, or check tracking.uri; the same command goes on."
    )


@pytest.mark.parametrize(
    "error",
    [
        ValueError("of ours"),
        PrunedError("hopeless"),
        PeslabError("diverged"),
        answered(404),
        MlflowException("Invalid metric name"),
        RestException({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no run"}),
        raised(MlflowException("no such artifact"), FileNotFoundError(errno.ENOENT, "no file")),
        IntegrityError("INSERT", {}, sqlite3.IntegrityError("twice")),
        ProgrammingError("SELEC", {}, sqlite3.ProgrammingError("what?")),
        raised(ValueError("while a server was lost"), REFUSED),
    ],
)
def test_other_mistakes_stay_what_they_are(error):
    """They would happen again, whatever the store does."""
    with pytest.raises(type(error)) as caught, reaching(ADDRESS):
        raise error
    assert caught.value is error
    assert why_lost(error) is None


def test_every_call_of_a_client_is_watched():
    """Those that do not exist are missed as ever."""

    class Client:
        name = "mine"

        def log_batch(self):
            raise raised(MlflowException("x"), REFUSED)

    client = told_when_lost(Client(), ADDRESS)
    assert client.name == "mine"
    with pytest.raises(InfrastructureError, match="host/runs"):
        client.log_batch()
    with pytest.raises(AttributeError):
        client.no_such_call  # noqa: B018


def test_who_is_in_a_hurry_asks_once(monkeypatch):
    """And leaves the patience of others as it was."""
    monkeypatch.setenv(RETRIES, "5")
    with without_retries():
        assert os.environ[RETRIES] == "0"
    assert os.environ[RETRIES] == "5"
    monkeypatch.delenv(RETRIES)
    with without_retries():
        assert os.environ[RETRIES] == "0"
    assert RETRIES not in os.environ


@pytest.mark.parametrize("error", [FULL, InfrastructureError("lost")])
def test_a_run_that_can_be_run_again_has_not_failed(error, tmp_path):
    """It is closed as interrupted, as its trial is."""
    with pytest.raises(type(error)), track_run(LOCAL, tmp_path, "x", {"problem": "p"}) as log:
        raise error
    assert LOCAL.client(tmp_path).get_run(log.run_id).info.status == "KILLED"


def test_the_patience_of_the_user_is_kept(tmp_path, monkeypatch):
    """What nobody has set is set, so that a dead server takes seconds, not minutes."""
    monkeypatch.setenv(RETRIES, "7")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    LOCAL.client(tmp_path)
    assert os.environ[RETRIES] == "7"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "15"


class Overloaded(BaseHTTPRequestHandler):
    """Answers 503 to everything."""

    def do_GET(self):
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def overloaded():
    """A server that answers, but with errors; gives its port."""
    with HTTPServer(("127.0.0.1", 0), Overloaded) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def hanging():
    """A server that takes calls and never answers; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("kind", "reason"), [(overloaded, "too many 503 error responses"), (hanging, "does not answer")]
)
def test_a_server_that_is_of_no_use_is_told(kind, reason, tmp_path, monkeypatch):
    """After a second try, in a sentence that names it."""
    monkeypatch.setenv(RETRIES, "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with kind() as port, pytest.raises(InfrastructureError, match=reason) as caught:
        Tracking(f"http://127.0.0.1:{port}", "peslab").client(tmp_path)
    assert str(caught.value).startswith(
        f"The tracking store http://127.0.0.1:{port} cannot be used"
    )
    assert len(str(caught.value)) < 200


def test_a_server_that_is_not_there_is_told_at_once(tmp_path):
    """A database that refuses would be asked for a minute and a half by MLflow."""
    store = Tracking("postgresql+psycopg://me:secret@127.0.0.1:1/runs", "peslab")
    with pytest.raises(InfrastructureError, match=r"me:\*\*\*@127.*refused.*tracking\.uri"):
        store.client(tmp_path)
