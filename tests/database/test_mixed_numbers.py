"""Databases of configurations with different numbers of particles: made, told, kept, exchanged."""

import json
from dataclasses import replace

import ase.io
import numpy as np
import polars as pl
import pytest
from foreign import TOY, assert_same

from peslab.database import (
    Database,
    Recipe,
    acceptance,
    arrays,
    database_path,
    generate,
    load_or_generate,
    overview,
    overviews_by_number,
    overviews_by_width,
    predicted_seconds,
    read_database,
    statistics,
    write_database,
)
from peslab.database import parquet as parquet_module
from peslab.database.generate import make_piece
from peslab.errors import InvalidInputError
from peslab.places import numbers
from peslab.toymodel import Lattice, ModifiedLennardJones, NoRelaxation, RandomMoves

LATTICE = Lattice((2, 3, 5), 2, (3.0, 5.0), n_widths=2)
RECIPE = Recipe(ModifiedLennardJones(), LATTICE, RandomMoves(12, 0.1), 75, 0, 0.8)
SAMPLED = 99  # the seventeenth of the third kind is the last that is needed
ENDINGS = [".extxyz", ".xyz", ".db", ".parquet"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("databases")
    load_or_generate(RECIPE, folder)
    return database_path(RECIPE, folder)


def frames(ends, **options):
    """The configurations of the recipe in pieces that end there."""
    return pl.concat(
        make_piece(RECIPE, start, stop, **options).frame
        for start, stop in zip([0, *ends], [*ends, SAMPLED], strict=True)
    )


def test_each_kind_has_its_part_and_its_own_cut(path):
    """75 rows of six kinds: the first three have one more; of each the lowest four fifths stay."""
    rows = arrays(pl.read_parquet(path))
    kinds = list(zip(numbers(rows.positions).tolist(), rows.cell_width.tolist(), strict=True))
    order = [(number, width) for number in (2, 3, 5) for width in (3.0, 5.0)]
    assert [kinds.count(kind) for kind in order] == [13, 13, 13, 12, 12, 12]
    assert RECIPE.cut.n_configurations == SAMPLED
    told = statistics(path)
    assert list(zip(told["n_particles"], told["cell_width"], strict=True)) == order
    for kind, cut, sampled in zip(order, told["cut_energy"], told["sampled"], strict=True):
        of_kind = [e for e, other in zip(rows.energy, kinds, strict=True) if other == kind]
        assert max(of_kind) == cut
        assert sampled == {13: 17, 12: 15}[len(of_kind)]


def test_pieces_and_threads_change_no_bit():
    """Every configuration depends on the seed and its own place alone."""
    whole = frames([], n_threads=1)
    for other in (frames([1, 40], n_threads=1), frames([7, 8, 90], n_threads=3)):
        assert parquet_module.digest([other]) == parquet_module.digest([whole])
    assert generate(RECIPE, 2).equals(generate(RECIPE, 1))


def test_a_cell_is_the_one_of_a_database_of_its_own_number():
    """Rows are those that a lattice of one number has in the same places."""
    mixed = frames([])
    rows = LATTICE.numbers(SAMPLED) == 3
    alone = replace(RECIPE, lattice=replace(LATTICE, n_particles=3))
    own = make_piece(alone, 0, SAMPLED).frame
    for name in ("positions", "forces"):
        found = mixed[name].to_numpy()[rows]
        assert (found[:, :3] == own[name].to_numpy()[rows]).all()
        assert np.isnan(found[:, 3:]).all()
    for name in ("energy_per_particle", "acceptance_rate"):
        assert (mixed[name].to_numpy()[rows] == own[name].to_numpy()[rows]).all()


def test_fingerprints_of_one_number_are_those_of_the_first_version():
    """Written down from peslab 0.1.0: databases are found again, and [4] is 4."""
    one = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 2000, 0, 0.9)
    assert one.fingerprint.startswith("e1848d7f8b67fca5")
    assert replace(one, lattice=Lattice([4], 2, 5.0)).fingerprint == one.fingerprint
    assert replace(one, lattice=Lattice([4, 6], 2, 5.0)).fingerprint != one.fingerprint


def test_moves_are_counted_by_kind(path):
    """Each particle tries one move in an epoch, of 2, 3 or 5."""
    told = statistics(path)
    for row in told.iter_rows(named=True):
        tried = {17: 17, 15: 16}[row["sampled"]] * row["n_particles"]
        assert set(row["tried"]) <= {tried, tried - row["n_particles"]}
    by_number, by_width = acceptance(path, "n_particles"), acceptance(path)
    assert by_number.columns == ["n_particles", "epoch", "acceptance_rate"]
    assert (len(by_number), len(by_width)) == (36, 24)
    of_three = told.filter(n_particles=3)
    first = sum(of_three["accepted"].list.first()) / sum(of_three["tried"].list.first())
    assert by_number.filter(n_particles=3, epoch=1)["acceptance_rate"].item() == first


def test_numbers_and_widths_are_parts_of_the_whole(path):
    """Rows and cuts add up both ways."""
    whole, by_number, by_width = overview(path), overviews_by_number(path), overviews_by_width(path)
    assert list(by_number) == [2, 3, 5]
    assert whole.cell_widths == (3.0, 5.0)
    assert [one.cell_widths for one in by_width] == [(3.0,), (5.0,)]
    for parts in (by_number.values(), by_width):
        assert sum(part.rows for part in parts) == whole.rows == 75
        assert sum(part.rows_cut for part in parts) == whole.rows_cut
        assert max(part.highest_energy for part in parts) == whole.highest_energy
    rows = arrays(pl.read_parquet(path))
    of_five = rows.energy[numbers(rows.positions) == 5]
    assert by_number[5].energy_quantiles["50%"] == np.median(of_five)


def test_files_of_a_time_with_one_number_are_read(path, tmp_path):
    """They do not tell it."""
    about = pl.read_parquet_metadata(path)["about"]
    older = json.dumps([row[:9] for row in json.loads(about)])
    frame = pl.read_parquet(path)
    frame.write_parquet(tmp_path / "old.parquet", metadata={"about": older})
    assert statistics(tmp_path / "old.parquet")["n_particles"].null_count() == 6
    assert overview(tmp_path / "old.parquet") == overview(path)
    assert acceptance(tmp_path / "old.parquet").equals(acceptance(path))


def test_what_is_kept_is_read_again_and_checked(path):
    """Labels of the first rows are computed anew, whatever their numbers."""
    made = path.stat().st_mtime_ns
    assert load_or_generate(RECIPE, path.parent).equals(generate(RECIPE))
    assert path.stat().st_mtime_ns == made
    assert predicted_seconds([replace(RECIPE, seed=5)], path.parent, 1) > 0.0


def test_without_relaxation_there_are_cells_of_all_numbers_too():
    """Random starts have their labels."""
    frame = generate(replace(RECIPE, relaxation=NoRelaxation()))
    assert sorted(set(numbers(frame["positions"].to_numpy()).tolist())) == [2, 3, 5]
    assert frame["acceptance_rate"].null_count() == 75


@pytest.mark.parametrize("ending", ENDINGS)
def test_there_and_back_every_bit_is_the_same(ending, tmp_path):
    """Each row has its own particles in the file, and is NaN behind them again afterwards."""
    original = Database(generate(RECIPE), TOY, "X")
    write_database(original, tmp_path / f"data{ending}")
    back = read_database(tmp_path / f"data{ending}")
    assert_same(back, original)
    if ending == ".parquet":
        assert parquet_module.digest([back.frame]) == parquet_module.digest([original.frame])


@pytest.mark.parametrize("ending", [".extxyz", ".db"])
def test_ase_sees_the_particles_that_are_there(ending, tmp_path):
    """And the energy of each whole cell."""
    original = Database(generate(RECIPE), TOY, "X")
    write_database(original, tmp_path / f"data{ending}")
    energies = original.array("energy_per_particle")
    for k, atoms in enumerate(ase.io.read(tmp_path / f"data{ending}", index=":")):
        number = numbers(original.positions)[k]
        assert len(atoms) == number
        assert np.isfinite(atoms.positions).all()
        assert atoms.get_potential_energy() == pytest.approx(number * energies[k], rel=1e-14)
        np.testing.assert_array_equal(atoms.get_forces()[:, :2], original.forces[k, :number])


def test_nan_has_one_bit_pattern():
    """Or two equal databases would have two fingerprints."""
    frame = generate(RECIPE)
    negative = frame["positions"].to_numpy().copy()
    negative[np.isnan(negative)] = -np.nan
    changed = frame.with_columns(pl.Series("positions", negative, dtype=frame["positions"].dtype))
    assert parquet_module.digest([changed]) != parquet_module.digest([frame])
    same = [Database(one, TOY, "X").frame for one in (changed, frame)]
    assert parquet_module.digest([same[0]]) == parquet_module.digest([same[1]])


@pytest.mark.parametrize(
    ("column", "row", "particle", "value", "words"),
    [
        ("positions", 0, (1, 0), np.nan, "particle 1 of configuration 0"),
        ("positions", 1, 0, np.nan, "particle 0 of configuration 1"),
        ("forces", 0, (1, 0), np.nan, "force of configuration 0"),
        ("forces", 0, 1, np.nan, "force of configuration 0"),
        ("forces", 0, 4, 0.0, "forces where configuration 0 has no particle"),
    ],
)
def test_other_nan_are_refused(column, row, particle, value, words):
    """One coordinate alone, a gap, and forces that do not fit the particles."""
    frame = generate(RECIPE)
    values = frame[column].to_numpy().copy()
    place = (row, *particle) if isinstance(particle, tuple) else (row, particle)
    values[place] = value
    with pytest.raises(InvalidInputError, match=words):
        Database(frame.with_columns(pl.Series(column, values)), TOY, "X")
