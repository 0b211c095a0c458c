"""Databases survive what happens to files: other processes, killed writers, full disks."""

import logging
import multiprocessing
import os
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_recipe import RECIPE, SLOW, ask, die_while_writing

from peslab.database import arrays, database_path, generate, load_or_generate, parquet, store
from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

FRESH = multiprocessing.get_context("spawn")


@pytest.fixture
def made(monkeypatch):
    """How many databases were generated in this process."""
    recipes = []

    make = store.make

    def counted(path, recipe, n_threads, progress):
        recipes.append(recipe)
        return make(path, recipe, n_threads, progress)

    monkeypatch.setattr(store, "make", counted)
    return recipes


def test_processes_that_ask_at_once_make_it_once(tmp_path):
    """Two processes start together: one makes the rows, both have the same ones, bit for bit."""
    together, answers = FRESH.Barrier(2), FRESH.Queue()
    processes = [FRESH.Process(target=ask, args=(tmp_path, together, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    told = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(times for times, *_ in told) == [0, 1]
    assert {rows for _, rows, _ in told} == {6000}
    kept = store.read(database_path(SLOW, tmp_path), SLOW)
    assert {digest for *_, digest in told} == {parquet.digest([kept])}


def test_a_killed_writer_leaves_no_lock_and_no_rows(tmp_path, made):
    """Killed in the middle of writing, a process blocks nobody, and its part is not believed."""
    writer = FRESH.Process(target=die_while_writing, args=(tmp_path,))
    writer.start()
    writer.join(timeout=60)
    assert writer.exitcode == 9
    assert not database_path(RECIPE, tmp_path).exists()
    assert list(tmp_path.iterdir())  # a lock and a part of a file lie about
    rows = load_or_generate(RECIPE, tmp_path)
    assert rows.equals(generate(RECIPE))
    assert load_or_generate(RECIPE, tmp_path).equals(rows)
    assert len(made) == 1


def test_leftovers_do_not_look_like_databases(tmp_path, made):
    """Parts with a database's beginning of a name, and old locks, are left aside."""
    path = database_path(RECIPE, tmp_path)
    (tmp_path / f"{path.stem}abc.tmp").write_bytes(b"PAR1 and then nothing")
    path.with_suffix(".lock").write_text("")
    assert load_or_generate(RECIPE, tmp_path).height == 60
    assert store.read(path, RECIPE).height == 60
    assert len(made) == 1


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_part_of_a_file_is_no_file(tmp_path, part):
    """However much of it arrived: the rows are refused, not read in part."""
    load_or_generate(RECIPE, tmp_path)
    path = database_path(RECIPE, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    assert store.read(path, RECIPE) is None
    path.write_bytes(whole)
    assert store.read(path, RECIPE) is not None


@pytest.mark.parametrize("bit", [0, 52, 63], ids=["last digit", "exponent", "sign"])
def test_one_wrong_bit_of_one_energy_is_noticed(tmp_path, made, caplog, bit):
    """A file that is a valid Parquet file, but for one bit of one number, is made again."""
    rows = load_or_generate(RECIPE, tmp_path)
    path = database_path(RECIPE, tmp_path)
    energies = rows["energy_per_particle"].to_numpy().copy()
    energies.view(np.uint64)[17] ^= np.uint64(1) << np.uint64(bit)
    wrong = rows.with_columns(energy_per_particle=pl.Series(energies))
    wrong.write_parquet(path, metadata=pl.read_parquet_metadata(path))
    with caplog.at_level(logging.WARNING):
        assert load_or_generate(RECIPE, tmp_path).equals(rows)
    assert str(path) in caplog.text
    assert len(made) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.head(59),
        lambda rows: rows.sort("energy_per_particle"),
        lambda rows: rows.rename({"forces": "gradient"}),
        lambda rows: rows.drop("acceptance_rate"),
        lambda rows: rows.with_columns(pl.col("cell_width").cast(pl.Float32)),
        lambda rows: pl.concat([rows, rows.head(1)]),
    ],
    ids=["fewer", "sorted", "renamed", "narrower", "shorter numbers", "more"],
)
def test_other_tables_under_the_same_name_are_noticed(tmp_path, change):
    """Rows, their sequence, columns and types are all part of what a file promises."""
    rows = load_or_generate(RECIPE, tmp_path)
    path = database_path(RECIPE, tmp_path)
    change(rows).write_parquet(path, metadata=pl.read_parquet_metadata(path))
    assert store.read(path, RECIPE) is None


def test_a_recipe_with_the_same_beginning_is_told_apart(tmp_path):
    """The name holds a part of the fingerprint; the file holds all of it, and that decides."""
    other = replace(RECIPE, seed=RECIPE.seed + 1)
    path = database_path(RECIPE, tmp_path)
    load_or_generate(other, tmp_path)
    database_path(other, tmp_path).rename(path)
    assert store.read(path, other) is not None
    assert store.read(path, RECIPE) is None


def test_folders_are_made_on_the_way(tmp_path):
    """A folder of folders that are not there yet is no trouble."""
    folder = tmp_path / "runs" / "of today" / "databases"
    load_or_generate(RECIPE, folder)
    assert database_path(RECIPE, folder).is_file()


@pytest.mark.parametrize("below", ["", "databases", "a/b"])
def test_folders_that_cannot_be_are_named(tmp_path, below):
    """Neither a file nor what would lie below a file can hold databases: one sentence says so."""
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    with pytest.raises(InvalidInputError, match=r"occupied.* cannot be written .*PESLAB_HOME"):
        load_or_generate(RECIPE, occupied / below)
    assert occupied.read_text() == "a file"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    """Where the rows do not fit, no part of them stays."""

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInputError, match="No space left on device"):
        load_or_generate(RECIPE, tmp_path)
    assert not list(tmp_path.glob("*.parquet"))
    assert not list(tmp_path.glob("*.tmp"))


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path):
    """What cannot be replaced is not silently worked around."""
    database_path(RECIPE, tmp_path).mkdir()
    with pytest.raises(InvalidInputError, match="cannot be written"):
        load_or_generate(RECIPE, tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may do all may write everywhere"
)
def test_a_folder_without_the_right_to_write(tmp_path):
    """What is there is read; what would have to be made is refused with the reason."""
    load_or_generate(RECIPE, tmp_path)
    tmp_path.chmod(0o500)
    try:
        assert load_or_generate(RECIPE, tmp_path).height == 60
        with pytest.raises(InvalidInputError, match="Permission denied"):
            load_or_generate(replace(RECIPE, seed=1), tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_what_is_there_is_read_without_a_lock(tmp_path, monkeypatch, made):
    """A finished database on a read-only medium needs no lock file beside it."""
    load_or_generate(RECIPE, tmp_path)

    def no_locks(*_arguments):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store, "FileLock", no_locks)
    assert load_or_generate(RECIPE, tmp_path).height == 60
    assert len(made) == 1
    with pytest.raises(InvalidInputError, match="Read-only"):
        load_or_generate(replace(RECIPE, seed=1), tmp_path)


def test_a_failure_to_generate_leaves_nothing(tmp_path, monkeypatch):
    """If the physics fails the name stays free, and the next who asks is not blocked."""

    def fail(*_arguments):
        raise InvalidInputError("the energy of configuration 3 is not finite.")

    monkeypatch.setattr(store, "make_parts", fail)
    with pytest.raises(InvalidInputError, match="configuration 3"):
        load_or_generate(RECIPE, tmp_path)
    monkeypatch.undo()
    assert load_or_generate(RECIPE, tmp_path).height == 60


def test_a_disk_that_forgets_is_told(tmp_path, monkeypatch):
    """What was written is read again before it is believed."""
    monkeypatch.setattr(store, "read", lambda _path, _recipe: None)
    with pytest.raises(InvalidInputError, match="is not read as it was written"):
        load_or_generate(RECIPE, tmp_path)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("n_particles", [1, 3])
def test_every_shape_comes_back_as_it_was(tmp_path, n_particles, dimension):
    """Positions and forces of any N and d survive the file as arrays of (n, N, d), bit for bit."""
    recipe = replace(RECIPE, lattice=Lattice(n_particles, dimension, 3.0), size=7)
    written = arrays(load_or_generate(recipe, tmp_path))
    read = arrays(load_or_generate(recipe, tmp_path))
    assert read.positions.shape == read.forces.shape == (7, n_particles, dimension)
    for one, other in zip(written, read, strict=True):
        assert one.dtype == other.dtype == np.float64
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_files_do_not_depend_on_the_threads(tmp_path, n_threads):
    """The content of a database is that of its recipe, whoever made it."""
    recipe = replace(RECIPE, size=400)
    load_or_generate(recipe, tmp_path, n_threads)
    metadata = pl.read_parquet_metadata(database_path(recipe, tmp_path))
    assert metadata["content"] == parquet.digest([generate(recipe, 1)])
    assert metadata["fingerprint"] == recipe.fingerprint


def test_seeds_and_countings_share_starts_as_they_should(tmp_path):
    """Another seed has other rows; another counting, unrelaxed, has the same starts relabeled."""
    unrelaxed = replace(RECIPE, relaxation=RandomMoves(0, 0.1), keep_quantile=1.0)
    one = arrays(load_or_generate(unrelaxed, tmp_path))
    seeded = arrays(load_or_generate(replace(unrelaxed, seed=1), tmp_path))
    published = ModifiedLennardJones(counting="published")
    relabeled = arrays(load_or_generate(replace(unrelaxed, potential=published), tmp_path))
    assert not np.isin(seeded.positions, one.positions).any()
    assert np.array_equal(relabeled.positions, one.positions)
    assert (relabeled.energy != one.energy).any()
