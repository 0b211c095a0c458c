"""Databases in every format and back: no digit, unit or row is lost on the way."""

import ase.db
import ase.io
import numpy as np
import polars as pl
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from foreign import TOY, assert_same, database, told

from peslab.database import (
    Database,
    Recipe,
    Units,
    database_path,
    load_or_generate,
    read_database,
    write_database,
)
from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves
from peslab.toymodel.calculator import PotentialCalculator

ENDINGS = [".extxyz", ".xyz", ".db", ".parquet"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("n_particles", "dimension", "epochs"),
    [(4, 2, 12), (3, 1, 12), (5, 3, 12), (1, 2, 12), (4, 2, 0)],
)
def test_there_and_back_every_bit_is_the_same(n_particles, dimension, epochs, ending, tmp_path):
    """Positions, widths, forces and acceptance rates exactly, energies but for one rounding."""
    original, path = database(n_particles, dimension, epochs), tmp_path / f"data{ending}"
    write_database(original, path)
    assert_same(read_database(path), original)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_small_and_large_numbers_survive(ending, tmp_path):
    """1e-05 has no point, which ASE alone would read as 0."""
    few = database().frame.head(3)
    scale = np.array([1.0, 1e-5, 1e30])
    vectors = {
        name: few[name].to_numpy() * scale[:, None, None] for name in ("positions", "forces")
    }
    frame = pl.DataFrame(
        {
            **vectors,
            "cell_width": 5.0 * scale,
            "energy_per_particle": np.array([1e-5 / 4, -3e-7, 2.5e22]),
        }
    )
    original = Database(frame, TOY, "X")
    write_database(original, tmp_path / f"data{ending}")
    assert_same(read_database(tmp_path / f"data{ending}"), original)


@pytest.mark.parametrize("ending", ENDINGS)
def test_units_element_and_missing_forces_survive(ending, tmp_path):
    """Silicon in Hartree and Bohr, energies alone."""
    frame = database(5, 3).frame.drop("forces", "acceptance_rate")
    original = Database(frame, Units("Hartree", "Bohr"), "Si")
    write_database(original, tmp_path / f"data{ending}")
    back = read_database(tmp_path / f"data{ending}")
    assert_same(back, original)
    assert back.forces is None
    assert back.frame["acceptance_rate"].null_count() == len(frame)


def test_a_four_dimensional_toy_is_kept_as_parquet_alone(tmp_path):
    """ASE has three dimensions; nothing is left of a file that cannot be written."""
    original = database(3, 4)
    write_database(original, tmp_path / "data.parquet")
    assert_same(read_database(tmp_path / "data.parquet"), original)
    for ending in (".extxyz", ".db"):
        with pytest.raises(InvalidInputError, match="ASE has 3 dimensions"):
            write_database(original, tmp_path / f"data{ending}")
    assert [file.name for file in tmp_path.iterdir()] == ["data.parquet"]


@pytest.mark.parametrize("ending", [".extxyz", ".db"])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_ase_sees_the_energies_of_the_exact_potential(ending, dimension, tmp_path):
    """What we label and write, ASE reads, and its calculator labels the same."""
    write_database(database(4, dimension), tmp_path / f"data{ending}")
    for atoms in ase.io.read(tmp_path / f"data{ending}", index=":"):
        exact = atoms.copy()
        exact.calc = PotentialCalculator(ModifiedLennardJones())
        assert atoms.get_potential_energy() == pytest.approx(exact.get_potential_energy(), rel=1e-9)
        np.testing.assert_allclose(atoms.get_forces(), exact.get_forces(), rtol=1e-7, atol=1e-9)


def silicon(seed=0):
    """Labeled atoms as another program leaves them."""
    positions = np.random.default_rng(seed).uniform(0, 5.43, (3, 3))
    atoms = Atoms("Si3", positions=positions, cell=[5.43] * 3, pbc=True)
    forces = positions[::-1] - 2.0
    atoms.calc = SinglePointCalculator(atoms, energy=-9.0 - seed, forces=forces)
    return atoms


@pytest.mark.parametrize("ending", [".extxyz", ".db"])
def test_files_of_ase_are_read_in_electronvolts(ending, tmp_path):
    """Energies of the cell become those of a particle; without a word units are eV and Å."""
    frames = [silicon(seed) for seed in range(4)]
    path = tmp_path / f"dft{ending}"
    if ending == ".db":
        with ase.db.connect(path) as target:
            for atoms in frames:
                target.write(atoms, source="somewhere", data={"more": [1, 2]})
    else:
        ase.io.write(path, frames, format="extxyz")
    read = read_database(path)
    assert (read.units, read.element) == (Units("eV", "Å"), "Si")
    assert read.array("energy_per_particle").tolist() == [-3.0, -10 / 3, -11 / 3, -4.0]
    np.testing.assert_allclose(read.positions, [atoms.positions for atoms in frames], atol=1e-8)
    np.testing.assert_allclose(read.forces, [atoms.get_forces() for atoms in frames], atol=1e-8)
    write_database(read, tmp_path / "again.extxyz")
    assert_same(read_database(tmp_path / "again.extxyz"), read)


@pytest.mark.parametrize(
    ("text", "energy"), [("1e-05", 1e-5), ("-3E+2", -300.0), ("7", 7.0), ("-0.5e1", -5.0)]
)
def test_an_energy_is_read_however_it_is_written(text, energy, tmp_path):
    """Without a point, ASE alone takes 1e-05 for 0 and tells nobody."""
    path = tmp_path / "data.xyz"
    path.write_text(f'1\nLattice="4 0 0 0 4 0 0 0 4" energy={text} config_type=1e-05\nHe 1 2 3\n')
    assert read_database(path).array("energy_per_particle").tolist() == [energy]


def test_databases_of_the_folder_of_results_are_read(tmp_path):
    """They were written before anybody asked for units: E_c and R_c."""
    recipe = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(5, 0.1), 30, 0, 0.9)
    made = load_or_generate(recipe, tmp_path)
    read = read_database(database_path(recipe, tmp_path))
    assert read.frame.equals(made)
    assert (read.units, read.element) == (TOY, "X")


def test_a_path_may_be_a_text(tmp_path):
    """As in a notebook."""
    write_database(database(), f"{tmp_path}/data.extxyz")
    assert_same(read_database(f"{tmp_path}/data.extxyz"), database())


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    """Unless that is asked for; then at once."""
    path = tmp_path / "data.extxyz"
    path.write_text("mine\n")
    with pytest.raises(InvalidInputError, match="is there already"):
        write_database(database(), path)
    assert path.read_text() == "mine\n"
    write_database(database(), path, replace=True)
    assert_same(read_database(path), database())


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_half_written_is_left(ending, tmp_path):
    """Whoever stops the writing finds what was there before, and nothing beside it."""
    path = tmp_path / f"data{ending}"
    path.write_text("mine\n")

    def stop(part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_database(database(), path, replace=True, progress=stop)
    assert path.read_text() == "mine\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_progress_is_told_to_its_end(ending, tmp_path):
    """Parts only rise, up to the whole."""
    path, parts = tmp_path / f"data{ending}", []
    write_database(database(), path, progress=parts.append)
    assert parts[-1] == 1.0
    parts.clear()
    read_database(path, parts.append)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_reading_changes_no_file(tmp_path):
    """ASE alone would add its tables to any SQLite database that it opens."""
    import sqlite3
    from contextlib import closing

    path = tmp_path / "others.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE runs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match="another program's") as caught:
        read_database(path)
    assert str(path) in told(caught)
    assert path.read_bytes() == before


@pytest.mark.parametrize("unit", ["", "1", "e V", "$E$", "[red]", "E" * 17, None, 3])
def test_a_unit_is_a_word(unit):
    """Figures, tables and all formats can carry it."""
    with pytest.raises(InvalidInputError, match="unit of energy"):
        Units(unit, "Å")
    with pytest.raises(InvalidInputError, match="unit of length"):
        Units("eV", unit)
    assert Units("kcal/mol", "Å").energy == "kcal/mol"
