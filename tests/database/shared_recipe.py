"""What processes that ask at once have in common: they are started afresh and import this."""

import os
from importlib import import_module
from pathlib import Path

from peslab.database import Recipe, load_or_generate, parquet, parts, store
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1), 60, 0, 0.9)

SLOW = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 6000, 0, 0.9)

MANY_WIDTHS = Recipe(
    ModifiedLennardJones(), Lattice(3, 2, (2.0, 4.0), 3), RandomMoves(12, 0.1), 91, 0, 0.9
)

generate = import_module("peslab.database.generate")  # the package names the function so


def ask(folder, together, answers):
    """Wait for the others, ask for the database, and tell whether it was made here."""
    made, make = [], store.make

    def told(path, recipe, n_threads, progress):
        made.append(recipe)
        return make(path, recipe, n_threads, progress)

    store.make = told
    together.wait(timeout=60)
    frame = load_or_generate(SLOW, Path(folder), n_threads=1)
    answers.put((len(made), len(frame), parquet.digest([frame])))


def die_while_writing(folder):
    """Be killed when the rows are in the temporary file, but not yet under their name."""
    parquet.os.fsync = lambda _descriptor: os._exit(9)
    load_or_generate(RECIPE, Path(folder), n_threads=1)


def in_small_parts(configurations=17):
    """Make parts so small that a test sees several of them."""
    parts.LARGEST_PART = generate.LARGEST_PIECE = configurations
    generate.FIRST_PIECE = configurations


def die_between_parts(folder):
    """Be killed while the fourth part is written."""
    in_small_parts()
    synced = []

    def fsync(_descriptor):
        synced.append(None)
        if len(synced) == 4:
            os._exit(9)

    parquet.os.fsync = fsync
    load_or_generate(MANY_WIDTHS, Path(folder), n_threads=1)
