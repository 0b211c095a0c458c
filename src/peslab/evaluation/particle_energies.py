"""What networks of single particles have found: how the energy of a cell is shared among them."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from peslab.evaluation.figures import parity
from peslab.evaluation.metrics import mean_and_sem
from peslab.places import Mask, present

Array = NDArray[np.float64]


def sharing(energies: Array, there: Mask | None = None) -> Array:
    """By how much the energy of each particle exceeds the mean over its configuration.

    Energies of a cell do not tell how it is shared: what networks are free in is taken off as far
    as it is the same for all particles of a configuration.

    Args:
        energies: Of particles, shape (…, N).
        there: Which places hold a particle, shape (…, N); None where all do.

    Returns:
        The same shape.
    """
    if there is None:
        return np.asarray(energies - energies.mean(axis=-1, keepdims=True))
    sums = np.where(there, energies, 0.0).sum(axis=-1, keepdims=True)
    return np.asarray(energies - sums / there.sum(axis=-1, keepdims=True))


def sharing_errors(prediction: Array, exact: Array) -> dict[str, Array]:
    """Compare how each replica shares energies among particles with an exact way.

    Args:
        prediction: Energies of particles, of each replica, shape (k, n, N).
        exact: Shape (n, N), in the same unit, NaN where no particle is.

    Returns:
        "mae" after means over configurations are taken off, and "correlation" with what is exact
        then, NaN where that does not differ from particle to particle; each of shape (k,).
    """
    truth, found = _shares(prediction, exact)
    lengths = np.sqrt((found**2).sum(axis=1) * (truth**2).sum())
    correlation = np.full(len(found), np.nan)
    np.divide(found @ truth, lengths, out=correlation, where=lengths > 0.0)
    return {"mae": np.abs(found - truth).mean(axis=1), "correlation": correlation}


def sharing_figure(prediction: Array, exact: Array, unit: str = "E_c") -> Figure:
    """Draw the density of predicted over exact energies of particles, means taken off.

    Args:
        prediction: Energies of particles, of each replica, shape (k, n, N).
        exact: Shape (n, N), NaN where no particle is.
        unit: Their unit, as in "E_c".

    Returns:
        The figure; its title tells error and correlation.
    """
    truth, found = _shares(prediction, exact)
    figure = parity(found, truth, unit, "particle energy, less its configuration's mean")
    correlation, _ = mean_and_sem(sharing_errors(prediction, exact)["correlation"])
    axes = figure.axes[0]
    title = f"{axes.get_title(loc='left')}, correlation {correlation:.3f}"
    axes.set_title(title, loc="left", fontsize=10)
    return figure


def _shares(prediction: Array, exact: Array) -> tuple[Array, Array]:
    """What is exact (m,) and what each replica predicts (k, m), of all m particles."""
    there = present(exact)
    return sharing(exact, there)[there], sharing(prediction, there)[:, there]
