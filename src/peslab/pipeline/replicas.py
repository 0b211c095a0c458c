"""What several replicas come to: seeds of one setting, or settings of which one is the run."""

from collections.abc import Mapping, Sequence

from peslab.evaluation import mean_and_sem
from peslab.problems.contract import Array, Probe

BEST_REPLICA = "best_replica"
"""The metric that tells which replica a run is, if replicas are several settings."""


def summary(values: Mapping[str, Array], best: int | None = None) -> dict[str, float]:
    """Mean over replicas, its standard error if they are several, each replica's own value.

    Args:
        values: Of each replica, shape (k,).
        best: The replica that speaks for all, where they are several settings: neither their mean
            nor their scatter is one of anything.
    """
    metrics: dict[str, float] = {}
    for name, replicas in values.items():
        metrics[name], sem = mean_and_sem(replicas)
        if best is not None:
            metrics[name] = float(replicas[best])
        elif len(replicas) > 1:
            metrics[f"{name}_sem"] = sem
        metrics |= {f"replica_{k}/{name}": float(value) for k, value in enumerate(replicas)}
    return metrics


def of_probes(probes: Sequence[Probe], best: int | None) -> dict[str, float]:
    """What looks at a model have measured, as `summary` tells it."""
    metrics: dict[str, float] = {}
    for probe in probes:
        numbers = {f"{probe.name}/{name}": of for name, of in probe.numbers.items()}
        # Of several settings only the best is looked at, which has become replica 0 by then.
        of_one = {name: float(of[0]) for name, of in numbers.items()}
        metrics |= summary(numbers) if best is None else of_one
        metrics |= {f"{probe.name}/{name}": value for name, value in probe.common.items()}
    return metrics


def of_settings(best: int, rates: float | Sequence[float]) -> dict[str, float]:
    """Which replica a run is, and what told it from the others."""
    each = rates if isinstance(rates, Sequence) else [rates]
    return {BEST_REPLICA: float(best)} | {
        f"replica_{k}/learning_rate": rate for k, rate in enumerate(each)
    }
