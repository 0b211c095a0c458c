"""Studies in memory, of whatever came out."""

import math

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from peslab.study.about import About
from peslab.study.results.ranking import METRICS, REASON, RUN_ID, as_text

SPACE = {
    "optimizer.learning_rate": FloatDistribution(1e-4, 1e-1, log=True),
    "network.width": IntDistribution(8, 64),
    "features.orders": CategoricalDistribution(["[-2]", "[-2,-3]"]),
}
TEXTS = {
    "optimizer.learning_rate": "tag(log, interval(1e-4, 1e-1))",
    "network.width": "int(interval(8, 64))",
    "features.orders": "choice([-2], [-2,-3])",
}


def values(number):
    return {
        "optimizer.learning_rate": 1e-4 * 10 ** (3 * ((0.618 * number) % 1)),
        "network.width": 8 + (23 * number) % 57,
        "features.orders": ("[-2]", "[-2,-3]")[number % 2],
    }


def metrics(error, n_replicas=3):
    """What a run logs whose error is this on average."""
    found = {"val/energy_mae": error, "test/energy_mae": 1.1 * error}
    if n_replicas > 1:
        found |= {"val/energy_mae_sem": 0.02 * error, "test/energy_mae_sem": 0.03 * error}
    found |= {f"replica_{k}/test/energy_mae": 1.1 * error for k in range(n_replicas)}
    return found | {
        "baseline/constant_mae": 0.5,
        "baseline/least_squares_mae": 0.1,
        "baseline/least_absolute_mae": 0.09,
        "prediction_microseconds": 1.0 + 1.0 / (1 + 100 * error),
    }


def error_of(params):
    """The farther the learning rate is from 0.003, the worse; the width matters a little."""
    rate = math.log10(params["optimizer.learning_rate"]) - math.log10(0.003)
    return 0.01 * (1.0 + rate**2 + 0.002 * abs(params["network.width"] - 32))


def complete(number, params=None, space=None, error=None, n_replicas=3):
    params = values(number) if params is None else params
    error = error_of(params) if error is None else error
    return create_trial(
        value=error,
        params=params,
        distributions=SPACE if space is None else space,
        user_attrs={METRICS: as_text(metrics(error, n_replicas)), RUN_ID: f"run-{number}"},
    )


def failed(number, reason="the loss is not finite."):
    return create_trial(
        state=TrialState.FAIL,
        params=values(number),
        distributions=SPACE,
        user_attrs={REASON: reason},
    )


def pruned(number):
    return create_trial(
        state=TrialState.PRUNED,
        params=values(number),
        distributions=SPACE,
        intermediate_values={0: 0.5},
    )


ABOUT = About(
    "thesis: 0.47 E_c",
    {"val/energy_mae": "E_c", "test/energy_mae": "E_c", "prediction_microseconds": "µs"},
    "test/energy_mae",
)


def study_of(*trials, name="made", space=None):
    study = optuna.create_study(study_name=name)
    study.add_trials(trials)
    study.set_user_attr("space", TEXTS if space is None else space)
    study.set_user_attr("recipe", {"seed": "0", "replicas": "3", "loss": "MeanAbsoluteError"})
    ABOUT.keep(study)
    return study


def ordinary(n=12):
    """A study of n trials, and one of each other ending."""
    return study_of(*map(complete, range(n)), failed(n), pruned(n + 1))
