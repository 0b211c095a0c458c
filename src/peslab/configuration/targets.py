"""What a config may name: our own classes and those of installed packages that say so."""

import importlib
import inspect
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
"""Where Hydra's own launchers and sweepers live, allowed under `hydra:` only."""

LOGGING = ("logging.", "colorlog.")
"""Where handlers and formatters come from."""

RUNNABLE = {"_target_": HYDRA, "class": LOGGING, "()": LOGGING}
"""Keys under `hydra:` whose values are run, and where those may come from."""


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


def refuse_foreign_hydra_targets(node: object, key: str = "hydra") -> None:
    """Walk Hydra's own part of a config, which is run before anything of ours can look at it.

    Its launcher and sweeper must be installed plugins; logging may name handlers and formatters of
    its own library, which takes any callable as `class` or `()`.

    Raises:
        PeslabError: If something else would be run, such as a callback.
    """
    if isinstance(node, dict):
        for name, child in node.items():
            if key == "hydra" and name == "callbacks" and child:
                raise PeslabError(f"hydra.callbacks={child} is not allowed: peslab needs none.")
            trusted = RUNNABLE.get(name)
            if trusted and not (isinstance(child, str) and child.startswith(trusted)):
                raise PeslabError(
                    f"{key}.{name}={child} is not allowed: under hydra only installed launchers "
                    "and sweepers may be named, with hydra/launcher=… or hydra/sweeper=…"
                )
            refuse_foreign_hydra_targets(child, f"{key}.{name}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            refuse_foreign_hydra_targets(child, f"{key}[{index}]")


def _public(room: str) -> list[str]:
    return list(importlib.import_module(room).__all__)
