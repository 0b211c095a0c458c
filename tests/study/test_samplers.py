"""Whoever proposes: a study that was interrupted goes on as if it had not been."""

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest
from optuna.trial import Trial
from study_of_a_bowl import bowl

from peslab.errors import PeslabError, PrunedError
from peslab.study import TPE, GaussianProcess, Grid, QuasiMonteCarlo, Random, Study
from peslab.study.about import About
from peslab.study.attributes import INTERRUPTED, RETRY_OF
from peslab.study.search.points import all_points
from peslab.study.search.samplers import Proposal
from peslab.study.search.space import parse_space
from peslab.study.storage.study import load
from peslab.study.sweeper import work

SPACE = {"x": "interval(-1, 1)", "n": "int(interval(1, 9))", "orders": "choice([-2], [-2,-3])"}
DISCRETE = {"x": "range(-1, 1.1, 0.25)", "n": "int(interval(1, 2))", "kind": "choice(a, b)"}
CONDITIONAL = {
    "x": "interval(-1, 1)",
    "y": "interval(0, 1) if kind == b",
    "kind": "choice(a, b)",
    "z": "int(interval(1, 3)) if kind == b and y >= 0.25",
}
START = {"x": 0.5, "n": 2, "orders": [-2], "kind": "a"}
CASES = {
    "tpe": (TPE(), SPACE),
    "tpe of a conditional space": (TPE(), CONDITIONAL),
    "gp": (GaussianProcess(), SPACE),
    "random": (Random(), SPACE),
    "random in a conditional space": (Random(), CONDITIONAL),
    "grid": (Grid(), DISCRETE),
    "qmc": (QuasiMonteCarlo(), SPACE),
    "qmc in a conditional space": (QuasiMonteCarlo(), CONDITIONAL),
}
N_TRIALS = 9
TPE_BEFORE = [0.5, 0.02724774451453804, 0.20134847418788326, -0.32186928267994264]
TPE_BEFORE += [-0.9837717582126029, 0.9605807673839359, 0.9440456401519607, -0.473880547779843]


def study(case, n_trials=N_TRIALS, seed=4):
    sampler, space = CASES[case]
    return Study("any", n_trials, 3, seed, 1, space, sampler=sampler)


def do(settings, home, run_trial=bowl):
    work(settings, home, run_trial, defaults=START, recipe={}, about=About())
    return counted(home)


def counted(home):
    """What was proposed and what came out, in the order of the proposals."""
    trials = [t for t in load("any", home).trials if INTERRUPTED not in t.user_attrs]
    trials.sort(key=lambda trial: trial.user_attrs.get(RETRY_OF, trial.number))
    return [(trial.state.name, trial.params, trial.values) for trial in trials]


@pytest.fixture(scope="module")
def peace(tmp_path_factory):
    """Each study without an interruption."""
    return {case: do(study(case), tmp_path_factory.mktemp("peace")) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_stopped_between_trials_nothing_changes(case, peace, tmp_path):
    """Each start does two more trials; all together propose what one start does."""
    for n_trials in range(1, N_TRIALS + 2, 2):
        do(study(case, n_trials), tmp_path)
    assert counted(tmp_path) == peace[case]


@pytest.mark.parametrize("case", CASES)
def test_killed_in_trials_nothing_is_lost_or_changed(case, peace, tmp_path):
    """The same trial twice, and others: their values are run again, all later ones are the same."""
    left = [0, 3, 3, 4, 8]

    def killed(number, overrides):
        count = len([trial for trial in counted(tmp_path) if trial[0] == "COMPLETE"])
        if left and count == left[0]:
            left.pop(0)
            raise KeyboardInterrupt
        return bowl(number, overrides)

    while left:
        with pytest.raises(KeyboardInterrupt):
            do(study(case), tmp_path, killed)
    assert do(study(case), tmp_path) == peace[case]


@pytest.mark.parametrize("case", CASES)
def test_killed_while_it_draws_a_trial_draws_the_same_again(case, peace, tmp_path, monkeypatch):
    """What was drawn of it is forgotten, or the rest would be drawn from another place."""
    suggest, left = Trial._suggest, [1, 5, 2, 4, 3, 2]

    def count_down(trial, name, distribution):
        value = suggest(trial, name, distribution)
        if left:
            left[0] -= 1
            if left[0] == 0:
                left.pop(0)
                raise KeyboardInterrupt
        return value

    monkeypatch.setattr(Trial, "_suggest", count_down)
    while left:
        with pytest.raises(KeyboardInterrupt):
            do(study(case), tmp_path)
    assert do(study(case), tmp_path) == peace[case]


def _in_a_process_of_its_own(case, home):
    do(study(case), home)


@pytest.mark.parametrize("case", ["tpe of a conditional space", "gp"])
def test_another_process_proposes_the_same(case, peace, tmp_path):
    """Neither the order of sets nor a state of the process decides."""
    do(study(case, 4), tmp_path)
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_in_a_process_of_its_own, args=(case, tmp_path))
    worker.start()
    worker.join(60)
    assert counted(tmp_path) == peace[case]


@pytest.mark.parametrize("case", CASES)
def test_another_seed_proposes_other_values(case, peace, tmp_path):
    """But for the first trial, which is the default config."""
    other = do(study(case, seed=5), tmp_path)
    assert [t[1] for t in other[1:]] != [t[1] for t in peace[case][1:]]
    assert other[0] == peace[case][0]


def test_tpe_proposes_what_it_did_before_there_were_others(peace):
    """Values of the version before, to the last bit: seeds of (4, number), all keys together."""
    assert [params["x"] for _, params, _ in peace["tpe"]][:8] == TPE_BEFORE


@pytest.mark.parametrize("ending", [PeslabError, PrunedError])
def test_a_gaussian_process_leaves_what_has_no_error(ending, tmp_path):
    """The error falls to where nothing comes out: that place is not proposed again and again."""

    def falling(number, overrides):
        result = bowl(number, overrides)
        x = float(overrides[0].partition("=")[2])
        if x < 0.5:
            raise ending("too small")
        return replace(result, objective=x)

    settings = Study(
        "any", 14, 4, 3, 1, {"x": "interval(0, 1)"}, sampler=GaussianProcess(), max_failures=14
    )
    done = do(settings, tmp_path, falling)
    proposed = sorted(params["x"] for _, params, _ in done)
    assert min(np.diff(proposed)) > 1e-4
    states = [state for state, *_ in done]
    assert states.count("COMPLETE") >= 6
    assert set(states) == {"COMPLETE", "FAIL" if ending is PeslabError else "PRUNED"}


def test_a_grid_is_tried_once_and_ends(tmp_path):
    """More trials may be asked for than there are points; the default config is one of them."""
    done = do(study("grid", 100), tmp_path)
    points = all_points(parse_space(DISCRETE))
    assert len(done) == len(points) == 9 * 2 * 2
    assert {tuple(p.values()) for p in points} == {tuple(p.values()) for _, p, _ in done}
    assert done[0][1] == {"x": "0.5", "n": 2, "kind": "a"}
    assert do(study("grid", 100), tmp_path) == done


def test_a_grid_has_only_the_points_that_exist():
    """Where a key does not exist its values make no difference."""
    space = {"n": "range(1,4)", "kind": "choice(a,b) if n >= 2", "m": "choice(7,8) if kind == b"}
    points = all_points(parse_space(space))
    assert [" ".join(map(str, point.values())) for point in points] == [
        *("1", "2 a", "2 b 7", "2 b 8", "3 a", "3 b 7", "3 b 8"),
    ]


@pytest.mark.parametrize(
    ("sampler", "space", "words"),
    [
        (Grid(), SPACE, "x is an interval: name them, x=choice"),
        (Grid(), dict.fromkeys("abc", "int(interval(1,99))"), "more than 100,000 points"),
        (GaussianProcess(), CONDITIONAL, "always exist, not y, z: choose study/sampler=tpe"),
    ],
)
def test_a_space_that_does_not_fit_is_refused(sampler, space, words, tmp_path):
    """Before anything is written."""
    settings = replace(study("tpe"), sampler=sampler, space=space)
    with pytest.raises(PeslabError, match=words):
        do(settings, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_workers_try_no_point_of_a_grid_twice(tmp_path):
    """Started at once they share its points."""
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_in_a_process_of_its_own, args=("grid", tmp_path)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    points = [tuple(params.values()) for _, params, _ in counted(tmp_path)]
    assert len(points) == len(set(points)) == N_TRIALS


def test_sobol_points_leave_smaller_gaps_than_random_ones(tmp_path):
    """Of 16 points in each interval of length 1/8 there are at least one, but for the default's."""
    space = {"x": "interval(0, 1)", "y": "interval(0, 1)"}
    settings = replace(study("qmc", 16), space=space)
    done = do(settings, tmp_path)
    points = np.array([[params["x"], params["y"]] for _, params, _ in done[1:]])
    for column in points.T:
        assert (np.histogram(column, 8, (0, 1))[0] >= 1).all()


def test_no_two_proposals_share_a_seed():
    """Neither in a study nor in two of near seeds."""
    seeds = {Proposal(s, n, 1).seed for s in range(30) for n in range(30)}
    assert len(seeds) == 900
