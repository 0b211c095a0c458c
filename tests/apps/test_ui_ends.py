"""Nothing of a server outlives the command that started it."""

import os
import signal
import subprocess
import sys

import pytest

from waiting import runs, wait_for

SERVER = """
echo $$ > server
sleep 600 &
echo $! > worker
wait
"""
COMMAND = """
import os, signal
from peslab.apps import ui
from peslab.apps.signals import stopped_by_signals
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
with stopped_by_signals():
    ui.serve(["sh", "server.sh"], dict(os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, None])
def test_a_server_ends_with_its_command_and_its_workers_too(number, tmp_path):
    """Asked to, killed, or as the server ended by itself."""
    (tmp_path / "server.sh").write_text(SERVER)
    command = subprocess.Popen(
        [sys.executable, "-c", COMMAND], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    files = [tmp_path / "server", tmp_path / "worker"]
    wait_for(lambda: all(file.exists() and file.read_text().strip() for file in files))
    server, worker = (int(file.read_text()) for file in files)
    if number is None:
        os.kill(server, signal.SIGTERM)
    else:
        command.send_signal(number)
    command.wait(60)
    wait_for(lambda: not runs(server) and not runs(worker))
