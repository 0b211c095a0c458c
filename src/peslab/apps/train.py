"""`peslab train`: one run, a grid, or a study."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peslab.errors import PeslabError

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from peslab.pipeline import Outcome


def main(arguments: list[str]) -> None:
    """Check everything, then hand over to Hydra.

    Args:
        arguments: Hydra's: overrides and flags.

    Raises:
        PeslabError: If anything is wrong with the config; nothing has been written then.
    """
    if {"-h", "--help", "--hydra-help"} & set(arguments):
        from peslab.apps import help as help_page

        sys.stdout.write(help_page.text())
        return
    config = _preflight(arguments)
    if config.debug == "compose":
        return
    from peslab.configuration.folders import home

    os.environ["PESLAB_HOME"] = str(home())
    _hand_over(arguments)
    if config.study:
        from peslab.apps.report import show

        show(config.study.name)


def task(config: "DictConfig") -> "Outcome":
    """One job of Hydra's: a run on its own, of a grid, or of a study."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from peslab.apps import present
    from peslab.apps.main import stop
    from peslab.configuration.folders import home
    from peslab.pipeline import Origin, plan, run

    hydra = HydraConfig.get()
    grid = hydra.mode == RunMode.MULTIRUN and not config.study
    name = config.study.name if config.study else Path(hydra.sweep.dir).name if grid else None
    title = f"{name}/{hydra.job.num}" if name else "run"
    origin = Origin(
        folder=Path(hydra.runtime.output_dir),
        home=home(),
        config=config,
        overrides=list(hydra.overrides.task),
        study=name,
        trial=hydra.job.num if name else None,
    )
    try:
        with present.watching(title) as watcher:
            outcome = run(plan(config), replace(origin, watcher=watcher))
    except PeslabError as error:
        if not config.study:  # a study records the failure and goes on
            stop(error)
        raise
    if grid:
        present.grid_line(hydra.job.num, hydra.job.override_dirname, outcome)
    elif not config.study:
        present.single_run(outcome, origin.home)
    return outcome


def _preflight(arguments: list[str]) -> "DictConfig":
    """Compose and validate as Hydra will, before it runs or writes anything."""
    from hydra._internal.utils import get_args_parser
    from hydra.types import RunMode

    from peslab.apps import present
    from peslab.configuration.compose import compose, parse, without_hydra
    from peslab.pipeline import plan

    flags = get_args_parser().parse_intermixed_args(arguments)
    if flags.config_path or flags.config_name or flags.config_dir:
        raise PeslabError(
            "Configs of your own come in with hydra.searchpath=[file:///folder]; "
            "--config-dir, --config-path and --config-name are not used here."
        )
    os.environ.setdefault("PESLAB_HOME", "runs")
    config = compose(flags.overrides)
    ours = without_hydra(config)
    plan(ours)
    if config.hydra.mode != RunMode.MULTIRUN and not flags.multirun:
        for override in parse(flags.overrides):
            if override.is_sweep_override():
                raise PeslabError(
                    f"{override.input_line} is a sweep: add -m to run them all, or write a list "
                    "in brackets and quotes, '[…]'."
                )
    if ours.debug == "compose":
        present.composed(ours)
    return ours


def _hand_over(arguments: list[str]) -> None:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from peslab.configuration.compose import explain
    from peslab.configuration.folders import conf_folder

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors reach us instead of being printed
    sys.argv = ["peslab train", *arguments]
    start: Any = hydra.main(
        version_base=None, config_path=str(conf_folder()), config_name="config"
    )(task)
    try:
        start()
    except (HydraException, OmegaConfBaseException) as error:
        raise PeslabError(explain(error)) from error
