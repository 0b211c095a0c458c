"""The rows of a database."""

import numpy as np
import polars as pl
import pytest

from peslab.database import Recipe, arrays, cut_top, generate
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

POTENTIAL, LATTICE, MOVES = ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1)


def recipe(**choices):
    return Recipe(
        **{
            "potential": POTENTIAL,
            "lattice": LATTICE,
            "relaxation": MOVES,
            "size": 90,
            "seed": 0,
            "keep_quantile": 0.9,
        }
        | choices
    )


def test_columns():
    """One row a configuration, with fixed shapes, so that files and arrays need no conversion."""
    frame = generate(recipe())
    assert frame.schema == {
        "positions": pl.Array(pl.Float64, (4, 2)),
        "cell_width": pl.Float64,
        "energy_per_particle": pl.Float64,
        "forces": pl.Array(pl.Float64, (4, 2)),
        "acceptance_rate": pl.Float64,
    }
    assert frame["acceptance_rate"].is_between(0.0, 1.0).all()
    assert frame["positions"].explode().explode().is_between(0.0, 5.0).all()


def test_labels_belong_to_the_positions():
    """Energies and forces are those that the potential gives for the row's positions."""
    columns = arrays(generate(recipe()))
    energies, forces = POTENTIAL.energy_and_forces(columns.positions, columns.cell_width)
    assert (columns.energy == energies).all()
    assert (columns.forces == forces).all()


@pytest.mark.parametrize("size", [1, 2, 9, 10, 77])
@pytest.mark.parametrize("keep_quantile", [0.1, 0.3, 0.7, 0.9, 0.95, 1.0])
def test_size_counts_the_rows_kept(size, keep_quantile):
    """However the cut falls, the database has as many rows as were asked for."""
    assert len(generate(recipe(size=size, keep_quantile=keep_quantile))) == size


def test_lowest_energies_are_kept_in_order():
    """The cut takes away the top and leaves the sequence of sampling."""
    everything = arrays(generate(recipe(size=100, keep_quantile=1.0)))
    kept = arrays(generate(recipe(size=90, keep_quantile=0.9)))
    limit = np.sort(everything.energy)[89]
    assert (kept.positions == everything.positions[everything.energy <= limit]).all()


def test_cut_is_made_within_each_width():
    """Small cells have higher energies, and must not lose all their rows to large ones."""
    frame = pl.DataFrame(
        {
            "cell_width": [1.0, 2.0] * 10,
            "energy_per_particle": [float(k + 100 * (k % 2)) for k in range(20)],
        }
    )
    kept = cut_top(frame, 0.75)
    assert kept["cell_width"].value_counts().sort("cell_width")["count"].to_list() == [7, 7]
    assert kept.filter(cell_width=1.0)["energy_per_particle"].to_list() == list(range(0, 14, 2))


def test_equal_energies_are_cut_by_their_order():
    """Ties do not change the number of rows."""
    frame = pl.DataFrame({"cell_width": [1.0] * 10, "energy_per_particle": [0.0] * 10})
    assert len(cut_top(frame, 0.5)) == 5


def test_no_relaxation_no_acceptance_rate():
    """Without epochs the rate is missing, not zero and not NaN."""
    frame = generate(recipe(relaxation=RandomMoves(0, 0.1)))
    assert frame["acceptance_rate"].null_count() == 90


def test_same_seed_same_bits():
    """Whatever the number of threads; and another seed gives another database."""
    one = generate(recipe(size=500), n_threads=1)
    assert generate(recipe(size=500), n_threads=3).equals(one)
    other = generate(recipe(size=500, seed=1))
    assert not (other["energy_per_particle"] == one["energy_per_particle"]).any()


def test_arrays_can_be_written_to():
    """They are copies: a scaling in place does not reach the database."""
    frame = generate(recipe(size=10))
    columns = arrays(pl.concat([frame, frame], rechunk=False))
    assert columns.positions.shape == (20, 4, 2)
    columns.energy[:] = 0.0
    assert frame["energy_per_particle"].abs().min() > 0.0
