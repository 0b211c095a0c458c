"""A trial that somebody else trains: a command of the user's, or a function of a package of theirs.

Everything around it is as with our own training: replicas with their seeds, a run in MLflow, errors
with standard errors, reasons of failures. What is trained, and on what, only they know.
"""

import json
import math
import numbers
import shlex
import shutil
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from omegaconf import DictConfig, OmegaConf

from peslab.configuration.build import resolve
from peslab.configuration.compose import keys
from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError
from peslab.passwords import masked
from peslab.pipeline.replicas import summary
from peslab.pipeline.run import keep_metrics
from peslab.problems.contract import FRESH_SEEDS
from peslab.study import Study
from peslab.study.about import About
from peslab.study.command import (
    GIVEN,
    Function,
    as_text,
    filled,
    function_of,
    is_entry,
    located,
    parsed,
    placeholders,
    words,
)
from peslab.study.process import ERRORS, OUTPUT, last_words, run
from peslab.study.results.confirmation import ROLE, SEEDS_OF_A_TRIAL, Retrained
from peslab.study.results.ranking import RankedTrial
from peslab.study.results.shown import on_test_part
from peslab.study.search.pruning import retry_of
from peslab.study.search.space import as_overrides
from peslab.study.sweeper import TrialResult
from peslab.tracking import RunRecord, Tracking, record_environment, track_run

NAME = "own_trainer"
"""What its runs have as their problem."""

OBJECTIVE = "val/error"
"""The metric that is minimized where the study names none."""

METRICS, COMMAND = "metrics.json", "command.txt"

LONGEST = 500_000
"""Letters of what a program said that go into MLflow, its last ones."""


@dataclass(frozen=True)
class OwnTrainer:
    """What trains the trials of a study, checked.

    Attributes:
        study: The study.
        config: The composed config, whose values the command may take.
        parts: The words of the command; none for a function.
        function: The function that is called instead.
        home: The folder of results.
        tracking: Where runs are logged.
    """

    study: Study
    config: DictConfig
    parts: tuple[str, ...]
    function: Function | None
    home: Path
    tracking: Tracking

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that are minimized or maximized."""
        return tuple(each.metric for each in self.study.searched) or (OBJECTIVE,)

    @property
    def seeds(self) -> range:
        """The seed of each replica."""
        return range(self.config.seed, self.config.seed + self.config.replicas)

    def recipe(self) -> dict[str, str]:
        """What all trials share, as text."""
        used = [name for name in placeholders(self.parts) if name not in GIVEN]
        command = cast("str | Sequence[str]", self.study.command)
        return {
            "study.command": masked(command if isinstance(command, str) else shlex.join(command)),
            "study.objectives": ",".join(self.study.objectives or (OBJECTIVE,)),
            "seed": str(self.config.seed),
            "replicas": str(self.config.replicas),
            **{key: self._text(self.config, key) for key in used if key not in self.study.space},
        }

    def about(self) -> About:
        """What a report has to know: who trains, and that there are no baselines."""
        return About(trainer=self.recipe()["study.command"])

    def run_trial(self, number: int, overrides: Sequence[str]) -> TrialResult:
        """Run a trial in a folder of its own.

        Args:
            number: Of the trial.
            overrides: Its values, as they could be typed.

        Raises:
            PeslabError: If a replica fails; the sentence has the last words of its program.
        """
        folder = self.study.folder(self.home) / str(number)
        try:
            folder.mkdir(parents=True)
        except FileExistsError as error:
            raise PeslabError(f"{folder} is there already: move it away.") from error
        _, metrics, run_id = self._run(number, overrides, folder, self.seeds)
        return TrialResult(metrics[self.objectives[0]], metrics, run_id)

    def retrain(self, trial: RankedTrial, folder: Path) -> Retrained:
        """Run a finished trial again with fresh seeds.

        Args:
            trial: The trial.
            folder: For what comes out; replicas of an attempt before are deleted.

        Raises:
            PeslabError: If a replica fails.
        """
        first = self.seeds.start + FRESH_SEEDS + trial.trial * SEEDS_OF_A_TRIAL
        for left in folder.glob("replica_*"):
            shutil.rmtree(left)
        seeds = range(first, first + len(self.seeds))
        self.tracking.close_lost(self.home, self.study.name, trial.trial, ROLE)
        overrides = as_overrides(trial.values)
        found, _, run_id = self._run(trial.trial, overrides, folder, seeds, ROLE)
        objective = self.objectives[0]
        on_test = on_test_part(objective)
        error = on_test if all(on_test in each for each in found) else objective
        return Retrained(
            errors=np.array([[each[error]] for each in found]),
            data=str(self.study.command),
            told="the test data of the command" if error == on_test else "the data of the command",
            promised=trial.metrics.get(objective),
            run_id=run_id,
            is_maximized=self.study.searched[0].maximized if self.study.searched else False,
            metric=error,
            is_new=False,
            promised_sem=trial.metrics.get(f"{objective}_sem") if error == objective else None,
        )

    def _run(
        self,
        number: int,
        overrides: Sequence[str],
        folder: Path,
        seeds: range,
        role: str | None = None,
    ) -> tuple[list[dict[str, float]], dict[str, float], str]:
        """What each replica measured, all of it summarized, and the run in MLflow."""
        values = dict(parsed(override) for override in overrides)
        starts = [self._start(number, k, seed, values, folder) for k, seed in enumerate(seeds)]
        tags = {"problem": NAME, "study": self.study.name, "trial": str(number), "trainer": NAME}
        name = f"{self.study.name}/{number}"
        if (lost := retry_of()) is not None:
            tags["retry_of"] = str(lost)
        if role is not None:
            name, tags = f"{name} {role}", tags | {"role": role}
        with track_run(self.tracking, self.home, name, tags, self.study.name) as log:
            log.params({key: text for key, (text, _) in values.items()})
            record_environment(log, self.home, {"seeds": ", ".join(map(str, seeds))})
            log.text("".join(f"{start.told}\n" for start in starts), COMMAND)
            began = time.perf_counter()
            try:
                found = [self._metrics(start) for start in starts]
            finally:
                _keep_output(log, starts)
            metrics = _summary(found) | {"seconds/trainer": time.perf_counter() - began}
            log.metrics(metrics)
            keep_metrics(folder, metrics)
        return found, metrics, log.run_id

    def _start(
        self,
        number: int,
        replica: int,
        seed: int,
        values: Mapping[str, tuple[str, Any]],
        folder: Path,
    ) -> "_Start":
        own = folder / f"replica_{replica}"
        given = {
            "seed": str(seed),
            "replica": str(replica),
            "trial": str(number),
            "folder": str(own),
            "metrics": str(own / METRICS),
        }
        typed = {key: value for key, (_, value) in values.items()}
        if self.function is not None:
            called = f"{self.study.command}: values={typed}, seed={seed}"
            return _Start(replica, seed, own, typed, (), masked(called))
        config = self.config.copy()
        for key, value in typed.items():
            if key in keys(config):
                OmegaConf.update(config, key, value)
        texts = given | {key: text for key, (text, _) in values.items()}
        for name in placeholders(self.parts):
            if name not in texts:
                texts[name] = self._text(config, name)
        parts = tuple(filled(self.parts, texts))
        by_hand = filled(self.parts, texts | {"folder": ".", "metrics": METRICS})
        return _Start(replica, seed, own, typed, parts, masked(shlex.join(by_hand)))

    def _text(self, config: DictConfig, key: str) -> str:
        return as_text(OmegaConf.select(config, key))

    def _metrics(self, start: "_Start") -> dict[str, float]:
        """What one replica measured, or the reason why it failed."""
        try:
            start.folder.mkdir()
            if self.function is not None:
                found = _called(self.function, start)
            else:
                run(start.parts, start.folder, self.study.timeout)
                found = _read(start.folder)
            return checked(found, self.objectives)
        except PeslabError as error:
            place = f"Replica {start.replica} (seed {start.seed})"
            raise type(error)(f"{place}: {error}") from error


@dataclass(frozen=True)
class _Start:
    replica: int
    seed: int
    folder: Path
    values: dict[str, Any]
    parts: tuple[str, ...]
    told: str


def prepare(
    config: DictConfig, study: Study, here: Path, home: Path, tracking: Tracking
) -> OwnTrainer:
    """Check everything about a trainer of the user's before anything starts.

    Args:
        config: The composed config without its `hydra` node.
        study: With the space of the command line, and a command.
        here: Where files that the command names are looked for.
        home: The folder of results.
        tracking: Where its runs are logged.

    Raises:
        PeslabError: If a placeholder is unknown, a swept key or the seed is not used, or there is
            no such program or function.
    """
    for key in study.space:
        if key in GIVEN:
            raise PeslabError(
                f"study.space: {key} cannot be swept, as every start has its own: use another key."
            )
    command = cast("str | tuple[str, ...]", study.command)
    if is_entry(command):
        return OwnTrainer(study, config, (), function_of(str(command)), home, tracking)
    parts = words(command)
    used = placeholders(parts)
    _check_used(used, study, config)
    return OwnTrainer(study, config, located(parts, here), None, home, tracking)


def checked(found: object, objectives: Sequence[str]) -> dict[str, float]:
    """Metrics, all of them finite numbers, the objectives among them.

    Raises:
        PeslabError: If they are not.
    """
    if not isinstance(found, Mapping):
        raise PeslabError(
            f'its metrics are no object of numbers such as {{"{objectives[0]}": 0.1}}.'
        )
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise PeslabError(f"its metric {name} is {_short(value)}, which is no number.")
        if not math.isfinite(value):
            raise PeslabError(f"its metric {name} is {value}, which cannot be compared.")
        if not isinstance(name, str) or name.endswith("_sem") or name.startswith("replica_"):
            raise PeslabError(
                f"its metric {name} has a name of ours: peslab calculates standard errors itself."
            )
    for objective in objectives:
        if objective not in found:
            there = ", ".join(found) or "none"
            raise PeslabError(f"it measured no {objective} (but {there}): see study.objectives.")
    return {name: float(value) for name, value in found.items()}


def _check_used(used: Sequence[str], study: Study, config: DictConfig) -> None:
    known = [*study.space, *GIVEN, *keys(config)]
    values = resolve(config)
    for name in used:
        if name not in known:
            hint = did_you_mean(name, known) or f": there are {', '.join([*study.space, *GIVEN])}."
            raise PeslabError(f"study.command: nothing is called {{{name}}}{hint}")
        if name not in study.space and isinstance(_node(values, name), dict):
            raise PeslabError(f"study.command: {{{name}}} is a group: name one of its values.")
    for key in study.space:
        if key not in used:
            raise PeslabError(
                f"study.space: {key} is swept, but the command does not take it: write {{{key}}}."
            )
    if config.replicas > 1 and not {"seed", "replica"} & set(used):
        raise PeslabError(
            f"study.command does not take {{seed}}, so that its {config.replicas} replicas would "
            "be one and the same: add it, or set replicas=1."
        )


def _node(values: Mapping[str, Any], key: str) -> object:
    found: Any = values
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _called(function: Function, start: _Start) -> object:
    """What a function returns; what it prints is kept as a program's output is."""
    output, errors = start.folder / OUTPUT, start.folder / ERRORS
    with output.open("w", encoding="utf-8") as out, errors.open("w", encoding="utf-8") as err:
        try:
            with redirect_stdout(out), redirect_stderr(err):
                return function(dict(start.values), start.seed, start.folder)
        except Exception as error:  # it is the user's, and may fail as it likes
            err.write(masked(traceback.format_exc()))
            told = " ".join(str(error).split())[:300]
            raise PeslabError(f"{type(error).__name__}: {told}") from error


def _read(folder: Path) -> object:
    try:
        return json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PeslabError(
            f"it ended well but wrote no {METRICS}; its last words: {last_words(folder)}"
        ) from error
    except (ValueError, OSError) as error:
        raise PeslabError(f"its {METRICS} cannot be read: {error}") from error


def _summary(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means and standard errors over replicas, which must have measured the same."""
    first = found[0]
    for k, other in enumerate(found):
        if odd := sorted(set(first) ^ set(other)):
            raise PeslabError(f"Replicas 0 and {k} measured different things: {', '.join(odd)}.")
    return summary({name: np.array([each[name] for each in found]) for name in first})


def _keep_output(log: RunRecord, starts: Sequence[_Start]) -> None:
    for start in starts:
        for name in (OUTPUT, ERRORS):
            path = start.folder / name
            if path.is_file() and path.stat().st_size:
                text = path.read_bytes()[-LONGEST:].decode("utf-8", "replace")
                log.text(masked(text), f"output/replica_{start.replica}/{name}")


def _short(value: object) -> str:
    return repr(value)[:50]
