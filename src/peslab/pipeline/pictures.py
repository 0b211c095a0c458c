"""What is drawn and exported of a run: at its end, or later from what it left."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from peslab.evaluation import learning_curves, parity
from peslab.problems.contract import Array, Prediction, Probe, Table
from peslab.tracking import RunRecord

LOSSES = "losses.csv"
"""In a run's folder and among its artifacts: a row for each epoch of each replica."""

LAST = "learning_curves"
"""The figure without which a run was not drawn, or not to its end."""


class Curves(NamedTuple):
    """How a training went.

    Attributes:
        losses: Of each replica after each epoch, shape (k, epochs).
        are_settings: Whether replicas are several settings, and not seeds of one.
    """

    losses: Mapping[str, Array]
    are_settings: bool = False


def draw(
    log: RunRecord,
    unit: str,
    history: Curves,
    predicted: Prediction,
    test: Table,
    probes: Iterable[Probe],
) -> None:
    """Log the figures of a run, the `LAST` one when all others are there.

    Args:
        log: Of the run.
        unit: Of the errors.
        history: The losses of each replica after each epoch.
        predicted: What the model says of the test part.
        test: The test part.
        probes: Looks at the model.
    """
    log.figure(parity(predicted.targets, test.targets, unit), "figures/parity.png")
    for probe in probes:
        log.figure(probe.draw(), f"figures/{probe.name}.png")
    log.figure(learning_curves(*history, unit=unit), f"figures/{LAST}.png")


def keep_losses(history: Mapping[str, Array], path: Path) -> None:
    """Write the losses of each replica after each epoch, shape (k, epochs), as a table."""
    replicas, epochs = next(iter(history.values())).shape
    columns = {"replica": np.repeat(np.arange(replicas), epochs)}
    columns |= {"epoch": np.tile(np.arange(epochs), replicas)}
    pl.DataFrame(columns | {name: of.ravel() for name, of in history.items()}).write_csv(path)


def kept_losses(path: Path) -> dict[str, Array]:
    """The losses as they were given to `keep_losses`."""
    frame = pl.read_csv(path, glob=False)
    replicas = frame["replica"].n_unique()
    names = [name for name in frame.columns if name not in {"replica", "epoch"}]
    return {name: frame[name].cast(pl.Float64).to_numpy().reshape(replicas, -1) for name in names}
