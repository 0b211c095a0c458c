"""The replicas of a run as one model: their mean, and whether their spread tells its error."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.scales import decades_only, density
from peslab.evaluation.style import VERMILION, styled_figure, unit_label

Array = NDArray[np.float64]

BINS = 20
SMALLEST = 1e-3  # part of the spreads and of the errors, that are drawn as the next ones


def spread(prediction: Array) -> Array:
    """The standard deviation over replicas, with k − 1, of each configuration.

    Args:
        prediction: Of each replica, shape (k, n) with k from 2 on.

    Returns:
        Shape (n,).
    """
    return np.asarray(prediction.std(axis=0, ddof=1))


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's rank correlation: 1 where one grows with the other, 0 where it does not care.

    Args:
        one: Shape (n,).
        other: Shape (n,).

    Returns:
        The correlation of their ranks, equal values sharing theirs; 0 where one is constant.
    """
    ranks = np.stack([_ranks(one), _ranks(other)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    lengths = float(np.sqrt((ranks**2).sum(axis=1)).prod())
    return float(ranks[0] @ ranks[1]) / lengths if lengths > 0.0 else 0.0


def ensemble_metrics(prediction: Array, target: Array) -> dict[str, float]:
    """How good the mean of the replicas is, and what their spread knows of its errors.

    Args:
        prediction: Of each replica, shape (k, n) with k from 2 on.
        target: The exact values, shape (n,), in the same unit.

    Returns:
        "mae" of the mean; "spread", that of the replicas, a mean over configurations; and
        "spread_correlation", the rank correlation of spread and absolute error.
    """
    errors, spreads = np.abs(prediction.mean(axis=0) - target), spread(prediction)
    return {
        "mae": float(errors.mean()),
        "spread": float(spreads.mean()),
        "spread_correlation": rank_correlation(spreads, errors),
    }


def ensemble_figure(prediction: Array, target: Array, unit: str = "E_c") -> Figure:
    """Draw the error of the replicas' mean over their spread.

    Args:
        prediction: Of each replica, shape (k, n) with k from 2 on.
        target: The exact values, shape (n,).
        unit: Their unit, as in "E_c".

    Returns:
        The figure: the density of the configurations, and root mean squares in bins of equal
        counts, which lie on the diagonal where the spread is as large as the error.
    """
    found = ensemble_metrics(prediction, target)
    errors, spreads = np.abs(prediction.mean(axis=0) - target), spread(prediction)
    x, y = _positive(spreads), _positive(errors)
    with styled_figure(5.4, 4.6) as figure:
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.set_yscale("log")
        cells = density(axes, x, y, (70, 60))
        axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # of the points, not of the lines
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(ends, ends, color=VERMILION, linewidth=0.8, label="error = spread")
        bins = np.array_split(np.argsort(spreads, kind="stable"), min(BINS, len(spreads)))
        middles, heights = (
            [float(np.sqrt(np.mean(values[rows] ** 2))) for rows in bins] for values in (x, y)
        )
        axes.plot(
            middles, heights, color=VERMILION, marker="o", markersize=4, label="root mean squares"
        )
        axes.set_xlabel(f"spread of the {len(prediction)} replicas ({unit_label(unit)})")
        axes.set_ylabel(f"error of their mean ({unit_label(unit)})")
        axes.legend(loc="lower right")
        figure.colorbar(cells, ax=axes, label="configurations per cell", aspect=40)
        axes.set_title(
            f"Mean of the replicas: MAE {found['mae']:.3g} {unit_label(unit)}, "
            f"rank correlation {found['spread_correlation']:.2f}",
            fontsize=10,
        )
        decades_only(figure)
    return figure


def _positive(values: Array) -> Array:
    """The values with the smallest ones raised, as logarithms need it."""
    return np.maximum(values, np.quantile(values[values > 0.0], SMALLEST) if values.any() else 1.0)


def _ranks(values: Array) -> Array:
    """Ranks from 0 on, means of ranks where values are equal."""
    _, numbers, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[numbers])
