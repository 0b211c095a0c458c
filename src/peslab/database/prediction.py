"""How long the making of databases will take, from a pilot."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from peslab.database.generate import make_at_once
from peslab.database.recipe import Recipe
from peslab.database.store import remaining_configurations
from peslab.kernels.inputs import checked_configurations
from peslab.kernels.parallel import usable_cores
from peslab.toymodel import Potential
from peslab.toymodel.cost import triangle_count, triangles_within
from peslab.toymodel.parts import check_reach, reach_without_depth

PILOT_SECONDS = 0.2  # for all databases together
LONGER = 5  # times that is a pilot of crowded cells, that their triangles take most of it
MANY_TRIANGLES = 10_000  # of a particle: 40 epochs of four particles take a tenth of a second
SHALLOWEST = 2  # d_s of a pilot: a particle sees all its neighbors


class Crowd(NamedTuple):
    """The cells of a recipe whose particles are corners of the most triangles.

    Attributes:
        cell_width: w_c, an absolute length.
        triangles: Of one particle, of those that are summed.
    """

    cell_width: float
    triangles: float


def predicted_seconds(
    recipes: Sequence[Recipe], folder: Path, n_threads: int | None = None
) -> float:
    """Seconds that `load_or_generate` will need for what is not there yet.

    A few configurations of each database are made and thrown away, on as many threads; writing is
    taken to cost nothing. Where one has so many triangles that it would take seconds, they are
    summed less deep, and the time grows with their number.

    Args:
        recipes: What is to be made.
        folder: Where databases are kept.
        n_threads: None takes all usable cores.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
    """
    missing = [remaining_configurations(recipe, folder) for recipe in recipes]
    n_threads = n_threads or usable_cores()
    return sum(
        count * _seconds_of_one(recipe, n_threads, PILOT_SECONDS / len(recipes))
        for recipe, count in zip(recipes, missing, strict=True)
        if count
    )


def crowd(recipe: Recipe) -> Crowd:
    """Where a recipe's triangles are most, however many there are.

    Raises:
        InvalidInputError: Where they are too many to be summed.
    """
    widths = recipe.lattice.widths(recipe.lattice.n_kinds).tolist()
    found = map(Crowd, widths, _triangles(recipe, recipe.potential))
    most = max(found, key=lambda one: one.triangles)
    if most.triangles > MANY_TRIANGLES:
        first, narrowest = recipe.lattice.sample(1, recipe.seed), recipe.lattice.cell_widths[:1]
        cell = checked_configurations(first, narrowest, with_absent=True)
        check_reach(recipe.potential, cell)  # which a pilot would pass
    return most


def _seconds_of_one(recipe: Recipe, n_threads: int, pilot_seconds: float) -> float:
    """Seconds of a configuration, over whole rounds of the kinds, on all threads together."""
    total, depth = recipe.cut.n_configurations, _deepest(recipe)
    count, deepest = min(max(recipe.lattice.n_kinds, n_threads), total), depth
    if crowd(recipe).triangles > MANY_TRIANGLES:
        depth, pilot_seconds = min(SHALLOWEST, deepest), LONGER * pilot_seconds
    make_at_once(_summed_to(depth, recipe), 0, 1, n_threads)  # loads the kernels, or compiles them
    while True:
        pilot = recipe if depth == deepest else _summed_to(depth, recipe)
        began = time.perf_counter()
        make_at_once(pilot, 0, count, n_threads)
        seconds = time.perf_counter() - began
        growth = (pilot_seconds / seconds) ** (0.5 / recipe.lattice.dimension)
        if depth < deepest and int(growth * depth) > depth:
            depth = min(int(growth * depth), deepest)
        elif depth < deepest or seconds > pilot_seconds / 2 or count == total:
            return seconds / count * _work(recipe) / _work(pilot)
        else:
            count = min(2 * count, total)


def _deepest(recipe: Recipe) -> int:
    """How many cells deep sums go in the narrowest cell; 1 where they have no end."""
    own = [recipe.potential.depth, getattr(recipe.relaxation, "depth", None)]
    reach = reach_without_depth(recipe.potential.interaction())
    cells = reach / float(recipe.lattice.cell_widths[0])
    deep = [depth for depth in own if depth is not None]
    return max([*deep, 1 if math.isinf(cells) else math.ceil(cells)])


def _summed_to(depth: int, recipe: Recipe) -> Recipe:
    """The recipe with sums that end at a depth, if they would not before."""
    relaxation, whole = recipe.relaxation, recipe.potential
    potential = replace(whole, depth=min(depth, whole.depth or depth))
    if whole.depth is None and potential.sums_a_block:
        potential = replace(potential, counting="translation_invariant")
    own = getattr(relaxation, "depth", None)
    if own is not None:
        relaxation = replace(relaxation, depth=min(depth, own))  # type: ignore[type-var]
    return replace(recipe, potential=potential, relaxation=relaxation)


def _work(recipe: Recipe) -> float:
    """Triangles of a round of all kinds, with those of the relaxation; 1 where there are none."""
    moves = getattr(recipe.relaxation, "epochs", getattr(recipe.relaxation, "steps", 0))
    own = getattr(recipe.relaxation, "depth", None)
    relaxed = recipe.potential if own is None else replace(recipe.potential, depth=own)
    if relaxed.sums_a_block:  # moves are not counted so
        relaxed = replace(relaxed, counting="translation_invariant")
    labels, tried = (sum(_triangles(recipe, one)) for one in (recipe.potential, relaxed))
    return labels + moves * tried or 1.0


def _triangles(recipe: Recipe, potential: Potential) -> list[float]:
    """How many triangles a particle of each kind is a corner of, of those that are summed."""
    lattice, depth = recipe.lattice, potential.depth
    if potential.triplet is None:
        return [0.0] * lattice.n_kinds
    reach = 1.5 * potential.interaction().triplet_cutoff
    numbers, widths = (of(lattice.n_kinds).tolist() for of in (lattice.numbers, lattice.widths))
    if potential.sums_a_block and depth is not None:
        return [triangle_count(n, lattice.dimension, depth) / (2 * n) for n in numbers]
    return [
        triangles_within(
            n, lattice.dimension, width, reach if depth is None else min(reach, depth * width)
        )
        for n, width in zip(numbers, widths, strict=True)
    ]
