"""What the leading trials of a study gave on fresh data, as the study remembers it."""

from dataclasses import dataclass
from typing import Any

import optuna

FRESH = "fresh/"
"""Before a trial's number: the attribute of the study that holds its `FreshResult`."""

VERDICT = "verdict"
"""The attribute of the study that holds the `Verdict`."""


@dataclass(frozen=True)
class FreshResult:
    """A trial that was trained again with fresh seeds, and tested on data that no trial has seen.

    Attributes:
        trial: Its number.
        promised: Its error on the validation part of the study, by which it was ranked.
        error: Its mean absolute error on the fresh test data, over replicas and configurations;
            None where it failed.
        sem: The standard error of that; None of one replica, whose scatter nobody knows.
        replicas: The error of each replica.
        data: The fingerprint of the fresh test data.
        told: How fresh they are, and the training data with them.
        run_id: Its run in MLflow.
        reason: Why it failed, if it did.
    """

    trial: int
    promised: float
    error: float | None
    sem: float | None
    replicas: list[float]
    data: str
    told: str
    run_id: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Which differences between the leading trials are real.

    Attributes:
        trials: The leading ones that have a fresh error, the lowest first.
        tied: Those of them that none is really better than; None where nothing can be said.
        reason: Why nothing can be said.
        pairs: For each two trials the difference of their errors, its standard error, and the
            probability of one as large between equals, corrected for the number of pairs.
    """

    trials: list[int]
    tied: list[int] | None
    reason: str | None
    pairs: list[dict[str, float]]

    def is_tied(self, trial: int) -> bool | None:
        """Whether a trial is among the best; None where it is no leading one, or nobody knows."""
        known = self.tied is not None and trial in self.trials
        return trial in (self.tied or ()) if known else None


def fresh_results(study: optuna.Study) -> dict[int, FreshResult]:
    """The results on fresh data by the trials' numbers, the failed ones too."""
    found = {
        name: FreshResult(**value)
        for name, value in study.user_attrs.items()
        if name.startswith(FRESH)
    }
    return {result.trial: result for result in sorted(found.values(), key=lambda each: each.trial)}


def verdict(study: optuna.Study) -> Verdict | None:
    """Which differences are real; None where the leading trials were not confirmed yet."""
    value: dict[str, Any] | None = study.user_attrs.get(VERDICT)
    return None if value is None else Verdict(**value)
