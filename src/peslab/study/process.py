"""One start of somebody's program, which ends with whoever started it."""

import math
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from peslab.errors import PeslabError
from peslab.passwords import VARIABLES, masked

OUTPUT, ERRORS = "stdout.txt", "stderr.txt"
"""In the folder of a start: what it said."""

GRACE_SECONDS = 5.0
"""Between asking a program to end and ending it."""

LONGEST = 300


def run(words: Sequence[str], folder: Path, timeout: float | None = None) -> None:
    """Start a program in a folder and wait for its end.

    It has a process group of its own: when this process is interrupted, or the time is over, the
    program and all that it started are ended.

    Args:
        words: The program and its arguments.
        folder: Where it is started, and what it says is kept.
        timeout: Seconds after which it is ended; None waits.

    Raises:
        PeslabError: If it cannot be started, ends with another status than 0, or takes too long.
    """
    with (folder / OUTPUT).open("wb") as output, (folder / ERRORS).open("wb") as errors:
        try:
            process = subprocess.Popen(
                list(words),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={k: v for k, v in os.environ.items() if not k.startswith(VARIABLES)},
                start_new_session=True,
            )
        except OSError as error:
            raise PeslabError(f"{words[0]} cannot be started: {error.strerror}.") from error
        with _ended(process):
            try:
                # Looking again and again hears Ctrl+C at once; waiting without an end hears it when
                # the program is over, since polars has system calls go on after an interruption.
                status = process.wait(math.inf if timeout is None else timeout)
            except subprocess.TimeoutExpired:
                raise PeslabError(
                    f"it took longer than study.timeout={timeout:g} seconds."
                ) from None
    if status:
        raise PeslabError(f"{_told(status)}: {last_words(folder)}")


def last_words(folder: Path) -> str:
    """The last line that a program wrote, preferably to stderr."""
    for name in (ERRORS, OUTPUT):
        with suppress(OSError):
            text = (folder / name).read_bytes()[-10_000:].decode("utf-8", "replace")
            if lines := [line.strip() for line in text.splitlines() if line.strip()]:
                return masked(lines[-1])[:LONGEST]
    return "it said nothing."


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


def _told(status: int) -> str:
    if status > 0:
        return f"it ended with status {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"
