"""What `peslab generate` shows: databases while they are made, their tables and their figures."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path
from threading import Timer
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from peslab.database import (
    Overview,
    Recipe,
    acceptance,
    arrays,
    check_space,
    crowd,
    generate_if_missing,
    particle_numbers,
    predicted_seconds,
    statistics,
)
from peslab.database.prediction import MANY_TRIANGLES
from peslab.database.statistics import Kind
from peslab.database.store import remaining_configurations
from peslab.evaluation import (
    acceptance_figure,
    energy_by_number,
    energy_by_width,
    energy_distribution,
    percentile_figure,
    sample_lattices,
)
from peslab.evaluation.style import unit_label
from peslab.kernels.arrays import FloatArray
from peslab.study.results.report import COMPACT
from peslab.toymodel import Descent
from peslab.toymodel.convergence import Convergence, LeftOut, left_out
from peslab.toymodel.parts import cutoff_of
from peslab.toymodel.units import ToyUnits, units_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Item = TypeVar("Item")

WORTH_TELLING = 2.0  # seconds
SHOWN_KINDS = 7
CURVE_POINTS = 401
LOOKED_AT = 20_000  # rows that lattices are chosen from
SUMMED_DEEPER = 16  # rows whose energies are summed twice as deep, to see what is left out
BOND_LENGTH = 0.6  # of the cutoff: between the side and the diagonal of a square of four
FEW_NAMES = 3  # of databases that a sentence is about
ALL_DIGITS = 17  # that two different numbers of 64 bits differ in
FEW_KEYS = 2  # swept ones, which leave room for all quantiles in 80 columns
LARGEST_PLAIN = 1e3  # above, energies are told by their powers of ten
DRAWN = (2, 3)  # dimensions
UNITS = ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s"))
ROUND = 10  # times a unit, from which on no part of it is told


def make_all(recipes: Sequence[Recipe], folder: Path, console: Console) -> None:
    """Make what is not there yet: tell before how long it will take, and after how long it took.

    What takes more than two seconds is predicted, and has a bar.
    """
    check_space(recipes, folder)
    if told := crowded(recipes, folder):
        console.print(told)
    with _told_late(console, "Making a few configurations, to tell how long all will take."):
        predicted = predicted_seconds(recipes, folder)
    is_long = predicted > WORTH_TELLING
    if is_long:
        console.print(f"Making databases: about {duration(predicted)}.")
    began = perf_counter()
    columns = (
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} configurations"),
        BarColumn(),
        TimeRemainingColumn(),
    )
    hidden = not (is_long and console.is_terminal)
    totals = [recipe.cut.n_configurations for recipe in recipes]
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=sum(totals))
        for recipe, before in zip(recipes, accumulate(totals, initial=0), strict=False):
            generate_if_missing(recipe, folder, progress=partial(_advance, progress, bar, before))
    if predicted:
        expected = f" (predicted {duration(predicted)})" if is_long else ""
        console.print(f"Made in {duration(perf_counter() - began)}{expected}.")


def crowded(recipes: Sequence[Recipe], folder: Path) -> str | None:
    """A sentence where what is to be made has very many triangles; None where it has not."""
    missing = [recipe for recipe in recipes if remaining_configurations(recipe, folder)]
    found = [(crowd(recipe), units_of(recipe.potential).length) for recipe in missing]
    found = [one for one in found if one[0].triangles > MANY_TRIANGLES]
    if not found:
        return None
    (width, triangles), length = max(found, key=lambda one: one[0].triangles)
    return (
        f"In cells {width:.4g} {length} wide each particle is a corner of about "
        f"{float(f'{triangles:.2g}'):,.0f} triangles, which take long: wider cells, or a lower "
        "cutoff or depth, have fewer."
    )


def duration(seconds: float) -> str:
    """A time in the largest unit that it holds twice."""
    length, unit = next((each for each in UNITS if seconds >= 2.0 * each[0]), UNITS[-1])
    return (
        f"{seconds / length:,.0f} {unit}"
        if seconds >= ROUND * length
        else f"{seconds / length:.1f} {unit}"
    )


@contextmanager
def _told_late(console: Console, sentence: str) -> Iterator[None]:
    """Say what is going on if it is not done in two seconds."""
    timer = Timer(WORTH_TELLING, console.print, [sentence])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _advance(progress: Progress, bar: TaskID, before: int, done: int, _total: int) -> None:
    progress.update(bar, completed=before + done)


def database_table(recipes: Mapping[str, Recipe], overviews: Mapping[str, Overview]) -> Table:
    """Databases at a glance, one in each column."""
    table = Table(title="Databases", **COMPACT)
    table.add_column("")
    for part in overviews:
        table.add_column(f"  {part}", justify="right")
    lattices = [recipe.lattice for recipe in recipes.values()]
    shown = list(overviews.values())

    def row(name: str, values: Sequence[str]) -> None:
        table.add_row(name, *(f"  {value}" for value in values))

    row("rows", [f"{one.rows:,}" for one in shown])
    row("particles N", [_numbers(lattice.particle_numbers) for lattice in lattices])
    row("dimension d", [str(lattice.dimension) for lattice in lattices])
    energy_unit, length_unit = units_told(list(recipes.values()))
    row(f"cell width ({length_unit})", [_widths(one.cell_widths) for one in shown])
    rates = [accepted(recipes[part], one) for part, one in overviews.items()]
    row("accepted in the last ten epochs", rates)
    lowest = f"energy per particle ({energy_unit}): lowest"
    row(lowest, [energy(one.energy_quantiles["min"]) for one in shown])
    for name in ("5%", "25%", "50%", "75%", "95%"):
        label = "median" if name == "50%" else f"{name[:-1]} %"
        row(label.rjust(len(lowest)), [energy(one.energy_quantiles[name]) for one in shown])
    row("highest".rjust(len(lowest)), [energy(one.energy_quantiles["max"]) for one in shown])
    cuts = zip(shown, lattices, strict=True)
    row("rows cut", [_cut(one, lattice.n_kinds) for one, lattice in cuts])
    row("highest energy before the cut", [energy(one.highest_energy) for one in shown])
    return table


def width_table(recipe: Recipe, overviews: Sequence[Overview]) -> Table:
    """Some of the widths of a database at a glance, one in each row."""
    named = {f"{one.cell_widths[0]:.4g}": one for one in overviews}
    return _kind_table(recipe, "widths", "w_c", named)


def number_table(recipe: Recipe, overviews: Mapping[int, Overview]) -> Table:
    """Some of the numbers of particles of a database at a glance, one in each row."""
    named = {str(number): one for number, one in overviews.items()}
    return _kind_table(recipe, "numbers of particles", "N", named)


def _kind_table(recipe: Recipe, kinds: str, symbol: str, named: Mapping[str, Overview]) -> Table:
    some = "Some of its" if len(named) > SHOWN_KINDS else "Its"
    unit = units_of(recipe.potential).energy
    table = Table(title=f"{some} {kinds}: energy per particle ({unit})", **COMPACT)
    for name in (symbol, "rows", "accepted", "lowest", "5 %", "25 %", "median", "75 %", "95 %"):
        table.add_column(name, justify="right")
    table.add_column("cut at", justify="right")
    for name in _some(list(named)):
        one = named[name]
        energies = [energy(value) for value in one.energy_quantiles.values()]
        table.add_row(name, f"{one.rows:,}", accepted(recipe, one), *energies)
    return table


def comparison_table(
    swept: Sequence[Mapping[str, str]], recipes: Sequence[Recipe], overviews: Sequence[Overview]
) -> Table:
    """Databases side by side, one in each row."""
    names = {"min": "lowest", "50%": "median", "max": "highest"}
    shown = ["min", "5%", "25%", "50%", "75%", "95%", "max"]
    if len(swept[0]) > FEW_KEYS:
        shown = ["min", "5%", "50%", "95%", "max"]
    table = Table(title=f"Energy per particle ({units_told(recipes).energy})", **COMPACT)
    for key in swept[0]:
        table.add_column(key.replace("_", "\n"), justify="right", overflow="fold")
    for name in ("accepted", *(names.get(level, level) for level in shown)):
        table.add_column(name.replace("%", " %"), justify="right", no_wrap=True)
    for values, recipe, one in zip(swept, recipes, overviews, strict=True):
        energies = [energy(one.energy_quantiles[level]) for level in shown]
        table.add_row(*values.values(), accepted(recipe, one), *energies)
    return table


def units_told(recipes: Sequence[Recipe]) -> ToyUnits:
    """The units of several databases, each with its own where they differ."""
    units = [units_of(recipe.potential) for recipe in recipes]
    energies, lengths = ("; ".join(dict.fromkeys(each)) for each in zip(*units, strict=True))
    return ToyUnits(energies, lengths)


def accepted(recipe: Recipe, one: Overview) -> str:
    """The acceptance rate with its standard error, in per cent; what was done if none was tried."""
    if one.acceptance_rate is None:
        return "descent" if isinstance(recipe.relaxation, Descent) else "not moved"
    rate, sem = 100 * one.acceptance_rate, 100 * (one.acceptance_rate_sem or 0.0)
    if sem == 0.0:
        return f"{rate:.1f}%"
    decimals = max(1, -math.floor(math.log10(sem)))  # as many as show the error
    return f"{rate:.{decimals}f}±{sem:.{decimals}f}%"


def energy(value: float) -> str:
    """An energy in few letters."""
    return (
        f"{value:z.2f}"
        if abs(value) < LARGEST_PLAIN
        else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")
    )


def _some(kinds: Sequence[Item]) -> list[Item]:
    """The first, the last, and some between."""
    places = np.linspace(0, len(kinds) - 1, min(SHOWN_KINDS, len(kinds))).round().astype(int)
    return [kinds[place] for place in places.tolist()]


def _cut(one: Overview, n_kinds: int) -> str:
    """How many rows were cut, and above which energy; kinds have one each."""
    if not one.rows_cut or n_kinds > 1:
        return f"{one.rows_cut:,}"
    limit, highest = one.energy_quantiles["max"], one.highest_energy
    if limit == highest:
        return f"{one.rows_cut:,} of equal energy"
    told = energy(limit)
    if told == energy(highest):  # rows that were cut would lie there
        told = next(
            text
            for digits in range(2, ALL_DIGITS + 1)
            if (text := f"{limit:.{digits}g}") != f"{highest:.{digits}g}"
        )
    return f"{one.rows_cut:,} above {told}"


def _numbers(particles: Sequence[int]) -> str:
    if len(particles) <= SHOWN_KINDS:
        return ", ".join(map(str, particles))
    return f"{len(particles)} from {particles[0]} to {particles[-1]}"


def _widths(widths: Sequence[float]) -> str:
    if len(widths) == 1:
        return f"{widths[0]:.4g}"
    return f"{len(widths)} from {widths[0]:.4g} to {widths[-1]:.4g}"


def figures_of(recipe: Recipe, path: Path) -> "dict[str, Figure]":
    """The figures of one database, by their names."""
    columns = pl.read_parquet(path, columns=["cell_width", "energy_per_particle"], glob=False)
    widths, energies = (columns[name].to_numpy() for name in columns.columns)
    units = units_of(recipe.potential)
    figures = {
        "energies": energy_distribution(energies, units.energy),
        "percentiles": percentile_figure({"": {"": percentiles(path)}}, units.energy),
    }
    if recipe.lattice.n_widths > 1:
        figures["widths"] = energy_by_width(widths, energies, units)
    if len(recipe.lattice.particle_numbers) > 1:
        figures["numbers"] = energy_by_number(particle_numbers(path), energies, units.energy)
    if curves := _acceptance_by_kind(path, recipe):
        figures["acceptance"] = acceptance_figure({"": curves})
    if recipe.lattice.dimension in DRAWN:
        first = arrays(pl.read_parquet(path, n_rows=LOOKED_AT, glob=False))
        figures["lattices"] = sample_lattices(
            *first[:3],
            bond_length=BOND_LENGTH * min(cutoff_of(recipe.potential), 2.0),
            units=units,
        )
    return figures


def rest_of(recipe: Recipe, path: Path) -> LeftOut | None:
    """What the depth of a database's energies leaves out; None if nothing."""
    rows = arrays(pl.read_parquet(path, n_rows=SUMMED_DEEPER, glob=False))
    return left_out(recipe.potential, rows.positions, rows.cell_width)


def rests_told(names: Sequence[str], rests: Sequence[LeftOut | None]) -> list[str]:
    """A sentence for each depth and kind of convergence among several databases.

    It tells the largest rest, and names the databases unless it is about all of them.
    """
    alike: dict[tuple[int, Convergence], list[tuple[str, LeftOut]]] = {}
    for name, rest in zip(names, rests, strict=True):
        if rest is not None:
            alike.setdefault((rest.depth, rest.convergence), []).append((name, rest))
    lines = []
    for found in alike.values():
        sentence = max((rest for _, rest in found), key=lambda rest: rest.error).told
        shown = [name for name, _ in found[:FEW_NAMES]]
        shown += [f"{len(found) - FEW_NAMES} more"] * (len(found) > FEW_NAMES)
        lines.append(sentence if len(found) == len(names) else f"{', '.join(shown)}: {sentence}")
    return lines


def comparison_figures(
    swept: Sequence[Mapping[str, str]], recipes: Sequence[Recipe], paths: Sequence[Path]
) -> "dict[str, Figure]":
    """Figures with a curve for each database; the first of several swept keys divides panels."""
    names = [[f"{key}={value}" for key, value in values.items()] for values in swept]
    energies: dict[str, dict[str, FloatArray]] = {}
    rates: dict[str, dict[str, FloatArray]] = {}
    for name, path in zip(names, paths, strict=True):
        panel, label = (name[0], " ".join(name[1:])) if len(name) > 1 else ("", name[0])
        energies.setdefault(panel, {})[label] = percentiles(path)
        if len(rate := _acceptance(path)):
            rates.setdefault(panel, {})[label] = rate
    figures = {"percentiles": percentile_figure(energies, units_told(recipes).energy)}
    return figures | ({"acceptance": acceptance_figure(rates)} if rates else {})


def save(figures: "Mapping[str, Figure]", folder: Path) -> None:
    """Write figures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png")


def percentiles(path: Path) -> FloatArray:
    """The energies per particle of a database at evenly spaced percentiles, in E_c."""
    energies = pl.read_parquet(path, columns=["energy_per_particle"], glob=False).to_series()
    curve: FloatArray = np.quantile(energies.to_numpy(), np.linspace(0.0, 1.0, CURVE_POINTS))
    return curve


def _acceptance(path: Path) -> FloatArray:
    """The part of the moves of each epoch that was accepted, over all widths."""
    moves = statistics(path).select("accepted", "tried")
    accepted, tried = (np.array(moves[name].to_list(), float).sum(axis=0) for name in moves.columns)
    rates: FloatArray = np.full(len(tried), np.nan)
    np.divide(accepted, tried, out=rates, where=tried > 0)
    return rates


def _acceptance_by_kind(path: Path, recipe: Recipe) -> dict[str, FloatArray]:
    """The same for some of the widths, or of the numbers of particles where all cells are alike."""
    lattice, (_, length) = recipe.lattice, units_of(recipe.potential)
    by_number = lattice.n_widths == 1 < len(lattice.particle_numbers)
    by: Kind = "n_particles" if by_number else "cell_width"
    rates = acceptance(path, by).partition_by(by, as_dict=True, maintain_order=True)
    label = "{:d} particles" if by_number else f"{{:.4g}} {unit_label(length)}"
    return {
        label.format(*name): rates[name]["acceptance_rate"].to_numpy() for name in _some([*rates])
    }
