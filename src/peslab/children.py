"""Programs that end with the process that started them, even where that is killed."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO

WATCH = """
while read -r each; do
    [ "$each" = none ] && exit
    all="$all $each"
done
kill -s "$0" -- $all
"""
"""For sh: hears of processes, waits for the end of a pipe, and signals them."""

GUARD = ("sh", "-c", WATCH)

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 1024

GRACE_SECONDS = 5.0
"""Between asking a program to end and ending it."""


@contextmanager
def guarded(number: signal.Signals) -> Iterator[Callable[[int], None]]:
    """Tell a guard which processes get a signal if this one is gone before the block ends.

    The guard waits for the end of a pipe that only this process holds, which comes even if it is
    killed; its session is its own, so that neither Ctrl+C nor the end of a terminal ends it.

    Args:
        number: Of the signal.

    Yields:
        What takes a process, or the negative number of a group.
    """
    guard = subprocess.Popen(
        (*GUARD, number.name.removeprefix("SIG")),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def add(process: int) -> None:
        with suppress(BrokenPipeError):
            os.write(guard.stdin.fileno(), f"{process}\n".encode())  # type: ignore[union-attr]

    try:
        yield add
    finally:
        guard.communicate(b"none\n")


@contextmanager
def sign_of_life() -> Iterator[int]:
    """A port of this machine, connections to which end with the block, and if this is killed.

    So can be followed what is not started by this process itself.
    """
    with socket.create_server((LOOPBACK, 0), backlog=MOST_CONNECTIONS) as server:
        yield server.getsockname()[1]


def end_with(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Ask a program to end as soon as nobody gives a sign of life any more."""

    def follow() -> None:
        with suppress(ConnectionError), socket.create_connection((LOOPBACK, port)) as connection:
            connection.recv(1)  # nothing ever comes but the end
        process.terminate()

    Thread(target=follow, daemon=True).start()


@contextmanager
def session(
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program without input in a session of its own, all of which ends with the block.

    So it does if this process is killed.

    Raises:
        OSError: If it cannot be started.
    """
    with guarded(signal.SIGKILL) as guard:
        process = subprocess.Popen(
            list(words),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=env,
            start_new_session=True,
        )
        guard(-process.pid)
        with _ended(process):
            yield process


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Whatever happens inside, nothing of the process's group is left afterwards."""
    try:
        yield
    except BaseException:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        raise
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
