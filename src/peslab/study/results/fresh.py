"""What the leading trials of a study gave on fresh data, as the study remembers it."""

import math
from dataclasses import asdict, dataclass, field
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
        error: What the study is ranked by, measured on the fresh test data, the mean over replicas
            and configurations; None where it failed.
        sem: The standard error of that; None of one replica, whose scatter nobody knows.
        replicas: The same of each replica.
        promised: Its error on the validation part of the study, by which it was ranked; None where
            that is of another kind than the test part.
        data: The fingerprint of the fresh test data.
        told: How fresh they are.
        run_id: Its run in MLflow.
        reason: Why it failed, if it did.
        is_maximized: Whether it is no error, but better when it is higher.
        metric: What was measured; empty of studies that did not remember it.
        promised_sem: The standard error of what was promised; None where it is unknown, or that is
            of other data than the error, so that their difference means nothing.
        is_new: Whether no trial has seen the data; seeds are fresh in any case.
    """

    trial: int
    error: float | None = None
    sem: float | None = None
    replicas: list[float] = field(default_factory=list)
    promised: float | None = None
    data: str | None = None
    told: str | None = None
    run_id: str | None = None
    reason: str | None = None
    is_maximized: bool = False
    metric: str = ""
    promised_sem: float | None = None
    is_new: bool = True

    @property
    def sign(self) -> float:
        """Times this, the lowest is the best."""
        return -1.0 if self.is_maximized else 1.0

    @property
    def ratio(self) -> tuple[float, float | None] | None:
        """The error over what was promised, with its standard error, of both as far as it is known.

        None of what is maximized, whose ratios say nothing, as for R² near 0.
        """
        error, promised = self.error, self.promised
        if self.is_maximized or error is None or promised is None or min(error, promised) <= 0.0:
            return None
        ratio = error / promised
        if self.sem is None:
            return ratio, None
        return ratio, math.hypot(self.sem, ratio * (self.promised_sem or 0.0)) / promised

    @property
    def above_promise(self) -> float | None:
        """How much worse it is than was promised: of the winner of many, the winner's curse."""
        if self.error is None or self.promised is None:
            return None
        return self.sign * (self.error - self.promised)

    @property
    def sem_above_promise(self) -> float | None:
        """The standard error of that, in which both of them scatter."""
        if self.sem is None or self.promised_sem is None:
            return None
        return math.hypot(self.sem, self.promised_sem)


@dataclass(frozen=True)
class Verdict:
    """Which differences between the leading trials are real.

    Attributes:
        trials: The leading ones that have a fresh error, the best first.
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
        """Whether a trial is among the best; None where it is no leading one, or nobody knows.

        Of one alone nobody knows: there is none to compare it with.
        """
        known = self.tied is not None and trial in self.trials and len(self.trials) > 1
        return trial in (self.tied or ()) if known else None

    def told(self, trial: int) -> str | None:
        """What is known of a trial, in a word or three; None where it is no leading one."""
        if trial not in self.trials:
            return None
        if len(self.trials) == 1:
            return "only one confirmed"
        if self.tied is None:
            return "unknown"
        if trial not in self.tied:
            return "worse"
        return "tied" if len(self.tied) > 1 else "best"

    def beside(self, trial: int) -> dict[int, dict[str, float]]:
        """The pairs of a trial by the numbers of the others."""
        both = [(int(pair["first"]), int(pair["second"]), pair) for pair in self.pairs]
        return {
            second if first == trial else first: pair
            for first, second, pair in both
            if trial in {first, second}
        }


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


def fresh_json(study: optuna.Study) -> dict[int, dict[str, Any]]:
    """The results on fresh data as plain containers, with who is tied and all pairs of a trial."""
    found = verdict(study)
    pairs = found.pairs if found else []
    return {
        trial: asdict(result)
        | {
            "above_promise": result.above_promise,
            "tied": found.is_tied(trial) if found else None,
            "pairs": [pair for pair in pairs if trial in {pair["first"], pair["second"]}],
        }
        for trial, result in fresh_results(study).items()
    }
