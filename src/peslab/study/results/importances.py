"""Which swept keys the differences between trials depend on, and how surely."""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from peslab.errors import InvalidInputError
from peslab.study.results.searched import asked, finished_trials

FEWEST = 4  # trials, below which a share is anybody's guess
MOST = 256  # trials that one estimate looks at: trees of all of 1,000 take 10 s
LEADERS = 4  # trials, or a tenth of all, at most half: what PED-ANOVA calls good
RESAMPLES = 20
TREES = 16  # of one forest; its mean over the resamples is that of 320

Evaluate = Callable[[list[FrozenTrial]], dict[str, float]]


@dataclass(frozen=True)
class Importance:
    """The shares of the swept keys in the differences between trials, which sum to 1.

    Attributes:
        share: By the keys.
        deviation: Its standard error, by the keys: that of shares over resamples of the trials.
    """

    share: dict[str, float]
    deviation: dict[str, float]


def importances(
    study: optuna.Study, objective: int = 0, seconds: float = 4.0
) -> dict[str, Importance]:
    """Estimate importances in two ways, each with its standard error by the bootstrap.

    PED-ANOVA (Watanabe, Bansal, Hutter 2023) asks which keys set the best trials apart from all;
    fANOVA (Hutter, Hoos, Leyton-Brown 2014) what part of the variance of log error, over the whole
    space, single keys explain. Both see keys on the scale on which they were searched.

    Args:
        study: Any.
        objective: Its number.
        seconds: After which no further resample is drawn.

    Returns:
        By the name of the method. fANOVA tells only of keys that all trials chose from the same
        values.

    Raises:
        InvalidInputError: If there are too few trials, or nothing differs between them.
    """
    trials = _comparable(study, objective)
    varied = _varied(trials)
    methods: dict[str, Evaluate] = {"PED-ANOVA": lambda drawn: _ped_anova(drawn, varied)}
    spaces = {key: {str(trial.distributions.get(key)) for trial in trials} for key in varied}
    if common := sorted(key for key, seen in spaces.items() if len(seen) == 1):
        methods["fANOVA"] = lambda drawn: _fanova(drawn, common)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Of equal trials none is among the best; that is a share of zero to us.
        warnings.filterwarnings("ignore", message="Target and region quantiles")
        # Of a key that few trials have; how inaccurate its share is, its standard error tells.
        warnings.filterwarnings("ignore", message="Some regimes for parameter")
        return {
            name: _bootstrapped(evaluate, trials, sorted(varied), seconds / len(methods))
            for name, evaluate in methods.items()
        }


def _comparable(study: optuna.Study, objective: int) -> list[FrozenTrial]:
    """The complete trials, with keys and errors on the scales on which they are compared."""
    complete = [trial for trial in finished_trials(study) if trial.state == TrialState.COMPLETE]
    sign = asked(study).signs[objective]  # of what is maximized, the least is the best after it
    values = [sign * float(trial.values[objective]) for trial in complete]
    if len(complete) < FEWEST:
        raise InvalidInputError(
            f"Importances need {FEWEST} complete trials, and there are {len(complete)}: run more."
        )
    if len(set(values)) == 1:
        raise InvalidInputError("All trials have the same error, so nothing was important.")
    scale = math.log if min(values) > 0.0 else float
    return [_rescaled(trial, scale(value)) for trial, value in zip(complete, values, strict=True)]


def _varied(trials: Sequence[FrozenTrial]) -> set[str]:
    """The keys in which trials differ."""
    varied = {
        key
        for trial in trials
        for key, space in trial.distributions.items()
        if len({str(other.params.get(key)) for other in trials}) > 1 and not space.single()
    }
    if not varied:
        raise InvalidInputError("All trials have the same values, so nothing can be told apart.")
    return varied


def _bootstrapped(
    evaluate: Evaluate, trials: Sequence[FrozenTrial], keys: Sequence[str], seconds: float
) -> Importance:
    """The shares that all trials give, and their scatter over trials drawn with replacement."""
    draws, ends = np.random.default_rng(0), time.monotonic() + seconds
    n = min(len(trials), MOST)
    subset = draws.choice(len(trials), n, replace=False) if n < len(trials) else range(n)
    first = evaluate([trials[number] for number in subset])
    resampled: list[dict[str, float]] = []
    while len(resampled) < RESAMPLES and time.monotonic() < ends:
        drawn = [trials[number] for number in draws.integers(0, len(trials), n)]
        if len({trial.value for trial in drawn}) > 1:
            resampled.append(evaluate(drawn))
    known = [key for key in keys if key in first]
    scatter = [[shares.get(key, 0.0) for shares in resampled] for key in known]
    deviations = [float(np.std(each, ddof=1)) if len(each) > 1 else math.nan for each in scatter]
    return Importance({key: first[key] for key in known}, dict(zip(known, deviations, strict=True)))


def _ped_anova(trials: list[FrozenTrial], keys: set[str]) -> dict[str, float]:
    leaders = max(len(trials) / 10, min(LEADERS, len(trials) / 2))
    evaluator = PedAnovaImportanceEvaluator(target_quantile=leaders / len(trials))
    known = {key for trial in trials for key in trial.params}
    return _shares(evaluator, trials, sorted(keys & known))


def _fanova(trials: list[FrozenTrial], keys: list[str]) -> dict[str, float]:
    return _shares(FanovaImportanceEvaluator(n_trees=TREES, seed=0), trials, keys)


def _shares(
    evaluator: PedAnovaImportanceEvaluator | FanovaImportanceEvaluator,
    trials: list[FrozenTrial],
    keys: list[str],
) -> dict[str, float]:
    """Normalized by ourselves: Optuna's makes equal shares of importances that are all zero."""
    study = optuna.create_study()
    study.add_trials(trials)
    found = get_param_importances(study, evaluator=evaluator, params=keys, normalize=False)
    total = math.fsum(found.values())
    return {key: float(value / total) if total > 0.0 else 0.0 for key, value in found.items()}


def _rescaled(trial: FrozenTrial, value: float) -> FrozenTrial:
    """A trial with another value, and logarithms in place of what was searched on such a scale."""
    spaces = {key: _linear(space) for key, space in trial.distributions.items()}
    params = {
        key: math.log(each) if spaces[key] is not trial.distributions[key] else each
        for key, each in trial.params.items()
    }
    return create_trial(value=value, params=params, distributions=spaces)


def _linear(space: BaseDistribution) -> BaseDistribution:
    if isinstance(space, FloatDistribution | IntDistribution) and space.log and not space.single():
        return FloatDistribution(math.log(space.low), math.log(space.high))
    return space
