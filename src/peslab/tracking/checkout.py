"""The checkout that peslab is imported from: its commit, and what differs from it."""

import hashlib
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import peslab
from peslab.passwords import masked

LONGEST = 200_000
"""Letters of a difference that are kept; its fingerprint is of all of it."""

LARGEST, MOST = 2_000_000, 200
"""Bytes of an untracked file that is hashed, and how many are named."""


def commit() -> str:
    """The commit of our checkout; nothing where there is none, as in a wheel."""
    return _git("rev-parse", "HEAD").strip()


def uncommitted(home: Path | None = None) -> str:
    """What differs from the commit, as it was when this process asked first; nothing if nothing.

    The difference of the files that git tracks, then the names and SHA-256 of those that it does
    not know. Ignored files are not looked at, passwords in addresses are masked.

    Args:
        home: The folder of results, which is no part of the code.
    """
    return _uncommitted(_top(), home)


def fingerprint(difference: str) -> str:
    """By which two differences are compared."""
    return hashlib.sha256(difference.encode()).hexdigest()[:16]


def shortened(difference: str) -> str:
    """As much of a difference as is kept."""
    if len(difference) <= LONGEST:
        return difference
    return f"{difference[:LONGEST]}\n… {len(difference) - LONGEST:,} more letters\n"


@cache  # the code that runs is what was read at the start, whatever is edited meanwhile
def _uncommitted(top: Path | None, home: Path | None) -> str:
    if top is None:
        return ""
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--full-index")
    changed = _git("diff", "HEAD", *plain)
    elsewhere = [] if home is None else [f":(exclude){home}"] if home.is_relative_to(top) else []
    names = _git("ls-files", "--others", "--exclude-standard", "-z", "--", ".", *elsewhere)
    untracked = "".join(_hashed(top, sorted(filter(None, names.split("\0")))))
    return masked(changed) + untracked


def _hashed(top: Path, names: list[str]) -> Iterator[str]:
    for name in names[:MOST]:
        yield f"untracked {_digest(top / name)} {name}\n"
    if len(names) > MOST:
        yield f"untracked {len(names) - MOST:,} files more\n"


def _digest(file: Path) -> str:
    """Of what a file holds, of where a link points to; of something large its size."""
    try:
        if file.is_symlink():
            return hashlib.sha256(str(file.readlink()).encode()).hexdigest()
        if not file.is_file() or (size := file.stat().st_size) > LARGEST:
            return f"({size:,} bytes)" if file.is_file() else "(no file)"
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return "(not readable)"


def _top() -> Path | None:
    """The top of our checkout; the folder that a command is run in may be another's."""
    top = Path(peslab.__file__).resolve().parents[2]
    return top if (top / ".git").exists() else None


def _git(*arguments: str) -> str:
    """What git says of our checkout, or nothing."""
    top = _top()
    if top is None:
        return ""
    try:
        answer = subprocess.run(  # a fixed command without input
            ["git", "-C", str(top), *arguments],  # noqa: S607
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace") if answer.returncode == 0 else ""
