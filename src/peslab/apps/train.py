"""`peslab train`: one run, a grid, or a study."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from peslab.errors import GOES_ON, InfrastructureError, PeslabError
from peslab.passwords import masked

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from peslab.pipeline import Origin, Outcome
    from peslab.problems import Problem


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
    from peslab.apps.preflight import preflight, quoted, without_passwords
    from peslab.apps.report import check_success, conclude, show
    from peslab.configuration.folders import home
    from peslab.study.settings import FELLOW

    is_fellow = os.environ.pop(FELLOW, None) is not None  # what it starts is none
    arguments = without_passwords(quoted(arguments))
    cleared = preflight(arguments)
    if cleared.composes_only:
        return
    _tell(cleared.problems)
    arguments = [*arguments, *cleared.hidden]
    os.environ["PESLAB_HOME"] = str(home())
    if cleared.grid is not None:
        _run_grid(cleared.grid, cleared.fixed, arguments)
        return
    if cleared.study is None:
        _hand_over(arguments)
        return
    try:
        _hand_over(arguments)
        show(cleared.study)
        conclude(cleared.study, cleared.tracking)
        if not is_fellow:
            check_success(cleared.study)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(GOES_ON) from None


def _tell(problems: "Sequence[Problem]") -> None:
    """What should be known of the targets, once for all runs that it is true of."""
    from peslab.apps.present import console

    different: list[Problem] = []
    for problem in problems:
        if problem not in different:
            different.append(problem)
    remarks = [problem.remark() for problem in different]
    for remark in dict.fromkeys(remark for remark in remarks if remark):
        console.print(remark)


def task(config: "DictConfig") -> "Outcome | None":
    """One job of Hydra's: a run on its own, of a grid, or of a study."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    from peslab.apps import present
    from peslab.apps.main import stop
    from peslab.pipeline.grid import FAILURE

    hydra = HydraConfig.get()
    grid = hydra.mode == RunMode.MULTIRUN and not config.study
    name = config.study.name if config.study else Path(hydra.sweep.dir).name if grid else None
    # As typed: what waits for the data, or stands for a password, is not to be resolved here.
    values = cast("Any", OmegaConf.to_container(hydra.job, resolve=False))["override_dirname"]
    origin = _origin(config, name)
    try:
        error_name, outcome = _watched_run(config, origin)
    except OSError as error:
        if config.study or grid:
            raise
        stop(error)
    except PeslabError as error:
        if config.study:
            raise  # it records the failure and goes on
        if not grid or isinstance(error, InfrastructureError):
            stop(error)  # the next run of a grid would fail, too
        reason = masked(str(error))
        # Told at the grid's end, from its files: other launchers run jobs in other processes.
        (origin.folder / FAILURE).write_text(reason, encoding="utf-8")
        present.failed_line(hydra.job.num, values, reason)
        return None
    if grid:
        present.grid_line(hydra.job.num, values, outcome, error_name)
    elif not config.study:
        present.single_run(outcome.run_id, outcome.metrics, outcome.folder, origin.home)
    return outcome


def _watched_run(config: "DictConfig", origin: "Origin") -> "tuple[str, Outcome]":
    """The error on the test part by its name, and what came out."""
    from peslab.apps import present
    from peslab.apps.study import Reported
    from peslab.pipeline import plan, run

    planned = plan(config)
    with present.watching(f"{origin.study}/{origin.trial}" if origin.study else "run") as watcher:
        watchers = Reported(watcher) if config.study else watcher
        return planned.problem.task.test_error, run(planned, replace(origin, watcher=watchers))


def _origin(config: "DictConfig", name: str | None) -> "Origin":
    """Where the job comes from; its overrides as typed."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from peslab.configuration.folders import home
    from peslab.pipeline import Origin
    from peslab.study.search.pruning import retry_of

    hydra = HydraConfig.get()
    return Origin(
        folder=Path(hydra.runtime.output_dir),
        home=home(),
        config=config,
        overrides=list(map(str, OmegaConf.to_container(hydra.overrides.task, resolve=False) or ())),
        study=name,
        trial=hydra.job.num if name else None,
        objectives=[name.removeprefix("-") for name in _objectives(config)],
        retry_of=retry_of(),
        is_drawn=_drawn_now(config),
    )


def _drawn_now(config: "DictConfig") -> "Callable[[Mapping[str, float]], bool]":
    """Which runs are drawn when they end: of a study those that lead, if it does not end with that.

    Runs that are spooled lie there as they ended.
    """
    from peslab.apps.objectives import is_of_data
    from peslab.study.search.pruning import leads

    if not config.study or not config.study.confirm or config.tracking.spool:
        return leads
    first, *_ = _objectives(config) or ("",)
    return (lambda _: False) if is_of_data(first.removeprefix("-")) else leads


def _objectives(config: "DictConfig") -> "Sequence[str]":
    """What the study of a run asks for, a minus before what is maximized."""
    return [str(name) for name in (config.study and config.study.objectives) or ()]


def _run_grid(config: "DictConfig", fixed: Sequence[str], arguments: list[str]) -> None:
    """Run a grid in a folder that is known beforehand, and show what its runs left there."""
    from peslab.apps import grids, present

    folder = Path(config.hydra.sweep.dir).absolute()
    if (folder / "multirun.yaml").exists():
        raise PeslabError(f"{folder} holds another grid: choose another folder, hydra.sweep.dir=…")
    quoted = str(folder).replace("'", r"\'")
    _hand_over(
        [
            *arguments,
            f"hydra.sweep.dir='{quoted}'",
            f"hydra.job.config.override_dirname.exclude_keys=[{','.join(fixed)}]",
        ]
    )
    grids.conclude(folder, present.console)


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
