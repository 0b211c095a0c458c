"""Trials in the order of their validation error, with what they measured on the test part."""

from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from peslab.errors import PeslabError
from peslab.study.storage import INTERRUPTED, OBJECTIVE

METRICS = "metrics"
RUN_ID = "run_id"
REASON = "reason"


@dataclass(frozen=True)
class RankedTrial:
    """One finished trial.

    Attributes:
        rank: 1 is the lowest error on the validation part; None for a failed trial.
        trial: Its number, and the name of its folder.
        run_id: Its run in MLflow.
        values: The swept keys and their values, as typed in an override.
        metrics: What the run logged at its end.
        reason: Why it failed, if it did.
        objective: The metric that the study is ranked by.
    """

    rank: int | None
    trial: int
    run_id: str | None
    values: dict[str, Any]
    metrics: dict[str, float]
    reason: str | None
    objective: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain containers, for `peslab report --json`."""
        return dict(vars(self))


def ranking(study: optuna.Study) -> list[RankedTrial]:
    """All finished trials, the best first, the failed last; interrupted ones are left out."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
    counted = [trial for trial in trials if INTERRUPTED not in trial.user_attrs]
    complete = [trial for trial in counted if trial.state == TrialState.COMPLETE]
    failed = [trial for trial in counted if trial.state == TrialState.FAIL]
    complete.sort(key=lambda trial: (trial.value, trial.number))
    objective = str(study.user_attrs.get(OBJECTIVE, ""))
    return [
        *(_ranked(trial, rank, objective) for rank, trial in enumerate(complete, start=1)),
        *(_ranked(trial, None, objective) for trial in failed),
    ]


def pick(study: optuna.Study, which: str) -> RankedTrial:
    """The trial called `best`, or by its number.

    Raises:
        PeslabError: If there is no such finished trial.
    """
    trials = ranking(study)
    found = [
        trial
        for trial in trials
        if (trial.rank == 1 if which == "best" else str(trial.trial) == which)
    ]
    if not found:
        numbers = ", ".join(str(trial.trial) for trial in trials) or "none yet"
        raise PeslabError(
            f"The study '{study.study_name}' has no finished trial '{which}': "
            f"name best, or one of {numbers}."
        )
    return found[0]


def _ranked(trial: FrozenTrial, rank: int | None, objective: str) -> RankedTrial:
    attributes = trial.user_attrs
    return RankedTrial(
        rank=rank,
        trial=trial.number,
        run_id=attributes.get(RUN_ID),
        values=dict(trial.params),
        metrics=dict(attributes.get(METRICS, {})),
        reason=attributes.get(REASON),
        objective=objective,
    )
