"""What metrics are called in sentences."""

import re

PARTS = {"val": "validation", "test": "test"}
ERROR = re.compile(r"(val|test)/(\w+)_(mae|rmse)")


def metric_words(metric: str) -> tuple[str, bool]:
    """Say the name of a metric.

    Args:
        metric: Such as "val/energy_mae".

    Returns:
        "validation MAE of the energy", and whether it is an error in the unit of the study; a
        metric of another kind is its own name.
    """
    found = ERROR.fullmatch(metric)
    if found is None:
        return metric, False
    part, quantity, kind = found.groups()
    words = quantity.replace("_", " ")
    return f"{PARTS[part]} {kind.upper()} of the {words}", quantity not in {"gradient", "force"}
