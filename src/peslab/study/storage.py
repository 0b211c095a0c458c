"""A study on disk: Optuna's journal, who works on it, which trial comes next.

A worker holds a lock file as long as it lives. A trial that runs while its worker's lock is free
was interrupted: its values are queued again, and it does not count.
"""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from peslab.errors import PeslabError
from peslab.study.settings import NAME, Study
from peslab.study.space import Space, parse_space

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
INTERRUPTED = "interrupted"
REFERENCE = "reference"
UNIT = "unit"


@dataclass(frozen=True)
class OpenStudy:
    """A study as one worker sees it.

    Attributes:
        settings: What conf/study says.
        space: Its distributions.
        optuna_study: Optuna's own.
        folder: Where the journal, the locks and the trials' folders are.
        worker: The name of this worker, None for a reader.
    """

    settings: Study
    space: Space
    optuna_study: optuna.Study
    folder: Path
    worker: str | None = None

    def finished(self) -> list[FrozenTrial]:
        """Trials that count: complete, pruned, or failed by themselves."""
        return [trial for trial in self._trials(FINISHED) if INTERRUPTED not in trial.user_attrs]

    def claim(self) -> Trial | None:
        """Take the next trial, or None when enough are finished or being worked on."""
        with self._lock("claim"):
            self._release_dead_workers()
            running = self._trials((TrialState.RUNNING,))
            if len(self.finished()) + len(running) >= self.settings.n_trials:
                return None
            self.optuna_study.sampler = self._sampler(self._next_number())
            trial = self.optuna_study.ask(self.space)
            trial.set_user_attr("worker", self.worker)
            return trial

    def _next_number(self) -> int:
        """The number of the trial that Optuna hands out next: a queued one, or a new one."""
        queued = [trial.number for trial in self._trials((TrialState.WAITING,))]
        return min(queued, default=len(self.optuna_study.get_trials(deepcopy=False)))

    def _sampler(self, number: int) -> optuna.samplers.TPESampler:
        """TPE whose draws depend on the study's seed and the trial's number alone."""
        seed = int(np.random.SeedSequence([self.settings.seed, number]).generate_state(1)[0])
        return optuna.samplers.TPESampler(
            n_startup_trials=self.settings.n_startup_trials,
            multivariate=True,
            constant_liar=True,
            seed=seed,
        )

    def _release_dead_workers(self) -> None:
        for trial in self._trials((TrialState.RUNNING,)):
            worker = str(trial.user_attrs.get("worker"))
            if worker != self.worker and _is_free(self._lock_file(worker)):
                live = optuna.trial.Trial(self.optuna_study, trial._trial_id)  # noqa: SLF001
                live.set_user_attr(INTERRUPTED, True)
                # What was fixed is not among the params until it was asked for; queue it before
                # the trial is closed, or a crash in between would lose it.
                fixed = trial.system_attrs.get("fixed_params", {})
                self.optuna_study.enqueue_trial({**fixed, **trial.params})
                self.optuna_study.tell(trial.number, state=TrialState.FAIL)

    def _trials(self, states: tuple[TrialState, ...]) -> list[FrozenTrial]:
        return self.optuna_study.get_trials(deepcopy=False, states=states)

    def _lock_file(self, name: str) -> Path:
        return self.folder / "locks" / f"{name}.lock"

    def _lock(self, name: str) -> FileLock:
        return FileLock(self._lock_file(name))


@contextmanager
def work_on(
    settings: Study,
    home: Path,
    start: Mapping[str, Any],
    recipe: Mapping[str, str],
    reference: str,
    unit: str = "E_c",
) -> Iterator[OpenStudy]:
    """Join a study as a worker, creating it when there is none of this name.

    Args:
        settings: What conf/study says.
        home: The folder of results.
        start: Values of the first trial: the default config's place in the space.
        recipe: What all trials share; a study of the same name but another recipe is refused.
        reference: What others reached, for the report.
        unit: Of the errors, for the report.

    Raises:
        PeslabError: If the study was begun with another space or recipe.
    """
    folder = settings.folder(home)
    (folder / "locks").mkdir(parents=True, exist_ok=True)
    worker = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    alive = folder / "locks" / f"{worker}.lock"
    try:
        with FileLock(alive):
            with FileLock(folder / "locks" / "create.lock"):
                _mend_journal(folder, but=alive)
                study = _create(settings.name, folder)
                _agree(study, {"space": dict(settings.space), "recipe": dict(recipe)})
                if not study.get_trials(deepcopy=False):
                    study.set_user_attr(REFERENCE, reference)
                    study.set_user_attr(UNIT, unit)
                    study.enqueue_trial(dict(start))
            yield OpenStudy(settings, parse_space(settings.space), study, folder, worker)
    finally:
        alive.unlink(missing_ok=True)


def load(name: str, home: Path) -> optuna.Study:
    """Open a study to read it.

    Raises:
        PeslabError: If there is none of this name.
    """
    journal = home / "studies" / name / "journal.log"
    if not NAME.fullmatch(name) or not journal.is_file():
        there = sorted(path.parent.name for path in home.glob("studies/*/journal.log"))
        raise PeslabError(
            f"There is no study '{name}' in {home}: "
            + (f"choose from {', '.join(there)}." if there else "run one, peslab train -m study=…")
        )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.load_study(study_name=name, storage=_storage(journal.parent))


def _create(name: str, folder: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        study_name=name, storage=_storage(folder), direction="minimize", load_if_exists=True
    )


def _storage(folder: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(folder / "journal.log")))


def _mend_journal(folder: Path, but: Path) -> None:
    """Cut off a last line that a killed worker left half-written, if no other is alive to write."""
    journal = folder / "journal.log"
    others = [lock for lock in folder.glob("locks/*-*.lock") if lock != but]
    if not journal.is_file() or not all(_is_free(lock) for lock in others):
        return
    content = journal.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(journal, len(whole))


def _agree(study: optuna.Study, ours: Mapping[str, Mapping[str, str]]) -> None:
    """Record what the study is about, or refuse when it began as something else."""
    for part, values in ours.items():
        begun: Mapping[str, str] | None = study.user_attrs.get(part)
        if begun is None:
            study.set_user_attr(part, dict(values))
        elif begun != values:
            keys = [k for k in sorted({*begun, *values}) if begun.get(k) != values.get(k)]
            changes = "; ".join(f"{k}: {begun.get(k)} → {values.get(k)}" for k in keys)
            raise PeslabError(
                f"The study '{study.study_name}' was begun with another {part} ({changes}): "
                "undo that, or start another study with study.name=…"
            )


def _is_free(lock_file: Path) -> bool:
    if not lock_file.exists():
        return True
    try:
        with FileLock(lock_file, timeout=0):
            return True
    except Timeout:
        return False
