"""A study as its workers see it: who works on it, which trial comes next, what came out.

A trial that runs while its worker is dead was interrupted: its values are queued again, and it does
not count. What its worker says of it later, if it was only slow, is not heard.
"""

import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from peslab.changes import changes
from peslab.damage import told_if_damaged
from peslab.errors import InfrastructureError, PeslabError
from peslab.study.about import About
from peslab.study.attributes import AFTER, INTERRUPTED, RETRY_OF
from peslab.study.search.points import propose
from peslab.study.search.space import Space, parse_space
from peslab.study.settings import NAME, SCHEME, SHARED, Study, with_password
from peslab.study.storage.stores import JOURNAL, LOST, Store, open_store, worker_name

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
WORKER = "worker"
KEPT = "storage.json"
"""In the folder of a study: where it is kept, for those who read it."""

OnInterrupted = Callable[[int], None]
"""Told the number of a trial that was interrupted."""


@dataclass(frozen=True)
class OpenStudy:
    """A study as one worker sees it.

    Attributes:
        settings: What conf/study says.
        space: Its distributions.
        optuna_study: Optuna's own.
        store: Where it is kept.
        worker: The name of this worker.
        on_interrupted: Told of each trial that a dead worker left.
    """

    settings: Study
    space: Space
    optuna_study: optuna.Study
    store: Store
    worker: str
    on_interrupted: OnInterrupted = field(default=lambda _: None)

    def finished(self) -> list[FrozenTrial]:
        """Trials that count: complete, pruned, or failed by themselves."""
        return [trial for trial in self._trials(FINISHED) if INTERRUPTED not in trial.user_attrs]

    def next_trial(self) -> Trial | None:
        """Claim a trial; wait for one as long as a worker that holds one may be dead."""
        end = time.monotonic() + self.store.doubt
        while (trial := self.claim()) is None:
            if time.monotonic() >= end or not self._trials((TrialState.RUNNING,)):
                return None
            time.sleep(min(1.0, self.store.doubt / 10.0))
        return trial

    def claim(self) -> Trial | None:
        """Take the next trial, or None when enough are finished or being worked on."""
        with self.store.lock("claim"):
            self._release_dead_workers()
            running = self._trials((TrialState.RUNNING,))
            if len(self.finished()) + len(running) >= self.settings.n_finished:
                return None
            trial = propose(self.optuna_study, self.settings, self.space)
            trial.set_user_attr(WORKER, self.worker)
            return trial

    def tell(
        self,
        trial: Trial,
        state: TrialState,
        values: Sequence[float] | None,
        told: Mapping[str, Any],
    ) -> bool:
        """Say what came out of a trial.

        Args:
            trial: One that this worker claimed.
            state: How it ended.
            values: The objectives of a complete one.
            told: What else is kept with it.

        Returns:
            Whether it was heard: not so where others had taken this worker for dead.
        """
        with self.store.lock("claim"):
            if self._state(trial).is_finished():
                return False
            for name, content in told.items():
                trial.set_user_attr(name, content)
            self.optuna_study.tell(trial, values, state=state)
            return True

    def hand_back(self, trial: Trial) -> None:
        """Give a trial back that this worker cannot finish, to be run again."""
        with self.store.lock("claim"):
            if not self._state(trial).is_finished():
                self._queue_again(trial.number)

    def repeats(self, trial: Trial) -> Iterator[int]:
        """The interrupted trials that a trial makes good, the last one first."""
        trials = self.optuna_study.get_trials(deepcopy=False)
        before = trials[trial.number].user_attrs.get(AFTER)
        while before is not None:
            yield before
            before = trials[before].user_attrs.get(AFTER)

    def _release_dead_workers(self) -> None:
        for trial in self._trials((TrialState.RUNNING,)):
            worker = str(trial.user_attrs.get(WORKER))
            if worker != self.worker and not self.store.is_alive(worker):
                self._queue_again(trial.number)

    def _queue_again(self, number: int) -> None:
        """Close a trial as interrupted, and queue its values, once whoever dies in the middle."""
        trials = self.optuna_study.get_trials(deepcopy=False)
        trial = trials[number]
        live = Trial(self.optuna_study, trial._trial_id)  # noqa: SLF001
        live.set_user_attr(INTERRUPTED, True)
        # Queued before the trial is closed, or a crash in between would lose its values; who comes
        # after such a crash finds them queued.
        if not any(other.user_attrs.get(AFTER) == number for other in trials):
            # What was fixed is not among the params until it was asked for.
            fixed = trial.system_attrs.get("fixed_params", {})
            first = trial.user_attrs.get(RETRY_OF, number)
            # One that was killed while it was drawn is drawn again as a whole.
            drawn = trial.params if WORKER in trial.user_attrs else {}
            attributes = {RETRY_OF: first, AFTER: number}
            self.optuna_study.enqueue_trial({**fixed, **drawn}, user_attrs=attributes)
        self.optuna_study.tell(number, state=TrialState.FAIL)
        self.on_interrupted(number)

    def _state(self, trial: Trial) -> TrialState:
        return self.optuna_study.get_trials(deepcopy=False)[trial.number].state

    def _trials(self, states: tuple[TrialState, ...]) -> list[FrozenTrial]:
        return self.optuna_study.get_trials(deepcopy=False, states=states)


@contextmanager
def work_on(
    settings: Study,
    home: Path,
    start: Mapping[str, Any],
    recipe: Mapping[str, str],
    about: About,
    on_interrupted: OnInterrupted = lambda _: None,
) -> Iterator[OpenStudy]:
    """Join a study as a worker, creating it when there is none of this name.

    Args:
        settings: What conf/study says.
        home: The folder of results.
        start: Values of the first trial: the default config's place in the space.
        recipe: What all trials share; a study of the same name but another recipe is refused.
        about: What its report has to know.
        on_interrupted: Told of each trial that a dead worker left.

    Raises:
        PeslabError: If the study was begun with another space, recipe or search.
        InfrastructureError: If its server is lost.
    """
    folder = settings.folder(home)
    _check_place(folder, settings)  # before anything is made in there
    folder.mkdir(parents=True, exist_ok=True)
    worker, store = worker_name(), open_store(settings.storage, folder)
    with _told_when_lost(), store.alive(worker):
        with store.lock("create"):
            store.sweep()
            _keep(folder, settings)
            with told_if_damaged(f"The study '{settings.name}' in {folder}"):
                study = _create(settings, store)
            begun_as = {"space": settings.space, "recipe": recipe, "search": settings.search}
            _agree(study, begun_as)
            if not study.get_trials(deepcopy=False):
                about.keep(study)
                _name_objectives(study, settings)
                study.enqueue_trial(dict(start))
        space = parse_space(settings.space)
        yield OpenStudy(settings, space, study, store, worker, on_interrupted)


@contextmanager
def _told_when_lost() -> Iterator[None]:
    """Tell in a sentence what Optuna raises when it has lost its server."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        raise InfrastructureError(LOST) from error


def load(name: str, home: Path) -> optuna.Study:
    """Open a study to read it.

    Raises:
        PeslabError: If there is none of this name.
    """
    folder = home / "studies" / name
    if not NAME.fullmatch(name) or not _is_kept(folder):
        there = sorted(path.name for path in home.glob("studies/*") if _is_kept(path))
        raise PeslabError(
            f"There is no study '{name}' in {home}: "
            + (f"choose from {', '.join(there)}." if there else "run one, peslab train -m study=…")
        )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = _address(folder)
    store = open_store(address and with_password(address), folder)
    with told_if_damaged(f"The study '{name}' in {folder}"):
        return optuna.load_study(study_name=name, storage=store.storage())


def _is_kept(folder: Path) -> bool:
    return (folder / JOURNAL).is_file() or (folder / KEPT).is_file()


def _address(folder: Path) -> str | None:
    """Where a study is kept, as its folder remembers it."""
    kept = folder / KEPT
    if not kept.is_file():
        return None
    with told_if_damaged(kept):
        address = json.loads(kept.read_text(encoding="utf-8"))
        if not (address == SHARED or str(address).startswith(SCHEME)):
            raise ValueError(address)
        return str(address)


def _check_place(folder: Path, settings: Study) -> None:
    """Refuse a study that was begun elsewhere."""
    begun, address = _address(folder), settings.public_storage
    if _is_kept(folder) and begun != address:
        raise PeslabError(
            f"The study '{settings.name}' was begun with study.storage={begun or 'null'}, not "
            f"{address or 'null'}: go back to that, or start another study with study.name=…"
        )


def _keep(folder: Path, settings: Study) -> None:
    """Record where a study is kept, unless somebody has begun it elsewhere meanwhile."""
    _check_place(folder, settings)
    kept, address = folder / KEPT, settings.public_storage
    if address is not None and not kept.is_file():
        partial = folder / f".{KEPT}"
        partial.write_text(json.dumps(address), encoding="utf-8")
        partial.replace(kept)


def _create(settings: Study, store: Store) -> optuna.Study:
    """The study of this name; to create one that is there would write to its journal each time."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = store.storage()
    with suppress(KeyError):
        return optuna.load_study(study_name=settings.name, storage=storage)
    return optuna.create_study(
        study_name=settings.name, storage=storage, directions=settings.directions
    )


def _name_objectives(study: optuna.Study, settings: Study) -> None:
    if settings.searched:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names([each.metric for each in settings.searched])


def _agree(study: optuna.Study, ours: Mapping[str, Mapping[str, str]]) -> None:
    """Record what the study is about, or refuse when it began as something else."""
    for part, values in ours.items():
        begun: Mapping[str, str] | None = study.user_attrs.get(part)
        if begun is None:
            study.set_user_attr(part, dict(values))
        elif begun != values:
            told = "; ".join(changes(begun, values))
            raise PeslabError(
                f"The study '{study.study_name}' was begun with another {part} ({told}): "
                "undo that, or start another study with study.name=…"
            )
