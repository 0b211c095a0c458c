"""Differences are called real as rarely as promised, and found where they are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from peslab.study.results.paired import (
    LEVEL,
    Difference,
    differences,
    fresh_mean,
    holm,
    is_testable,
    sem_of_promise,
    tied_for_best,
)


def crossed(random, means, n_replicas, n, of_replicas, of_configurations, of_both):
    """Errors (R, n) of trials, where what is hard for one is mostly hard for all."""
    common = random.normal(size=n)
    return {
        trial: mean
        + of_replicas * random.normal(size=(n_replicas, 1))
        + of_configurations * (0.8 * common + 0.6 * random.normal(size=n))
        + of_both * random.normal(size=(n_replicas, n))
        for trial, mean in enumerate(means)
    }


def tied(errors):
    return tied_for_best(list(errors), differences(errors))


@pytest.mark.parametrize("n_replicas", [2, 3, 5])
@pytest.mark.parametrize(
    "effects", [(0, 1, 1), (0, 0, 1), (0.14, 1, 1), (0.4, 1, 1), (1, 1, 1), (1, 0, 0.1)]
)
def test_equal_trials_are_rarely_told_apart(n_replicas, effects):
    """Whatever chance is made of, in at most 5 % of the studies, for 3 and for 5 trials."""
    random = np.random.default_rng([n_replicas, *(round(100 * each) for each in effects)])
    for n_trials in (3, 5):
        wrong = [
            len(tied(crossed(random, [0.0] * n_trials, n_replicas, 40, *effects))) < n_trials
            for _ in range(300)
        ]
        assert np.mean(wrong) < LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / 300)


def test_trials_of_unequal_scatter_are_not_told_apart_either():
    """An unstable learning rate beside a stable one."""
    random = np.random.default_rng(7)
    wrong = []
    for _ in range(400):
        steady = crossed(random, [0.0, 0.0], 3, 40, 0.1, 1, 1)
        wild = crossed(random, [0.0, 0.0], 3, 40, 1.0, 1, 1)
        wrong.append(len(tied({0: steady[0], 1: wild[1], 2: steady[1]})) < 3)
    assert np.mean(wrong) < 0.075


def test_configurations_alone_would_call_every_seed_a_discovery():
    """The paired test over configurations that forgets the replicas' scatter is wrong mostly."""
    random = np.random.default_rng(3)
    naive, ours = [], []
    for _ in range(100):
        errors = crossed(random, [1.0, 1.0], 3, 2000, 0.03, 0.7, 0.7)
        of_configurations = errors[0].mean(axis=0) - errors[1].mean(axis=0)
        sem = of_configurations.std(ddof=1) / math.sqrt(2000)
        naive.append(abs(of_configurations.mean()) > 1.96 * sem)
        ours.append(len(tied(errors)) < 2)
    assert np.mean(naive) > 0.15
    assert np.mean(ours) < 0.11


@pytest.mark.parametrize(("n_replicas", "more", "power"), [(3, 0.2, 0.9), (5, 0.1, 0.6)])
def test_a_real_difference_is_found(n_replicas, more, power):
    """Seeds that scatter by 3 %: 20 % more error is seen with 3 replicas, 10 % with 5."""
    random = np.random.default_rng(11)
    found = [
        tied(crossed(random, [1.0, 1.0, 1 + more], n_replicas, 1000, 0.03, 0.7, 0.7)) == [0, 1]
        for _ in range(100)
    ]
    assert np.mean(found) > power


def test_what_is_hard_for_both_cancels():
    """The standard error of a difference is far below those of its two errors."""
    random = np.random.default_rng(5)
    hard = 10 * random.normal(size=400)
    errors = {k: hard + random.normal(size=(4, 400)) for k in (0, 1)}
    (pair,) = differences(errors)
    _, sem = fresh_mean(errors[0])
    assert sem == pytest.approx(10 / math.sqrt(400), rel=0.2)
    assert pair.sem < 0.2 * sem


@pytest.mark.parametrize(
    ("effects", "most"), [((0.5, 1, 1), 1.06), ((1, 0, 0.5), 1.06), ((0.1, 0.5, 1), 1.12)]
)
def test_the_standard_error_is_that_of_repeated_studies(effects, most):
    """Over many draws √⟨sem²⟩ is the deviation of the means; rather larger, as σ_A² is not < 0."""
    random = np.random.default_rng(13)
    draws = [fresh_mean(crossed(random, [2.0], 3, 30, *effects)[0]) for _ in range(2000)]
    means, sems = np.array(draws).T
    assert 0.94 < np.sqrt(np.mean(sems**2)) / means.std() < most
    assert means.mean() == pytest.approx(2.0, abs=0.05)


def test_one_replica_has_no_scatter():
    """The mean is known, its error is not, and nothing can be tested."""
    assert fresh_mean(np.array([[1.0, 2.0, 3.0]])) == (2.0, None)
    assert not is_testable(np.ones((1, 9)))
    assert is_testable(np.ones((2, 1)))


def test_of_means_alone_the_seeds_are_all_there_is():
    """Then it is Welch's test, but for the bound of the degrees of freedom."""
    random = np.random.default_rng(2)
    first, second = random.normal(1.0, 0.1, (5, 1)), random.normal(1.2, 0.3, (4, 1))
    mean, sem = fresh_mean(first)
    assert (mean, sem) == pytest.approx((first.mean(), first.std(ddof=1) / np.sqrt(5)))
    (pair,) = differences({0: first, 1: second})
    welch = ttest_ind(first[:, 0], second[:, 0], equal_var=False)
    assert pair.difference == pytest.approx(first.mean() - second.mean())
    assert pair.difference / pair.sem == pytest.approx(welch.statistic)
    assert pair.probability == pytest.approx(welch.pvalue)


def test_twins_are_equal_and_exact_differences_certain():
    """No scatter at all: 0/0 is no difference, anything else is real."""
    same = np.ones((3, 5))
    assert differences({0: same, 1: same})[0][2:] == (0.0, 0.0, 1.0)
    assert differences({0: same + 1, 1: same})[0][2:] == (1.0, 0.0, 0.0)
    assert tied({0: same + 1, 1: same}) == [1]


def test_trials_may_have_different_numbers_of_replicas():
    """Where replicas are swept."""
    random = np.random.default_rng(17)
    few, many = random.normal(size=(2, 100)), random.normal(size=(8, 100))
    (pair,) = differences({4: few + 1, 9: many})
    assert (pair.first, pair.second) == (4, 9)
    assert pair.difference == pytest.approx(few.mean() + 1 - many.mean())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_nothing_and_bonferroni(probabilities):
    """Never below the raw ones, never above m times them or 1, and in the same order."""
    corrected = holm(probabilities)
    for raw, held in zip(probabilities, corrected, strict=True):
        assert raw <= held <= min(1.0, len(probabilities) * raw)
    order = np.argsort(probabilities, kind="stable")
    assert np.all(np.diff(np.array(corrected)[order]) >= 0)
    assert min(corrected) == min(1.0, len(probabilities) * min(probabilities))


def test_holm_of_an_example():
    """0.01, 0.04, 0.03: times 3, 1 and 2, and not below a smaller one's."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_who_is_worse_than_anybody_is_not_among_the_best():
    """A trial needs to be beaten only once; one that cannot be told apart stays."""
    pairs = [
        Difference(1, 2, -0.2, 0.01, 0.001),
        Difference(1, 3, -0.1, 0.05, 0.2),
        Difference(2, 3, 0.1, 0.05, 0.2),
    ]
    assert tied_for_best([1, 2, 3], pairs) == [1, 3]
    assert tied_for_best([5], []) == [5]


def test_a_promise_scatters_as_promises_do():
    """Its standard error is the deviation of means over other seeds and few configurations."""
    random = np.random.default_rng(11)
    n, n_few, n_replicas = 400, 25, 3

    def drawn(m):
        return crossed(random, [5.0], n_replicas, m, 0.05, 1.0, 0.5)[0]

    promises, said = [], []
    for _ in range(400):
        few = drawn(n_few)
        promises.append(few.mean())
        of_seeds = few.mean(axis=1).std(ddof=1) / math.sqrt(n_replicas)
        said.append(sem_of_promise(of_seeds, drawn(n), n_few) ** 2)
    assert math.sqrt(np.mean(said)) == pytest.approx(np.std(promises), rel=0.15)


def test_a_promise_of_unknown_scatter_has_no_standard_error():
    """One replica, or a metric that is no mean over configurations."""
    assert sem_of_promise(None, np.ones((1, 9)), 4) is None
    assert sem_of_promise(0.1, np.ones((3, 1)), 4) is None
    assert sem_of_promise(0.1, np.ones((3, 9)), 4) == pytest.approx(0.1)
