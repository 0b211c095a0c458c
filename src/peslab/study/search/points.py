"""Points of a space that are known beforehand, and which of them comes next."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from peslab.errors import PeslabError
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.search.samplers import Proposal
from peslab.study.search.space import Space
from peslab.study.settings import Study

MOST_POINTS = 100_000
"""What is more than this is no grid that could be finished."""

Point = dict[str, Any]


def propose(study: optuna.Study, settings: Study, space: Space) -> Trial:
    """Take the next trial: one that waits, or a new one with values from the sampler.

    Args:
        study: Optuna's, which nobody else asks meanwhile.
        settings: What conf/study says.
        space: What values there are.

    Raises:
        PeslabError: If there is no value left to propose.
    """
    proposal = Proposal(settings.seed, _number(study), settings.n_startup_trials)
    study.sampler = settings.sampler.build(proposal, space)
    return space.ask(study)


def _number(study: optuna.Study) -> int:
    """The proposals before the one that comes next; a repeated trial has that of its original."""
    trials = study.get_trials(deepcopy=False)
    waiting = [trial for trial in trials if trial.state == TrialState.WAITING]
    first = waiting[0].user_attrs.get(RETRY_OF, waiting[0].number) if waiting else len(trials)
    return sum(RETRY_OF not in trial.user_attrs for trial in trials[:first])


def all_points(space: Space) -> list[Point]:
    """Every combination of values that a space of choices and integers has.

    Raises:
        PeslabError: If some key has no end of values, or the combinations are too many.
    """
    sizes = {key: _values(key, each) for key, each in space.distributions.items()}
    points = []
    for point in _combinations(space, list(sizes.items()), {}):
        points.append(point)
        if len(points) > MOST_POINTS:
            raise PeslabError(
                f"The grid has more than {MOST_POINTS:,} points: give fewer values, or choose "
                "study/sampler=random."
            )
    return points


def _combinations(
    space: Space, left: list[tuple[str, list[Any]]], before: Point
) -> Iterator[Point]:
    if not left:
        yield before
        return
    (key, values), *others = left
    if not space.exists(key, before):
        yield from _combinations(space, others, before)
        return
    for value in values:
        yield from _combinations(space, others, {**before, key: value})


def _values(key: str, distribution: BaseDistribution) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution):
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    raise PeslabError(
        f"A grid needs values that end, and {key} is an interval: name them, {key}=choice(…), or "
        "choose study/sampler=qmc."
    )


class _KnownPoint(BaseSampler):
    """A sampler whose values are there before anything is asked."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All keys; those that do not exist are not asked for."""
        del study, trial
        return dict(self._space.distributions)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:  # noqa: ANN401  # Optuna's signature
        """Never asked: every key has its value already."""
        raise NotImplementedError(param_name)


class UntakenPoint(_KnownPoint):
    """The first point of a shuffled grid that no trial has, and that agrees with what is fixed."""

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space)
        self._seed = seed

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Point:
        """The values of the point."""
        del search_space
        points = all_points(self._space)
        order = np.random.default_rng(self._seed).permutation(len(points))
        taken = [
            _known(other) for other in study.get_trials(deepcopy=False) if _counts(other, trial)
        ]
        fixed = trial.system_attrs.get("fixed_params", {})
        for point in map(points.__getitem__, order):
            agrees = all(fixed.get(key, value) == value for key, value in point.items())
            if agrees and not any(_is(point, known) for known in taken):
                return point
        raise PeslabError(f"All {len(points)} points of the grid were tried: there is no other.")


def _counts(other: FrozenTrial, trial: FrozenTrial) -> bool:
    return other.number != trial.number and INTERRUPTED not in other.user_attrs


def _known(trial: FrozenTrial) -> Point:
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def _is(point: Point, known: Mapping[str, Any]) -> bool:
    return all(key in known and known[key] == value for key, value in point.items())


class WorstForUntold(_KnownPoint):
    """What Optuna's Gaussian process proposes when it hears of all trials.

    It knows those that are complete, and would propose what was pruned or failed over and over. To
    it these have the worst error of the complete ones, on the scale of what it models.
    """

    def __init__(self, space: Space, sampler: BaseSampler) -> None:
        super().__init__(space)
        self._sampler = sampler

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Point:
        """The values that it proposes."""
        heard = optuna.create_study(directions=study.directions, sampler=self._sampler)
        heard.add_trials(_heard(study, trial))
        return heard.ask(search_space).params


def _heard(study: optuna.Study, trial: FrozenTrial) -> Iterator[FrozenTrial]:
    """All other trials but the interrupted ones; those without an error have the worst."""
    others = [each for each in study.get_trials(deepcopy=False) if _counts(each, trial)]
    told = [each.values for each in others if each.state == TrialState.COMPLETE]
    worst = [
        min(of_one) if direction == StudyDirection.MAXIMIZE else max(of_one)
        for direction, of_one in zip(study.directions, zip(*told, strict=True), strict=False)
    ]
    for each in others:
        if each.state in (TrialState.COMPLETE, TrialState.RUNNING):
            yield each
        elif each.state.is_finished() and worst:
            yield create_trial(values=worst, params=each.params, distributions=each.distributions)


class SobolPoint(QMCSampler):
    """The point of a Sobol sequence over all keys that has a proposal's number.

    Optuna's counts in the storage, where trials that were interrupted would count too.
    """

    def __init__(self, space: Space, proposal: Proposal) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__(scramble=True, seed=proposal.study_seed)
        self._space, self._place = space, proposal.number

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All keys that have more than one value, whether they exist or not."""
        del study, trial
        every = sorted(self._space.distributions.items())
        return {key: distribution for key, distribution in every if not distribution.single()}

    def _find_sample_id(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> int:
        del study, search_space
        return self._place
