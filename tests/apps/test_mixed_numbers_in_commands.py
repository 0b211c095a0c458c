"""Commands on cells of different numbers of particles."""

import json

import pytest

SMALL = (
    *("lattice.n_particles=[2,3,5]", "database.size=60", "database.test_size=30"),
    "relaxation.epochs=12",
)
EACH = ("debug=fast", "features=symmetry_functions", "scaling=standardize", "trainer.max_epochs=1")


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    """The width that tables are made for."""
    monkeypatch.setenv("COLUMNS", "80")


def databases(home):
    """Of training and of test, by their sizes."""
    files = (home / "databases").glob("*.parquet")
    return sorted(files, key=lambda path: path.stat().st_size, reverse=True)


def test_generate_tells_and_draws_the_numbers(peslab, home):
    """In the table, in one of their own, and in a figure."""
    answer = peslab("generate", *SMALL)
    assert (answer.status, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert (
        next(line for line in lines if "particles N" in line).split()[2:] == ["2,", "3,", "5"] * 2
    )
    assert "Its numbers of particles" in answer.out
    rows = [line.split() for line in lines[lines.index(_header(lines)) + 2 :][:3]]
    assert [row[:2] for row in rows] == [["2", "20"], ["3", "20"], ["5", "20"]]
    (figures,) = {path.parent for path in (home / "databases").glob("*/*.png")}
    names = {path.stem for path in figures.iterdir()}
    assert names == {"acceptance", "energies", "lattices", "numbers", "percentiles"}
    assert max(len(line) for line in lines if "/" not in line) <= 80


def _header(lines):
    return next(line for line in lines if line.lstrip().startswith("N "))


def test_generate_tells_programs_the_numbers(peslab, home):
    """As a list; one number stays a number."""
    mixed, alone = (
        json.loads(peslab("generate", "--json", *SMALL, *more).out)
        for more in ((), ("lattice.n_particles=3",))
    )
    assert [row["n_particles"] for row in mixed] == [[2, 3, 5]] * 2
    assert [row["n_particles"] for row in alone] == [3, 3]


def test_numbers_and_widths_are_both_told(peslab, home):
    """Two tables, two figures."""
    more = ("lattice.cell_width=[3.0,5.0]", "lattice.n_widths=2")
    answer = peslab("generate", *SMALL, *more)
    assert "Its widths" in answer.out
    assert "Its numbers of particles" in answer.out
    assert {"widths", "numbers"} <= {path.stem for path in (home / "databases").glob("*/*.png")}


def test_several_lists_are_several_databases(peslab, home):
    """Side by side."""
    answer = peslab("generate", "lattice.n_particles=[2,3],4", *SMALL[1:])
    assert answer.status == 0
    assert "[2,3]" in answer.out


def test_convert_tells_the_numbers(peslab, home, tmp_path):
    """And a file of them is a problem as any other."""
    peslab("generate", *SMALL)
    answer = peslab("convert", str(databases(home)[0]), str(tmp_path / "mixed.extxyz"))
    assert (answer.status, answer.err) == (0, "")
    assert "2 to 5 of X, in 2 dimensions" in answer.out
    on_file = ("problem=file", f"problem.path={tmp_path / 'mixed.extxyz'}", *EACH)
    answer = peslab("train", *on_file, "trainer.batch_size=16")
    assert (answer.status, answer.err) == (0, "")
    assert "force_mae" in answer.out
    refused = peslab("train", *on_file, "features=proximity_eigenvalues")
    assert refused.status == 2
    assert "features=symmetry_functions" in refused.err


def test_nothing_is_begun_with_features_of_other_sizes(peslab, home):
    """One sentence, no folder."""
    answer = peslab("train", "lattice.n_particles=[2,3]")
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "ProximityEigenvalues gives configurations of 2 and of 3 particles" in answer.err
    assert not home.exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[3,3]", "several different ones"),
        ("[]", "several different ones"),
        ("[2,0]", "n_particles must be a whole number"),
        ("[2,2.5]", "lattice.n_particles[1]=[2, 2.5] does not fit"),
        ("two", "lattice.n_particles=two does not fit"),
    ],
)
def test_impossible_numbers_are_told(peslab, home, value, words):
    """Before anything is made."""
    answer = peslab("generate", f"lattice.n_particles={value}")
    assert answer.status == 2
    assert words in answer.err


def test_laws_take_one_number(peslab, home):
    """One sentence with the remedy."""
    answer = peslab("laws", "lattice.n_particles=[2,3]")
    assert answer.status == 2
    assert "lattice.n_particles=4" in answer.err
