"""A study's objectives beside what runs of its problem measure."""

from dataclasses import replace

from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError
from peslab.pipeline.run import SELECTABLE
from peslab.problems.contract import Problem
from peslab.study import Study

OF_TEST_PART = ("test/", "baseline/", "replica_", "errors/", "ensemble/", "skill")
"""Metrics that begin so are measured on the test part, or are none to select by."""


def judged(settings: Study, problem: Problem) -> Study:
    """A study that names its objectives, those of the problem where it has none of its own.

    Raises:
        PeslabError: If one may not select, is not known, or does not go with the pruner.
    """
    own = problem.task.objective
    if settings.objectives is None:
        return replace(settings, objectives=(own,))
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
