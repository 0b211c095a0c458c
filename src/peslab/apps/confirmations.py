"""The leading trials of a study once more: their recorded configs, with fresh seeds and data."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from peslab.apps import present
from peslab.apps.drawing import draw_missing
from peslab.apps.rerun import override
from peslab.configuration.folders import home
from peslab.configuration.recorded import config_of
from peslab.errors import InfrastructureError, PeslabError
from peslab.pipeline import Origin, Outcome, plan, run
from peslab.problems.contract import FRESH_SEEDS, FreshData
from peslab.study.objectives import Objective
from peslab.study.results.confirmation import ROLE, SEEDS_OF_A_TRIAL, Retrain, Retrained, confirm
from peslab.study.results.fresh import FreshResult
from peslab.study.results.paired import sem_of_promise
from peslab.study.results.ranking import RankedTrial
from peslab.study.results.shown import on_test_part
from peslab.study.storage.study import OpenStudy
from peslab.tracking import Tracking


class Conclusion:
    """The end of a study, shown as it comes.

    Args:
        retrain: What trains a trial again.
        why_not: Why fresh data can confirm none of them, if so.

    Attributes:
        results: What this worker trained again.
    """

    def __init__(self, retrain: Retrain, why_not: str | None = None) -> None:
        self.results: list[FreshResult] = []
        self._retrain, self._why_not = retrain, why_not

    def __call__(self, study: OpenStudy) -> None:
        """Confirm the leading trials, if all trials are finished."""
        confirm(study, self._retrain, self._told, self._why_not)

    def _told(self, result: FreshResult) -> None:
        present.fresh_line(result)
        self.results.append(result)


def retrained(
    trial: RankedTrial,
    folder: Path,
    config: DictConfig,
    study: str,
    tracking: Tracking,
    objective: Objective,
) -> Retrained:
    """Train a trial again, and draw what it was.

    Args:
        trial: Of the study.
        folder: For what comes out.
        config: Composed for the study.
        study: Its name.
        tracking: Where its runs are logged.
        objective: What leading trials lead in: it is measured again.

    Raises:
        PeslabError: If it has no run, or its training fails.
    """
    recorded = _recorded(config, tracking, trial)
    _draw(trial, f"{study}/{trial.trial}", recorded, tracking)
    planned = plan(recorded)
    fresh = planned.problem.fresh_data()
    overrides = _overrides(recorded, fresh, trial.trial)
    changed = override(recorded, overrides)
    tracking.close_lost(home(), study, trial.trial, ROLE)  # of whoever died in here before
    with present.watching(f"{study}/{trial.trial} again") as watcher:
        origin = Origin(
            folder=folder,
            home=home(),
            config=changed,
            overrides=overrides,
            study=study,
            trial=trial.trial,
            role=ROLE,
            watcher=watcher,
            is_drawn=lambda _: False,
        )
        outcome = run(plan(changed), origin)
    return _told(trial, objective, fresh, outcome)


def _told(
    trial: RankedTrial, objective: Objective, fresh: FreshData, outcome: Outcome
) -> Retrained:
    """What came out, beside what the trial promised where that can be compared."""
    metric = on_test_part(objective.metric)
    is_alike = fresh.is_alike or metric == objective.metric
    errors, sem = _measured(outcome, metric), trial.metrics.get(f"{objective.metric}_sem")
    return Retrained(
        errors=errors,
        data=outcome.tested.data,
        told=fresh.told,
        is_new=fresh.is_new,
        promised=trial.metrics.get(objective.metric) if is_alike else None,
        run_id=outcome.run_id,
        is_maximized=objective.maximized,
        metric=metric,
        promised_sem=sem_of_promise(sem, errors, outcome.tested.n_validation) if is_alike else None,
    )


def _measured(outcome: Outcome, metric: str) -> NDArray[np.float64]:
    """A metric of each replica: on each configuration where it is a mean over them, else alone."""
    part, _, name = metric.rpartition("/")
    if part == "test" and name in outcome.tested.errors:
        return outcome.tested.errors[name]
    found, k = [], 0
    while (each := outcome.metrics.get(f"replica_{k}/{metric}")) is not None:
        found.append([each])
        k += 1
    if not found and metric in outcome.metrics:  # of all replicas together
        found.append([outcome.metrics[metric]])
    if not found:
        raise PeslabError(f"it has no {metric}.")
    return np.array(found)


def _draw(trial: RankedTrial, name: str, recorded: DictConfig, tracking: Tracking) -> None:
    """Draw a leading trial; where that cannot be done, its training is not to blame."""
    if trial.run_id is None or tracking.spool:
        return
    try:
        draw_missing(trial.run_id, name, recorded, tracking)
    except InfrastructureError:
        raise
    except PeslabError as error:
        present.undrawn_line(name, error)


def _recorded(config: DictConfig, tracking: Tracking, trial: RankedTrial) -> DictConfig:
    """What a trial was, interpolations alive, logged where the study is logged today."""
    if trial.run_id is None:
        raise PeslabError("it has no run in the store: train the study with peslab train.")
    text = tracking.read_text(home(), trial.run_id, "config/unresolved.yaml")
    changes = {"study": None, "tracking": config.tracking}
    recorded = config_of(text, f"The config of run {trial.run_id[:8]}")
    changed = OmegaConf.create({**recorded, **changes})
    OmegaConf.update(changed, "tracking.spool", tracking.spool)
    return changed


def _overrides(recorded: DictConfig, fresh: FreshData, trial: int) -> list[str]:
    """Fresh data and seeds; a training that went on from a checkpoint begins anew."""
    changes = {**fresh.changes, "seed": recorded.seed + FRESH_SEEDS + trial * SEEDS_OF_A_TRIAL}
    if OmegaConf.select(recorded, "trainer.resume_from"):
        changes["trainer.resume_from"] = "null"
    return [f"{key}={value}" for key, value in changes.items()]
