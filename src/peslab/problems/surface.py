"""What all problems of energies share: how a model of them errs, and what it has to beat."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np

from peslab.evaluation import (
    constant_mae,
    least_absolute_mae,
    least_squares_mae,
    regression_metrics,
)
from peslab.features import Descriptor
from peslab.places import present
from peslab.problems.contract import Array, Prediction, Probe, Problem, Surrogate, Table, Tables
from peslab.problems.probes import surface_probes

SELECTABLE = (
    *(f"val/energy_{error}" for error in ("mae", "rmse", "r2", "max_error")),
    *("val/gradient_mae", "val/force_mae"),
    *(f"drag_lines/{error}" for error in ("energy_mae", "gradient_mae")),
    *("drag_lines/spurious_extrema", "drag_lines/roughness"),
)


class EnergySurface(Problem):
    """Energies per particle of configurations (n, N, d), with their gradients where known."""

    @property
    @abstractmethod
    def units(self) -> tuple[str, str]:
        """Of energies and of lengths."""

    @property
    @abstractmethod
    def particle_numbers(self) -> tuple[int, ...]:
        """How many particles configurations have, from the smallest number on."""

    @property
    def selectable(self) -> tuple[str, ...]:
        """Errors on the validation part, and what drags of particles tell of a surface."""
        return SELECTABLE

    def check(self, features: Descriptor) -> None:
        """Refuse a descriptor whose features differ with the number of particles."""
        features.check_numbers(self.particle_numbers)

    def errors(self, table: Table, predicted: Prediction) -> dict[str, Array]:
        """Errors of energies per particle, their gradients and the forces.

        Gradients are those of the energy per particle, forces −N times as large, with each
        configuration's own N; their errors are means over all particles of all configurations, and
        components.
        """
        energies, gradients = predicted
        per_replica = [regression_metrics(each, table.targets) for each in energies]
        errors = {
            f"energy_{name}": np.array([metrics[name] for metrics in per_replica])
            for name in per_replica[0]
        }
        if gradients is not None and table.gradients is not None:
            there = present(table.inputs[0])
            off = np.abs(gradients - table.gradients)[:, there]
            particles = np.nonzero(there)[0]
            errors["gradient_mae"] = off.mean(axis=(1, 2))
            errors["force_mae"] = (there.sum(axis=1)[particles, None] * off).mean(axis=(1, 2))
        return errors

    def row_errors(self, table: Table, predicted: Prediction) -> dict[str, Array]:
        """Absolute errors of each configuration, whose means are those of `errors`.

        Of gradients and forces they are sums over the n_c particles of a configuration over n̄ d,
        with the mean number of particles n̄: errors are means over particles.
        """
        found = super().row_errors(table, predicted)
        if predicted.gradients is None or table.gradients is None:
            return found
        there = present(table.inputs[0])
        particles = there.sum(axis=1)
        off = np.where(there[:, :, None], np.abs(predicted.gradients - table.gradients), 0.0)
        found["gradient_mae"] = off.mean(axis=3).sum(axis=2) / particles.mean()
        found["force_mae"] = particles * found["gradient_mae"]
        return found

    def baselines(self, train: tuple[Array, Array], test: tuple[Array, Array]) -> dict[str, float]:
        """The median, and linear fits on the descriptors: what a network has to beat."""
        return {
            "constant_mae": constant_mae(train[1], test[1]),
            "least_squares_mae": least_squares_mae(*train, *test),
            "least_absolute_mae": least_absolute_mae(*train, *test),
        }

    def probes(
        self,
        surrogate: Surrogate,  # noqa: ARG002  # what it says of the test part is enough here
        tables: Tables,
        predicted: Prediction,
    ) -> Iterator[Probe]:
        """What the test part shows of forces, errors, replicas and single configurations."""
        return surface_probes(predicted, tables.test, self.units)
