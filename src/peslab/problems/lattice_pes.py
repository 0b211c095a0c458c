"""Particles in a periodic cell: the potential energy surface of the thesis's toy model."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from peslab.database import (
    DatabaseSettings,
    Recipe,
    arrays,
    database_path,
    load_or_generate,
)
from peslab.evaluation import drag_figure, drag_path, drag_test, thesis_path
from peslab.features import Descriptor
from peslab.problems.contract import Array, Probe, Source, Surrogate, Table, Tables, Task
from peslab.problems.surface import EnergySurface
from peslab.toymodel import Lattice, Potential, Relaxation

if TYPE_CHECKING:
    from peslab.evaluation import DragPath

DRAG_CHOICES = 10
"""Held-out configurations that the dragged one is chosen from."""

DRAG_POINTS = 401
"""Points along a drag: the narrowest features of the energy, about 0.05 R_c, take four of them."""


@dataclass(frozen=True)
class LatticePES(EnergySurface):
    """Energies per particle of relaxed random configurations in a periodic cell.

    Args:
        potential: Pair and triplet interactions, and how they are counted.
        lattice: How many particles, in what cell.
        relaxation: What is done to the random configurations.
        database: How many rows, from which seeds, and how they are split.
    """

    potential: Potential
    lattice: Lattice
    relaxation: Relaxation
    database: DatabaseSettings

    name: ClassVar[str] = "lattice_pes"
    task: ClassVar[Task] = Task(
        target="energy",
        unit="E_c",
        objective="val/energy_mae",
        reference="thesis: 0.47 E_c, skill about 0.6, on labels with hidden noise",
    )

    def recipe(self) -> Recipe:
        """The database that networks are trained and validated on."""
        database = self.database
        return Recipe(
            potential=self.potential,
            lattice=self.lattice,
            relaxation=self.relaxation,
            size=database.size,
            seed=database.seed,
            keep_quantile=database.keep_quantile,
        )

    def test_recipe(self) -> Recipe:
        """The same, generated apart to test on."""
        return replace(self.recipe(), size=self.database.test_size, seed=self.database.test_seed)

    def warm_up(self, features: Descriptor) -> None:
        """Run every kernel on two configurations."""
        width = self.lattice.cell_width
        starts = self.lattice.sample(2, self.database.seed)
        positions, *_ = self.relaxation.relax(self.potential, starts, width, self.database.seed)
        self.potential.energy_and_forces(positions, width)
        features(positions, width)
        features.with_jacobian(positions, width)

    def tables(self, folder: Path) -> Tables:
        """Generate or read both databases; the last rows of the first one are held out."""
        sources = {
            role: Source(
                load_or_generate(recipe, folder), database_path(recipe, folder), recipe.fingerprint
            )
            for role, recipe in {"train": self.recipe(), "test": self.test_recipe()}.items()
        }
        known = _table(sources["train"])
        held_out = round(self.database.validation_fraction * len(known))
        return Tables(
            train=known.rows(slice(None, -held_out)),
            validation=known.rows(slice(-held_out, None)),
            test=_table(sources["test"]),
            sources=sources,
        )

    def probes(self, surrogate: Surrogate, tables: Tables) -> Iterator[Probe]:
        """Drag a particle through a held-out cell and, as in figure 10, through the thesis's."""
        configurations, widths = (array[:DRAG_CHOICES] for array in tables.test.inputs)
        width = float(widths[0])
        if self.lattice.dimension > 1:  # on a line the dragged particle would meet the others
            path = drag_path(
                configurations,
                width,
                DRAG_POINTS,
                lambda positions: self.potential.energy_per_particle(positions, width),
                highest=float(tables.train.targets.max()),
            )
            yield self._drag("drag", path, surrogate)
        if configurations.shape[1:] == (4, 2):
            yield self._drag("drag_thesis", thesis_path(width, DRAG_POINTS), surrogate)

    def _drag(self, name: str, path: "DragPath", surrogate: Surrogate) -> Probe:
        width = path.cell_width

        def exact(positions: Array) -> tuple[Array, Array]:
            energy, forces = self.potential.energy_and_forces(positions, width)
            return energy, -forces / self.lattice.n_particles

        def predict(positions: Array) -> tuple[Array, Array]:
            return surrogate.predict_with_gradient(positions, np.full(len(positions), width))

        result = drag_test(path, exact, predict)
        return Probe(name, result.errors(), drag_figure(result))


def _table(source: Source) -> Table:
    data = arrays(source.frame)
    gradients = -data.forces / data.positions.shape[1]
    return Table((data.positions, data.cell_width), data.energy, gradients)
