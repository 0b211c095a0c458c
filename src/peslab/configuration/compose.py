"""Hydra's composition before Hydra runs: everything is checked first, mistakes become sentences."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException
from yaml.reader import ReaderError

from peslab.configuration.folders import conf_folder
from peslab.configuration.statistics import data_values
from peslab.configuration.suggest import did_you_mean
from peslab.configuration.targets import refuse_foreign_hydra_targets
from peslab.errors import PeslabError

ROOT = "config"
"""The root config, conf/config.yaml."""


def compose(overrides: Sequence[str]) -> DictConfig:
    """Compose conf/ with overrides as a run would, `hydra` node included; sweeps stay out.

    Args:
        overrides: As typed on the command line. Of a swept group the first choice is taken, other
            swept keys keep the value of their file.

    Raises:
        PeslabError: If an override cannot be parsed, names what does not exist, or would make
            Hydra run what is not ours.
    """
    parsed = parse(overrides)
    for override in parsed:
        _refuse_dangerous(override)
        if isinstance(override.value(), list) and is_group(override.key_or_group):
            raise PeslabError(f"{override.input_line}: {override.key_or_group} takes one option.")
    try:
        config, *_ = [_compose(variant) for variant in _variants(parsed)]
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise PeslabError(explain(error, parsed)) from error
    written = OmegaConf.to_container(config.hydra, resolve=False)
    refuse_foreign_hydra_targets(_resolved_hydra(config), written)
    return config


def _resolved_hydra(config: DictConfig) -> object:
    """Hydra's part with its interpolations resolved, since those can make nodes too."""
    trial = config.copy()
    with open_dict(trial), read_write(trial):
        # What Hydra fills in later; any value will do.
        trial.hydra.runtime.output_dir = trial.hydra.job.id = "."
        trial.hydra.job.num = 0
    try:
        with data_values(None):
            return OmegaConf.to_container(trial.hydra, resolve=True)
    except OmegaConfBaseException as error:
        raise PeslabError(f"{error.full_key} cannot be resolved: write its value out.") from error


def without_hydra(config: DictConfig) -> DictConfig:
    """The part of a composed config that is ours."""
    ours = config.copy()
    with open_dict(ours):
        ours.pop("hydra", None)
    return ours


def parse(overrides: Sequence[str]) -> list[Override]:
    """Overrides in Hydra's grammar.

    Raises:
        PeslabError: If one cannot be read.
    """
    parser = OverridesParser.create()
    parsed = []
    for text in overrides:
        try:
            override = parser.parse_override(text)
            if not override.key_or_group:
                raise HydraException(text)  # noqa: TRY301
            parsed.append(override)
        except HydraException as error:
            raise PeslabError(
                f"'{text}' cannot be read: write key=value, with lists in quotes, "
                "e.g. 'features.orders=[-2,-3]'."
            ) from error
    return parsed


def explain(error: Exception, overrides: Sequence[Override] = ()) -> str:
    """One sentence for an error of Hydra or OmegaConf, with the nearest name where one is near."""
    choices = [override for override in overrides if _options(override.key_or_group)]
    brings_own = any(override.key_or_group == "hydra.searchpath" for override in overrides)
    for override in () if brings_own else choices:
        if sentence := _wrong_option(override):
            return sentence
    for override in choices:
        if isinstance(override.value(), (bool, int, float)):
            return (
                f"{override.input_line} is a number, not the name of an option: name one (a file "
                "of that name has to be renamed)."
            )
    try:
        base = _compose(next(_variants(choices)))
        known = sorted({*keys(without_hydra(base)), *groups()})
    except (HydraException, OmegaConfBaseException):
        known = []
    for override in overrides if known else ():
        key = override.key_or_group
        if override not in choices and key.split("@")[0] not in known and _sets_ours(override):
            elsewhere = _of_other_options(key, choices) or _where_it_would_be(key)
            return f"{key} is not a setting{did_you_mean(key, known) or elsewhere}"
    told = str(error).partition("Config search path")[0]
    return f"The config cannot be composed: {' '.join(told.split())}"


def _compose(overrides: Sequence[str]) -> DictConfig:
    # Within a sweep Hydra is there already, with the same folder, and takes no other.
    is_there = GlobalHydra.instance().is_initialized()
    folder = str(conf_folder())
    with (
        nullcontext()
        if is_there
        else initialize_config_dir(folder, version_base=None, job_name="peslab"),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("error", "provider=hydra.searchpath")  # a folder is not there
        try:
            return hydra_compose(ROOT, list(overrides), return_hydra_config=True)
        except UserWarning as error:
            raise PeslabError(
                f"{error} Name folders that are there: hydra.searchpath=[file:///folder]."
            ) from error
        except yaml.YAMLError as error:
            raise PeslabError(_unreadable(error)) from error
        except UnicodeDecodeError as error:
            place = _undecoded(overrides) or "A file of the config"
            raise PeslabError(f"{place} is not UTF-8 ({error.reason}): save it as such.") from error


def _undecoded(overrides: Sequence[str]) -> str | None:
    """The first file among those that configs are looked for in that is not UTF-8."""
    found = [conf_folder()]
    for override in parse(overrides):
        if override.key_or_group == "hydra.searchpath":
            value = override.value()
            folders = value if isinstance(value, list) else [value]
            found += [Path(str(each).removeprefix("file://")) for each in folders]
    for path in sorted(file for folder in found for file in folder.rglob("*.yaml")):
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return str(path)
    return None


def _unreadable(error: yaml.YAMLError) -> str:
    """Which file is no YAML, where, and why."""
    place, reason = "A file of the config", " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        place = f"{error.problem_mark.name}, line {error.problem_mark.line + 1},"
        reason = error.problem or error.context or reason
    elif isinstance(error, ReaderError):
        place, reason = str(error.name), error.reason
    return f"{place} cannot be read as YAML ({reason}): mend it there."


def _variants(overrides: Sequence[Override]) -> Iterator[list[str]]:
    """The overrides without sweeps, then once with each further option of a swept group."""
    plain = [str(item.input_line) for item in overrides if not item.is_sweep_override()]
    swept = {
        item.key_or_group: [
            f"{item.key_or_group}={value}" for value in item.sweep_string_iterator()
        ]
        for item in overrides
        if item.is_choice_sweep() and is_group(item.key_or_group)
    }
    if "study" in swept:
        raise PeslabError("study cannot be swept: run one study after the other.")
    first = {group: options[0] for group, options in swept.items()}
    yield [*plain, *first.values()]
    for group, options in swept.items():
        for option in options[1:]:
            yield [*plain, *(first | {group: option}).values()]


def _refuse_dangerous(override: Override) -> None:
    key, value = override.key_or_group, str(override.input_line)
    if key.startswith(("hydra.callbacks", "hydra/callbacks")) or (
        "_target_" in value and key.startswith("hydra")
    ):
        raise PeslabError(
            f"'{value}' is not allowed: callbacks and targets of Hydra cannot be set here; "
            "choose an installed launcher with hydra/launcher=…"
        )


def _wrong_option(override: Override) -> str | None:
    """What is wrong with the choice of a group's file, if anything."""
    group, options = override.key_or_group, _options(override.key_or_group)
    values = override.sweep_string_iterator() if override.is_sweep_override() else None
    for value in values or [override.value()]:
        if value not in options:
            hint = did_you_mean(str(value), options) or f": choose from {', '.join(options)}."
            return f"{group} has no option {value}{hint}"
    return None


def _of_other_options(key: str, choices: Sequence[Override]) -> str | None:
    """What took away a key that is there by default."""
    if not choices or key not in keys(without_hydra(_compose([]))):
        return None
    chosen = ", ".join(str(choice.input_line) for choice in choices)
    return f" beside {chosen}, only of other options; see peslab train --help."


def _where_it_would_be(key: str) -> str:
    if key.startswith("study."):
        return " of a run on its own: choose a study, study=quickstart."
    return "; see peslab train --help."


def _sets_ours(override: Override) -> bool:
    return not override.is_add() and not override.key_or_group.startswith("hydra")


def is_group(key: str) -> bool:
    """Whether a key names a group of conf/, rather than a value."""
    return (conf_folder() / key).is_dir()


def groups() -> list[str]:
    """Every group of conf/, those within another as `potential/pair_part`."""
    folders = [*conf_folder().glob("*/"), *conf_folder().glob("*/*/")]
    return sorted(folder.relative_to(conf_folder()).as_posix() for folder in folders)


def _options(group: str) -> list[str]:
    folder = conf_folder() / group
    files = folder.glob("*.yaml") if folder.is_dir() else []
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def keys(config: DictConfig, prefix: str = "") -> list[str]:
    """Every key of a config, dotted; what is interpolated is named but not entered."""
    found = []
    for name in map(str, config):
        found.append(f"{prefix}{name}")
        node = config._get_node(name)  # noqa: SLF001  # interpolations are not followed
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_interpolation():  # noqa: SLF001
            found.extend(keys(node, f"{prefix}{name}."))
    return found
