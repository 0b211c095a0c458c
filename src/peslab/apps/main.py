"""The command `peslab`: finds the subcommand, turns mistakes into one sentence and status 2."""

import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from peslab import __version__
from peslab.apps.signals import stopped_by_signals
from peslab.errors import FULL, GOES_ON, OUT_OF_MEMORY, PeslabError, Stopped, ended
from peslab.passwords import masked

COMMANDS = {
    "train": "one run, a grid (-m) or a study (-m study=NAME), from the configs in conf/",
    "generate": "only the databases, with their statistics and figures; several side by side",
    "convert": "a database in another format: extended XYZ, ASE's .db, Parquet",
    "rerun": "a run again, but for what is overridden: STUDY/best, STUDY/TRIAL or a run id",
    "report": "the ranking of a study; --html its figures; --compare two runs",
    "laws": "the laws of a potential: which it obeys, which it breaks, with figures",
    "ui": "MLflow's UI on the local store",
}

USAGE_ERROR = 2

NEW_OBJECTS = 50_000
"""After which Python looks for garbage; at 700 the search takes a second while all is imported."""

LONGEST = 1000
"""Letters of a sentence: what is wrong stands at its beginning, what to do at its end."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status: 0, or 2 after a mistake that the user can mend."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no … gets a ?
            stream.reconfigure(errors="replace")
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    command, *rest = arguments or ["--help"]
    if command in {"-h", "--help", "help"}:
        sys.stdout.write(_help())
        return 0
    if command == "--version":
        sys.stdout.write(f"peslab {__version__}\n")
        return 0
    if command not in COMMANDS:
        sys.stderr.write(f"peslab: {_in_one_line(_unknown(command))}\n")
        return USAGE_ERROR
    # NumPy's and PyTorch's own threads cost more than they bring on matrices as small as ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(NEW_OBJECTS)
    try:
        with stopped_by_signals():
            importlib.import_module(f"peslab.apps.{command}").main(rest)
    except Stopped as stopped:
        name = signal.Signals(stopped.signal).name
        sys.stderr.write(f"peslab: stopped by {name}; {GOES_ON}.\n")
        return 128 + stopped.signal
    except (PeslabError, OSError, MemoryError) as error:
        stop(error)
    except KeyboardInterrupt as interrupted:
        sys.stderr.write(f"peslab: {'; '.join(['interrupted', *interrupted.args])}.\n")
        return 130
    return 0


def stop(error: Exception) -> NoReturn:
    """Tell a mistake in one sentence and exit with status 2, or raise it if PESLAB_DEBUG=1."""
    if os.environ.get("PESLAB_DEBUG") == "1":
        raise error
    sys.stderr.write(f"peslab: {_in_one_line(_sentence(error))}\n")
    sys.exit(USAGE_ERROR)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        place = f" {error.filename}" if error.filename else ""
        if error.errno in FULL:
            return f"The disk is full:{place} free some space; the same command goes on."
        return f"{error.strerror or error}:{place} cannot be used; check its path and permissions."
    return OUT_OF_MEMORY if isinstance(error, MemoryError) else str(error)


def _in_one_line(text: str) -> str:
    """A sentence without line breaks, control characters, and the middle of a long one."""
    line = ended(" ".join(masked(text).split()))
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    half = LONGEST // 2
    return shown if len(shown) <= LONGEST else f"{shown[:half]} … {shown[-half:]}"


def _unknown(command: str) -> str:
    from peslab.configuration.suggest import did_you_mean

    hint = did_you_mean(command, COMMANDS) or f"; choose from {', '.join(COMMANDS)}."
    return f"'{command}' is not a command{hint}"


def _help() -> str:
    lines = [f"  peslab {name:<10} {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "peslab: a laboratory for machine-learned potential energy surfaces",
            "",
            *lines,
            "",
            "Start here:",
            "  peslab train -m study=quickstart  a study: 12 networks compared, with error bars",
            "  peslab train network.width=64     one run with an override",
            "  peslab train --help               every group of choices, and the options in it",
            "",
            "Results appear in ./runs, or in the folder that PESLAB_HOME names.",
            "",
        ]
    )
