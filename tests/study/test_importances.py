"""Importances find what matters, and refuse what nobody can know."""

import time

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from peslab.errors import InvalidInputError
from peslab.study.about import About
from peslab.study.results.importances import importances
from peslab.study.results.searched import asked, n_running, objective_values, searched_keys
from peslab.study.storage.study import INTERRUPTED

SPACE = {
    "rate": FloatDistribution(1e-4, 1.0, log=True),
    "width": FloatDistribution(0.0, 1.0),
    "kind": CategoricalDistribution(["a", "b"]),
}


WIDE = SPACE | {"rate": FloatDistribution(1e-3, 10.0, log=True)}


def trial(params, *values, space=SPACE, **more):
    spaces = {key: space[key] for key in params}
    return create_trial(params=params, distributions=spaces, values=list(values) or None, **more)


def study_of(*trials, directions=("minimize",)):
    study = optuna.create_study(directions=list(directions))
    study.add_trials(trials)
    return study


def drawn(n, error):
    """Trials of the whole space."""
    random = np.random.default_rng(1)
    for _ in range(n):
        params = {
            "rate": float(10 ** random.uniform(-4, 0)),
            "width": float(random.uniform()),
            "kind": str(random.choice(["a", "b"])),
        }
        yield trial(params, error(params))


def test_what_the_error_depends_on_has_the_largest_share():
    """The logarithm of the rate here: on a linear scale, half of the space would not be seen."""
    found = importances(study_of(*drawn(40, lambda p: 0.1 + (np.log10(p["rate"]) + 2) ** 2)))
    assert list(found) == ["PED-ANOVA", "fANOVA"]
    for importance in found.values():
        assert set(importance.share) == set(SPACE)
        assert sum(importance.share.values()) == pytest.approx(1.0)
        assert importance.share["rate"] > 0.7
        assert max(importance.share, key=importance.share.get) == "rate"
        assert all(0.0 < value < 0.5 for value in importance.deviation.values())


def test_the_same_study_has_the_same_importances():
    """Resamples are drawn with a fixed seed."""
    trials = list(drawn(12, lambda p: 0.1 + p["width"]))
    one, two = (importances(study_of(*trials), seconds=60.0) for _ in range(2))
    assert one == two


def test_a_diverged_trial_does_not_decide_alone():
    """Errors count by their logarithms where all are positive."""
    trials = list(drawn(40, lambda p: 0.01 * 10 ** (3 * p["width"])))
    odd = trial({"rate": 0.9, "width": 0.5, "kind": "a"}, 1e9)
    assert importances(study_of(*trials, odd))["fANOVA"].share["width"] > 0.6


def test_time_ends_the_resamples_but_not_the_estimate():
    """Without a second, there are shares and no standard errors."""
    found = importances(study_of(*drawn(10, lambda p: 1 + p["width"])), seconds=0.0)
    for importance in found.values():
        assert sum(importance.share.values()) == pytest.approx(1.0)
        assert np.isnan(list(importance.deviation.values())).all()


def test_importances_of_a_thousand_trials_take_seconds():
    """An estimate looks at some of the trials, and no resample begins after the time."""
    study = study_of(*drawn(1000, lambda p: 1 + p["width"]))
    began = time.process_time()  # whatever else the machine does
    assert importances(study, seconds=0.1)["fANOVA"].share["width"] > 0.8
    assert time.process_time() - began < 15.0


def test_keys_that_only_some_trials_have_are_left_to_the_method_that_knows_them():
    """A conditional key has no share of the variance over the whole space."""
    trials = list(drawn(20, lambda p: 1 + p["width"]))
    more = [
        trial({"rate": 0.1, "width": k / 9, "kind": "b", "slope": k / 9}, 1 + k / 9,
              space=SPACE | {"slope": FloatDistribution(0, 1)})
        for k in range(10)
    ]  # fmt: skip
    found = importances(study_of(*trials, *more))
    assert "slope" in found["PED-ANOVA"].share
    assert "slope" not in found["fANOVA"].share


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        (list(drawn(3, lambda p: p["width"])), "need 4 complete trials, and there are 3"),
        (list(drawn(8, lambda _: 0.5)), "the same error"),
        ([trial({"width": 0.5}, k + 1.0) for k in range(6)], "the same values"),
        ([trial({}, k + 1.0) for k in range(6)], "the same values"),
    ],
)
def test_what_nobody_can_know_is_refused_in_a_sentence(trials, words):
    """Shares of nothing would look like numbers."""
    with pytest.raises(InvalidInputError, match=words):
        importances(study_of(*trials))


def test_a_key_that_few_trials_have_is_no_warning(recwarn):
    """That little is known of it is told by its standard error."""
    trials = [trial({"width": 0.1 * k}, 1.0 + k % 3) for k in range(6)]
    more = [trial({"width": 0.7 + 0.1 * k, "rate": 0.01 + k}, 0.5 + k, space=WIDE) for k in (0, 1)]
    found = importances(study_of(*trials, *more))
    assert "rate" in found["PED-ANOVA"].share
    assert not [each for each in recwarn if "regimes" in str(each.message)]


def test_each_objective_has_its_own():
    """The second one depends on something else."""
    random = np.random.default_rng(0)
    trials = []
    for rate, width in random.uniform(0.001, 1.0, (40, 2)):
        params = {"rate": float(rate), "width": float(width), "kind": "a"}
        trials.append(trial(params, 1.0 + width, 1.0 + np.log(rate) ** 2))
    study = study_of(*trials, directions=("minimize", "minimize"))
    assert importances(study, 0)["fANOVA"].share["width"] > 0.8
    assert importances(study, 1)["fANOVA"].share["rate"] > 0.8


def test_what_was_searched_is_known_with_its_scale():
    """In the order of the study; options of a choice in theirs, not in that of the trials."""
    study = study_of(trial({"kind": "b", "rate": 0.1}, 1.0), trial({"width": 0.2}, 2.0))
    keys = {key.key: key for key in searched_keys(study)}
    assert list(keys) == ["kind", "rate", "width"]
    assert keys["kind"].options == ("a", "b")
    assert [key.is_logarithmic for key in keys.values()] == [False, True, False]
    assert objective_values(study) == {0: [1.0], 1: [2.0]}


def test_a_key_with_the_name_of_a_column_keeps_its_values():
    """It stands in the frame under another name."""
    study = study_of(trial({"rank": 1.0}, 1.0, space={"rank": FloatDistribution(0, 1)}))
    assert [(key.key, key.column) for key in searched_keys(study)] == [("rank", "value/rank")]


def test_interrupted_trials_are_not_asked():
    """Their values were run again."""
    lost = trial({"width": 0.1}, state=TrialState.FAIL, user_attrs={INTERRUPTED: True})
    study = study_of(trial({"rate": 0.1}, 1.0), lost)
    assert [key.key for key in searched_keys(study)] == ["rate"]
    assert n_running(study) == 0
    study.ask()
    assert n_running(study) == 1


def test_a_study_that_remembers_nothing_has_minimized_the_energys_error():
    """Of what nobody told it knows nothing."""
    what = asked(study_of())
    assert (what.objectives, what.signs) == (("val/energy_mae",), (1.0,))
    assert what.shown.error == "test/energy_mae"
    assert (what.space, what.recipe, what.about) == ({}, {}, About())
