"""A study's objectives beside what runs of its problem measure."""

from dataclasses import replace

from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError
from peslab.pipeline.own_trainer import OBJECTIVE as OWN_TRAINERS
from peslab.pipeline.repetition import is_time
from peslab.pipeline.run import SELECTABLE
from peslab.problems.contract import Problem, Task
from peslab.study import Study
from peslab.study.results.shown import on_test_part

OF_TEST_PART = ("test/", "baseline/", "replica_", "errors/", "ensemble/", "skill")
"""Metrics that begin so are measured on the test part, or are none to select by."""


def units_of(settings: Study, task: Task) -> dict[str, str]:
    """The units of what a study's report shows: its objectives, and what is beside them."""
    asked = [each.metric for each in settings.searched]
    shown = [*asked, *map(on_test_part, asked), task.test_error, "prediction_microseconds"]
    return {metric: unit for metric in shown if (unit := _unit_of(task, metric))}


def _unit_of(task: Task, metric: str) -> str:
    """Of errors of the target, of its gradient and forces, and of times; R² has none."""
    name = metric.rpartition("/")[2]
    if name == f"{task.target}_r2":
        return ""
    if name.startswith(f"{task.target}_"):
        return task.unit
    return {
        "gradient_mae": task.gradient_unit,
        "force_mae": task.gradient_unit,
        "prediction_microseconds": "µs",
    }.get(name, "")


def is_of_data(metric: str) -> bool:
    """Whether other data give a metric of our training another value: times and sizes are none."""
    return metric not in SELECTABLE and not is_time(metric)


def unconfirmed(settings: Study) -> str | None:
    """Why fresh data cannot confirm what leads by the first objective, if so."""
    first = settings.searched[0].metric
    if settings.command is not None or is_of_data(first):
        return None
    return f"what they lead in, {first}, does not depend on the data"


def judged(settings: Study, problem: Problem) -> Study:
    """A study that names its objectives, those of the problem where it has none of its own.

    Raises:
        PeslabError: If one may not select, is not known, or does not go with the pruner.
    """
    own = problem.task.objective if settings.command is None else OWN_TRAINERS
    if settings.objectives is None:
        settings = replace(settings, objectives=(own,))
    if settings.command is not None:
        return _without_pruner(settings)
    known = [*problem.selectable, *SELECTABLE]
    for each in settings.searched:
        if each.metric.startswith(OF_TEST_PART):
            raise PeslabError(
                f"study.objectives: {each.metric} is not for selecting by: the test part only "
                f"tells what was reached, so name metrics such as {own}."
            )
        if problem.selectable and each.metric not in known:
            hint = did_you_mean(each.metric.replace("/", "."), [n.replace("/", ".") for n in known])
            raise PeslabError(
                f"study.objectives: {each.metric} is not measured"
                + (hint.replace(".", "/") or f"; choose from {', '.join(known)}.")
            )
    if settings.pruner.checks and settings.objectives != (own,):
        raise PeslabError(
            f"Pruners look at the problem's own error while it is trained, {own}: choose "
            "study/pruner=none for other objectives."
        )
    return settings


def _without_pruner(settings: Study) -> Study:
    if settings.pruner.checks:
        raise PeslabError(
            "Nobody can look into a command while it trains: choose study/pruner=none."
        )
    return settings
