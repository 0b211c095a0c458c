"""A study goes on as it was begun; what only says how long and with whom may change."""

from dataclasses import replace

import chaos_worker
import pytest

from peslab.errors import PeslabError
from peslab.study import GaussianProcess, Median, Study, SuccessiveHalving
from peslab.study.about import About
from peslab.study.storage.study import work_on

BEGUN = replace(chaos_worker.study("begun", 3), pruner=Median(20, 4, 4))


def join(settings, home):
    with work_on(settings, home, {}, {}, About(reference="nobody")) as study:
        return study.optuna_study.user_attrs["search"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sampler": GaussianProcess()}, r"study.sampler: TPE\(\) → GaussianProcess\(\)"),
        ({"seed": BEGUN.seed + 1}, rf"study.seed: {BEGUN.seed} → {BEGUN.seed + 1}"),
        ({"n_startup_trials": 9}, rf"study.n_startup_trials: {BEGUN.n_startup_trials} → 9"),
        ({"pruner": SuccessiveHalving(27, 1, 3)}, r"study.pruner: Median\(checks=20, .* → Succ"),
        ({"pruner": Median(10, 4, 4)}, r"Median\(checks=20, .* → Median\(checks=10, "),
    ],
)
def test_another_search_is_another_study(changed, told, tmp_path):
    """Checks of two pruners cannot be compared, nor proposals of two seeds be repeated."""
    before = join(BEGUN, tmp_path)
    with pytest.raises(PeslabError, match=told) as caught:
        join(replace(BEGUN, **changed), tmp_path)
    assert "was begun with another search" in str(caught.value)
    assert "study.name=" in str(caught.value)
    assert join(BEGUN, tmp_path) == before


@pytest.mark.parametrize(
    "changed",
    [{"n_trials": 9}, {"extend_by": 3}, {"workers": 2}, {"confirm": 1}, {"max_failures": 1}],
)
def test_a_study_may_become_longer_or_have_other_workers(changed, tmp_path):
    """None of that changes what a trial is."""
    assert join(replace(BEGUN, **changed), tmp_path) == join(BEGUN, tmp_path)


def test_a_sampler_of_somebodys_own_is_told_by_its_values():
    """Its place in memory, which is another in each worker, is not part of it."""

    class Own:
        def __init__(self, temperature):
            self.temperature = temperature

    one, same, other = (replace(BEGUN, sampler=Own(value)) for value in (1, 1, 2))
    assert one.search["study.sampler"] == same.search["study.sampler"] == "Own(temperature=1)"
    assert other.search != one.search


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 101},
        {"workers": 1025},
        {"seed": 2**32},
        {"name": "a\u2044b"},
        {"name": "a\n"},
    ],
)
def test_what_no_machine_or_sampler_takes_is_refused(wrong):
    """Each with its key; the largest that work are taken."""
    with pytest.raises(PeslabError, match=next(iter(wrong))):
        replace(BEGUN, **wrong)
    largest = Study("x" * 100, 1, 1, 2**32 - 1, 1024, {"x": "interval(0,1)"})
    assert len(largest.name) == 100
