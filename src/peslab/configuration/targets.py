"""What a config may name: our own classes and those of installed packages that say so."""

import importlib
import inspect
import re
from collections.abc import Iterator
from importlib.metadata import entry_points

from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError

ROOMS = {
    "peslab.toymodel",
    "peslab.database",
    "peslab.features",
    "peslab.learning",
    "peslab.problems",
    "peslab.tracking",
    "peslab.study",
}
"""Our packages whose public names (`__all__`) a `_target_` may name."""

HYDRA = ("hydra._internal.core_plugins.", "hydra_plugins.")
"""Where Hydra's own launchers and sweepers live; Hydra itself takes registered ones only."""

LOGGING = (
    *("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler"),
    *("logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler"),
    *("logging.Formatter", "colorlog.ColoredFormatter"),
)
"""Handlers and formatters; `logging.os.system` begins like them."""

BUILDS = ("callbacks", "launcher", "sweeper", "job_logging", "hydra_logging")
"""Parts of Hydra's config that it builds objects from."""

PLAIN = re.compile(r"\$\{hydra\.(job|run|sweep)\.\w+\}")
"""Interpolations that give texts, whenever they are resolved."""


def allowed(target: str) -> bool:
    """Whether a `_target_` may be built: a public class of ours, or of an installed plugin.

    An installed package opens its module by an entry point of the group `peslab`: what is
    installed is trusted, what stands in a file or on a command line is not.
    """
    module = target.rpartition(".")[0]
    if module in ROOMS:
        return target.rpartition(".")[2] in importlib.import_module(module).__all__
    plugins = {point.module for point in entry_points(group="peslab")}
    return any(module == plugin or module.startswith(f"{plugin}.") for plugin in plugins)


def locate(target: str, key: str) -> type:
    """The class that a `_target_` names.

    Raises:
        PeslabError: If it is not one that may be built, or is not there.
    """
    if not isinstance(target, str) or not allowed(target):
        names = [f"{room}.{name}" for room in sorted(ROOMS) for name in _public(room)]
        raise PeslabError(
            f"{key}._target_={target} is not allowed: name a class of peslab, or of an installed "
            f"package with an entry point of the group 'peslab'{did_you_mean(str(target), names)}"
        )
    module, _, name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise PeslabError(f"{key}._target_={target} cannot be imported: {error}.") from error
    if not isinstance(found, type) or inspect.isabstract(found):
        raise PeslabError(f"{key}._target_={target} is not a class to build: check its spelling.")
    if found.__module__.partition(".")[0] != module.partition(".")[0]:
        raise PeslabError(f"{key}._target_={target} is not its package's own: it may not be named.")
    return found


def refuse_foreign_hydra_targets(node: object, written: object = None) -> None:
    """Look at Hydra's own part of a config, which is run before anything of ours can look at it.

    Its launcher and sweeper must be installed plugins; logging may name handlers and formatters,
    which can be any callable as `class` or `()`. What becomes an object may not depend on anything
    that can be another value when Hydra resolves it again, such as a variable or the time.

    Args:
        node: With its interpolations resolved.
        written: As it stands in the files; what is not given there is as it is resolved.

    Raises:
        PeslabError: If something else would be run, such as a callback.
    """
    job = node.get("job") if isinstance(node, dict) else None
    if isinstance(job, dict) and (variables := job.get("env_set")):
        raise PeslabError(
            f"hydra.job.env_set={variables} is not allowed, as it is written down: set "
            "variables before the command, NAME=value peslab train …"
        )
    for name, child in _children(node if written is None else written):
        if name.removeprefix(".") in BUILDS:
            _refuse_changing(child, f"hydra{name}")
    _refuse_foreign(node, "hydra")


def _refuse_changing(written: object, key: str) -> None:
    """Refuse interpolations by which a node of Hydra's could become another one."""
    for name, child in _children(written):
        _refuse_changing(child, f"{key}{name}")
    if not isinstance(written, str) or "${" not in written:
        return
    is_run = key.rpartition(".")[2] in {"_target_", "class", "()"}
    text = written.strip()
    if is_run or (text.startswith("${") and text.endswith("}") and not PLAIN.fullmatch(text)):
        raise PeslabError(f"{key}={written} is not allowed: write its value out.")


def _refuse_foreign(node: object, key: str) -> None:
    for name, child in _children(node):
        path = f"{key}{name}"
        if path == "hydra.callbacks" and child:
            raise PeslabError(f"hydra.callbacks={child} is not allowed: peslab needs none.")
        if not _may_be(path, child):
            raise PeslabError(
                f"{path}={child} is not allowed: under hydra only installed launchers and sweepers "
                "may be named, with hydra/launcher=… or hydra/sweeper=…, and handlers of logging."
            )
        _refuse_foreign(child, path)


def _may_be(key: str, value: object) -> bool:
    """Whether a value may stand where Hydra runs what is named, if this is such a place."""
    if key.endswith("._target_"):
        at_top = key in {"hydra.launcher._target_", "hydra.sweeper._target_"}
        return at_top and isinstance(value, str) and value.startswith(HYDRA)
    return value in LOGGING if key.endswith((".class", ".()")) else True


def _children(node: object) -> Iterator[tuple[str, object]]:
    """What a table or a list holds, and what is added to its key for that."""
    if isinstance(node, dict):
        yield from ((f".{name}", child) for name, child in node.items())
    elif isinstance(node, list):
        yield from ((f"[{index}]", child) for index, child in enumerate(node))


def _public(room: str) -> list[str]:
    return list(importlib.import_module(room).__all__)
