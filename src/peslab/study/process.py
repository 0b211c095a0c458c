"""One start of somebody's program, which ends with whoever started it."""

import math
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from peslab.children import session
from peslab.errors import PeslabError
from peslab.passwords import VARIABLES, masked

OUTPUT, ERRORS = "stdout.txt", "stderr.txt"
"""In the folder of a start: what it said."""

LONGEST = 300


def run(words: Sequence[str], folder: Path, timeout: float | None = None) -> None:
    """Start a program in a folder and wait for its end.

    When this process is interrupted or killed, or the time is over, the program and all that it
    started are ended.

    Args:
        words: The program and its arguments.
        folder: Where it is started, and what it says is kept.
        timeout: Seconds after which it is ended; None waits.

    Raises:
        PeslabError: If it cannot be started, ends with another status than 0, or takes too long.
    """
    with ExitStack() as stack:
        output, errors = (
            stack.enter_context((folder / name).open("wb")) for name in (OUTPUT, ERRORS)
        )
        variables = {k: v for k, v in os.environ.items() if not k.startswith(VARIABLES)}
        try:
            process = stack.enter_context(
                session(words, cwd=folder, stdout=output, stderr=errors, env=variables)
            )
        except OSError as error:
            raise PeslabError(f"{words[0]} cannot be started: {error.strerror}.") from error
        try:
            # Looking again and again hears Ctrl+C at once; waiting without an end hears it when
            # the program is over, since polars has system calls go on after an interruption.
            status = process.wait(math.inf if timeout is None else timeout)
        except subprocess.TimeoutExpired:
            raise PeslabError(f"it took longer than study.timeout={timeout:g} seconds.") from None
    if status:
        raise PeslabError(f"{how_it_ended(status)}: {last_words(folder)}")


def last_words(folder: Path) -> str:
    """The last line that a program wrote, preferably to stderr."""
    for name in (ERRORS, OUTPUT):
        with suppress(OSError):
            text = (folder / name).read_bytes()[-10_000:].decode("utf-8", "replace")
            if lines := [line.strip() for line in text.splitlines() if line.strip()]:
                return masked(lines[-1])[:LONGEST]
    return "it said nothing."


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status > 0:
        return f"it ended with status {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"
