"""The best trial among those that meet a condition."""

from collections.abc import Mapping
from difflib import get_close_matches

import optuna
from optuna.study import StudyDirection

from peslab.errors import PeslabError
from peslab.study.results.ranking import RankedTrial, ranking
from peslab.study.search.conditions import parse_condition


def pick_among(study: optuna.Study, text: str) -> RankedTrial:
    """The complete trial that is best in the first objective among those that meet a condition.

    Args:
        study: Any.
        text: On metrics and swept keys, e.g. `prediction_microseconds < 50 and network.depth == 2`.

    Raises:
        PeslabError: If the condition cannot be read, names what no trial has, or holds for none.
    """
    condition = parse_condition(text)
    trials = [trial for trial in ranking(study) if trial.state == "complete"]
    known = list(dict.fromkeys(name for trial in trials for name in _facts(trial)))
    for each in condition.comparisons:
        if trials and each.key not in known:
            raise PeslabError(
                f"No trial of {study.study_name} has {each.key}{_near(each.key, known)}"
            )
    found = [trial for trial in trials if condition.holds(_facts(trial))]
    if not found:
        keys = dict.fromkeys(each.key for each in condition.comparisons)
        there = "; ".join(_range(key, trials) for key in keys) if trials else "none is complete"
        raise PeslabError(f"No trial of {study.study_name} has {condition}: {there}.")
    sign = -1.0 if study.directions[0] == StudyDirection.MAXIMIZE else 1.0
    first = {t.number: sign * t.values[0] for t in study.get_trials(deepcopy=False) if t.values}
    return min(found, key=lambda trial: (first[trial.trial], trial.trial))


def _facts(trial: RankedTrial) -> Mapping[str, object]:
    return {**trial.metrics, **trial.values}


def _near(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; choose from {', '.join(filter(_is_mean, known))}."


def _is_mean(name: str) -> bool:
    return not name.startswith("replica_") and not name.endswith("_sem")


def _range(key: str, trials: list[RankedTrial]) -> str:
    values = [_facts(trial)[key] for trial in trials if key in _facts(trial)]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not numbers:
        return f"{key} is {', '.join(sorted({str(value) for value in values}))}"
    return f"{key} goes from {min(numbers):.4g} to {max(numbers):.4g}"
