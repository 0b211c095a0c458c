"""A composed config checked key by key against what its classes declare, then built.

Hydra checks only that an override names a key that exists: a typo inside a file would pass. So
every node names its class, and every key of the node must be a parameter of that class.
"""

import inspect
import operator
import re
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache, reduce
from types import NoneType, UnionType
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from peslab.configuration.compose import keys
from peslab.configuration.folders import conf_folder
from peslab.configuration.statistics import NAMES, data_values
from peslab.configuration.suggest import did_you_mean
from peslab.configuration.targets import locate
from peslab.errors import PeslabError

LARGEST = 2**63 - 1
"""Of whole numbers: NumPy and PyTorch count in 64 bits."""

SCALARS = {"seed": int, "replicas": int, "debug": Literal["compose", "fast"] | None}
"""The keys of a run that are not groups, and their types."""

UNKNOWN_STATISTICS = dict.fromkeys(NAMES, 1)
"""They stand in for those of data that are not made yet, where a config is checked."""


def check(
    config: DictConfig, statistics: Mapping[str, float] = UNKNOWN_STATISTICS
) -> dict[str, Any]:
    """Check every key and every value of a composed config, and build nothing.

    Args:
        config: The composed config without its `hydra` node.
        statistics: Of the data, for values that wait for them.

    Returns:
        The config as plain containers, interpolations resolved.

    Raises:
        PeslabError: On the first key that nothing reads, value of a wrong type, missing value or
            class that may not be named.
    """
    plain = resolve(config, statistics)
    groups = {folder.name for folder in conf_folder().iterdir() if folder.is_dir()}
    for key, value in plain.items():
        if key in SCALARS:
            _check_value(SCALARS[key], value, key)
        elif key not in groups:
            hint = did_you_mean(key, [*groups, *SCALARS]) or "; see peslab train --help."
            raise PeslabError(f"{key} is not a setting{hint}")
        elif isinstance(value, dict):
            _check_node(value, key)
        elif value is not None:
            raise PeslabError(f"{key}={value} is not an option: name a file of conf/{key}.")
    if plain.get("study"):
        _check_space(plain["study"], config)
    for key, lowest in {"seed": 0, "replicas": 1}.items():
        if plain[key] < lowest:
            raise PeslabError(f"{key}={plain[key]} is too small: use {lowest} or more.")
    return plain


def build(node: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401  # any class of ours
    """Build the object that a checked node describes, its children first.

    Raises:
        PeslabError: If a value is impossible; the class says which.
    """
    children = {
        name: build(value, f"{key}.{name}") if _is_node(value) else value
        for name, value in node.items()
        if name != "_target_"
    }
    try:
        return locate(node["_target_"], key)(**children)
    except PeslabError as error:
        raise type(error)(f"{key}: {error}") from error


def resolve(config: DictConfig, statistics: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Plain containers of a config, its interpolations resolved.

    Args:
        config: Any.
        statistics: Of the data; None leaves values that wait for them as they are written.

    Raises:
        PeslabError: If a value is missing or refers to what is not there.
    """
    try:
        with data_values(statistics):
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        if ours := _of_ours(error):  # a value that waits for the data is misspelt
            raise PeslabError(f"{error.full_key}: {ours}") from error
        missing = "has no value" if "issing mandatory" in str(error) else "cannot be resolved"
        raise PeslabError(f"{error.full_key} {missing}: set it, e.g. {error.full_key}=…") from error
    return typing.cast("dict[str, Any]", plain)


def _of_ours(error: BaseException | None) -> PeslabError | None:
    """The error of ours that made OmegaConf raise another."""
    while error is not None and not isinstance(error, PeslabError):
        error = error.__cause__ or error.__context__
    return error


def _check_space(study: dict[str, Any], config: DictConfig) -> None:
    """Every swept key must be a setting of this config, or a group, unless others train.

    One with a condition may belong to another option of a group, swept in the space or by hand:
    the apps look there.
    """
    known = keys(config)
    space = {} if study.get("command") else study.get("space", {})
    for key, text in space.items():
        if re.sub(r"\[\d+\]$", "", key) not in known and " if " not in text:
            others = [name for name in known if not name.startswith("study.")]
            raise PeslabError(f"study.space: {key} is not a setting{did_you_mean(key, others)}")


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and "_target_" in value


def _check_node(node: dict[str, Any], key: str) -> None:
    if "_target_" not in node:
        raise PeslabError(
            f"{key} is not complete here (only {', '.join(node)}): choose an option, {key}=…"
        )
    parameters = _parameters(locate(node["_target_"], key))
    for name, value in node.items():
        path = f"{key}.{name}"
        if name == "_target_":
            continue
        if name not in parameters:
            hint = did_you_mean(path, [f"{key}.{parameter}" for parameter in parameters])
            raise PeslabError(f"{path} is not a setting{hint or ': ' + _choices(parameters)}")
        if _is_node(value):
            _check_place(value, parameters[name][0], path)
            _check_node(value, path)
        else:
            _check_value(parameters[name][0], value, path)
    for name, (_, required) in parameters.items():
        if required and name not in node:
            raise PeslabError(f"{key}.{name} has no value: set it, e.g. {key}.{name}=…")


def _check_place(node: dict[str, Any], hint: object, key: str) -> None:
    """A node must make what its place takes; a place that may be empty takes one of its types."""
    made = locate(node["_target_"], key)
    union = typing.get_origin(hint) in {typing.Union, types.UnionType}
    taken = [t for t in (typing.get_args(hint) if union else (hint,)) if t is not type(None)]
    if not any(isinstance(part, type) and issubclass(made, part) for part in taken):
        names = " or ".join(getattr(part, "__name__", str(part)) for part in taken)
        raise PeslabError(f"{key} does not fit: {made.__name__} is no {names}.")


def _choices(parameters: Mapping[str, object]) -> str:
    return f"the settings here are {', '.join(parameters)}." if parameters else "there are none."


@cache
def _parameters(target: type) -> dict[str, tuple[Any, bool]]:
    """Type and whether a value is required, for every parameter of a class."""
    # A dataclass inherits annotations of its parents, which name things of the parents' modules.
    namespace = {
        name: value
        for parent in reversed(target.__mro__)
        for name, value in vars(sys.modules[parent.__module__]).items()
    }
    try:
        hints = typing.get_type_hints(inspect.getattr_static(target, "__init__"), namespace)
    except NameError as error:  # a class that is not meant for configs
        raise PeslabError(
            f"{target.__name__} cannot be built from a config: name another."
        ) from error
    return {
        name: (hints.get(name, Any), parameter.default is inspect.Parameter.empty)
        for name, parameter in inspect.signature(target).parameters.items()
    }


def _check_value(hint: Any, value: object, key: str) -> None:  # noqa: ANN401  # any annotation
    # JSON mode is strict about types but lets a list stand for a tuple, as YAML has to.
    if isinstance(value, str) and "\0" in value:
        raise PeslabError(f"{key} holds a zero byte, which no text may: remove it.")
    for number in value if isinstance(value, list) else [value]:
        if isinstance(number, int) and not -LARGEST <= number <= LARGEST:
            raise PeslabError(f"{key}={value} is too large a number: stay below 2^63.")
    hint = _arms(hint, value)
    try:
        adapter = TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        adapter = TypeAdapter(hint)
    try:
        adapter.validate_python(_tuples(value, hint), strict=True)
    except ValidationError as error:
        problem = error.errors()[0]
        parts = problem["loc"] if problem["type"] != "missing" else ()
        place = "".join(f"[{part}]" for part in parts if isinstance(part, int))
        raise PeslabError(
            f"{key}{place}={value} does not fit: {_remedy(problem, hint, key)}."
        ) from error


def _remedy(problem: ErrorDetails, hint: object, key: str) -> str:
    """What a value should be, in the words of the config."""
    if problem["type"] in {"is_instance_of", "dataclass_exact_type"}:
        return f"choose an option, {key.replace('.', '/')}=…"
    if problem["type"] == "missing":
        return f"the list should have {len(typing.get_args(hint))} items"
    told = (
        problem["msg"]
        .replace("Tuple", "The list")
        .replace("tuple", "list")
        .replace(" after validation", "")
    )
    return told[0].lower() + told[1:].replace("Input", "input")


def _arms(hint: Any, value: object) -> Any:  # noqa: ANN401  # any annotation
    """Of a union with tuples those for a list, else the others: what is told is about one kind."""
    arms = typing.get_args(hint) if isinstance(hint, UnionType) else ()
    tuples = [arm for arm in arms if typing.get_origin(arm) is tuple]
    others = [arm for arm in arms if arm not in tuples]
    only_null = others == [NoneType] and value is not None
    fitting = tuples if isinstance(value, list) or only_null else others
    return reduce(operator.or_, fitting) if tuples and fitting else hint


def _tuples(value: object, hint: object) -> object:
    wants_tuple = typing.get_origin(hint) is tuple
    return tuple(value) if wants_tuple and isinstance(value, list) else value
