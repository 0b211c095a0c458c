"""`peslab report STUDY --pick CONDITION`: the command that trains the best such trial again."""

from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig, ListConfig
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from peslab.apps.present import with_sem
from peslab.configuration.folders import home
from peslab.configuration.paste import train_command
from peslab.configuration.recorded import as_typed, loaded
from peslab.study.results.picking import pick_among
from peslab.study.results.report import COMPACT
from peslab.study.search.conditions import parse_condition
from peslab.study.storage.study import load

ALWAYS = ("prediction_microseconds", "seconds/fit")


def picked(name: str, condition: str) -> Iterator[RenderableType]:
    """The command, then what the trial measured.

    Args:
        name: Of the study.
        condition: On metrics and swept keys.

    Raises:
        PeslabError: If there is no such study or trial.
    """
    study = load(name, home())
    trial = pick_among(study, condition)
    yield Text(command(home() / "studies" / name / str(trial.trial)) or _again(name, trial.trial))
    yield f"\nTrial {trial.trial} of {name}, rank {trial.rank}"
    table = Table(**COMPACT)
    table.add_column("metric")
    table.add_column("mean ± standard error", justify="right")
    errors = [key for key in trial.metrics if key.startswith(("val/", "test/"))]
    asked = [each.key for each in parse_condition(condition).comparisons]
    shown = [*(study.metric_names or ()), *asked, *sorted(errors), *ALWAYS]
    for key in dict.fromkeys(shown):
        if key in trial.metrics and not key.endswith("_sem"):
            table.add_row(key, with_sem(trial.metrics, key))
    yield table


def command(folder: Path) -> str | None:
    """The `peslab train …` that composes to what a trial was, or None where that is not known."""
    files = [folder / ".hydra" / name for name in ("overrides.yaml", "config.yaml")]
    if not all(file.is_file() for file in files):
        return None
    overrides, config = map(loaded, files)
    if not isinstance(overrides, ListConfig) or not isinstance(config, DictConfig):
        return None
    return train_command(as_typed(overrides), config)


def _again(name: str, trial: int) -> str:
    return f"peslab rerun {name}/{trial}"
