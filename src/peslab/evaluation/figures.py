"""Figures that can be read at a glance."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from peslab.evaluation.metrics import mean_and_sem
from peslab.evaluation.scales import bend, decades_only, density, plain
from peslab.evaluation.style import BLACK, BLUE, VERMILION, styled_figure, unit_label

Array = NDArray[np.float64]


def parity(
    prediction: Array, target: Array, unit: str = "E_c", quantity: str = "energy per particle"
) -> Figure:
    """Draw the density of predictions over exact values, and below it that of the errors.

    Args:
        prediction: Of each replica, shape (k, n).
        target: The exact values, shape (n,).
        unit: Their unit, as in "E_c".
        quantity: Their name.

    Returns:
        The figure; its title tells the mean absolute error ± its standard error over replicas.
    """
    exact = np.broadcast_to(target, prediction.shape).ravel()
    predicted = prediction.ravel()
    with styled_figure(5.2, 6.4) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
        both = np.concatenate([target, predicted])  # of which one bent axis is as the other
        bend(upper, "x", target, like=both)
        bend(upper, "y", both)
        bend(lower, "y", predicted - exact)
        cells = density(upper, exact, predicted, (80, 60))
        density(lower, exact, predicted - exact, (80, 24))
        ends = [target.min(), target.max()]
        upper.plot(ends, ends, color=VERMILION, linewidth=0.8)
        lower.axhline(0.0, color=VERMILION, linewidth=0.8)
        upper.set_ylabel(f"predicted ({unit_label(unit)})")
        lower.set_ylabel(f"error ({unit_label(unit)})")
        lower.set_xlabel(f"exact {quantity} ({unit_label(unit)})")
        figure.colorbar(cells, ax=(upper, lower), label="predictions per cell", aspect=40)
        error = with_sem(np.abs(prediction - target).mean(axis=1))
        upper.set_title(f"MAE {error} {unit_label(unit)} ({_replica_count(prediction)})")
        decades_only(figure)
    return figure


def learning_curves(
    history: Mapping[str, Array], are_settings: bool = False, unit: str = "E_c"
) -> Figure:
    """Draw the training loss and the validation error over the epochs.

    Args:
        history: "train/loss" and "val/mae" of each replica after every epoch, shape (k, epochs).
        are_settings: Whether the replicas are several settings, and not seeds of one.
        unit: The unit of the validation error, as in "E_c".

    Returns:
        The figure, with a thin line for each replica, a bold one for their mean, or for the best of
        several settings, and a dot at the epoch whose weights each replica keeps.
    """
    validation = history["val/mae"]
    best = validation.argmin(axis=1)
    lowest = validation.min(axis=1)
    leader = int(lowest.argmin())
    bold = slice(leader, leader + 1) if are_settings else slice(None)
    with styled_figure(6.4, 4.0) as figure:
        axes = figure.subplots()
        _replicas(axes, history["train/loss"], BLUE, "training loss", bold)
        _replicas(axes, validation, VERMILION, "validation MAE", bold)
        axes.scatter(best + 1, lowest, s=18, color=BLACK, zorder=3, label="weights kept")
        axes.set_yscale("log")
        _readable_decades(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"validation MAE ({unit_label(unit)}), training loss")
        axes.set_xlim(left=1)
        if are_settings:
            axes.legend(title=f"bold: replica {leader}, the best of {len(validation)}")
        elif len(validation) > 1:
            axes.legend(title=f"bold: mean of {_replica_count(validation)}")
        else:
            axes.legend()
        axes.set_title(f"Best validation MAE {with_sem(lowest[bold])} {unit_label(unit)}")
    return figure


def with_sem(values: Array) -> str:
    """The mean over replicas with its standard error, both to the second digit of the error.

    Args:
        values: One of each replica, shape (k,).
    """
    mean, sem = mean_and_sem(values)
    if not 0 < sem < np.inf:
        return f"{mean:.3g}"
    decimals = max(0, 1 - math.floor(math.log10(sem)))
    return f"{mean:.{decimals}f} ± {sem:.{decimals}f}"


def _replica_count(values: Array) -> str:
    return f"{len(values)} replicas" if len(values) > 1 else "1 replica"


def _replicas(axes: Axes, curves: Array, color: str, label: str, bold: slice) -> None:
    epochs = np.arange(1, curves.shape[1] + 1)
    if len(curves) > 1:
        axes.plot(epochs, curves.T, color=color, linewidth=0.6, alpha=0.5)
    axes.plot(epochs, curves[bold].mean(axis=0), color=color, label=label)


def _readable_decades(axes: Axes) -> None:
    """Label 1, 2 and 5 of each decade as plain numbers: a run seldom spans more than two."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
