"""`peslab ui`: MLflow's UI on the local store, for this machine only."""

import argparse
import math
import os
import socket
import sys
from collections.abc import Mapping

from peslab.apps.spooled import bring_in
from peslab.children import session
from peslab.configuration.folders import home
from peslab.errors import PeslabError

LAST_PORT = 2**16 - 1

HOST = "127.0.0.1"
"""MLflow's UI has no login: it listens to this machine alone."""


def main(arguments: list[str]) -> None:
    """Serve MLflow's UI until Ctrl-C.

    Raises:
        PeslabError: If nothing was tracked yet, or the port is taken.
    """
    parser = argparse.ArgumentParser("peslab ui", description="MLflow's UI on the local store.")
    parser.add_argument("--port", type=int, default=5000, help="default: 5000")
    port = parser.parse_args(arguments).port
    if not 1 <= port <= LAST_PORT:
        raise PeslabError(f"--port {port} is none: use 1 to {LAST_PORT:,}, e.g. --port 5001.")
    bring_in()
    store = home() / "mlflow.db"
    if not store.is_file():
        raise PeslabError(f"There is no run in {home()} yet: start one, peslab train.")
    if not _is_free(port):
        raise PeslabError(f"Port {port} is taken: choose another, peslab ui --port {port + 1}.")
    sys.stdout.write(f"MLflow's UI: http://{HOST}:{port}  (Ctrl-C ends it)\n")
    sys.stdout.flush()
    serve(command(str(store), port), {**os.environ, **environment()})


def serve(words: list[str], variables: Mapping[str, str]) -> None:
    """Run a server until it ends or this process does; all that it started ends with it.

    Args:
        words: Of its command.
        variables: Its environment.
    """
    with session(words, env=variables) as server:  # MLflow's workers are in its group, too
        server.wait(math.inf)  # looks again and again, and so hears Ctrl+C


def command(store: str, port: int) -> list[str]:
    """The server's command line."""
    return [
        *(sys.executable, "-m", "mlflow", "ui"),
        *("--backend-store-uri", f"sqlite:///{store}"),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--allowed-hosts", f"{HOST}:{port},localhost:{port}"),
    ]


def environment() -> dict[str, str]:
    """One light process: no job runner (3.4 GB without this, 0.5 GB with it), no telemetry."""
    from peslab.tracking.store import QUIET

    return {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
