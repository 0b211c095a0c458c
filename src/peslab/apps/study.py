"""Where Hydra's sweeper and a study meet."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from peslab.apps import present
from peslab.configuration.compose import parse, without_hydra
from peslab.configuration.folders import home
from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError
from peslab.pipeline import Outcome, Plan, plan
from peslab.pipeline.own_trainer import OwnTrainer, prepare
from peslab.pipeline.run import chosen_values
from peslab.problems import Task
from peslab.study import Study
from peslab.study.settings import SHARED
from peslab.study.shown import label
from peslab.study.storage import BASELINED, OBJECTIVE, TRAINER
from peslab.study.sweeper import ToldTrial, TrialResult, fellow_workers, work


def run_study(
    config: DictConfig, overrides: list[str], run_job: Callable[[int, list[str]], Outcome]
) -> None:
    """Work on the study that a composed config names, with fellow workers if it wants them.

    Args:
        config: Composed by Hydra for the whole sweep, `hydra` node included.
        overrides: As typed. A swept key replaces that key of the study's space, a fixed one takes
            it out of the space.
        run_job: Runs one job with its number and all its overrides.

    Raises:
        PeslabError: If the config has no study, or its space names what does not exist.
    """
    base = plan(without_hydra(config))
    if base.study is None:
        raise PeslabError("hydra/sweeper=peslab needs a study: add study=quickstart, or another.")
    parsed = parse(overrides)
    settings = merged(base.study, parsed)
    fixed = [str(item.input_line) for item in parsed if not item.is_sweep_override()]
    if fingerprint := base.problem.pinned().get("fingerprint"):
        fixed.append(f"problem.fingerprint='{fingerprint}'")  # the file may change between trials

    if settings.storage == SHARED:  # MLflow's local store is not for many machines
        fixed.append("tracking.spool=true")

    typed = [*config.hydra.overrides.hydra, *overrides]
    tracking = replace(base.tracking, spool=base.tracking.spool or settings.storage == SHARED)

    task = base.problem.task
    others = own_trainer(config, settings)
    objective = others.objective if others else settings.objective or task.objective
    baselined = "" if others else task.test_error

    def run_trial(number: int, values: list[str]) -> TrialResult:
        if others:
            return others.run(number, values, home(), tracking)
        outcome = run_job(number, [*fixed, *values])
        return TrialResult(_error(outcome, objective), outcome.metrics, outcome.run_id)

    def on_trial(told: ToldTrial) -> None:
        present.trial_line(told, objective, label(objective, baselined))
        if told.result is not None and told.retry_of is not None:
            tracking.tag(home(), told.result.run_id, {"retry_of": str(told.retry_of)})

    def on_interrupted(number: int) -> None:
        tracking.close_lost(home(), settings.name, number)

    with fellow_workers(settings.workers - 1, typed, settings.folder(home())):
        n_run = work(
            settings,
            home(),
            run_trial,
            defaults=_defaults(config, settings),
            recipe=others.recipe() if others else _recipe(base, settings, objective),
            reference="" if others else task.reference,
            unit="" if others else _unit(task, objective),
            on_trial=on_trial,
            on_interrupted=on_interrupted,
            about={
                OBJECTIVE: objective,
                BASELINED: baselined,
                **({TRAINER: others.recipe()["study.command"]} if others else {}),
            },
        )
    if n_run == 0:
        present.nothing_to_do(settings)


def merged(study: Study, overrides: Sequence[Override]) -> Study:
    """A study whose space heeds the command line: swept keys replace its own, fixed ones leave it.

    Raises:
        PeslabError: If nothing is left to search.
    """
    swept = {
        item.key_or_group.removeprefix("study.space."): item.get_value_string()
        for item in overrides
        if item.is_sweep_override()
    }
    fixed = {item.key_or_group for item in overrides if not item.is_sweep_override()}
    space = {key: text for key, text in {**study.space, **swept}.items() if key not in fixed}
    if not space:
        raise PeslabError("study.space is empty: sweep a key, e.g. 'rate=interval(0.1,1)'.")
    return replace(study, space=space)


def own_trainer(config: DictConfig, settings: Study) -> OwnTrainer | None:
    """What trains in place of peslab, checked, if something does.

    Raises:
        PeslabError: If it does not fit the space, or is not there.
    """
    if settings.command is None:
        return None
    return prepare(without_hydra(config), settings, Path.cwd())


def _error(outcome: Outcome, objective: str) -> float:
    if objective not in outcome.metrics:
        near = did_you_mean(objective, [name for name in outcome.metrics if "replica" not in name])
        raise PeslabError(f"study.objective={objective} is no metric of this run{near or '.'}")
    return outcome.metrics[objective]


def _unit(task: Task, objective: str) -> str:
    """Of the target's own errors, and of those of its gradient and forces."""
    name = objective.rpartition("/")[2]
    if name.startswith(task.target):
        return task.unit
    return task.gradient_unit if name in {"gradient_mae", "force_mae"} else ""


def _defaults(config: DictConfig, settings: Study) -> dict[str, Any]:
    """The composed config's value of every swept key; of a group, its option."""
    defaults = {}
    for key in settings.space:
        choices = config.hydra.runtime.choices
        value = choices[key] if key in choices else OmegaConf.select(config, key, default=...)
        if value is ... and settings.command is not None:
            continue  # a key of the command's own, whose first value is drawn
        if value is ...:
            raise PeslabError(f"study.space names {key}, which is not a setting of this config.")
        defaults[key] = list(value) if OmegaConf.is_list(value) else value
    return defaults


def _recipe(base: Plan, settings: Study, objective: str) -> dict[str, str]:
    """What all trials share, as text."""
    values = chosen_values(base.values)
    if objective != base.problem.task.objective:
        values["study.objective"] = objective
    return {
        key: str(value)
        for key, value in values.items()
        if key not in settings.space and key.partition(".")[0] not in settings.space
    }
