"""Databases on disk: found, shared, and never believed when damaged."""

import logging
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from peslab.database import (
    Recipe,
    database_path,
    generate,
    generate_if_missing,
    load_or_generate,
    parquet,
    store,
)
from peslab.database.rows import is_made
from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1), 50, 0, 0.9)


@pytest.fixture
def generated(monkeypatch):
    """The recipes that were generated during a test."""
    recipes = []

    make = store.make

    def counted(path, recipe, n_threads, progress):
        recipes.append(recipe)
        return make(path, recipe, n_threads, progress)

    monkeypatch.setattr(store, "make", counted)
    return recipes


def test_made_once_and_read_back(tmp_path, generated):
    """The second time the same rows come from the file, bit for bit."""
    made = load_or_generate(RECIPE, tmp_path / "databases")
    read = load_or_generate(RECIPE, tmp_path / "databases")
    assert generated == [RECIPE]
    assert read.equals(made)
    assert read.schema == made.schema
    assert made.equals(generate(RECIPE))


def test_rows_need_not_be_held(tmp_path, generated, monkeypatch):
    """Whoever wants the file has it made, and checked to the last bit, piece by piece."""
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 20)  # of 50
    looked_at, read_parquet = [], pl.read_parquet

    def told(path, *, n_rows=None, **others):
        looked_at.append(n_rows)
        return read_parquet(path, n_rows=n_rows, **others)

    monkeypatch.setattr(pl, "read_parquet", told)
    path = generate_if_missing(RECIPE, tmp_path)
    assert path == generate_if_missing(RECIPE, tmp_path) == database_path(RECIPE, tmp_path)
    assert generated == [RECIPE]
    assert None not in looked_at
    monkeypatch.undo()
    assert load_or_generate(RECIPE, tmp_path).equals(generate(RECIPE))
    assert [len(rows) for rows in parquet.rows_of(path)] == [50]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    generate_if_missing(RECIPE, tmp_path)
    assert load_or_generate(RECIPE, tmp_path).equals(generate(RECIPE))
    assert not parquet.is_whole(path, "another fingerprint")
    assert not parquet.is_whole(tmp_path / "missing.parquet", RECIPE.fingerprint)


def test_missing_acceptance_rates_are_read_back(tmp_path, generated):
    """Nulls survive the file and the check of its content."""
    unrelaxed = replace(RECIPE, relaxation=RandomMoves(0, 0.1))
    made = load_or_generate(unrelaxed, tmp_path)
    assert load_or_generate(unrelaxed, tmp_path).equals(made)
    assert len(generated) == 1


def test_other_recipes_have_other_files(tmp_path, generated):
    """Databases lie side by side."""
    load_or_generate(RECIPE, tmp_path)
    load_or_generate(replace(RECIPE, seed=1), tmp_path)
    assert len(generated) == 2
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("length", [0, 3, 100, 1000, -1])
def test_truncated_files_are_made_again(tmp_path, generated, caplog, length):
    """A file that ends too early is noticed, told and replaced."""
    made = load_or_generate(RECIPE, tmp_path)
    path = database_path(RECIPE, tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with caplog.at_level(logging.WARNING):
        assert load_or_generate(RECIPE, tmp_path).equals(made)
    assert "damaged" in caplog.text
    assert len(generated) == 2


def test_flipped_bytes_are_never_believed(tmp_path):
    """Whichever byte is wrong, the rows are right or the file is refused."""
    made = load_or_generate(RECIPE, tmp_path)
    path = database_path(RECIPE, tmp_path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for place in random.integers(len(whole), size=60):
        damaged = bytearray(whole)
        damaged[place] ^= random.integers(1, 256)
        path.write_bytes(damaged)
        frame = store.read(path, RECIPE)
        refused += frame is None
        assert frame is None or frame.equals(made)
        assert is_made(path, RECIPE) == (frame is not None)
    assert refused > 40  # the rest hit bytes that carry no rows, such as statistics


def test_rows_of_another_recipe_are_not_believed(tmp_path, generated):
    """A file under the wrong name is made again."""
    other = replace(RECIPE, seed=1)
    load_or_generate(other, tmp_path)
    database_path(other, tmp_path).rename(database_path(RECIPE, tmp_path))
    assert load_or_generate(RECIPE, tmp_path).equals(generate(RECIPE))
    assert generated == [other, RECIPE]


def test_foreign_parquet_files_are_not_believed(tmp_path):
    """Rows without a fingerprint may be anything."""
    path = database_path(RECIPE, tmp_path)
    generate(RECIPE).write_parquet(path)
    assert store.read(path, RECIPE) is None


def test_failed_writing_leaves_nothing(tmp_path, monkeypatch):
    """Half a database is worse than none."""

    def fail(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        load_or_generate(RECIPE, tmp_path)
    assert not list(tmp_path.glob("*.parquet"))
    assert not list(tmp_path.glob("*.tmp"))


def test_unwritable_folder_is_named(tmp_path):
    """A folder that is a file cannot hold databases."""
    (tmp_path / "occupied").write_text("not a folder")
    with pytest.raises(InvalidInputError, match="occupied cannot be written"):
        load_or_generate(RECIPE, tmp_path / "occupied")


ASK = """
import sys
from pathlib import Path
from peslab.database import Recipe, load_or_generate, store
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

def told(path, recipe, n_threads, progress, make=store.make):
    print("generated", flush=True)
    return make(path, recipe, n_threads, progress)

store.make = told
recipe = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 20000, 0, 0.9)
print(len(load_or_generate(recipe, Path(sys.argv[1]), n_threads=1)))
"""


def test_of_two_processes_one_makes_and_one_waits(tmp_path):
    """Asked at the same time, the rows are generated once and read by the other."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0].split() for process in processes]
    assert sorted(answers, key=len) == [["20000"], ["generated", "20000"]]
    assert isinstance(pl.read_parquet(next(tmp_path.glob("*.parquet"))), pl.DataFrame)
