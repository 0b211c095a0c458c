"""`peslab convert`: a file in, a file out, and what it holds."""

import io

import polars as pl
import pytest
from rich.console import Console

from peslab.apps import present
from peslab.database import Database, Units, read_database

SMALL = ("database.size=40", "database.test_size=20", "relaxation.epochs=5")


@pytest.fixture
def made(peslab, home):
    """A database of the folder of results."""
    assert peslab("generate", *SMALL).status == 0
    return max((home / "databases").glob("*.parquet"), key=lambda path: path.stat().st_size)


def test_a_generated_database_goes_out_and_comes_back(made, peslab, tmp_path):
    """Through every format, one after the other, to the same rows."""
    source = made
    for target in ("a.extxyz", "b.db", "c.xyz", "d.parquet"):
        answer = peslab("convert", str(source), str(tmp_path / target))
        assert (answer.status, answer.err) == (0, "")
        source = tmp_path / target
    assert read_database(source).frame.equals(read_database(made).frame)
    for words in ("d.parquet", "40", "4 of X, in 2 dimensions", "E_c, R_c", "5 R_c", "in E_c/R_c"):
        assert words in answer.out


def test_what_is_told_fits_into_80_columns(made, monkeypatch):
    """Range of energies and widths, in the units of the file."""
    console = Console(width=80, file=io.StringIO(), highlight=False)
    monkeypatch.setattr(present, "console", console)
    frame = read_database(made).frame.drop("forces").head(2)
    frame = frame.with_columns(energy_per_particle=pl.Series([-1.25, 1e7]))
    present.database(made.with_name("x.db"), Database(frame, Units("kcal/mol", "Å"), "Si"))
    told = console.file.getvalue()
    for words in ("-1.25 to 1e+07 kcal/mol", "4 of Si", "5 Å", "forces               none"):
        assert words in told
    assert max(map(len, told.splitlines()[1:])) <= 80


def test_a_target_that_is_there_is_kept_unless_forced(made, peslab, tmp_path):
    """Also if it is the source itself, or a folder."""
    target = tmp_path / "mine.extxyz"
    target.write_text("mine")
    refused = peslab("convert", str(made), str(target))
    assert refused.status == 2
    assert "--force" in refused.err
    assert target.read_text() == "mine"
    assert peslab("convert", str(made), str(target), "--force").status == 0
    assert len(read_database(target).frame) == 40
    assert peslab("convert", str(target), str(target)).status == 2
    assert peslab("convert", str(target), str(target), "--force").status == 0
    assert peslab("convert", str(made), str(tmp_path), "--force").status == 2


def test_what_generate_made_is_not_replaced(made, peslab, tmp_path):
    """Runs find it by its name and its seal, which no converted file has."""
    other = tmp_path / "other.parquet"
    assert peslab("convert", str(made), str(other)).status == 0
    before = made.read_bytes()
    refused = peslab("convert", str(other), str(made), "--force")
    assert (refused.status, made.read_bytes() == before) == (2, True)
    assert "is a database that peslab generate made" in refused.err
    assert peslab("convert", str(made), str(other), "--force").status == 0


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("nothing.extxyz", "x.db", "there is no file"),
        ("empty.extxyz", "x.db", "is empty"),
        ("empty.extxyz", "x.json", "cannot be written"),
        ("empty.csv", "x.db", "cannot be read"),
        ("empty.extxyz", "nowhere/x.db", "there is no folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(source, target, words, peslab, tmp_path):
    """Status 2, and no file, not even half of one."""
    for name in ("empty.extxyz", "empty.csv"):
        (tmp_path / name).touch()
    before = sorted(tmp_path.rglob("*"))
    answer = peslab("convert", str(tmp_path / source), str(tmp_path / target))
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert sorted(tmp_path.rglob("*")) == before


def test_progress_is_shown_on_a_terminal_alone(monkeypatch):
    """A bar that is gone at the end; a log file gets nothing."""
    for terminal in (True, False):
        console = Console(width=80, file=io.StringIO(), force_terminal=terminal)
        monkeypatch.setattr(present, "console", console)
        with present.progress("reading [red].db") as progress:
            progress(0.5)
            progress(1.0)
        assert ("[red].db" in console.file.getvalue()) == terminal
