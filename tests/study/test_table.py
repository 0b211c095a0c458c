"""A study as a table that programs and figures take."""

import optuna
import polars as pl
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
from study_of_a_bowl import DEFAULTS, bowl

from peslab.errors import PeslabError
from peslab.study.about import About
from peslab.study.results.fresh import FRESH, VERDICT, FreshResult, Verdict
from peslab.study.results.ranking import METRICS, REASON, RUN_ID
from peslab.study.results.table import trials_frame
from peslab.study.storage.study import INTERRUPTED, load
from peslab.study.sweeper import work

SPACE = {
    "rate": FloatDistribution(0, 1),
    "width": IntDistribution(1, 9),
    "cutoff": CategoricalDistribution(["3", "4.5"]),
    "depth": CategoricalDistribution(["1", "2"]),
    "orders": CategoricalDistribution(["[-2]", "[-2,-3]"]),
}
VALUES = {"rate": 1, "width": 4, "cutoff": "3", "depth": "2", "orders": "[-2,-3]"}


def study_of(*trials):
    """Trials from their validation error (None: failed, "pruned") and their attributes."""
    study = optuna.create_study(study_name="table")
    for error, attributes, space in trials:
        ended = {None: TrialState.FAIL, "pruned": TrialState.PRUNED}
        study.add_trial(
            create_trial(
                state=ended.get(error, TrialState.COMPLETE),
                value=error if isinstance(error, float) else None,
                params={key: VALUES.get(key, 1) for key in space},
                distributions=space,
                user_attrs=attributes,
            )
        )
    return study


@pytest.fixture
def study():
    return study_of(
        (0.2, {METRICS: {"test/energy_mae": 0.25}, RUN_ID: "a"}, SPACE),
        (None, {REASON: "the loss is not finite."}, SPACE),
        (None, {INTERRUPTED: True}, SPACE),
        (0.1, {METRICS: {"test/energy_mae": 0.5, "extra": 1}, RUN_ID: "b"}, SPACE),
        ("pruned", {}, SPACE),
    )


def test_each_finished_trial_is_a_row(study):
    """In the order of their numbers, with how they ended; what was interrupted is no trial."""
    frame = trials_frame(study)
    assert frame["trial"].to_list() == [0, 1, 3, 4]
    assert frame["state"].to_list() == ["complete", "failed", "complete", "pruned"]
    assert frame["rank"].to_list() == [2, None, 1, None]
    assert frame["run_id"].to_list() == ["a", None, "b", None]
    assert frame["reason"].to_list() == [None, "the loss is not finite.", None, None]


def test_keys_are_numbers_where_all_their_values_are(study):
    """Whatever of its choices was tried; a list is a text."""
    frame = trials_frame(study)
    kinds = {key: frame[key].dtype for key in SPACE}
    assert kinds == {
        "rate": pl.Float64,
        "width": pl.Int64,
        "cutoff": pl.Float64,
        "depth": pl.Int64,
        "orders": pl.String,
    }
    assert frame.row(0, named=True).items() >= {**VALUES, "cutoff": 3.0, "depth": 2}.items()


def test_metrics_that_a_trial_does_not_have_are_null(study):
    """Neither 0 nor NaN stands in."""
    frame = trials_frame(study)
    assert frame["extra"].to_list() == [None, None, 1.0, None]
    assert frame["test/energy_mae"].to_list() == [0.25, None, 0.5, None]


def test_a_key_that_a_trial_does_not_have_is_null():
    """Spaces may depend on other values."""
    conditional = {"rate": SPACE["rate"], "extra": IntDistribution(1, 2)}
    frame = trials_frame(study_of((0.1, {}, {"rate": SPACE["rate"]}), (0.2, {}, conditional)))
    assert frame["extra"].to_list() == [None, 1]


def test_names_that_are_taken_are_told_apart():
    """A trainer of somebody else's may sweep what we call otherwise."""
    space = {"rank": IntDistribution(1, 9), "loss": IntDistribution(1, 9)}
    metrics = {"loss": 0.5, "tied": 2.0}
    frame = trials_frame(study_of((0.1, {METRICS: metrics}, space)))
    told = {"rank": 1, "value/rank": 1, "loss": 1, "metric/loss": 0.5, "metric/tied": 2.0}
    assert frame.row(0, named=True).items() >= told.items()
    assert frame["tied"].to_list() == [None]


def test_columns_of_fresh_data_are_null_until_there_are_any(study):
    """The columns are always there, with their kinds."""
    frame = trials_frame(study)
    fresh = frame.select("fresh_error", "fresh_error_sem", "tied", "p_value", "verdict")
    assert fresh.dtypes == [pl.Float64, pl.Float64, pl.Boolean, pl.Float64, pl.String]
    assert fresh.null_count().row(0) == (frame.height,) * 5


def test_confirmed_trials_have_their_fresh_errors(study):
    """Who leads is tied or not; of others nothing is said."""
    for number, error in ((0, 0.3), (3, 0.2)):
        result = FreshResult(number, error, 0.01)
        study.set_user_attr(f"{FRESH}{number}", vars(result))
    pair = {"first": 0, "second": 3, "difference": 0.1, "sem": 0.02, "probability": 0.004}
    study.set_user_attr(VERDICT, vars(Verdict([3, 0], [3], None, [pair])))
    frame = trials_frame(study)
    assert frame["fresh_error"].to_list() == [0.3, None, 0.2, None]
    assert frame["fresh_error_sem"].to_list() == [0.01, None, 0.01, None]
    assert frame["tied"].to_list() == [False, None, True, None]
    assert frame["p_value"].to_list() == [0.004, None, None, None]
    assert frame["verdict"].to_list() == ["worse", None, "best", None]


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (None, [None, None]),
        (Verdict([3], [3], None, []), [None, "only one confirmed"]),
        (Verdict([0, 3], [0, 3], None, []), ["tied", "tied"]),
        (Verdict([0, 3], None, "with one replica each", []), ["unknown", "unknown"]),
    ],
)
def test_a_verdict_says_what_is_known(study, judged, told):
    """Also that there is nobody to compare it with, where another failed when trained again."""
    for number in (0, 3):
        study.set_user_attr(f"{FRESH}{number}", vars(FreshResult(number, 0.2)))
    if judged is not None:
        study.set_user_attr(VERDICT, vars(judged))
    frame = trials_frame(study).filter(pl.col("trial").is_in([0, 3]))
    assert frame["verdict"].to_list() == told
    assert frame["p_value"].to_list() == [None, None]


def test_the_pareto_front_is_marked():
    """Of those that are complete; of one objective it is the best alone."""
    study = optuna.create_study(directions=["minimize", "maximize"])
    for values in ([0.1, 1.0], [0.2, 2.0], [0.2, 1.0]):
        study.add_trial(create_trial(values=values))
    study.add_trial(create_trial(state=TrialState.FAIL))
    assert trials_frame(study)["front"].to_list() == [True, True, False, False]
    one = trials_frame(study_of((0.2, {}, {}), (0.1, {}, {}), (None, {}, {})))
    assert one["front"].to_list() == [False, True, False]


def test_a_study_without_trials_is_an_empty_table():
    """With the columns that every study has."""
    frame = trials_frame(study_of())
    assert frame.is_empty()
    assert frame.columns[:3] == ["trial", "state", "rank"]
    assert frame.columns[-3:] == ["tied", "p_value", "verdict"]


def test_a_study_on_disk_is_a_table(settings, tmp_path):
    """As a worker leaves it, with a failed trial."""

    def fails(number, overrides):
        if number == 2:
            raise PeslabError("no.")
        return bowl(number, overrides)

    work(settings, tmp_path, fails, defaults=DEFAULTS, recipe={}, about=About())
    frame = trials_frame(load("bowl", tmp_path))
    assert frame.height == settings.n_trials
    assert frame.filter(pl.col("state") == "failed")["trial"].to_list() == [2]
    best = frame.filter(pl.col("rank") == 1)
    assert best["val/energy_mae"].item() == frame["val/energy_mae"].min()
    assert best["x"].item() == pytest.approx(0.3, abs=best["val/energy_mae"].item() + 1e-12)
