"""Leases and locks on a file system of many machines, made of files and names alone.

Locks of the operating system may lie there, and Optuna's lock for such file systems can be taken
from one who has just got it, by two who wait for a dead one. Here a lock is a row of generations,
`claim.1`, `claim.2`, …: the highest one that is there holds, its content tells who, and whoever
takes it makes the next one, which only one can. All that is asked of the file system is that a
link is made once, as NFS does since version 3.
"""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FREE = ".free"
LONGEST_WAIT = 0.25  # seconds between two looks


@contextmanager
def renewed(lease: Path, seconds: float) -> Iterator[None]:
    """Write a file again and again, as a sign of life; it goes at the end."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(seconds):
            with suppress(OSError):  # a disk that is full now may have room the next time
                written(lease)

    written(lease)
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        lease.unlink(missing_ok=True)


def age(lease: Path) -> float:
    """Seconds since a lease was renewed, by the clock of its file system; infinite without one."""
    clock = lease.with_name(f"clock-{uuid.uuid4().hex}")
    try:
        with lease.open("rb") as file:  # opened, so that NFS asks its server
            renewal = os.fstat(file.fileno()).st_mtime
        return written(clock) - renewal
    except FileNotFoundError:
        return float("inf")
    finally:
        clock.unlink(missing_ok=True)


def written(path: Path, content: str = "alive") -> float:
    """Write a file, and tell when, by the clock of its file system."""
    with path.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_mtime


class GenerationLock:
    """A lock that is taken from a holder whose lease has ended.

    Args:
        folder: Of the lock's files.
        name: Of the lock.
        holder: Who takes it.
        is_alive: Tells whether another holder lives.
    """

    def __init__(
        self, folder: Path, name: str, holder: str, is_alive: Callable[[str], bool]
    ) -> None:
        self._folder, self._name, self._holder = folder, name, holder
        self._is_alive = is_alive
        self._held = 0

    def acquire(self) -> bool:
        """Wait until it is free, or its holder dead, and take it."""
        wait = 0.001
        while not self._try():
            time.sleep(wait)
            wait = min(2.0 * wait, LONGEST_WAIT)
        return True

    def release(self) -> None:
        """Give it back, unless others have taken it meanwhile."""
        held = self._path(self._held)
        try:
            held.rename(held.with_name(held.name + FREE))
        except FileNotFoundError:
            return

    def _try(self) -> bool:
        generations = self._generations()
        highest = max(generations, default=0)
        if highest and not generations[highest]:
            holder = self._holder_of(highest)
            if holder is None or self._is_alive(holder):
                return False
        if not self._make(highest + 1):
            return False
        later = self._generations()
        if max(later) > highest + 1:  # the list was old: others came and went meanwhile
            self._path(highest + 1).unlink(missing_ok=True)
            return False
        self._held = highest + 1
        for generation, is_free in later.items():
            if generation < self._held:
                path = self._path(generation)
                (path.with_name(path.name + FREE) if is_free else path).unlink(missing_ok=True)
        return True

    def _generations(self) -> dict[int, bool]:
        """Those that are there, and whether they were given back."""
        found: dict[int, bool] = {}
        for path in self._folder.glob(f"{self._name}.[0-9]*"):
            number = path.name.removesuffix(FREE).rpartition(".")[2]
            if number.isdigit():
                found[int(number)] = path.name.endswith(FREE)
        return found

    def _holder_of(self, generation: int) -> str | None:
        """Who holds it; None where it was just given back."""
        try:
            return self._path(generation).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _make(self, generation: int) -> bool:
        """Make a generation with its content at once, if it is not there."""
        draft = self._folder / f"draft-{uuid.uuid4().hex}"
        try:
            written(draft, self._holder)
            os.link(draft, self._path(generation))
        except FileExistsError:
            return False
        finally:
            draft.unlink(missing_ok=True)
        path = self._path(generation)
        if path.with_name(path.name + FREE).exists():  # it came and went since the list was made
            path.unlink(missing_ok=True)
            return False
        return True

    def _path(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}"
