"""What a study is told in conf/study."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from peslab.errors import PeslabError
from peslab.passwords import VARIABLES, masked
from peslab.study.command import is_entry, placeholders, words
from peslab.study.objectives import Objective, parse_objectives
from peslab.study.search.pruners import Pruner, Unpruned
from peslab.study.search.samplers import TPE, Sampler

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""What a study may be called: it becomes a folder."""

MOST_WORKERS = 1024
LARGEST_SEED = 2**32 - 1

SHARED = "shared"
SCHEME = "postgresql+psycopg://"

REMEMBERED = f"{VARIABLES}STUDY_STORAGE"
"""The environment variable of an address with a password."""

FELLOW = "PESLAB_FELLOW_WORKER"
"""The environment variable of workers that were started by a command, which judges the study."""

PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):.*@", re.DOTALL)
"""To the last @: a password may hold others."""


def public(address: str) -> str:
    """An address without its password, which libpq takes from PGPASSWORD or ~/.pgpass as well."""
    base, _, query = PASSWORD.sub(r"\1@", address).partition("?")
    kept = [part for part in query.split("&") if part and masked(f"?{part}") == f"?{part}"]
    return f"{base}?{'&'.join(kept)}" if kept else base


def remember(address: str) -> None:
    """Keep an address with a password for this process and its workers; files never see it."""
    if public(address) != address:
        os.environ[REMEMBERED] = address


def with_password(address: str) -> str:
    """An address as it was given to this process, if it was: files have it without password."""
    given = os.environ.get(REMEMBERED, "")
    return given if public(given) == address else address


def _described(part: object) -> str:
    """A class and its values, also of somebody's own that has no such text itself."""
    values = ", ".join(f"{name}={value!r}" for name, value in vars(part).items())
    return f"{type(part).__name__}({values})"


@dataclass(frozen=True)
class Study:
    """A search for the values of some keys that minimize the error on the validation part.

    Args:
        name: Its folder under `studies/`; the same name again continues the study.
        n_trials: Trials finished in the end, however often it was started.
        extend_by: Trials beyond these, for a study that is finished; not beyond those that it has,
            or whoever goes on with the same command would add more of them.
        n_startup_trials: The default config and random ones, before TPE proposes.
        seed: Of the proposals; proposal number t is drawn from (seed, t).
        workers: Processes of this machine that take trials.
        confirm: How many of the leading trials are trained again on fresh data when all are
            finished; 0 for none.
        storage: Where it is kept: None in its folder, for one machine; `shared` in its folder on a
            file system of many machines; or the address of a PostgreSQL database.
        max_failures: Trials of one worker that may fail in a row before it stops.
        space: For each swept key its values in Hydra's grammar, e.g.
            `{"optimizer.learning_rate": "tag(log, interval(1e-4, 1e-2))"}`.
        sampler: Who proposes values.
        pruner: Who ends hopeless trials.
        objectives: The metrics that are minimized, or maximized after a minus; None is the
            problem's own.
        start_from: Another study, or STUDY/TRIAL, whose best trial is the base of this one.
        command: A trainer of the user's, with placeholders (`peslab.study.command`); its space may
            have keys of its own. None trains with peslab.
        timeout: Seconds after which a command fails; None waits.

    Raises:
        PeslabError: If a value is impossible.
    """

    name: str
    n_trials: int
    n_startup_trials: int
    seed: int
    workers: int
    space: dict[str, str]
    confirm: int = 0
    extend_by: int = 0
    storage: str | None = None
    max_failures: int = 5
    sampler: Sampler = field(default_factory=TPE)
    pruner: Pruner = field(default_factory=Unpruned)
    objectives: tuple[str, ...] | None = None
    start_from: str | None = None
    command: str | tuple[str, ...] | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise PeslabError(
                f"name={self.name} cannot be a folder: use letters, digits, _ and - only, 100 at "
                "most."
            )
        if self.storage not in {None, SHARED} and not str(self.storage).startswith(SCHEME):
            raise PeslabError(
                f"storage={public(str(self.storage))} keeps no study: use null, shared, or "
                f"{SCHEME}user@host/database."
            )
        self._check_numbers()
        if len(self.searched) > 1 and self.pruner.checks:
            raise PeslabError(
                "Pruners look at one error only: choose study/pruner=none, or one objective."
            )
        self._check_command()
        if not self.space and self.command is None:
            raise PeslabError(
                "space is empty: sweep a key, e.g. network.width='int(interval(8,64))', or name a "
                "trainer of your own with study.command."
            )

    def _check_numbers(self) -> None:
        for key in ("n_trials", "n_startup_trials", "workers", "max_failures"):
            if getattr(self, key) < 1:
                raise PeslabError(f"{key}={getattr(self, key)} is too small: use 1 or more.")
        for key in ("seed", "extend_by", "confirm"):
            if getattr(self, key) < 0:
                raise PeslabError(f"{key}={getattr(self, key)} is negative: use 0 or more.")
        if self.workers > MOST_WORKERS:
            raise PeslabError(
                f"workers={self.workers} are more than {MOST_WORKERS:,}: a machine is soon full, "
                "and more machines join by the same command."
            )
        if self.seed > LARGEST_SEED:
            raise PeslabError(f"seed={self.seed} is too large: samplers take less than 2^32.")

    def _check_command(self) -> None:
        if self.command is not None and not is_entry(self.command):
            placeholders(words(self.command))
        if self.timeout is None:
            return
        if self.command is None or is_entry(self.command):
            raise PeslabError(
                "timeout ends programs of study.command only: set it to null, or use "
                "trainer.max_steps."
            )
        if not self.timeout > 0:
            raise PeslabError(f"timeout={self.timeout} is too short: use seconds above 0, or null.")

    @property
    def searched(self) -> tuple[Objective, ...]:
        """The objectives, as far as they are told."""
        return parse_objectives(self.objectives) if self.objectives is not None else ()

    @property
    def directions(self) -> list[Literal["minimize", "maximize"]]:
        """Of the objectives, in Optuna's words."""
        return [each.direction for each in self.searched] or ["minimize"]

    @property
    def search(self) -> dict[str, str]:
        """How trials are chosen and ended, as text: another way makes another study.

        A pruner compares checks that others count otherwise, and a study that goes on with another
        seed is none that could be repeated.
        """
        told = {name: _described(getattr(self, name)) for name in ("sampler", "pruner")}
        numbers = {name: str(getattr(self, name)) for name in ("seed", "n_startup_trials")}
        return {f"study.{name}": text for name, text in (told | numbers).items()}

    @property
    def n_finished(self) -> int:
        """Trials finished in the end."""
        return self.n_trials + self.extend_by

    @property
    def public_storage(self) -> str | None:
        """Where it is kept, without a password."""
        return None if self.storage is None else public(self.storage)

    def folder(self, home: Path) -> Path:
        """The study's folder: its journal, and one folder per trial."""
        return home / "studies" / self.name
