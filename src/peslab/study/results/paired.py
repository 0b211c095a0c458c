"""Which differences between trials are real, where chance comes from two sides at once.

The error of replica r of trial t on configuration c is modeled as crossed random effects,

    e_trc = μ_t + A_tr + B_tc + I_trc:

a replica is better or worse everywhere (A: its seed), a configuration is harder or easier for all
replicas of a trial (B), and the rest is of both (I). Configurations are the same for all trials, so
that B of two trials are correlated; replicas have seeds of their own. With R replicas, n
configurations, and a dot for a mean over an index,

    Var(e_t..) = σ_A²/R + σ_B²/n + σ_I²/(nR).

Three mean squares hold what is needed, S_R² (of the R numbers e_tr.), S_C² (of the n numbers e_t.c)
and S_I² (of e_trc − e_tr. − e_t.c + e_t..):

    E S_R² = σ_A² + σ_I²/n,    E S_C² = σ_B² + σ_I²/R,    E S_I² = σ_I².

So S_R²/R − S_I²/(nR) has the expectation σ_A²/R, and with S_C²/n it is the whole variance. For two
trials S_C² is that of the differences d_c = e_a.c − e_b.c, in which what is hard for both cancels.
What is not in the model is another training database: all replicas learned from the same one.
"""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Array = NDArray[np.float64]

LEVEL = 0.05
"""How often at most any of several equal trials may be called worse than another."""


class Difference(NamedTuple):
    """Two trials side by side.

    Attributes:
        first: The number of one trial.
        second: That of the other.
        difference: By how much the error of the first is larger.
        sem: The standard error of that.
        probability: Of a difference as large between equal trials, in any of the pairs.
    """

    first: int
    second: int
    difference: float
    sem: float
    probability: float


class _Spread(NamedTuple):
    """The errors of one trial, summarized."""

    mean: float
    of_replicas: float  # S_R²/R
    of_seeds: float  # σ_A²/R, estimated
    replicas: int
    configurations: Array  # e_t.c


def is_testable(errors: Array) -> bool:
    """Whether errors (R, n) have a scatter over replicas."""
    return len(errors) > 1


def fresh_mean(errors: Array) -> tuple[float, float | None]:
    """The mean error of a trial and its standard error √(σ_A²/R + S_C²/n).

    Args:
        errors: Of each replica on each configuration, shape (R, n); of n = 1, where only means are
            known, the scatter of the seeds is all there is.

    Returns:
        Both; None for the standard error of one replica.
    """
    if not is_testable(errors):
        return float(errors.mean()), None
    spread = _spread(errors)
    return spread.mean, math.sqrt(spread.of_seeds + _of_mean(spread.configurations))


def sem_of_promise(sem: float | None, errors: Array, n: int) -> float | None:
    """The standard error √(s² + S_C²/n) of a mean over n other configurations of the same kind.

    Args:
        sem: Its standard error s over its replicas alone.
        errors: Of each replica of the same model on m configurations, shape (R, m).
        n: The configurations that it is a mean over.

    Returns:
        None where a scatter is unknown: of one replica, or where m = 1.
    """
    if sem is None or errors.shape[1] == 1:
        return None
    return math.sqrt(sem**2 + float(np.var(errors.mean(axis=0), ddof=1)) / n)


def differences(errors: Mapping[int, Array]) -> list[Difference]:
    """Compare each trial with each other.

    The statistic (e_a.. − e_b..)/√V has V = σ_A²/R of both + S_C²/n, and Student's distribution
    with Satterthwaite's degrees of freedom ν = V²/Σ (V_i²/ν_i), but no more than R_a + R_b − 2:
    that few replicas happen to agree must not pass for certainty. The probabilities are Holm's,
    over all pairs and not only those with the lowest error: that is chosen by the same data.

    Args:
        errors: For each trial those of each replica on each configuration, shape (R, n): the same
            n configurations, R ≥ 2. With n = 1 this is Welch's test.

    Returns:
        All pairs, in the order of the trials.
    """
    spreads = {trial: _spread(each) for trial, each in errors.items()}
    pairs = list(combinations(spreads, 2))
    found = [_difference(spreads[first], spreads[second]) for first, second in pairs]
    corrected = holm([probability for *_, probability in found])
    return [
        Difference(first, second, difference, sem, probability)
        for (first, second), (difference, sem, _), probability in zip(
            pairs, found, corrected, strict=True
        )
    ]


def tied_for_best(trials: list[int], pairs: list[Difference]) -> list[int]:
    """The trials that none is really better than, at a level of 5 %: never none of them.

    With all trials equal, the chance that one is missing is 5 % at most.
    """
    worse = {
        pair.first if pair.difference > 0 else pair.second
        for pair in pairs
        if pair.probability < LEVEL
    }
    return [trial for trial in trials if trial not in worse]


def holm(probabilities: list[float]) -> list[float]:
    """Probabilities corrected for their number m: the i-th smallest times m + 1 − i, ascending."""
    order = np.argsort(probabilities, kind="stable")
    factors = len(probabilities) - np.arange(len(probabilities))
    ascending = np.maximum.accumulate(np.array(probabilities)[order] * factors)
    corrected = np.empty(len(probabilities))
    corrected[order] = np.minimum(ascending, 1.0)
    return [float(each) for each in corrected]


def _spread(errors: Array) -> _Spread:
    n_replicas, n = errors.shape
    rows, columns, mean = errors.mean(axis=1), errors.mean(axis=0), errors.mean()
    of_replicas = _of_mean(rows)
    if n == 1:
        return _Spread(float(mean), of_replicas, of_replicas, n_replicas, columns)
    rest = errors - rows[:, None] - columns + mean
    of_both = float((rest**2).sum()) / ((n_replicas - 1) * (n - 1)) / (n * n_replicas)
    return _Spread(float(mean), of_replicas, max(of_replicas - of_both, 0.0), n_replicas, columns)


def _difference(first: _Spread, second: _Spread) -> tuple[float, float, float]:
    """The difference, its standard error, and its probability between equals."""
    difference = first.mean - second.mean
    of_differences = _of_mean(first.configurations - second.configurations)
    variance = first.of_seeds + second.of_seeds + of_differences
    if variance == 0.0:
        return difference, 0.0, float(difference == 0.0)
    scatter = of_differences**2 / max(len(first.configurations) - 1, 1)
    scatter += sum(
        each.of_replicas**2 / (each.replicas - 1) for each in (first, second) if each.of_seeds > 0
    )
    most = first.replicas + second.replicas - 2
    freedom = min(variance**2 / scatter, most) if scatter > 0 else most
    sem = math.sqrt(variance)
    return difference, sem, float(2 * stdtr(freedom, -abs(difference) / sem))


def _of_mean(values: Array) -> float:
    """The variance of a mean of independent values, S²/m; none is known of a single one."""
    return float(np.var(values, ddof=1)) / len(values) if len(values) > 1 else 0.0
