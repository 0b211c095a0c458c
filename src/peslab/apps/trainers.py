"""What trains the trials of a study: peslab, or a command of the user's."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from omegaconf import DictConfig

from peslab.apps.confirmations import retrained
from peslab.apps.objectives import units_of
from peslab.apps.start import RECORDED, Start, below
from peslab.configuration.compose import parse, without_hydra
from peslab.configuration.folders import home
from peslab.pipeline import Outcome, Plan
from peslab.pipeline.own_trainer import OwnTrainer, prepare
from peslab.pipeline.run import chosen_values
from peslab.study import Study
from peslab.study.about import About
from peslab.study.results.confirmation import Retrained
from peslab.study.results.ranking import RankedTrial
from peslab.study.search.space import without_element
from peslab.study.settings import SHARED
from peslab.study.sweeper import TrialResult
from peslab.tracking import Tracking


class Trainer(Protocol):
    """What trains the trials of a study."""

    def run_trial(self, number: int, overrides: list[str]) -> TrialResult:
        """Train a trial with its values, and measure it."""

    def retrain(self, trial: RankedTrial, folder: Path) -> Retrained:
        """Train a finished trial again, with fresh seeds and, where possible, on fresh data."""

    def recipe(self) -> dict[str, str]:
        """What all trials share, as text: with another recipe it is another study."""

    def about(self) -> About:
        """What a report has to know."""


@dataclass(frozen=True)
class Peslab:
    """Trials that peslab trains.

    Attributes:
        study: The study.
        start: Its composed config, and what was typed for it.
        base: The plan of that config.
        fixed: Overrides that all trials share.
        tracking: Where runs are logged.
        run_job: Runs one job with its number and all its overrides.
    """

    study: Study
    start: Start
    base: Plan
    fixed: list[str]
    tracking: Tracking
    run_job: Callable[[int, list[str]], Outcome]

    def run_trial(self, number: int, overrides: list[str]) -> TrialResult:
        """Run a trial as one of Hydra's jobs."""
        swept = [item.key_or_group for item in parse(overrides)]
        typed = [*below(self.start.overrides, swept), *self.fixed, *overrides]
        outcome = self.run_job(number, typed)
        return TrialResult(outcome.objective, outcome.metrics, outcome.run_id)

    def retrain(self, trial: RankedTrial, folder: Path) -> Retrained:
        """Train its recorded config on fresh data."""
        config, objective = self.start.config, self.study.searched[0]
        return retrained(trial, folder, config, self.study.name, self.tracking, objective)

    def recipe(self) -> dict[str, str]:
        """All values that are not searched."""
        values = chosen_values(self.base.values)
        searched = {without_element(key) for key in self.study.space}
        recipe = {
            key: str(value)
            for key, value in values.items()
            if key not in searched and key.partition(".")[0] not in searched
        }
        if self.study.objectives != (self.base.problem.task.objective,):
            recipe["study.objectives"] = ",".join(self.study.objectives or ())
        if self.start.origin is not None:
            recipe[RECORDED] = self.start.origin
        return recipe

    def about(self) -> About:
        """What the problem says of itself."""
        task = self.base.problem.task
        return About(task.reference, units_of(self.study, task), task.test_error)


def logged(tracking: Tracking, study: Study) -> Tracking:
    """Where the runs of a study are logged; on a shared file system no store is opened."""
    return replace(tracking, spool=tracking.spool or study.storage == SHARED)


def own_trainer(config: DictConfig, study: Study, tracking: Tracking) -> OwnTrainer | None:
    """What trains in place of peslab, checked, if something does.

    Args:
        config: Composed for the study, `hydra` node included.
        study: With the space of the command line.
        tracking: Where its runs are logged.

    Raises:
        PeslabError: If it does not fit the space, or is not there.
    """
    if study.command is None:
        return None
    return prepare(without_hydra(config), study, Path.cwd(), home(), tracking)
