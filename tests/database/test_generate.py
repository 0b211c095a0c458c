"""The rows of a database."""

from itertools import accumulate, cycle, islice, pairwise
from threading import get_ident
from time import sleep

import numpy as np
import polars as pl
import pytest
from shared_recipe import generate as generating

from peslab.database import Recipe, arrays, generate
from peslab.toymodel import Descent, Lattice, ModifiedLennardJones, RandomMoves

POTENTIAL, LATTICE, MOVES = ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1)
STILL = RandomMoves(0, 0.1)


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


WIDTHS = Lattice(4, 2, (2.0, 5.0), n_widths=4)


@pytest.mark.parametrize("size", [3, 4, 30, 31, 90])
@pytest.mark.parametrize("keep_quantile", [0.3, 0.9, 1.0])
def test_every_width_has_as_many_rows(size, keep_quantile):
    """Rows that do not divide go to the smallest widths; fewer rows than widths are no trouble."""
    frame = generate(recipe(lattice=WIDTHS, size=size, keep_quantile=keep_quantile))
    counts = [len(frame.filter(cell_width=width)) for width in (2.0, 3.0, 4.0, 5.0)]
    assert counts == [size // 4 + (number < size % 4) for number in range(4)]


def test_rows_of_many_widths_keep_their_sequence():
    """Uncut, widths take turns, and a row's label is that of its own width."""
    frame = generate(recipe(lattice=WIDTHS, size=40, keep_quantile=1.0))
    columns = arrays(frame)
    assert columns.cell_width.tolist() == [2.0, 3.0, 4.0, 5.0] * 10
    assert (columns.positions < columns.cell_width[:, None, None]).all()
    assert (POTENTIAL.energy_per_particle(*columns[:2]) == columns.energy).all()


def test_small_cells_do_not_lose_their_rows_to_large_ones():
    """Energies of narrow cells are higher; of each width the lowest nine tenths are kept."""
    everything = generate(recipe(lattice=WIDTHS, size=400, keep_quantile=1.0))
    kept = generate(recipe(lattice=WIDTHS, size=360))
    for width in (2.0, 3.0, 4.0, 5.0):
        energies = everything.filter(cell_width=width)["energy_per_particle"]
        lowest = energies.filter(energies <= energies.sort()[89])
        assert kept.filter(cell_width=width)["energy_per_particle"].to_list() == lowest.to_list()


def test_one_width_of_many_is_not_that_width_alone():
    """Configurations have streams of their own: the first ones of two lattices differ in width."""
    many = arrays(generate(recipe(lattice=WIDTHS, size=40, keep_quantile=1.0, relaxation=STILL)))
    alone = arrays(generate(recipe(lattice=Lattice(4, 2, 2.0), size=40, keep_quantile=1.0,
                                   relaxation=STILL)))  # fmt: skip
    assert (many.positions[::4] == alone.positions[::4]).all()
    assert (many.positions[1::4] == 1.5 * alone.positions[1::4]).all()


def test_rows_are_those_of_their_data_version():
    """The default recipe, 200 rows of it: other rows need another `DATA_VERSION`.

    Sums of energies are rounded as the kind of processor has it, by some 1e-16 of their terms.
    """
    frame = generate(recipe(relaxation=RandomMoves(40, 0.1), size=200))
    data = arrays(frame)
    found = {
        "positions": (data.positions * np.arange(8).reshape(4, 2)).sum(),
        "energies": data.energy.sum(),
        "forces": np.abs(data.forces).sum(),
        "acceptance rates": frame["acceptance_rate"].sum(),
    }
    assert found == pytest.approx(
        {
            "positions": 14162.028758654344,
            "energies": -422.4826762352852,
            "forces": 5619.805903915477,
            "acceptance rates": 47.975,
        },
        rel=1e-10,
    )


@pytest.mark.parametrize("n_threads", [1, 2])
def test_pieces_of_costly_configurations_are_small(monkeypatch, n_threads):
    """However long one takes, a bar moves and signals are heard soon; threads share few ones."""
    make_piece, threads = generating.make_piece, set()

    def slow(recipe, start, stop, n_threads=None):
        threads.add(get_ident())
        sleep(0.01 * (stop - start))
        return make_piece(recipe, start, stop, n_threads)

    monkeypatch.setattr(generating, "make_piece", slow)
    monkeypatch.setattr(generating, "SECONDS_PER_PIECE", 0.05)
    done = []
    generate(recipe(size=90), n_threads, lambda now, _: done.append(now))
    assert done[0] == 1
    assert done[-1] == 100
    assert max(np.diff(done)) <= 5 * n_threads
    assert get_ident() not in threads  # which hears signals


@pytest.mark.parametrize(
    "relaxation",
    [
        RandomMoves(8, 0.1, images="frozen"),
        RandomMoves(8, 0.1, scaled="epochs", reference_width=3.0),
        RandomMoves(20, 0.1, target_acceptance_rate=0.4),
        Descent(10),
    ],
    ids=["frozen", "scaled", "target", "descent"],
)
@pytest.mark.parametrize("sizes", [(1, 7, 3), (13, 50)], ids=str)
def test_rows_do_not_depend_on_the_sizes_of_pieces(relaxation, sizes):
    """Nor do moves: how deep images are frozen, and how many epochs there are, each cell knows."""
    mixed = recipe(relaxation=relaxation, lattice=Lattice((2, 4), 2, (1.2, 4.0), 3), size=60)
    whole = generating.make_piece(mixed, 0, 60, 1)
    edges = [0, *(end for end in accumulate(islice(cycle(sizes), 60)) if end < 60), 60]
    made = [generating.make_piece(mixed, *ends, 1) for ends in pairwise(edges)]
    assert pl.concat([piece.frame for piece in made]).equals(whole.frame)
    moves = made[0].moves
    for piece in made[1:]:
        moves += piece.moves
    assert all(np.array_equal(*both) for both in zip(moves, whole.moves, strict=True))
