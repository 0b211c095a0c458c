"""Figures that can be read at a glance."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter
from numpy.typing import NDArray

from peslab.evaluation.drag import DragTest
from peslab.evaluation.drag_lines import LineTest
from peslab.evaluation.metrics import mean_and_sem
from peslab.evaluation.scales import bend, decades_only, density
from peslab.evaluation.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILION,
    gradient_unit,
    styled_figure,
    unit_label,
)

Array = NDArray[np.float64]

SHOWN_LINES = 6  # of many that a particle is dragged along


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
        for axes, name, values in (
            (upper, "x", target),
            (upper, "y", target),
            (lower, "y", predicted - exact),
        ):
            bend(axes, name, values)
        cells = density(upper, exact, predicted, (80, 60))
        density(lower, exact, predicted - exact, (80, 24))
        ends = [target.min(), target.max()]
        upper.plot(ends, ends, color=VERMILION, linewidth=0.8)
        lower.axhline(0.0, color=VERMILION, linewidth=0.8)
        upper.set_ylabel(f"predicted ({unit_label(unit)})")
        lower.set_ylabel(f"error ({unit_label(unit)})")
        lower.set_xlabel(f"exact {quantity} ({unit_label(unit)})")
        figure.colorbar(cells, ax=(upper, lower), label="predictions per cell", aspect=40)
        error = _with_sem(np.abs(prediction - target).mean(axis=1))
        upper.set_title(f"MAE {error} {unit_label(unit)} ({_replica_count(prediction)})")
        decades_only(figure)
    return figure


def learning_curves(history: Mapping[str, Array], unit: str = "E_c") -> Figure:
    """Draw the training loss and the validation error over the epochs.

    Args:
        history: "train/loss" and "val/mae" of each replica after every epoch, shape (k, epochs).
        unit: The unit of the validation error, as in "E_c".

    Returns:
        The figure, with a thin line for each replica, a bold one for their mean and a dot at the
        epoch whose weights each replica keeps.
    """
    validation = history["val/mae"]
    best = validation.argmin(axis=1)
    with styled_figure(6.4, 4.0) as figure:
        axes = figure.subplots()
        _replicas(axes, history["train/loss"], BLUE, "training loss")
        _replicas(axes, validation, VERMILION, "validation MAE")
        axes.scatter(
            best + 1, validation.min(axis=1), s=18, color=BLACK, zorder=3, label="weights kept"
        )
        axes.set_yscale("log")
        _readable_decades(axes)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"validation MAE ({unit_label(unit)}), training loss")
        axes.set_xlim(left=1)
        axes.legend(title=f"bold: mean of {_replica_count(validation)}")
        axes.set_title(
            f"Best validation MAE {_with_sem(validation.min(axis=1))} {unit_label(unit)}"
        )
    return figure


def drag_figure(result: DragTest, units: tuple[str, str] = ("E_c", "R_c")) -> Figure:
    """Draw the energy and its gradient while one particle is dragged through the cell.

    Args:
        result: The exact and the predicted surface along the path.
        units: Of energies and of lengths.

    Returns:
        The figure; energies of a hard core are cut off so that the rest can be read.
    """
    errors = result.errors()
    along = result.coordinate
    energy, length = map(unit_label, units)
    gradient = unit_label(gradient_unit(*units))
    with styled_figure(6.4, 5.6) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True)
        _compare(upper, along, result.energy, result.predicted_energy)
        _compare(lower, along, result.gradient, result.predicted_gradient)
        upper.set_ylim(_readable_limits(result.energy, floor=result.energy.min()))
        lower.set_ylim(_readable_limits(result.gradient, floor=0.0))
        lower.set_xlim(along[0], along[-1])
        upper.set_title(f"Energy: MAE {_with_sem(errors['energy_mae'])} {energy}")
        lower.set_title(f"Gradient: MAE {_with_sem(errors['gradient_mae'])} {gradient}")
        upper.set_ylabel(f"energy per particle ({energy})")
        lower.set_ylabel(f"gradient ({gradient})")
        lower.set_xlabel(f"position of the dragged particle ({length})")
        upper.legend()
    return figure


def drag_lines_figure(result: LineTest, units: tuple[str, str] = ("E_c", "R_c")) -> Figure:
    """Draw six of many lines that a particle is dragged along, from the best to the worst.

    Args:
        result: The exact and the predicted surface along the lines.
        units: Of energies and of lengths.

    Returns:
        The figure, with gaps where energies are above all training data.
    """
    errors = np.abs(result.predicted_energy - result.energy)
    of_lines = np.nanmean(errors, axis=(0, 2))
    order = of_lines.argsort()
    shown = order[np.linspace(0, len(order) - 1, min(SHOWN_LINES, len(order))).astype(int)]
    metrics = result.metrics()
    energy, length = map(unit_label, units)
    with styled_figure(9.0, 4.8) as figure:
        grid = figure.subplots(2, SHOWN_LINES // 2, sharey=True).ravel()
        for axes in grid[len(shown) :]:
            axes.remove()
        grid = grid[: len(shown)]
        for axes, line in zip(grid, shown, strict=True):
            predicted = result.predicted_energy[:, line]
            _compare(axes, result.coordinate[line], result.energy[line], predicted, zero=False)
            axes.set_xlim(*result.coordinate[line, [0, -1]])
            axes.set_title(f"MAE {of_lines[line]:.2g} {energy}", fontsize=10)
        for axes in grid[-(SHOWN_LINES // 2) :]:
            axes.set_xlabel(f"position of the particle ({length})")
        for axes in grid[:: SHOWN_LINES // 2]:
            axes.set_ylabel(f"energy per particle ({energy})")
        figure.suptitle(
            f"{len(order)} lines: MAE {_with_sem(metrics['energy_mae'])} {energy}, "
            f"spurious extrema per line {metrics['spurious_extrema'].mean():.2g}, "
            f"roughness {metrics['roughness'].mean():.2g}",
            fontsize=11,
        )
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8.5)
    return figure


def _with_sem(values: Array) -> str:
    """The mean with its standard error, both to the second digit of the error."""
    mean, sem = mean_and_sem(values)
    if not 0 < sem < np.inf:
        return f"{mean:.3g}"
    decimals = max(0, 1 - math.floor(math.log10(sem)))
    return f"{mean:.{decimals}f} ± {sem:.{decimals}f}"


def _replica_count(values: Array) -> str:
    return f"{len(values)} replicas" if len(values) > 1 else "1 replica"


def _replicas(axes: Axes, curves: Array, color: str, label: str) -> None:
    epochs = np.arange(1, curves.shape[1] + 1)
    axes.plot(epochs, curves.T, color=color, linewidth=0.6, alpha=0.5)
    axes.plot(epochs, curves.mean(axis=0), color=color, label=label)


def _readable_decades(axes: Axes) -> None:
    """Label 1, 2 and 5 of each decade as plain numbers: a run seldom spans more than two."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _compare(
    axes: Axes, along: Array, exact: Array, predicted: Array, *, zero: bool = True
) -> None:
    """The exact curve, and the network's as a mean within the range of its replicas."""
    if zero:
        axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.plot(along, exact, color=BLACK, label="exact")
    low, high = predicted.min(axis=0), predicted.max(axis=0)
    axes.fill_between(
        along, low, high, color=VERMILION, alpha=0.25, linewidth=0, label="range of the replicas"
    )
    mean = predicted.mean(axis=0)
    axes.plot(along, mean, color=VERMILION, linestyle=(0, (4, 2)), label="network, mean")


def _readable_limits(values: Array, floor: float) -> tuple[float, float]:
    """The range of the values, but for peaks eight times as far from a floor as two in five are.

    A hard core reaches 1e6 E_c and more, and would leave a flat line of all else.
    """
    reach = 8 * float(np.percentile(np.abs(values - floor), 40))
    low, high = max(values.min(), floor - reach), min(values.max(), floor + reach)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin
