"""A study that starts from the best trial of another: below what is typed, above the files."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from peslab.apps.picks import command
from peslab.configuration.compose import compose, parse
from peslab.configuration.folders import home
from peslab.configuration.recorded import loaded
from peslab.damage import told_if_damaged
from peslab.errors import PeslabError
from peslab.study.results.ranking import pick
from peslab.study.storage.study import load

RECORDED = "study.start_from"
"""The place in a study's recipe of what it started from, with the number of the trial."""


@dataclass(frozen=True)
class Start:
    """Where a study starts.

    Attributes:
        config: Composed on that base, `hydra` node included.
        overrides: Of the base; none where a study starts from the files.
        origin: Study and trial, as `features/7`; None where it starts from the files.
    """

    config: DictConfig
    overrides: tuple[str, ...] = ()
    origin: str | None = None


def started(config: DictConfig, typed: Sequence[str]) -> Start:
    """Put what a study starts from below what was typed.

    Args:
        config: Composed from what was typed alone, `hydra` node included.
        typed: The overrides of the command line.

    Raises:
        PeslabError: If there is no such trial, or it is one of another problem.
    """
    node = config.get("study")
    if not node or not node.get("start_from"):
        return Start(config)
    name, _, which = str(node.start_from).partition("/")
    if name == node.name:
        raise PeslabError(f"study.start_from={name} is this study itself: name another.")
    keys = [item.key_or_group for item in parse(typed)]
    if "experiment" in keys:
        raise PeslabError(
            "study.start_from and experiment both say where the study starts: choose one."
        )
    trial = pick(load(name, home()), which or _recorded(str(node.name), name) or "best")
    if trial.rank is None:
        raise PeslabError(
            f"Trial {trial.trial} of {name} is not complete ({trial.state}): start from another."
        )
    origin = f"{name}/{trial.trial}"
    folder = home() / "studies" / origin
    _check_problem(folder, origin, config.problem._target_)
    line = command(folder)
    if line is None:
        raise PeslabError(
            f"No command of today gives what {origin} was: start from another, or from the files."
        )
    base = below(shlex.split(line)[2:], keys)
    return Start(compose([*base, *typed]), base, origin)


def _check_problem(folder: Path, origin: str, ours: str) -> None:
    file = folder / ".hydra" / "config.yaml"
    with told_if_damaged(file):
        theirs = str(loaded(file).problem._target_) if file.is_file() else ours
    if theirs != ours:
        names = (theirs.rpartition(".")[2], ours.rpartition(".")[2])
        raise PeslabError(
            f"{origin} solved another problem ({names[0]}, not {names[1]}): start from a study of "
            "this one."
        )


def below(base: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    """The overrides of a base that are not replaced, by the same key or the group that it is in."""
    above = tuple(f"{key.replace('/', '.')}." for key in keys)
    items = parse(list(base))
    return tuple(
        str(item.input_line)
        for item in items
        if not f"{item.key_or_group.replace('/', '.')}.".startswith(above)
    )


def _recorded(study: str, origin: str) -> str | None:
    """The trial that a study has started from already, which is not always the best any more."""
    try:
        recipe = load(study, home()).user_attrs.get("recipe", {})
    except PeslabError:  # it is new
        return None
    name, _, trial = str(recipe.get(RECORDED, "")).partition("/")
    return trial if name == origin else None
