"""Particles in a periodic cell: the potential energy surface of the thesis's toy model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from peslab.database import (
    DatabaseSettings,
    Recipe,
    arrays,
    check_space,
    database_path,
    load_or_generate,
)
from peslab.errors import InvalidInputError
from peslab.evaluation import (
    descriptor_figure,
    drag_figure,
    drag_lines_figure,
    drag_path,
    drag_test,
    line_test,
    random_lines,
    sharing_errors,
    sharing_figure,
    straight_path,
    thesis_path,
)
from peslab.evaluation.style import gradient_unit, unit_label
from peslab.features import Descriptor
from peslab.meanwhile import compiled_meanwhile
from peslab.places import Mask, numbers, some_absent
from peslab.problems.contract import (
    FRESH_SEEDS,
    Array,
    FreshData,
    Prediction,
    Probe,
    Progress,
    Source,
    Surrogate,
    Table,
    Tables,
    Task,
)
from peslab.problems.once import once
from peslab.problems.surface import EnergySurface
from peslab.toymodel import Lattice, Potential, Relaxation
from peslab.toymodel.convergence import left_out
from peslab.toymodel.modified_lennard_jones import cut_away
from peslab.toymodel.units import ToyUnits, units_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from peslab.evaluation import DragPath, DragTest

DRAG_CHOICES = 10
"""Held-out configurations that the dragged one is chosen from."""

DRAG_WIDTH = 5.0
"""Of cells of many widths, those nearest to the thesis's width are dragged through, in R_c."""

DRAG_POINTS = 401
"""Points along a drag: the narrowest features of the energy, about 0.05 R_c, take four of them."""

FLOAT64 = 8  # bytes

SUMMED_DEEPER = 2
"""Starts whose energies are summed twice as deep, to see what is left out."""

PLANE, THESIS_NUMBER = 2, 4
"""The dimension and the number of particles of the thesis's drag."""

LINES = 32
"""Random lines that particles are dragged along, for numbers."""

EACH_LOOKED_AT, LEAST_KNOWN = 8, 0.1
"""Every eighth point of a line is looked at: a tenth has to lie below the training energies."""

LINES_SEED = 0
"""Of the choice of these lines: all runs of a recipe are measured on the same ones."""


@dataclass(frozen=True)
class LatticePES(EnergySurface):
    """Energies per particle of relaxed random configurations in a periodic cell.

    Args:
        potential: Pair and triplet interactions, and how they are counted.
        lattice: How many particles, in what cell; of several numbers of particles those of the
            largest are dragged.
        relaxation: What is done to the random configurations.
        database: How many rows, from which seeds, and how they are split.
    """

    potential: Potential
    lattice: Lattice
    relaxation: Relaxation
    database: DatabaseSettings

    name: ClassVar[str] = "lattice_pes"

    @property
    def units(self) -> ToyUnits:
        """Of energies and of lengths."""
        return units_of(self.potential)

    @property
    def task(self) -> Task:
        """Energies per particle, in the unit that E_c is typed in."""
        return Task(
            target="energy",
            unit=self.units.energy,
            objective="val/energy_mae",
            reference="thesis: 0.47 E_c, skill about 0.6, on labels with hidden noise",
            gradient_unit=gradient_unit(*self.units),
        )

    @property
    def particle_numbers(self) -> tuple[int, ...]:
        """Of training and of test, which may ask for others."""
        recipes = self.recipes().values()
        return tuple(sorted({n for recipe in recipes for n in recipe.lattice.particle_numbers}))

    @property
    def least_memory(self) -> int:
        """Positions and forces of all rows."""
        recipes = self.recipes().values()
        particles = sum(each.size * min(each.lattice.particle_numbers) for each in recipes)
        return 2 * FLOAT64 * particles * self.lattice.dimension

    def check(self, features: Descriptor) -> None:
        """Refuse a descriptor whose features differ with the number of particles."""
        try:
            super().check(features)
        except InvalidInputError as error:
            asked = {"lattice.n_particles": self.lattice.n_particles}
            if self.database.test_n_particles is not None:
                asked["database.test_n_particles"] = self.database.test_n_particles
            told = " and ".join(f"{key}={value}" for key, value in asked.items())
            raise InvalidInputError(f"{told}: {error}") from error

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
        database, lattice = self.database, self.lattice
        if database.test_n_particles is not None:
            lattice = replace(lattice, n_particles=database.test_n_particles)
        return replace(
            self.recipe(), lattice=lattice, size=database.test_size, seed=database.test_seed
        )

    def recipes(self) -> dict[str, Recipe]:
        """Both databases by their part."""
        return {"train": self.recipe(), "test": self.test_recipe()}

    def remark(self) -> str | None:
        """A minimum that is cut away; what a depth leaves out, estimated on a few random starts."""
        lattice, seed = self.lattice, self.database.seed
        starts, widths = lattice.sample(SUMMED_DEEPER, seed), lattice.widths(SUMMED_DEEPER)
        rest = left_out(self.potential, starts, widths)
        told = [cut_away(self.potential), None if rest is None else rest.told]
        return " ".join(sentence for sentence in told if sentence) or None

    def fresh_data(self) -> FreshData:
        """New databases for training and test, as large as these."""
        seeds = {"seed": self.database.seed, "test_seed": self.database.test_seed}
        by_chance = abs(seeds["seed"] - seeds["test_seed"]) == FRESH_SEEDS
        shift = 2 * FRESH_SEEDS if by_chance else FRESH_SEEDS
        return FreshData(
            {f"database.{key}": seed + shift for key, seed in seeds.items()},
            "a new database, which no trial has seen",
            is_alike=self.database.test_n_particles is None,
        )

    def warm_up(self, features: Descriptor) -> None:
        """Run every kernel on two configurations; where none is kept, other processes help."""
        widths, starts = self.lattice.widths(2), self.lattice.sample(2, self.database.seed)
        shape = (*starts.shape[1:], float(widths.min()))
        with compiled_meanwhile(features, self.potential, *shape):
            positions, *_ = self.relaxation.relax(
                self.potential, starts, widths, self.database.seed
            )
            self.potential.energy_and_forces(positions, widths)
        features(positions, widths)
        if features.has_jacobian:
            features.with_jacobian(positions, widths)

    def tables(self, folder: Path, progress: Progress | None = None) -> Tables:
        """Generate or read both databases; the last rows of the first one are held out."""
        check_space(list(self.recipes().values()), folder)
        sources = {
            role: Source(
                load_or_generate(recipe, folder, progress=progress),
                database_path(recipe, folder),
                recipe.fingerprint,
            )
            for role, recipe in self.recipes().items()
        }
        known = _table(sources["train"])
        held_out = round(self.database.validation_fraction * len(known))
        return Tables(
            train=known.rows(slice(None, -held_out)),
            validation=known.rows(slice(-held_out, None)),
            test=_table(sources["test"]),
            sources=sources,
        )

    def probes(
        self, surrogate: Surrogate, tables: Tables, predicted: Prediction
    ) -> Iterator[Probe]:
        """What any surface shows, and particles dragged through cells.

        One through a held-out cell and, as in figure 10, through the thesis's, and many along
        random lines, where numbers tell more than a picture; where the model knows them, energies
        of single particles. Of the last way, or else of the first, also what the network sees is
        drawn.
        """
        yield from super().probes(surrogate, tables, predicted)
        yield from self._particle_energies(surrogate, tables.test)
        alike = _of_one_number(tables)
        if alike is not None:
            yield from self._drags(surrogate, alike)

    def drag(self, surrogate: Surrogate, tables: Tables) -> "Figure | None":
        """Through the held-out cell where it tells most; None on a line, or without a Jacobian."""
        alike = _of_one_number(tables)
        probes = self._single_drags(surrogate, alike) if alike is not None else ()
        return next((probe.draw() for probe in probes if probe.name == "drag"), None)

    def _drags(self, surrogate: Surrogate, tables: Tables) -> Iterator[Probe]:
        """Particles dragged through cells with one number of particles."""
        if surrogate.features.has_jacobian:
            yield from self._drag_lines(surrogate, tables)
        yield from self._single_drags(surrogate, tables)

    def _single_drags(self, surrogate: Surrogate, tables: Tables) -> Iterator[Probe]:
        """One through a held-out cell, one through the thesis's, and what the network sees."""
        positions, widths = tables.test.inputs
        known_widths = tables.train.inputs[1]
        common = np.intersect1d(widths, known_widths)
        width = float(common[np.abs(common - DRAG_WIDTH).argmin()])
        configurations = positions[widths == width][:DRAG_CHOICES]
        seen = None
        dimension = configurations.shape[2]
        if dimension > 1:  # on a line the dragged particle would meet the others
            highest = float(tables.train.targets[known_widths == width].max())
            energy = partial(self.potential.energy_per_particle, cell_width=width)
            choose = partial(drag_path, configurations, width, DRAG_POINTS, energy, highest)
            (path,) = self._chosen("drag", tables, lambda: [choose()])
            seen = path
            if surrogate.features.has_jacobian:
                yield self._drag("drag", path, surrogate)
        if dimension == PLANE and THESIS_NUMBER in self.lattice.particle_numbers:
            path = seen = thesis_path(width, DRAG_POINTS)
            if surrogate.features.has_jacobian:
                yield self._drag("drag_thesis", path, surrogate)
        if seen is not None:
            unit = self.units.length
            yield Probe("inputs", {}, partial(_inputs, surrogate.features, seen, unit))

    def _drag_lines(self, surrogate: Surrogate, tables: Tables) -> Iterator[Probe]:
        """The drag test as numbers; a particle alone has the same energy everywhere."""
        if tables.test.inputs[0].shape[1] == 1:
            return
        lines, highest = self._random_lines(tables)
        if not lines:
            return
        result = line_test(lines, self._exact, surrogate.predict_with_gradient, highest)
        if result.is_telling:
            draw = partial(drag_lines_figure, result, self.units)
            yield Probe("drag_lines", result.metrics(), draw)

    def _random_lines(self, tables: Tables) -> tuple[list["DragPath"], Array]:
        """Lines that lie below the training energies to some extent, and where these end."""
        positions, widths = tables.test.inputs
        targets, known_widths = tables.train.targets, tables.train.inputs[1]
        highest = {
            float(width): float(targets[known_widths == width].max())
            for width in np.unique(known_widths)
        }

        def is_known(line: "DragPath") -> bool:
            looked_at = line.positions[::EACH_LOOKED_AT]
            energies = self.potential.energy_per_particle(looked_at, line.cell_width)
            return bool(np.mean(energies <= highest[line.cell_width]) >= LEAST_KNOWN)

        known = np.isin(widths, known_widths)
        choices = (positions[known], widths[known], LINES, DRAG_POINTS, LINES_SEED)
        lines = self._chosen("drag_lines", tables, lambda: random_lines(*choices, is_known))
        return lines, np.array([highest[line.cell_width] for line in lines])

    def _chosen(
        self, name: str, tables: Tables, choose: Callable[[], list["DragPath"]]
    ) -> list["DragPath"]:
        """Paths that are chosen by exact energies, once for equal data; starts are kept of them."""
        recipes = [recipe.fingerprint for recipe in self.recipes().values()]
        data = (*recipes, tables.train.fingerprint, tables.test.fingerprint)
        starts = once(
            (name, data),
            lambda: [path._replace(positions=path.positions[:1].copy()) for path in choose()],
        )
        return [
            straight_path(start, width, DRAG_POINTS, particle, axis)
            for (start,), width, particle, axis in starts
        ]

    def _particle_energies(self, surrogate: Surrogate, test: Table) -> Iterator[Probe]:
        """How networks of single particles share the energy, where exact particles share it."""
        if self.potential.counting != "translation_invariant" or self.particle_numbers == (1,):
            return
        found = surrogate.predict_places(*test.inputs)
        if found is not None:
            positions, widths = test.inputs
            exact = self.potential.particle_energies(positions, widths)
            draw = partial(sharing_figure, found, exact, self.units[0])
            yield Probe("particle_energies", sharing_errors(found, exact), draw)

    def _exact(self, positions: Array, widths: Array) -> tuple[Array, Array]:
        """Energies per particle and their gradients."""
        energy, forces = self.potential.energy_and_forces(positions, widths)
        return energy, -forces / numbers(positions)[:, None, None]

    def _drag(self, name: str, path: "DragPath", surrogate: Surrogate) -> Probe:
        width, unit = path.cell_width, unit_label(self.units.length)
        widths = np.full(len(path.positions), width)
        result = drag_test(
            path,
            lambda positions: self._exact(positions, widths),
            lambda positions: surrogate.predict_with_gradient(positions, widths),
        )
        told = [f"cell width {width:.3g} {unit}"] * (self.lattice.n_widths > 1)
        told += [f"{path.positions.shape[1]} particles"] * (len(self.particle_numbers) > 1)
        draw = partial(_drag_figure, result, self.units, ", ".join(told))
        return Probe(name, result.errors(), draw)


def _drag_figure(result: "DragTest", units: ToyUnits, told: str) -> "Figure":
    figure = drag_figure(result, units)
    if told:
        figure.suptitle(told, x=0.99, ha="right", fontsize=9)
    return figure


def _inputs(features: Descriptor, path: "DragPath", length_unit: str) -> "Figure":
    """What a network sees along a path."""
    names = features.names(path.positions.shape[1])
    values = features(path.positions, path.cell_width)
    return descriptor_figure(path, names, values, length_unit)


def _table(source: Source) -> Table:
    data = arrays(source.frame)
    gradients = -data.forces / numbers(data.positions)[:, None, None]
    return Table((data.positions, data.cell_width), data.energy, gradients)


def _of_one_number(tables: Tables) -> Tables | None:
    """The rows of the largest number of particles of which training and test have a common width.

    None where there is no such number, as in very small databases of many kinds.
    """
    train, test = (numbers(table.inputs[0]) for table in (tables.train, tables.test))
    for number in sorted({*train.tolist()} & {*test.tolist()}, reverse=True):
        known, unknown = _cut(tables.train, train == number), _cut(tables.test, test == number)
        if np.isin(unknown.inputs[1], known.inputs[1]).any():
            return replace(tables, train=known, test=unknown)
    return None


def _cut(table: Table, chosen: Mask) -> Table:
    """Some rows that have one number of particles, without places for more."""
    if chosen.all() and not some_absent(table.inputs[0]):
        return table
    positions, widths = (array[chosen] for array in table.inputs)
    number = int(numbers(positions)[0])
    gradients = None if table.gradients is None else table.gradients[chosen, :number]
    return Table((positions[:, :number], widths), table.targets[chosen], gradients)
