"""Small disks and read-only folders for tests, as far as whoever runs them may make them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, check=False)  # noqa: S607
    if done.returncode:
        pytest.skip("only who may mount can make a small disk")


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A disk of its own at a folder, in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid():
        pytest.skip("only root can make a small disk")
    _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def fill(disk: Path, kibibytes: int) -> Path:
    """Fill a disk but for so many KiB; gives the file that does it."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - 1024 * kibibytes)))
    return ballast


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A folder or a file that cannot be written: root may write all but what is mounted so."""
    if os.geteuid():
        mode = path.stat().st_mode
        path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    _mount("--bind", str(path), str(path))
    try:
        _mount("-o", "remount,ro,bind", str(path))
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)  # noqa: S607
