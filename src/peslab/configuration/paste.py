"""A run as one command that can be pasted."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from peslab.configuration.build import resolve
from peslab.configuration.compose import compose, parse, without_hydra
from peslab.errors import PeslabError

AROUND = ("study", "tracking")
"""Groups that say nothing of what a run is."""


def train_command(overrides: Sequence[str], recorded: DictConfig) -> str | None:
    """A `peslab train …` that composes to a recorded config today.

    Args:
        overrides: As the run was given them; those of its study are left out.
        recorded: What they composed to then.

    Returns:
        The command, quoted for a shell. What the study's file set, and what has changed in conf/
        since, is written out. None where no command of today's gives this config.
    """
    kept = [str(item.input_line) for item in parse(overrides) if _is_of_run(item.key_or_group)]
    then = _leaves(_of_run(recorded))
    try:
        today = _leaves(_of_run(without_hydra(compose(kept))))
        changed = {key: value for key, value in then.items() if today.get(key, ...) != value}
        kept += [f"{key}={typed(value)}" for key, value in changed.items() if _is_own(key, then)]
        if changed and _leaves(_of_run(without_hydra(compose(kept)))) != then:
            return None
    except PeslabError:  # conf/ has no such key or option any more
        return None
    return " ".join(["peslab", "train", *(shlex.quote(text) for text in kept)])


def typed(value: object) -> str:
    """A value of a config as it stands on the right of an override."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(typed, value))}]"
    if isinstance(value, str):
        escaped = value.replace("'", r"\'")
        return f"'{escaped}'"
    return repr(value)


def _is_of_run(key: str) -> bool:
    first = re.split(r"[./@]", key, maxsplit=1)[0]  # study.n_trials, study/sampler
    return first not in AROUND and not first.startswith("hydra") and key != "problem.fingerprint"


def _is_own(key: str, leaves: Mapping[str, Any]) -> bool:
    """Whether a value stands by itself; the problem repeats those of its groups."""
    return key.removeprefix("problem.") not in leaves or not key.startswith("problem.")


def _of_run(config: DictConfig) -> dict[str, Any]:
    return {key: value for key, value in resolve(config).items() if key not in AROUND}


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            leaves |= _leaves(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = value
    return leaves
