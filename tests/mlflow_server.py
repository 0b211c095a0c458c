"""A real MLflow server for tests: stopped and started again on the same store and port."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from peslab.apps.ui import environment
from ports import free_ports

START_SECONDS = 120


class MlflowServer:
    """A server on a free port of this machine.

    Args:
        folder: Of its store and its artifacts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process = None

    @property
    def address(self) -> str:
        """Where it answers, the same after each start."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for port in [self.port] if self.port else free_ports():
            self.port = port
            if self._started():
                return
        raise AssertionError((self.folder / "server.log").read_text())

    def _started(self) -> bool:
        """Start it on its port; tell whether it lives."""
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{self.folder / 'server.db'}"),
            *("--artifacts-destination", str(self.folder / "artifacts")),
            *("--host", "127.0.0.1", "--port", str(self.port)),
        ]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment()},
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None:
                return False
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
        return True

    def stop(self) -> None:
        """Stop it and all that it started, as a power cut does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
