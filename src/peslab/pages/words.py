"""What metrics are called in sentences."""

import re

PARTS = {"val": "validation", "test": "test"}
ERROR = re.compile(r"(val|test)/(\w+)_(mae|rmse)")
NEVER_NEGATIVE = re.compile(r"(^|_)(mae|rmse|error|seconds|microseconds)($|_)")
MICROSECONDS = "prediction_microseconds"


def is_never_negative(metric: str) -> bool:
    """Whether a metric is an error or a time by its name; of others nobody knows."""
    return NEVER_NEGATIVE.search(metric.rpartition("/")[2]) is not None


def metric_words(metric: str) -> str:
    """Say the name of a metric.

    Args:
        metric: Such as "val/energy_mae".

    Returns:
        "validation MAE of the energy"; a metric of another kind is its own name.
    """
    if metric == MICROSECONDS:
        return "time per prediction"
    found = ERROR.fullmatch(metric)
    if found is None:
        return metric
    part, quantity, kind = found.groups()
    return f"{PARTS[part]} {kind.upper()} of the {quantity.replace('_', ' ')}"
