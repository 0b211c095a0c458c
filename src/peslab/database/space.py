"""Whether disk and memory can hold databases, told before hours of work."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from peslab.database.recipe import Recipe
from peslab.database.store import remaining_configurations
from peslab.errors import InvalidInputError

FLOAT64 = 8  # bytes
COMPRESSED = 0.9  # of them are left in a file: most digits of positions and forces are random
HELD = 3 * FLOAT64  # bytes of memory of a configuration that is to be cut: energy, rate, order
GIGABYTE = 1e9


def check_space(recipes: Sequence[Recipe], folder: Path) -> None:
    """Refuse databases that disk or memory cannot hold; what is there already takes no more.

    Args:
        recipes: What is to be made, one after the other.
        folder: Where databases are kept; it need not be there yet.

    Raises:
        InvalidInputError: Where there is too little room.
    """
    missing = [(recipe, remaining_configurations(recipe, folder)) for recipe in recipes]
    missing = [(recipe, count) for recipe, count in missing if count]
    if not missing:
        return
    files = sum(recipe.size * bytes_of_row(recipe) for recipe, _ in missing)
    parts = max(count * bytes_of_row(recipe) for recipe, count in missing)  # removed in the end
    free = shutil.disk_usage(_existing(folder)).free
    _check(files + parts, free, f"free on the disk of {folder}")
    held = HELD * max(recipe.cut.n_configurations for recipe, _ in missing)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _check(held, memory, "of memory, where all energies have to fit to be cut")


def bytes_of_row(recipe: Recipe) -> float:
    """Estimate what positions, forces and energy of a configuration take in a file."""
    lattice = recipe.lattice
    particles = float(np.mean(lattice.particle_numbers))
    return COMPRESSED * FLOAT64 * (2 * particles * lattice.dimension + 1)


def _check(needed: float, there: int, where: str) -> None:
    if needed > there:
        raise InvalidInputError(
            f"the databases would take {needed / GIGABYTE:,.4g} GB, and there are "
            f"{there / GIGABYTE:,.4g} GB {where}: lower database.size or database.test_size."
        )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())
