"""What `import peslab` offers in a notebook: the trials of a study, and trained models."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from omegaconf import DictConfig, OmegaConf

from peslab.apps.rerun import find
from peslab.apps.spooled import bring_in
from peslab.configuration.build import build, check
from peslab.configuration.folders import home
from peslab.configuration.recorded import config_of
from peslab.errors import InvalidInputError, PeslabError
from peslab.kernels.inputs import Configurations, checked_configurations
from peslab.learning import TrainedModel
from peslab.pipeline.plan import plan
from peslab.pipeline.run import NETWORK
from peslab.pipeline.surrogate import DescribedModel
from peslab.places import numbers
from peslab.problems.contract import Array, Problem, Tables
from peslab.study.results.table import trials_frame
from peslab.study.storage.study import load as load_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ERROR = re.compile(r"test/\w+_mae")


def trials(study: str) -> pl.DataFrame:
    """The finished trials of a study, one row each.

    Args:
        study: Its name, as in runs/studies/.

    Returns:
        `trial`, `state`, `rank`, `front`, `run_id`, `reason`, the swept keys, the metrics, and of
        the leading trials `fresh_error`, `fresh_error_sem`, `tied`, `p_value` and `verdict`.

    Raises:
        PeslabError: If there is no such study.
    """
    return trials_frame(load_study(study, home()))


def load(run: str, *overrides: str) -> "Model":
    """The trained model of a recorded run.

    Args:
        run: STUDY/best, STUDY/TRIAL, or a run id or its beginning, as `peslab rerun` takes them.
        overrides: Those of `tracking` say in which store to look, e.g. `tracking.uri=…`.

    Raises:
        PeslabError: If there is no such run, or it has no network.
    """
    bring_in(overrides)
    recorded, config = find(run, overrides)
    checked = check(config)
    tracking = build(checked["tracking"], "tracking")
    path = tracking.artifact(home(), recorded.run_id, NETWORK)
    resolved = tracking.read_text(home(), recorded.run_id, "config/resolved.yaml")
    values = config_of(resolved, f"The config of run {recorded.run_id[:8]}")
    features = build(checked["features"], "features")
    return Model(
        run_id=recorded.run_id,
        config=cast("dict[str, Any]", OmegaConf.to_container(values)),
        metrics=recorded.metrics,
        surrogate=DescribedModel(features, TrainedModel.load(path)),
        recorded=config,
    )


@dataclass(frozen=True, eq=False)
class Model:
    """Trained replicas, from positions to energies, with what is known of their run.

    Attributes:
        run_id: Its run in MLflow.
        config: Every value it was trained with.
        metrics: What it measured at its end.
        surrogate: The descriptor and the networks.
        recorded: Its composed config, interpolations alive.
    """

    run_id: str
    config: dict[str, Any]
    metrics: Mapping[str, float]
    surrogate: DescribedModel
    recorded: DictConfig

    def __repr__(self) -> str:
        """One line: which run, how many networks, and what they see and err by on the test part."""
        errors = {name: each for name, each in self.metrics.items() if ERROR.fullmatch(name)}
        told = "".join(f", {name}={value:.3g}" for name, value in errors.items())
        features = type(self.surrogate.features).__name__
        return f"Model(run {self.run_id[:8]}, {self.replicas} replicas, {features}{told})"

    @property
    def replicas(self) -> int:
        """How many networks it is the mean of."""
        return self.surrogate.model.network.n_replicas

    def predict(
        self,
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        *,
        each_replica: bool = False,
    ) -> Array:
        """Energies per particle, in the unit of the training data.

        Args:
            positions: Shape (n, N, d), or (N, d) for one configuration; NaN in places without a
                particle.
            cell_width: A number or shape (n,).
            each_replica: Whether those of each replica are wanted, not their mean.

        Returns:
            Shape (n,), or (k, n) of each replica.

        Raises:
            InvalidInputError: Where an input makes no sense, or is of another dimension or number
                of particles than the network has learned.

        Warns:
            UserWarning: Of cells that are smaller or larger than all that it has learned.
        """
        inputs = self._inputs(positions, cell_width)
        energies = self.surrogate.predict(*inputs)
        return energies if each_replica else energies.mean(axis=0)

    def predict_with_forces(
        self,
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        *,
        each_replica: bool = False,
    ) -> tuple[Array, Array]:
        """Energies per particle, and the forces F = −N ∂v/∂r on all particles.

        Args:
            positions: As of `predict`.
            cell_width: As of `predict`.
            each_replica: As of `predict`.

        Returns:
            Shapes (n,) and (n, N, d), or (k, n) and (k, n, N, d) of each replica; forces are NaN
            in places without a particle.

        Raises:
            InvalidInputError: Where an input makes no sense, or the descriptor has no Jacobian.
        """
        inputs = self._inputs(positions, cell_width)
        energies, gradients = self.surrogate.predict_with_gradient(*inputs)
        forces = -numbers(inputs.positions)[:, None, None] * gradients
        return (energies, forces) if each_replica else (energies.mean(axis=0), forces.mean(axis=0))

    def plot_drag(self) -> "Figure":
        """A particle dragged through an unseen cell: exact and predicted energy and gradient.

        Raises:
            PeslabError: If the problem has no exact energies for that, a drag needs two dimensions,
                or the descriptor has no Jacobian.
        """
        problem, tables = self._data
        figure = problem.drag(self.surrogate, tables)
        if figure is None:
            raise PeslabError(
                "There is no drag to draw: it takes a potential to compare with, at least two "
                "dimensions, and features with a Jacobian."
            )
        return figure

    def _inputs(self, positions: npt.ArrayLike, cell_width: npt.ArrayLike) -> Configurations:
        """Configurations that the network can know something of."""
        inputs = checked_configurations(positions, cell_width, with_absent=True)
        _, n_particles, dimension = inputs.positions.shape
        n_features = len(self.surrogate.features.names(n_particles))
        n_learned = len(self.surrogate.model.feature_shift)
        if n_features != n_learned:
            raise InvalidInputError(
                f"Configurations of {n_particles} particles have {n_features} features, and the "
                f"network has learned {n_learned}: give it as many particles as its run had, or "
                "train one with features of each particle (features=symmetry_functions)."
            )
        lattice = self.config.get("lattice")
        if lattice is None:  # data of a file
            return inputs
        if dimension != lattice["dimension"]:
            raise InvalidInputError(
                f"The network has learned {lattice['dimension']}D configurations, and these are "
                f"{dimension}D: predict with one that was trained on such (lattice.dimension="
                f"{dimension})."
            )
        learned, widths = np.atleast_1d(lattice["cell_width"]), inputs.cell_widths
        if widths.min() < learned.min() or widths.max() > learned.max():
            told = " to ".join(f"{width:g}" for width in learned)
            warnings.warn(
                f"The network has learned cells of width {told} only: what it predicts for widths "
                f"of {widths.min():g} to {widths.max():g} is a guess.",
                stacklevel=3,
            )
        return inputs

    @cached_property
    def _data(self) -> tuple[Problem, Tables]:
        """Only what compares with exact energies needs the data; they are made where they lack."""
        problem = plan(self.recorded).problem
        return problem, problem.tables(home() / "databases")
