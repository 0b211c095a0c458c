"""`peslab generate`: the databases of a config, without training."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peslab.errors import PeslabError

if TYPE_CHECKING:
    from rich.console import Console

    from peslab.database import Overview, Recipe
    from peslab.toymodel.convergence import LeftOut

USAGE = """\
peslab generate [--json] [KEY=VALUE …] [GROUP=OPTION …]   databases and their figures

  peslab generate                                   25,000 configurations, and 20,000 to test on
  peslab generate lattice=square_4_widths           86 widths from 1.5 to 10 R_c
  peslab generate 'lattice.n_particles=[2,3,4,6]'   cells of 2, 3, 4 and 6 particles
  peslab generate lattice=cube_8 database.size=5000
  peslab generate relaxation.epochs=10,40,100       several databases side by side
  peslab generate lattice.cell_width=2.5,5,10,20 relaxation.epochs=20,40,80 relaxation.images=frozen

Runs of the same recipe find them by their fingerprint and do not make them again. What was
interrupted is continued. --json prints the numbers for programs.
"""

FLAGS = {"--json", "-m", "--multirun"}  # a sweep needs no flag here, but may have it


def main(arguments: list[str]) -> None:
    """Generate or find the databases of a composed config, and show what is in them.

    Args:
        arguments: Overrides, and `--json`.

    Raises:
        PeslabError: If the config is wrong anywhere in its sweep, or the folder cannot be written.
    """
    if {"-h", "--help"} & set(arguments):
        from peslab.apps import help as help_page

        sys.stdout.write(help_page.text(USAGE))
        return
    from rich.console import Console

    from peslab.apps.present import console
    from peslab.configuration.folders import home

    flags = {argument for argument in arguments if argument.startswith("-")}
    if unknown := flags - FLAGS:
        raise PeslabError(f"{min(unknown)} is no option of peslab generate: it takes --json.")
    chosen = combinations([argument for argument in arguments if argument not in flags])
    told = Console(stderr=True, highlight=False) if "--json" in flags else console
    show = alone if len(chosen) == 1 and not chosen[0][0] else side_by_side
    rows = show(chosen, home() / "databases", told)
    if "--json" in flags:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")


Chosen = Sequence[tuple[Mapping[str, str], "Mapping[str, Recipe]"]]
"""The values of the swept keys, and the recipes by their parts."""


def combinations(overrides: Sequence[str]) -> Chosen:
    """Every combination of swept values with its recipes; all are checked before any is made.

    Raises:
        PeslabError: If a config is wrong, or a sweep has no end or does not change the database.
    """
    from peslab.configuration.compose import parse

    swept = [override for override in parse(overrides) if override.is_sweep_override()]
    for item in swept:
        if not item.is_discrete_sweep():
            raise PeslabError(
                f"{item.input_line} has no end of values: give a list, {item.key_or_group}=1,2,3."
            )
    fixed = [text for text in overrides if text not in {item.input_line for item in swept}]
    keys = [item.key_or_group for item in swept]
    chosen = [
        (
            dict(zip(keys, values, strict=True)),
            _recipes([*fixed, *map("=".join, zip(keys, values, strict=True))]),
        )
        for values in product(*(list(item.sweep_string_iterator()) for item in swept))
    ]
    if len({recipes["train"].fingerprint for _, recipes in chosen}) < len(chosen):
        raise PeslabError(
            f"the values of {' and '.join(keys)} give the same database more than once: sweep keys "
            "of potential, lattice, relaxation or database, and no value twice."
        )
    return chosen


def _recipes(overrides: Sequence[str]) -> "Mapping[str, Recipe]":
    from peslab.configuration.build import build, check
    from peslab.configuration.compose import compose, without_hydra
    from peslab.problems import LatticePES

    problem = build(check(without_hydra(compose(overrides)))["problem"], "problem")
    if not isinstance(problem, LatticePES):
        raise PeslabError(
            f"peslab generate makes databases of lattices, and {problem.name} has none: leave "
            "problem out."
        )
    return problem.recipes()


def alone(chosen: Chosen, folder: Path, console: "Console") -> list[dict[str, Any]]:
    """Make and show the databases of one config."""
    from peslab.apps import databases
    from peslab.apps.warned import warned
    from peslab.database import (
        database_path,
        overview,
        overviews_by_number,
        overviews_by_width,
    )

    [(_, recipes)] = chosen
    databases.make_all(list(recipes.values()), folder, console)
    paths = {part: database_path(recipe, folder) for part, recipe in recipes.items()}
    overviews = {part: overview(path) for part, path in paths.items()}
    console.print(databases.database_table(recipes, overviews))
    if recipes["train"].lattice.n_widths > 1:
        console.print(databases.width_table(recipes["train"], overviews_by_width(paths["train"])))
    if len(recipes["train"].lattice.particle_numbers) > 1:
        console.print(databases.number_table(recipes["train"], overviews_by_number(paths["train"])))
    for told in warned(recipes["train"], paths["train"]):
        console.print(told)
    rests = {part: databases.rest_of(recipe, paths[part]) for part, recipe in recipes.items()}
    if rest := rests["train"]:
        console.print(rest.told)
    figures = paths["train"].with_suffix("")
    databases.save(databases.figures_of(recipes["train"], paths["train"]), figures)
    if recipes["train"].lattice.dimension not in databases.DRAWN:
        console.print("Lattices are drawn in two and three dimensions.")
    for part, path in paths.items():
        console.print(f"{part + ':':<8} {path}", soft_wrap=True)
    console.print(f"figures: {figures}/", soft_wrap=True)
    return [
        _row({"part": part}, recipe, overviews[part], rests[part], paths[part])
        for part, recipe in recipes.items()
    ]


def side_by_side(chosen: Chosen, folder: Path, console: "Console") -> list[dict[str, Any]]:
    """Make the training databases of several configs, and compare them."""
    from peslab.apps import databases
    from peslab.apps.warned import warned
    from peslab.database import database_path, overview

    recipes = [parts["train"] for _, parts in chosen]
    databases.make_all(recipes, folder, console)
    paths = [database_path(recipe, folder) for recipe in recipes]
    overviews = [overview(path) for path in paths]
    names = short_names(list(chosen[0][0]))
    swept = [dict(zip(names, values.values(), strict=True)) for values, _ in chosen]
    console.print(databases.comparison_table(swept, recipes, overviews))
    rests = [databases.rest_of(*each) for each in zip(recipes, paths, strict=True)]
    labels = [" ".join(f"{key}={value}" for key, value in values.items()) for values in swept]
    for line in databases.rests_told(labels, rests):
        console.print(line)
    for label, recipe, path in zip(labels, recipes, paths, strict=True):
        for told in warned(recipe, path):
            console.print(f"{label}: {told}")
    together = hashlib.sha256("".join(recipe.fingerprint for recipe in recipes).encode())
    figures = folder / f"comparison_{together.hexdigest()[:16]}"
    databases.save(databases.comparison_figures(swept, recipes, paths), figures)
    console.print(f"figures: {figures}/", soft_wrap=True)
    return [
        _row(_typed(values), recipe, one, rest, path)
        for (values, _), recipe, one, rest, path in zip(
            chosen, recipes, overviews, rests, paths, strict=True
        )
    ]


def short_names(keys: list[str]) -> list[str]:
    """The last parts of dotted keys, as far as those tell them apart."""
    short = [key.rpartition(".")[2] for key in keys]
    return short if len({*short}) == len(keys) else keys


def _typed(values: Mapping[str, str]) -> dict[str, Any]:
    """Values as Hydra reads them, rather than their texts."""
    from peslab.configuration.compose import parse

    return {key: parse([f"{key}={value}"])[0].value() for key, value in values.items()}


def _row(
    values: Mapping[str, Any],
    recipe: "Recipe",
    one: "Overview",
    rest: "LeftOut | None",
    path: Path,
) -> dict[str, Any]:
    """A database in plain values; of a sum without a limit nobody knows what is left out."""
    from peslab.toymodel.units import units_of

    shape = {"n_particles": recipe.lattice.n_particles, "dimension": recipe.lattice.dimension}
    converges = rest is None or rest.convergence.converges
    depth = {
        "depth": recipe.potential.depth,
        "converges": converges,
        "left_out": (0.0 if rest is None else rest.error) if converges else None,
    }
    energy, length = units_of(recipe.potential)
    units = {"energy_unit": energy, "length_unit": length}
    return {**values, **shape, **asdict(one), **depth, **units, "path": str(path)}
