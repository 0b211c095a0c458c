"""What is not ours is refused, with the file, the row and the reason in one sentence."""

import re

import ase.db
import ase.io
import numpy as np
import polars as pl
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from foreign import TOY, database, told

from peslab.database import Database, read_database, write_database
from peslab.errors import InvalidInputError


@pytest.fixture
def whole(tmp_path):
    """The text of a good file."""
    write_database(database(), tmp_path / "good.extxyz")
    return (tmp_path / "good.extxyz").read_text()


def refusal(path):
    """What is said of a file that is refused."""
    with pytest.raises(InvalidInputError) as caught:
        read_database(path)
    sentence = told(caught)
    assert str(path) in sentence
    return sentence


CHANGES = {
    "energy missing": (r"energy=\S+ ", "", "row 0 has no energy"),
    "energy not a number": (r"energy=\S+", "energy=nan", "energy of configuration 0"),
    "energy a word": (r"energy=\S+", "energy=low", "row 0 has the energy 'low'"),
    "energy a flag": (r"energy=\S+", "energy=T", "row 0 has the energy True"),
    "two elements": (r"X ", "Si ", "row 0 holds Si and X"),
    "no cube": (r'Lattice="4\.3 0', 'Lattice="4.3 1', "row 0 has a cell that is not cubic"),
    "no second axis": ('pbc="T T F"', 'pbc="T F T"', "row 0 has pbc=T F T"),
    "no periodic axis": ('pbc="T T F"', 'pbc="F F F"', "row 0 has pbc=F F F"),
    "three axes here, two there": ('pbc="T T F"', 'pbc="T T T"', "its dimensions, 2 and 3"),
    "positions not numbers": (r"X +\S+", "X nan", "row 0 has NaN or infinity in the position of"),
    "a particle without a position": (
        r"X( +\S+){3}",
        "X nan nan nan",
        "the position of particle 0",
    ),
    "positions words": (r"X +\S+", "X here", "cannot be read in row 0"),
    "forces in some rows": (":forces:R:3", "", "with forces and without forces"),
    "forces of one component": ("forces:R:3", "forces:R:1", "forces of shape"),
    "unit of one row": ("E_c", "eV", "row 1 differs from row 0 in its unit of energy, E_c and eV"),
    "unit of length of one row": ("R_c", "nm", "its unit of length"),
    "unit no word": ("energy_unit=E_c", "energy_unit=3.5", "row 0 has '3.5' as its unit of energy"),
    "element unknown": (r"X ", "Qq ", "cannot be read in row 0"),
    "an empty line": (r"\n4\n", "\n\n4\n", "lines behind its first 1 rows"),
    "an empty first line": (r"^4\n", "\n4\n", "lines behind its first 0 rows"),
    "one line less": (r"X .*\n", "", "cannot be read in row 0"),
    "no number of particles": (r"^4\n", "four\n", "cannot be read in row 0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_extended_xyz_of_another_kind_is_refused(name, whole, tmp_path):
    """One change in a good file, in its first row."""
    pattern, replacement, words = CHANGES[name]
    (tmp_path / "bad.extxyz").write_text(re.sub(pattern, replacement, whole, count=1))
    assert words in refusal(tmp_path / "bad.extxyz")


@pytest.mark.parametrize("ending", ["extxyz", "db"])
@pytest.mark.parametrize(("across", "is_refused"), [(0.5, True), (-1e-4, True), (1e-9, False)])
def test_forces_out_of_the_plane_are_not_dropped(ending, across, is_refused, tmp_path):
    """They say that the plane is none; rounding of other programs may stand there."""
    path = tmp_path / f"x.{ending}"
    rows = []
    for out_of_plane in (0.0, across):
        atoms = Atoms("Si2", [[0, 0, 0], [1, 1, 0]], cell=[4] * 3, pbc=[True, True, False])
        forces = [[0.3, -0.1, 0.0], [-0.3, 0.1, out_of_plane]]
        atoms.calc = SinglePointCalculator(atoms, energy=1.0, forces=forces)
        rows.append(atoms)
    ase.io.write(path, rows)
    if is_refused:
        sentence = refusal(path)
        assert "row 1 is periodic along 2 of 3 axes, but has forces" in sentence
        assert f"{abs(across):.2g}" in sentence
    else:
        assert read_database(path).forces.shape == (2, 2, 2)


def test_particles_in_the_same_place_are_refused(whole, tmp_path):
    """Images count as well: 4.3 is 0 in a cell of this width."""
    rows = whole.split("4\nLattice")
    lines = rows[3].splitlines()
    lines[1] = "X 0.0 1.0 0.0 0.0 0.0 0.0"
    lines[2] = "X 4.3 1.0 0.0 0.0 0.0 0.0"
    rows[3] = "\n".join(lines) + "\n"
    (tmp_path / "bad.xyz").write_text("4\nLattice".join(rows))
    assert "particles 0 and 1 of configuration 2 are in the same place" in refusal(
        tmp_path / "bad.xyz"
    )


def test_a_cut_text_is_refused_wherever_it_is_cut(whole, tmp_path):
    """Even in the middle of its last number, which would be another number."""
    ends = [len(whole) - cut for cut in (1, 3, 20, 30, 60, 200, 400, 500)]
    for end in ends:
        (tmp_path / "cut.extxyz").write_text(whole[:end])
        sentence = refusal(tmp_path / "cut.extxyz")
        assert "cut" in sentence


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.extxyz", b"", "is empty"),
        ("x.db", b"", "is empty"),
        ("x.parquet", b"", "is empty"),
        ("x.json", b"", "is empty"),
        ("x.extxyz", b"\n\n", "holds no configuration"),
        ("x.extxyz", b"\xff\xfe\x00\n", "is no text"),
        ("x.json", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("x.db", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("x.db", b"no database", "no SQLite database"),
        ("x.parquet", b"PAR1 and no more", "no Parquet"),
        ("x.csv", b"1,2,3", "its ending is none of"),
        ("x", b"1,2,3", "its ending is none of"),
    ],
)
def test_files_of_another_kind_are_refused(name, content, words, tmp_path):
    """Empty ones, pointers to files elsewhere, and other formats."""
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """A folder is no file."""
    assert "there is no file" in refusal(tmp_path / "nothing.db")
    (tmp_path / "folder.db").mkdir()
    assert "there is no file" in refusal(tmp_path / "folder.db")


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_cut_database_of_ase_is_refused(part, tmp_path):
    """Or is whole: no row is lost silently."""
    path = tmp_path / "data.db"
    write_database(database(n_rows=200), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    refusal(path)


@pytest.mark.parametrize(
    ("atoms", "words"),
    [
        ({"symbols": "NaCl"}, "row 1 holds Cl and Na"),
        ({"cell": [4, 4, 5]}, "row 1 has a cell that is not cubic"),
        ({"pbc": False}, "row 1 has pbc=F F F"),
        ({"symbols": "He2"}, "its element, He and Si"),
        ({"calculator": None}, "row 1 has no energy"),
    ],
)
def test_rows_of_ases_database_of_another_kind_are_refused(atoms, words, tmp_path):
    """The same reasons as for extended XYZ."""
    plain = {"symbols": "Si2", "positions": [[0, 0, 0], [1, 1, 1]], "cell": [4] * 3, "pbc": True}
    with ase.db.connect(tmp_path / "x.db") as target:
        for changes in ({}, atoms):
            made = Atoms(**plain | changes)
            if "calculator" not in changes:
                made.calc = SinglePointCalculator(made, energy=1.0)
            target.write(made)
    assert words in refusal(tmp_path / "x.db")


def test_parquet_that_says_no_units_is_refused(tmp_path):
    """Its numbers may be of anything."""
    database().frame.write_parquet(tmp_path / "x.parquet")
    assert "says no units" in refusal(tmp_path / "x.parquet")


def test_parquet_of_other_rows_than_written_is_refused(tmp_path):
    """The digest of the rows stands beside them."""
    path = tmp_path / "x.parquet"
    write_database(database(), path)
    metadata = {**pl.read_parquet_metadata(path)}
    metadata.pop("ARROW:schema", None)
    database().frame.head(5).write_parquet(path, metadata=metadata)
    assert "is damaged" in refusal(path)


FRAME = database().frame


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (FRAME.drop("positions"), "no column positions"),
        (FRAME.drop("energy_per_particle"), "no column energy_per_particle"),
        (FRAME.head(0), "holds no configuration"),
        (FRAME.with_columns(positions=pl.col("cell_width")), "positions of shape"),
        (FRAME.with_columns(cell_width=pl.lit("wide")), "column cell_width of String"),
        (FRAME.with_columns(cell_width=pl.lit(-1.0)), "cell_width must be"),
        (FRAME.with_columns(cell_width=pl.lit(None, dtype=pl.Float64)), "cell_width must be"),
        (FRAME.with_columns(forces=pl.col("cell_width")), "forces of shape"),
        (FRAME.with_columns(forces=pl.Series(np.full((20, 4, 2), np.inf))), "the force of"),
        (FRAME.with_columns(energy_per_particle=pl.lit(np.nan)), "the energy of"),
    ],
)
def test_a_frame_of_another_kind_is_no_database(frame, words):
    """Whoever makes one in Python is told the same."""
    with pytest.raises(InvalidInputError, match=words):
        Database(frame, TOY, "X")


@pytest.mark.parametrize(
    ("name", "words"),
    [("x.json", "cannot be written"), ("x.csv", "cannot be written"), ("no/x.db", "no folder")],
)
def test_targets_that_cannot_be_written_are_refused(name, words, tmp_path):
    """JSON is read only: it would lose digits."""
    with pytest.raises(InvalidInputError, match=words):
        write_database(database(), tmp_path / name)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(InvalidInputError, match="is a folder"):
        write_database(database(), tmp_path / "folder.db", replace=True)
