"""Databases in a terminal: tables that fit into 80 columns, a bar for what takes long."""

import io
import re
from dataclasses import replace
from time import sleep

import numpy as np
import pytest
from rich.console import Console

from peslab.apps import databases
from peslab.database import (
    Overview,
    Recipe,
    database_path,
    load_or_generate,
    overview,
    overviews_by_width,
)
from peslab.toymodel import Descent, Lattice, ModifiedLennardJones, NoRelaxation, RandomMoves

LEVELS = ("min", "5%", "25%", "50%", "75%", "95%", "max")
ENERGIES = (-4.021, -3.1, -1.93, -1.31, -0.82, -0.36, -0.231)
ONE = Overview(
    rows=25_000,
    rows_cut=2_778,
    cell_widths=(5.0,),
    acceptance_rate=0.33712,
    acceptance_rate_sem=0.00123,
    energy_quantiles=dict(
        zip(LEVELS, (-4.021, -3.1, -1.93, -1.31, -0.82, -0.36, -0.231), strict=True)
    ),
    highest_energy=6.297e15,
)
RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(12, 0.1), 30, 0, 0.9)
MANY = replace(RECIPE, lattice=Lattice(4, 2, (2.0, 6.0), 9), size=45)


@pytest.fixture
def console():
    """A terminal of 80 columns."""
    return Console(width=80, file=io.StringIO(), highlight=False)


def lines(console, table):
    console.print(table)
    said = console.file.getvalue().splitlines()
    assert max(map(len, said)) <= 80
    return {line[:33].strip(): line[33:].split() for line in said}, said


def test_a_database_at_a_glance(console):
    """Rows, particles, width, acceptance with its error, quantiles, the cut."""
    table, _ = lines(console, databases.database_table({"train": RECIPE}, {"train": ONE}))
    assert table["rows"] == ["25,000"]
    assert table["particles N"] == ["4"]
    assert table["dimension d"] == ["2"]
    assert table["cell width (R_c)"] == ["5"]
    assert table["accepted in the last ten epochs"] == ["33.7±0.1%"]
    assert table["energy per particle (E_c): lowest"] == ["-4.02"]
    assert table["median"] == ["-1.31"]
    assert table["highest"] == ["-0.23"]
    assert table["rows cut"] == ["2,778", "above", "-0.23"]
    assert table["highest energy before the cut"] == ["6.3e15"]


def test_two_parts_of_many_widths_fit(console):
    """The widest case: both parts, 86 widths; there is no single energy at the cut."""
    many = replace(ONE, cell_widths=tuple(np.linspace(1.5, 10.0, 86).tolist()))
    parts = {"train": many, "test": many}
    table, _ = lines(console, databases.database_table(dict.fromkeys(parts, MANY), parts))
    assert table["rows cut"] == ["2,778", "2,778"]
    assert " ".join(table["cell width (R_c)"]) == "86 from 1.5 to 10 86 from 1.5 to 10"


@pytest.mark.parametrize(
    ("rate", "sem", "said"),
    [
        (None, None, "not moved"),
        (0.3371, None, "33.7%"),
        (0.3371, 0.0123, "33.7±1.2%"),
        (0.3371, 0.0006, "33.71±0.06%"),
        (0.3371, 0.00002, "33.710±0.002%"),
        (0.0, 0.0, "0.0%"),
    ],
)
def test_rates_show_their_errors(rate, sem, said):
    """With as many digits as the error needs; one configuration has none, nor has rest."""
    one = replace(ONE, acceptance_rate=rate, acceptance_rate_sem=sem)
    assert databases.accepted(RECIPE, one) == said


def test_descent_moves_without_rates():
    """Nothing is accepted or refused, and yet particles were moved."""
    one = replace(ONE, acceptance_rate=None, acceptance_rate_sem=None)
    assert databases.accepted(replace(RECIPE, relaxation=Descent(5)), one) == "descent"
    assert databases.accepted(replace(RECIPE, relaxation=NoRelaxation()), one) == "not moved"


@pytest.mark.parametrize(
    ("limit", "highest", "said"),
    [
        (-0.231, 6.3e15, "2,778 above -0.23"),
        (-0.231, -0.2309, "2,778 above -0.231"),
        (1e-9, 0.003, "2,778 above 1e-09"),
        (-1.0, -1.0 + 1e-12, "2,778 above -1"),
        (0.0, 0.0, "2,778 of equal energy"),
    ],
)
def test_what_was_cut_lies_above_what_is_told(limit, highest, said, console):
    """With as many digits as that needs."""
    one = replace(
        ONE, energy_quantiles={**ONE.energy_quantiles, "max": limit}, highest_energy=highest
    )
    table, _ = lines(console, databases.database_table({"train": RECIPE}, {"train": one}))
    assert " ".join(table["rows cut"]) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.2345, "-0.23"),
        (999.99, "999.99"),
        (1000.0, "1.0e3"),
        (-6.3e15, "-6.3e15"),
        (0.0, "0.00"),
    ],
)
def test_energies_are_short(value, said):
    """At most seven letters."""
    assert databases.energy(value) == said
    assert len(said) <= 7


def test_some_widths_are_shown(tmp_path, console):
    """The smallest, the largest, and five between; what each was cut at is its highest energy."""
    load_or_generate(MANY, tmp_path)
    widths = overviews_by_width(database_path(MANY, tmp_path))
    _, said = lines(console, databases.width_table(MANY, widths))
    rows = [line.split() for line in said[3:]]
    assert [row[0] for row in rows] == ["2", "2.5", "3.5", "4", "4.5", "5.5", "6"]
    assert rows[0][1] == "5"
    assert rows[0][-1] == databases.energy(widths[0].energy_quantiles["max"])


@pytest.mark.parametrize("n_keys", [1, 2, 3])
def test_databases_side_by_side_fit(n_keys, console):
    """One row for each; with many keys some quantiles give way."""
    keys = ["cell_width", "epochs", "max_displacement"][:n_keys]
    swept = [dict(zip(keys, values, strict=True)) for values in (("2.5", "40", "0.1")[:n_keys],)]
    wild = replace(ONE, energy_quantiles=dict.fromkeys(LEVELS, -123.45))
    _, said = lines(console, databases.comparison_table(swept * 2, [RECIPE] * 2, [ONE, wild]))
    row = next(line.split() for line in said if "-4.02" in line)
    assert row[:n_keys] == ["2.5", "40", "0.1"][:n_keys]
    assert row[n_keys] == "33.7±0.1%"
    assert (row[n_keys + 1], row[-1]) == ("-4.02", "-0.23")
    assert "-1.31" in row
    assert len(row) == n_keys + (6 if n_keys > 2 else 8)


def test_what_takes_long_is_predicted_and_told(tmp_path, console, monkeypatch):
    """Before, how long it will take; after, how long it took."""
    monkeypatch.setattr(databases, "WORTH_TELLING", 0.0)
    databases.make_all([RECIPE, MANY], tmp_path, console)
    said = console.file.getvalue().splitlines()
    assert said[-2].startswith("Making databases: about ")
    assert said[-1].startswith("Made in ")
    assert "predicted" in said[-1]
    assert all(database_path(recipe, tmp_path).is_file() for recipe in (RECIPE, MANY))


def test_what_is_short_is_told_when_it_is_made(tmp_path, console):
    """Not what is there already."""
    for _ in range(2):
        databases.make_all([RECIPE], tmp_path, console)
    assert re.fullmatch(r"Made in \d\.\d s\.\n", console.file.getvalue())


def test_crowded_cells_are_told_at_once(tmp_path, console, monkeypatch):
    """Before anything is made of them: how many triangles a particle has, and what helps."""

    def stop(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(databases, "predicted_seconds", stop)
    narrow = replace(RECIPE, lattice=Lattice(4, 2, 0.5))
    with pytest.raises(KeyboardInterrupt):
        databases.make_all([RECIPE, narrow], tmp_path, console)
    said = " ".join(console.file.getvalue().split())
    assert said.startswith("In cells 0.5 R_c wide each particle is a corner of about 39,000 tri")
    assert databases.crowded([RECIPE], tmp_path) is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (119.0, "119 s"),
        (120.0, "2.0 minutes"),
        (6036.0, "101 minutes"),
        (8e4, "22 hours"),
        (1e6, "12 days"),
    ],
)
def test_times_are_told_in_units_that_fit(seconds, told):
    """Nobody reads 6,036 s."""
    assert databases.duration(seconds) == told


def test_a_pilot_that_takes_long_is_told(tmp_path, console, monkeypatch):
    """A single configuration of very narrow cells takes half a minute."""
    monkeypatch.setattr(databases, "WORTH_TELLING", 0.05)
    monkeypatch.setattr(databases, "predicted_seconds", lambda *_: sleep(0.5) or 0.0)
    databases.make_all([RECIPE], tmp_path, console)
    assert console.file.getvalue().startswith("Making a few configurations, to tell how long")


def test_a_bar_counts_the_configurations_of_all_databases(tmp_path, monkeypatch):
    """On a terminal, where it takes long."""
    console = Console(width=80, file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr(databases, "WORTH_TELLING", 0.0)
    counted = []
    monkeypatch.setattr(
        databases.Progress, "update", lambda _self, _bar, completed: counted.append(completed)
    )
    databases.make_all([RECIPE, MANY], tmp_path, console)
    first, second = (recipe.cut.n_configurations for recipe in (RECIPE, MANY))
    assert first in counted
    assert counted[-1] == first + second
    assert counted == sorted(counted)
    assert f"of {first + second}" in console.file.getvalue()


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        (RECIPE, {"energies", "percentiles", "acceptance", "lattices"}),
        (MANY, {"energies", "percentiles", "acceptance", "lattices", "widths"}),
        (
            replace(RECIPE, relaxation=RandomMoves(0, 0.1), lattice=Lattice(2, 1, 5.0)),
            {"energies", "percentiles"},
        ),
        (
            replace(RECIPE, lattice=Lattice(2, 3, 5.0)),
            {"energies", "percentiles", "acceptance", "lattices"},
        ),
    ],
    ids=["plane", "widths", "line, not relaxed", "space"],
)
def test_figures_are_those_that_make_sense(recipe, names, tmp_path):
    """No acceptance without moves, no widths where there is one, no picture of a line."""
    load_or_generate(recipe, tmp_path)
    figures = databases.figures_of(recipe, database_path(recipe, tmp_path))
    assert set(figures) == names
    databases.save(figures, tmp_path / "figures")
    assert {file.stem for file in (tmp_path / "figures").iterdir()} == names


def test_compared_curves_are_those_of_their_databases(tmp_path):
    """A panel for each value of the first key, a curve for each of the second."""
    recipes = [
        replace(RECIPE, lattice=Lattice(4, 2, width), relaxation=RandomMoves(epochs, 0.1))
        for width in (3.0, 5.0)
        for epochs in (0, 4, 8)
    ]
    for recipe in recipes:
        load_or_generate(recipe, tmp_path)
    paths = [database_path(recipe, tmp_path) for recipe in recipes]
    swept = [
        {"cell_width": str(recipe.lattice.cell_width), "epochs": str(recipe.relaxation.epochs)}
        for recipe in recipes
    ]
    figures = databases.comparison_figures(swept, recipes, paths)
    panels = figures["percentiles"].axes
    assert [axes.get_title(loc="left") for axes in panels] == ["cell_width=3.0", "cell_width=5.0"]
    lows = [line.get_ydata()[0] for axes in panels for line in axes.lines]
    assert lows == [overview(path).energy_quantiles["min"] for path in paths]
    labels = [line.get_label() for line in figures["acceptance"].axes[0].lines]
    assert labels == ["epochs=4", "epochs=8"]  # nothing was moved in 0


def test_acceptance_over_widths_is_that_of_all_moves(tmp_path):
    """Not a mean of means."""
    load_or_generate(MANY, tmp_path)
    path = database_path(MANY, tmp_path)
    lattice, n = MANY.lattice, MANY.cut.n_configurations
    accepted = MANY.relaxation.relax(
        MANY.potential, lattice.sample(n, 0), lattice.widths(n), 0
    ).accepted
    figure = databases.comparison_figures([{"size": "45"}], [MANY], [path])["acceptance"]
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx(accepted.mean(axis=0) / 4)
