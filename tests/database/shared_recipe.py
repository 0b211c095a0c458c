"""What processes that ask at once have in common: they are started afresh and import this."""

import os
from pathlib import Path

from peslab.database import Recipe, generate, load_or_generate, store
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1), 60, 0, 0.9)

SLOW = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 6000, 0, 0.9)


def ask(folder, together, answers):
    """Wait for the others, ask for the database, and tell whether it was made here."""
    made = []

    def told(recipe, n_threads=None):
        made.append(recipe)
        return generate(recipe, n_threads)

    store.generate = told
    together.wait(timeout=60)
    frame = load_or_generate(SLOW, Path(folder), n_threads=1)
    answers.put((len(made), len(frame), store.digest(frame)))


def die_while_writing(folder):
    """Be killed when the rows are in the temporary file, but not yet under their name."""
    store.os.fsync = lambda _descriptor: os._exit(9)
    load_or_generate(RECIPE, Path(folder), n_threads=1)
