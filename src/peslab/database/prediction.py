"""How long the making of databases will take, from a pilot."""

import time
from collections.abc import Sequence
from pathlib import Path

from peslab.database.generate import make_piece
from peslab.database.recipe import Recipe
from peslab.database.store import remaining_configurations
from peslab.kernels.parallel import usable_cores

PILOT_SECONDS = 0.2  # for all databases together


def predicted_seconds(
    recipes: Sequence[Recipe], folder: Path, n_threads: int | None = None
) -> float:
    """Seconds that `load_or_generate` will need for what is not there yet.

    A few configurations of each database are made on one thread and thrown away; threads are taken
    to share the work without loss, and writing to cost nothing.

    Args:
        recipes: What is to be made.
        folder: Where databases are kept.
        n_threads: None takes all usable cores.

    Raises:
        InvalidInputError: Where the potential gives an energy that is not finite.
    """
    missing = [remaining_configurations(recipe, folder) for recipe in recipes]
    work = [
        count * _seconds_of_one(recipe, PILOT_SECONDS / len(recipes))
        for recipe, count in zip(recipes, missing, strict=True)
        if count
    ]
    return sum(work) / (n_threads or usable_cores())


def _seconds_of_one(recipe: Recipe, pilot_seconds: float) -> float:
    """Seconds of a configuration on one thread, over whole rounds of the kinds."""
    total = recipe.cut.n_configurations
    make_piece(recipe, 0, 1, n_threads=1)  # loads the kernels, or compiles them
    count = min(recipe.lattice.n_kinds, total)
    while True:
        began = time.perf_counter()
        make_piece(recipe, 0, count, n_threads=1)
        seconds = time.perf_counter() - began
        if seconds > pilot_seconds / 2 or count == total:
            return seconds / count
        count = min(2 * count, total)
