"""What a study searched: its keys with their scales, and what it minimized."""

from collections.abc import Mapping
from dataclasses import dataclass

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from peslab.study.about import About
from peslab.study.attributes import INTERRUPTED
from peslab.study.objectives import objectives_of
from peslab.study.results.ranking import ranking
from peslab.study.results.shown import Shown, shown
from peslab.study.results.table import OF_FRESH_DATA, PLAIN


@dataclass(frozen=True)
class SearchedKey:
    """A key that a study searched.

    Attributes:
        key: As it is typed in an override.
        column: Of the study's frame, which holds its values.
        options: In their order, where the key is a choice.
        is_logarithmic: Whether it was searched on a logarithmic scale.
    """

    key: str
    column: str
    options: tuple[str, ...]
    is_logarithmic: bool


@dataclass(frozen=True)
class Asked:
    """What a study was asked.

    Attributes:
        objectives: The metrics that it searched the best of, on the validation part.
        signs: For each objective 1 where it was minimized, −1 where it was maximized.
        shown: The error that tables show.
        about: What else is known of it.
        space: The swept keys and their values in Hydra's grammar.
        recipe: What all trials shared.
    """

    objectives: tuple[str, ...]
    signs: tuple[float, ...]
    shown: Shown
    about: About
    space: Mapping[str, str]
    recipe: Mapping[str, str]


def asked(study: optuna.Study) -> Asked:
    """What a study was asked, as far as it remembers."""
    facts = study.user_attrs
    return Asked(
        objectives=tuple(objectives_of(study)),
        signs=tuple(-1.0 if each == StudyDirection.MAXIMIZE else 1.0 for each in study.directions),
        shown=shown(study, ranking(study)),
        about=About.of(study),
        space=dict(facts.get("space", {})),
        recipe=dict(facts.get("recipe", {})),
    )


def searched_keys(study: optuna.Study) -> list[SearchedKey]:
    """The keys that any finished trial has, in the order in which the frame has them."""
    spaces: dict[str, list[BaseDistribution]] = {}
    for trial in finished_trials(study):
        for key, distribution in trial.distributions.items():
            spaces.setdefault(key, []).append(distribution)
    return [
        SearchedKey(
            key,
            f"value/{key}" if key in PLAIN or key in OF_FRESH_DATA else key,
            tuple(
                dict.fromkeys(
                    str(option)
                    for space in seen
                    if isinstance(space, CategoricalDistribution)
                    for option in space.choices
                )
            ),
            is_logarithmic=any(bool(getattr(space, "log", False)) for space in seen),
        )
        for key, seen in spaces.items()
    ]


def objective_values(study: optuna.Study) -> dict[int, list[float]]:
    """The objectives of each complete trial, by the trials' numbers."""
    return {
        trial.number: [float(value) for value in trial.values]
        for trial in finished_trials(study)
        if trial.state == TrialState.COMPLETE
    }


def finished_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Complete, pruned and failed trials, without those that were interrupted."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    trials = study.get_trials(deepcopy=False, states=states)
    return [trial for trial in trials if INTERRUPTED not in trial.user_attrs]


def n_running(study: optuna.Study) -> int:
    """How many trials somebody works on."""
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))
