"""Passwords in a config: Hydra, which writes what it composes, gets to see only where they are.

A value with a password moves into an environment variable of this process, which its workers
inherit, and an interpolation stands for it, `${oc.env:PESLAB_SECRET_TRACKING_URI,null}`. What is
recorded has the address without the password.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import cast

from hydra.core.override_parser.types import Override, QuotedString
from omegaconf import DictConfig, OmegaConf

from peslab.errors import PeslabError
from peslab.passwords import VARIABLES, masked, masked_values

_STAND_IN = re.compile(rf"\$\{{oc\.env:({VARIABLES}\w+),null\}}")


def hide(overrides: Sequence[Override]) -> list[str]:
    """The overrides as typed, but for those with a password.

    Raises:
        PeslabError: If a password stands within a list, a node or a sweep.
    """
    return [_hidden(override) for override in overrides]


def hide_in_files(config: DictConfig) -> list[str]:
    """Overrides that stand for the values with passwords that come from files of conf/.

    Raises:
        PeslabError: If a password stands within a list.
    """
    values = OmegaConf.to_container(config, resolve=False)
    return [f"{key}={_kept(key, text)}" for key, text in _texts(values) if masked(text) != text]


def recorded(config: DictConfig) -> DictConfig:
    """A config as it is written down: interpolations alive, passwords masked."""
    plain = OmegaConf.to_container(config, resolve=False)
    return cast("DictConfig", OmegaConf.create(masked_values(_filled(plain))))


def recorded_text(text: str) -> str:
    """An override as it is written down."""
    return masked(_STAND_IN.sub(lambda found: masked(os.environ.get(found[1], "null")), text))


def _hidden(override: Override) -> str:
    text, value = str(override.input_line), override.value()
    plain = value.text if isinstance(value, QuotedString) else value
    if masked(text) == text and repr(masked_values(plain)) == repr(plain):  # NaN equals nothing
        return text
    if override.is_sweep_override() or not isinstance(plain, str):
        raise PeslabError(
            f"{override.key_or_group} has a password within several values: give one, or an "
            "environment variable, '${oc.env:NAME}'."
        )
    typed = text.partition("=")[0]
    return f"{typed}={_kept(override.key_or_group, plain)}"


def _kept(key: str, text: str) -> str:
    if "[" in key:
        raise PeslabError(
            f"{key} has a password within a list: use an environment variable, '${{oc.env:NAME}}'."
        )
    name = VARIABLES + re.sub(r"\W", "_", key).upper()
    os.environ[name] = text
    return f"${{oc.env:{name},null}}"


def _texts(values: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, dict):
        for name, value in values.items():
            yield from _texts(value, f"{key}.{name}" if key else str(name))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _texts(value, f"{key}[{index}]")
    elif isinstance(values, str):
        yield key, values


def _filled(values: object) -> object:
    """Plain containers with the values that stand-ins stand for."""
    if isinstance(values, dict):
        return {key: _filled(value) for key, value in values.items()}
    if isinstance(values, list):
        return [_filled(value) for value in values]
    return recorded_text(values) if isinstance(values, str) and _STAND_IN.search(values) else values
