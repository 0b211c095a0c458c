"""`peslab generate`, from the command line to its files."""

import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from peslab.apps.generate import USAGE, combinations, short_names
from peslab.database import read_database

SMALL = ("generate", "database.size=50", "database.test_size=20", "relaxation.epochs=12")


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    """The width that tables are made for."""
    monkeypatch.setenv("COLUMNS", "80")


def files(home, pattern):
    return sorted((home / "databases").glob(pattern))


def test_both_databases_are_made_once(peslab, home):
    """A second time they are read; what is told is the same, but for the time that it took."""
    first = peslab(*SMALL)
    made = [file.stat().st_mtime_ns for file in files(home, "*.parquet")]
    second = peslab(*SMALL)
    assert (first.status, second.status, len(made)) == (0, 0, 2)
    assert [file.stat().st_mtime_ns for file in files(home, "*.parquet")] == made
    took, rest = first.out.split("\n", 1)
    assert took.startswith("Made in ")
    assert rest == second.out
    assert first.err == second.err == ""


def test_tables_paths_and_figures_are_told(peslab, home):
    """Where everything lies stands below the table."""
    answer = peslab(*SMALL)
    said = answer.out.splitlines()
    for part in ("train", "test"):
        path = next(line.split()[1] for line in said if line.startswith(f"{part}:"))
        assert len(pl.read_parquet(path)) == {"train": 50, "test": 20}[part]
    folder = next(line.split()[1] for line in said if line.startswith("figures:"))
    assert {file.name for file in files(home, "*/*.png")} == {
        "energies.png",
        "percentiles.png",
        "acceptance.png",
        "lattices.png",
    }
    assert all(str(file).startswith(folder) for file in files(home, "*/*.png"))
    assert max(len(line) for line in said if "/" not in line) <= 80


@pytest.mark.parametrize(("epochs", "is_told"), [(12, True), (300, False)])
def test_an_acceptance_rate_that_was_not_reached_is_told(epochs, is_told, peslab, home):
    """Epochs may end before it."""
    asked = (f"relaxation.epochs={epochs}", "relaxation.target_acceptance_rate=0.2")
    answer = peslab(*SMALL[:3], *asked)
    assert answer.status == 0
    said = " ".join(answer.out.split())
    assert ("relaxation.target_acceptance_rate=0.2; the mean is" in said) is is_told


def test_a_sweep_tells_what_is_wrong_with_which_database(peslab, home):
    """By the value that it has."""
    answer = peslab(*SMALL[:3], "potential.cutoff=0.9,1.5", "relaxation.epochs=2")
    said = " ".join(answer.out.split())
    assert "cutoff=0.9: The cutoff 0.9 lies within the equilibrium distance 1" in said
    assert "cutoff=1.5: " not in said


def test_many_widths_have_a_table_of_their_own(peslab, home):
    """Rows of some of the 86 widths, and a figure of the energies over them."""
    answer = peslab("generate", "lattice=square_4_widths", "database.size=200",
                    "database.test_size=20", "relaxation.epochs=3")  # fmt: skip
    assert answer.status == 0
    assert "86 from 1.5 to 10" in answer.out
    assert "Some of its widths" in answer.out
    assert files(home, "*/widths.png")


def test_pictures_that_cannot_be_drawn_are_told(peslab, home):
    """A line and a hypercube have no picture."""
    answer = peslab(*SMALL, "lattice.dimension=1")
    assert "drawn in two and three dimensions" in answer.out
    assert not files(home, "*/lattices.png")


def test_a_sweep_stands_side_by_side(peslab, home):
    """One table with a row for each, one folder with two figures, no databases to test on."""
    answer = peslab("generate", "relaxation.epochs=0,3,6", "database.size=30")
    assert answer.status == 0
    rows = [line.split()[0] for line in answer.out.splitlines() if "%" in line or "moved" in line]
    assert rows[-3:] == ["0", "3", "6"]
    assert len(files(home, "*.parquet")) == 3
    assert [file.name for file in files(home, "*/*.png")] == ["acceptance.png", "percentiles.png"]


def test_table_2_is_one_command(peslab, home):
    """Widths and epochs in all combinations, the first key changing slowest."""
    answer = peslab("generate", "--json", "lattice.cell_width=2.5,5", "relaxation.epochs=2,4",
                    "database.size=20")  # fmt: skip
    rows = json.loads(answer.out)
    assert [(row["lattice.cell_width"], row["relaxation.epochs"]) for row in rows] == [
        (2.5, 2),
        (2.5, 4),
        (5, 2),
        (5, 4),
    ]
    for row in rows:
        assert row["cell_widths"] == [row["lattice.cell_width"]]
        assert 0.0 < row["acceptance_rate"] < 1.0
        assert row["acceptance_rate_sem"] > 0.0
        assert row["rows"] == 20
        energies = pl.read_parquet(row["path"])["energy_per_particle"]
        assert row["energy_quantiles"]["50%"] == pytest.approx(energies.median())


def test_json_is_all_that_a_program_reads(peslab, home):
    """The tables go to people, on the other stream."""
    answer = peslab(*SMALL, "--json")
    rows = json.loads(answer.out)
    assert [row["part"] for row in rows] == ["train", "test"]
    assert [row["rows"] for row in rows] == [50, 20]
    assert (rows[0]["n_particles"], rows[0]["dimension"]) == (4, 2)
    assert "rows cut" in answer.err


def test_what_a_depth_leaves_out_is_told(peslab, home):
    """In words and in numbers, of one config and of several side by side."""
    small = ("database.size=10", "database.test_size=3", "relaxation.epochs=1")
    answer = peslab("generate", "--json", "potential=lennard_jones", *small)
    assert "summed to the depth 3, which leaves out" in " ".join(answer.err.split())
    train, test = json.loads(answer.out)
    assert (train["depth"], train["converges"]) == (3, True)
    assert 0.0 < train["left_out"] < 1e-3
    assert test["left_out"] > 0.0
    answer = peslab("generate", "--json", "potential.depth=1,2", "potential=lennard_jones", *small)
    said = " ".join(answer.err.split())  # lines are folded
    assert "depth=1: Energies are summed to the depth 1, which leaves out" in said
    assert "depth=2: Energies are summed to the depth 2" in said
    shallow, deep = json.loads(answer.out)
    assert shallow["left_out"] > deep["left_out"] > 0.0
    answer = peslab("generate", "--json", "database.seed=0,1", "potential=pairs_and_area", *small)
    said = " ".join(answer.err.split())
    assert said.count("the sum does not converge in 2D") == 1  # it is true of both
    assert [(row["converges"], row["left_out"]) for row in json.loads(answer.out)] == [
        (False, None)
    ] * 2
    answer = peslab("generate", "--json", *small)
    assert [(row["depth"], row["left_out"]) for row in json.loads(answer.out)] == [(None, 0.0)] * 2


def test_one_unit_is_told_everywhere(peslab, home):
    """E_c of 27.2 of some unit: the numbers are in that unit, and tables, files and runs say so."""
    small = (*SMALL, "potential.characteristic_energy=27.2")
    answer = peslab("generate", "--json", *small[1:])
    assert "energy per particle (E_c/27.2): lowest" in answer.err
    assert "energy per particle (E_c)" not in answer.err
    row, _ = json.loads(answer.out)
    assert (row["energy_unit"], row["length_unit"]) == ("E_c/27.2", "R_c")
    units = read_database(Path(row["path"])).units
    assert (units.energy, units.length) == ("E_c/27.2", "R_c")
    plain, _ = json.loads(peslab("generate", "--json", *SMALL[1:]).out)
    assert row["energy_quantiles"]["50%"] / 27.2 == pytest.approx(plain["energy_quantiles"]["50%"])
    assert plain["energy_unit"] == "E_c"
    answer = peslab("generate", "database.size=10", "relaxation.epochs=1",
                    "potential.characteristic_energy=1,27.2")  # fmt: skip
    assert "Energy per particle (E_c; E_c/27.2)" in answer.out


def test_multirun_is_understood(peslab, home):
    """Who is used to `-m` may type it."""
    answer = peslab("generate", "-m", "relaxation.epochs=1,2", "database.size=10")
    assert (answer.status, answer.err) == (0, "")


def test_all_is_checked_before_any_is_made(peslab, home):
    """The second of three values is impossible: the first database is not made."""
    answer = peslab("generate", "lattice.cell_width=3,-1,5", "database.size=10")
    assert answer.status == 2
    assert "cell_width" in answer.err
    assert not files(home, "*")


def test_groups_and_ranges_can_be_swept():
    """An option of a group is a value, and so is a list."""
    chosen = combinations(["lattice=square_4,cube_8", "database.size=10"])
    assert [values for values, _ in chosen] == [{"lattice": "square_4"}, {"lattice": "cube_8"}]
    assert [recipes["train"].lattice.dimension for _, recipes in chosen] == [2, 3]
    chosen = combinations(["lattice.n_widths=3", "lattice.cell_width=[1,2],[2,5]"])
    assert [recipes["train"].lattice.cell_width for _, recipes in chosen] == [(1, 2), (2, 5)]
    assert combinations([])[0][0] == {}


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["lattice.cell_width", "relaxation.epochs"], ["cell_width", "epochs"]),
        (["potential.cutoff", "relaxation.cutoff"], ["potential.cutoff", "relaxation.cutoff"]),
        (["lattice"], ["lattice"]),
    ],
)
def test_keys_of_the_same_last_name_are_told_apart(keys, names):
    """`potential.cutoff` alone is `cutoff`; beside another cutoff it keeps its group."""
    assert short_names(keys) == names


def test_what_the_disk_cannot_hold_is_told(peslab, home):
    """At once, and nothing is begun."""
    answer = peslab("generate", "database.size=100000000000")
    assert answer.status == 2
    assert "lower database.size" in answer.err
    assert not files(home, "*")


def test_a_folder_that_cannot_be_written_is_told(peslab, home):
    """As everywhere: one sentence, status 2."""
    home.mkdir()
    (home / "databases").write_text("a file")
    answer = peslab(*SMALL)
    assert answer.status == 2
    assert "cannot be written" in answer.err


def test_the_commands_of_the_readme_and_the_help_page_are_valid(repository):
    """Each is checked to the last key; what they do is tested above."""
    text = (repository / "README.md").read_text(encoding="utf-8") + USAGE
    lines = re.findall(r"^ *peslab generate ([a-z].*?)(?:  .*)?$", text, flags=re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        assert combinations(shlex.split(line))
