"""Small databases to be written and read, and what may differ afterwards."""

from functools import cache

import numpy as np

from peslab.database import Database, Recipe, Units, generate
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

TOY = Units("E_c", "R_c")


@cache
def database(n_particles=4, dimension=2, epochs=12, n_rows=20):
    """A few rows of the toy model."""
    recipe = Recipe(
        ModifiedLennardJones(),
        Lattice(n_particles, dimension, 4.3),
        RandomMoves(epochs, 0.1),
        size=n_rows,
        seed=0,
        keep_quantile=0.9,
    )
    return Database(generate(recipe), TOY, "X")


def assert_same(one, other):
    """Every bit is the same, but for the last one of energies."""
    assert (one.units, one.element) == (other.units, other.element)
    assert one.frame.schema == other.frame.schema
    for column in one.frame.columns:
        here, there = (base.frame[column].to_numpy() for base in (one, other))
        if column == "energy_per_particle":
            np.testing.assert_allclose(here, there, rtol=2.3e-16, atol=0)
        else:
            assert np.array_equal(here, there, equal_nan=True), column


def told(raised):
    """The one sentence of an error."""
    (line,) = str(raised.value).splitlines()
    return line
