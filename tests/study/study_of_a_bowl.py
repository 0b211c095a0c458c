"""A study of a function that is known, without networks."""

from peslab.study.sweeper import TrialResult

SPACE = {"x": "interval(-1, 1)", "n": "int(interval(1, 9))", "orders": "choice([-2], [-2,-3])"}
DEFAULTS = {"x": 0.5, "n": 4, "orders": [-2, -3]}
BASELINES = {"baseline/constant_mae": 1.0, "baseline/least_squares_mae": 0.5}


def bowl(_number, overrides):
    """The error of a trial is the distance of x from 0.3."""
    x = float(dict(item.split("=", 1) for item in overrides)["x"])
    error = abs(x - 0.3)
    metrics = {"val/energy_mae": error, "test/energy_mae": error, "prediction_microseconds": 1.0}
    return TrialResult(error, metrics | BASELINES, f"run-of-{x:.3f}")
