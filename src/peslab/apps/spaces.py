"""A study's space beside the config and the command line."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from peslab.apps.start import below
from peslab.configuration.compose import compose, is_group, keys, without_hydra
from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError
from peslab.study import Study
from peslab.study.search.conditions import Condition
from peslab.study.search.space import Space, decided, parse_space, split, without_element

if TYPE_CHECKING:
    from optuna.distributions import CategoricalDistribution


SPACE = "study.space."
"""Before a key on the command line, where that is a key of somebody's own trainer."""


def merged(study: Study, overrides: Sequence[Override], config: DictConfig) -> Study:
    """A study whose space heeds the command line: swept keys replace its own, fixed ones leave it.

    A key that is replaced keeps its condition; conditions on keys that are not searched are decided
    by the config.

    Raises:
        PeslabError: If nothing is left to search, or a condition names what does not exist.
    """
    typed = {item.key_or_group.removeprefix(SPACE): item for item in overrides}
    space = {
        key: text
        for key, text in study.space.items()
        if key in typed or without_element(key) not in typed
    }
    for key, item in typed.items():
        if item.is_sweep_override():
            _, condition = split(space.get(key, ""))
            when = f" if {condition}" if condition.comparisons else ""
            space[key] = f"{item.get_value_string()}{when}"
        else:
            space.pop(key, None)
    if not space:
        raise PeslabError("study.space is empty: sweep a key, e.g. 'rate=interval(0.1,1)'.")
    return replace(study, space=decided(space, partial(_value_of, config)))


def check_space(
    settings: Study, config: DictConfig, fixed: Sequence[str], base: Sequence[str] = ()
) -> None:
    """Refuse a space that cannot be read or sampled, or has a key that no option knows.

    Args:
        settings: The study.
        config: Composed for it.
        fixed: What was typed of it with one value.
        base: What it starts from.

    Raises:
        PeslabError: With the key.
    """
    space = parse_space(settings.space)
    settings.sampler.limit(space)
    for key, condition in space.conditions.items():
        for options in _options(condition, space):
            under = below([*base, *fixed], (option.partition("=")[0] for option in options))
            composed = compose([*under, *options]) if options else config
            known = [each for each in keys(without_hydra(composed)) if not each.startswith(SPACE)]
            if without_element(key) not in known:
                place = f" with {' '.join(options)}" if options else ""
                raise PeslabError(
                    f"study.space: {key} is not a setting{place}{did_you_mean(key, known)}"
                )


def _options(condition: Condition, space: Space) -> Iterator[tuple[str, ...]]:
    """The groups' options beside which a key exists, as overrides."""
    groups = {each.key for each in condition.comparisons if is_group(each.key)}
    chosen = [
        [
            f"{group}={option}"
            for option in cast("CategoricalDistribution", space.distributions[group]).choices
            if all(each.holds(option) for each in condition.comparisons if each.key == group)
        ]
        for group in sorted(groups)
    ]
    return product(*chosen)


def _value_of(config: DictConfig, key: str) -> object:
    """A composed config's value of a key; of a group, its option."""
    choices = config.hydra.runtime.choices
    value = choices[key] if key in choices else OmegaConf.select(config, key, default=...)
    if value is ...:
        raise PeslabError(f"study.space names {key}, which is not a setting of this config.")
    return list(value) if OmegaConf.is_list(value) else value


def defaults(config: DictConfig, settings: Study) -> dict[str, Any]:
    """The composed config's value of every swept key; of a group, its option."""
    values = {}
    for key, text in settings.space.items():
        may_be_missing = (
            split(text)[1].comparisons or without_element(key) != key or settings.command
        )
        try:
            values[key] = _value_of(config, key)
        except PeslabError:
            if not may_be_missing:
                raise
    return values
