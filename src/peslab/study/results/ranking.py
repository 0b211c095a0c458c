"""Trials in the order of their validation error, with what they measured on the test part."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from peslab.errors import PeslabError
from peslab.study.attributes import INTERRUPTED
from peslab.study.objectives import pareto_front

METRICS = "metrics"
"""An attribute of a trial, read by `metrics_of`."""

RUN_ID = "run_id"
REASON = "reason"
STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


@dataclass(frozen=True)
class RankedTrial:
    """One finished trial.

    Attributes:
        rank: 1 is the lowest error on the validation part; None for a failed or pruned trial.
        trial: Its number, and the name of its folder.
        run_id: Its run in MLflow.
        values: The swept keys and their values, as typed in an override.
        metrics: What the run logged at its end.
        reason: Why it failed or was pruned, if so.
        state: complete, pruned or failed.
        front: Whether no other complete trial is as good in all objectives and better in one.
        objectives: The metrics that the study is ranked by.
    """

    rank: int | None
    trial: int
    run_id: str | None
    values: dict[str, Any]
    metrics: dict[str, float]
    reason: str | None
    state: str
    front: bool
    objectives: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain containers, for `peslab report --json`."""
        return dict(vars(self))


def as_text(metrics: Mapping[str, float]) -> str:
    """How a trial keeps its metrics: as JSON, which is not parsed whenever a study is opened.

    Its quotes are single ones: double ones take as long again where it stands in JSON itself.
    """
    text = json.dumps(dict(metrics), separators=(",", ":"))
    return text.replace("'", r"\u0027").replace('"', "'")


def metrics_of(trial: FrozenTrial) -> dict[str, float]:
    """What a trial measured; nothing of one that did not come so far."""
    kept = trial.user_attrs.get(METRICS, {})  # not as text, or with double quotes, from before
    if isinstance(kept, str):
        kept = json.loads(kept.replace("'", '"') if kept.startswith("{'") else kept)
    return dict(kept)


def ranking(study: optuna.Study) -> list[RankedTrial]:
    """All finished trials, the best first, then the pruned, and the failed last.

    Of several objectives the first decides, after what is on the Pareto front. Pruned trials that
    came further stand before others. Interrupted ones are left out.
    """
    trials = study.get_trials(deepcopy=False, states=tuple(STATES))
    counted = [trial for trial in trials if INTERRUPTED not in trial.user_attrs]
    kinds = {state: [trial for trial in counted if trial.state == state] for state in STATES}
    complete, pruned = kinds[TrialState.COMPLETE], kinds[TrialState.PRUNED]
    signs = [-1.0 if each == StudyDirection.MAXIMIZE else 1.0 for each in study.directions]
    values = np.array([trial.values for trial in complete]).reshape(-1, len(signs)) * signs
    front = dict(zip((t.number for t in complete), pareto_front(values).tolist(), strict=True))
    first = dict(zip((t.number for t in complete), values[:, 0].tolist(), strict=True))
    complete.sort(key=lambda t: (not front[t.number], first[t.number], t.number))
    pruned.sort(key=lambda t: (-(t.last_step or 0), t.value or 0.0, t.number))
    names = list(study.metric_names or ())
    ranked = [_ranked(trial, rank, front[trial.number]) for rank, trial in enumerate(complete, 1)]
    others = [_ranked(trial) for trial in [*pruned, *kinds[TrialState.FAIL]]]
    return [replace(trial, objectives=names) for trial in [*ranked, *others]]


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


def _ranked(trial: FrozenTrial, rank: int | None = None, front: bool = False) -> RankedTrial:
    attributes = trial.user_attrs
    return RankedTrial(
        rank=rank,
        trial=trial.number,
        run_id=attributes.get(RUN_ID),
        values=dict(trial.params),
        metrics=metrics_of(trial),
        reason=attributes.get(REASON),
        state=STATES[trial.state],
        front=front,
    )
