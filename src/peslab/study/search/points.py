"""Points of a space that are known beforehand, and which of them comes next."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, QMCSampler, RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from peslab.errors import PeslabError
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.search.samplers import Proposal
from peslab.study.search.space import Space
from peslab.study.settings import Study

MOST_POINTS = 100_000
"""What is more than this is no grid that could be finished."""

WITHOUT_ERROR = (TrialState.PRUNED, TrialState.FAIL)

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


class LearnsFromAll(_KnownPoint):
    """What Optuna's Gaussian process proposes when it hears of all trials.

    It knows those that are complete, and would propose what was pruned or failed over and over. To
    it these are as much worse than the worst complete one as that is than the best: no worse, and
    few complete ones would leave nothing to learn; much worse, and nothing else would be seen.
    """

    def __init__(self, space: Space, proposal: Proposal) -> None:
        super().__init__(space)
        self._proposal = proposal

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> Point:
        """Where it expects most; a random point if that was pruned or failed before.

        At the edge of a space, beside the best trial, it takes those for noise.
        """
        others = [each for each in study.get_trials(deepcopy=False) if _counts(each, trial)]
        heard = optuna.create_study(
            directions=study.directions,
            sampler=GPSampler(
                n_startup_trials=self._proposal.n_startup_trials,
                seed=self._proposal.seed,
                warn_independent_sampling=False,
            ),
        )
        heard.add_trials(_heard(others, study.directions))
        point = heard.ask(search_space).params
        if any(_is_near(each.params, point) for each in others if each.state in WITHOUT_ERROR):
            heard.sampler = RandomSampler(seed=self._proposal.seed)
            point = heard.ask(search_space).params
        return point


def _heard(
    others: list[FrozenTrial], directions: Sequence[StudyDirection]
) -> Iterator[FrozenTrial]:
    """The trials, those without an error as complete ones, once there is a complete one."""
    told = [each.values for each in others if each.state == TrialState.COMPLETE]
    columns = zip(*told, strict=True)
    bad = [_beyond(*each) for each in zip(columns, directions, strict=True)] if told else []
    for each in others:
        if each.state in (TrialState.COMPLETE, TrialState.RUNNING):
            yield each
        elif each.state in WITHOUT_ERROR and bad:
            yield create_trial(values=bad, params=each.params, distributions=each.distributions)


def _beyond(values: Sequence[float], direction: StudyDirection) -> float:
    """As much worse than the worst value as that is than the best."""
    lowest, highest = min(values), max(values)
    spread = highest - lowest or abs(highest) or 1.0
    return lowest - spread if direction == StudyDirection.MAXIMIZE else highest + spread


def _is_near(one: Point, other: Point) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(one[key], value, rel_tol=1e-6)
        if isinstance(value, float)
        else one[key] == value
        for key, value in other.items()
    )


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
