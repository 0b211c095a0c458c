"""The runs of a grid, read back from what each of them wrote, wherever it ran."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, takewhile
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from peslab.configuration.compose import parse
from peslab.errors import PeslabError
from peslab.pipeline.plan import Plan, plan
from peslab.pipeline.replicas import BEST_REPLICA
from peslab.problems.contract import Array, Task

FAILURE = "failure.txt"
"""In the folder of a run that failed: why."""

OVERRIDES, CONFIG = ".hydra/overrides.yaml", ".hydra/config.yaml"


@dataclass(frozen=True)
class Grid:
    """Runs that differ in swept values.

    Attributes:
        folder: Of the sweep; each run has a numbered one in it.
        runs: One row a run, in the order of their numbers: `run`, the swept keys, `failure` (null
            for a run that ended well), then every metric, null where a run has none.
        keys: The swept keys in the order they were typed.
        plan: Of the first run.
        task: What all runs are for; None where they differ in that, so that errors of one cannot
            be compared with those of another.
    """

    folder: Path
    runs: pl.DataFrame
    keys: tuple[str, ...]
    plan: Plan
    task: Task | None

    @cached_property
    def finished(self) -> pl.DataFrame:
        """The runs that ended well."""
        return self.runs.filter(pl.col("failure").is_null())

    @cached_property
    def failures(self) -> dict[int, str]:
        """Why runs failed, by their numbers."""
        failed = self.runs.filter(pl.col("failure").is_not_null())
        return dict(failed.select("run", "failure").iter_rows())

    @property
    def best(self) -> int | None:
        """The run with the lowest objective, which is measured on the validation part."""
        if self.task is None or self.task.objective not in self.finished.columns:
            return None
        comparable = self.finished.filter(pl.col(self.task.objective).is_finite())
        numbers = comparable.sort(self.task.objective, "run")["run"]
        return int(numbers[0]) if len(numbers) else None

    def has(self, metric: str) -> bool:
        """Whether every run that ended well has a metric."""
        found = self.finished
        return bool(metric in found.columns and len(found) and not found[metric].has_nulls())

    def is_numeric(self, key: str) -> bool:
        """Whether all values of a swept key are numbers."""
        return self.runs[key].dtype.is_numeric()


def read_grid(folder: Path) -> Grid:
    """Gather the runs of a grid.

    Args:
        folder: Of the sweep, as `runs/multirun/2026-11-21_18-00-00_000000`.

    Raises:
        PeslabError: If no run of a grid has been there.
    """
    begun = [run for run in folder.glob("[0-9]*") if run.name.isdigit()]
    runs = sorted((run for run in begun if (run / OVERRIDES).is_file()), key=_number)
    if not runs:
        raise PeslabError(
            f"{folder} holds no runs of a grid: name a folder that peslab train -m made."
        )
    overrides = [_overrides(run) for run in runs]
    known = list(dict.fromkeys(key for each in overrides for key in each))
    keys = tuple(key for key in known if len({each.get(key) for each in overrides}) > 1)
    metrics = [_metrics(run) for run in runs]
    names = list(dict.fromkeys(name for each in metrics for name in each))
    frame = pl.DataFrame(
        [
            pl.Series("run", [_number(run) for run in runs], pl.Int64),
            *(_column(key, [each.get(key) for each in overrides]) for key in keys),
            pl.Series("failure", [_failure(run) for run in runs], pl.String),
            *(pl.Series(name, [each.get(name) for each in metrics], pl.Float64) for name in names),
        ]
    )
    configs = [_config(run) for run in runs]
    tasks = _tasks(configs)
    return Grid(folder, frame, keys, plan(configs[0]), tasks.pop() if len(tasks) == 1 else None)


def replicas(runs: pl.DataFrame, metric: str) -> Array:
    """A metric of each replica of some runs, shape (n, k), NaN for those that a run does not have.

    Args:
        runs: Rows of a grid's.
        metric: Such as "test/energy_mae".
    """
    numbered = (f"replica_{k}/{metric}" for k in count())
    names = list(takewhile(lambda name: name in runs.columns, numbered))
    values: Array = runs.select(pl.col(names).fill_null(math.nan)).to_numpy(writable=True)
    if BEST_REPLICA in runs.columns:  # those of some runs are settings, of which one is the run
        are_settings = runs[BEST_REPLICA].is_not_null().to_numpy()
        values[are_settings] = math.nan
        values[are_settings, 0] = runs[metric].to_numpy()[are_settings]
    return values[:, ~np.isnan(values).all(axis=0)]


def _number(run: Path) -> int:
    return int(run.name)


def _overrides(run: Path) -> dict[str, int | float | str]:
    """The values that a run was given, by their keys: numbers, or else what was typed."""
    typed = OmegaConf.to_container(OmegaConf.load(run / OVERRIDES))
    return {item.key_or_group: _value(item) for item in parse([str(text) for text in typed or ()])}


def _value(item: Override) -> int | float | str:
    value = item.value()
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        return value
    return item.get_value_string()


def _metrics(run: Path) -> dict[str, float]:
    file = run / "metrics.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _failure(run: Path) -> str | None:
    if (run / "metrics.json").is_file():
        return None
    told = run / FAILURE
    if told.is_file():
        return told.read_text(encoding="utf-8")
    return "it was ended from outside before it had a result."


def _config(run: Path) -> DictConfig:
    return cast("DictConfig", OmegaConf.load(run / CONFIG))


def _tasks(configs: Sequence[DictConfig]) -> set[Task]:
    """What the runs are for; to check and build every one would take seconds."""
    problems = {str(OmegaConf.to_container(each.problem, resolve=True)): each for each in configs}
    return {plan(config).problem.task for config in problems.values()}


def _column(key: str, values: list[Any]) -> pl.Series:
    """Numbers as such, of one kind; anything else as text."""
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return pl.Series(key, values, pl.Int64)
    if kinds <= {int, float}:
        return pl.Series(key, [float(value) for value in values], pl.Float64)
    return pl.Series(key, [str(value) for value in values], pl.String)
