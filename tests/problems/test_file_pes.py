"""A file of configurations as a problem: divided once and for all, in its own units."""

import os

import numpy as np
import polars as pl
import pytest
from probing import probed

from peslab.database import Database, Recipe, Units, generate, write_database
from peslab.errors import InvalidInputError
from peslab.features import ProximityEigenvalues
from peslab.problems import FilePES, Prediction
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 4.3), RandomMoves(12, 0.1), 100, 0, 0.9)
FRAME = generate(RECIPE)
SETTINGS = {"validation_fraction": 0.2, "test_fraction": 0.1, "seed": 0, "fingerprint": None}
PARTS = ("train", "validation", "test")


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "data.parquet")


def written(path, frame=FRAME, units=("E_c", "R_c")):
    write_database(Database(frame, Units(*units), "X"), path, replace=True)
    return path


def problem(path, **changes):
    return FilePES(path=str(path), **SETTINGS | changes)


def energies(tables):
    return {part: getattr(tables, part).targets.tolist() for part in PARTS}


def test_every_row_is_in_one_part(path, tmp_path):
    """In the sizes that were asked for, and with its own positions, width and energy."""
    tables = problem(path).tables(tmp_path)
    assert [len(getattr(tables, part)) for part in PARTS] == [70, 20, 10]
    together = [energy for rows in energies(tables).values() for energy in rows]
    assert sorted(together) == sorted(FRAME["energy_per_particle"])
    known = {row["energy_per_particle"]: row for row in FRAME.iter_rows(named=True)}
    for part in PARTS:
        table = getattr(tables, part)
        for positions, width, energy in zip(*table.inputs, table.targets, strict=True):
            assert np.array_equal(known[energy]["positions"], positions)
            assert known[energy]["cell_width"] == width


def test_gradients_are_those_of_the_energy_per_particle(path, tmp_path):
    """Forces are −N times the gradient, as those of the potential that made the file."""
    test = problem(path).tables(tmp_path).test
    _, forces = ModifiedLennardJones().energy_and_forces(*test.inputs)
    np.testing.assert_allclose(test.gradients, -forces / 4, rtol=1e-12)


def test_a_file_without_forces_has_no_gradients(tmp_path):
    """Then nothing is said of their error."""
    made = problem(written(tmp_path / "data.db", FRAME.drop("forces")))
    test = made.tables(tmp_path).test
    assert test.gradients is None
    errors = made.errors(test, Prediction(test.targets[None], np.zeros((1, *test.inputs[0].shape))))
    assert "energy_mae" in errors
    assert "gradient_mae" not in errors


def test_the_seed_draws_the_parts(path, tmp_path):
    """The same seed the same, another one another; which format the rows come in is nothing."""
    first, again = (energies(problem(path).tables(tmp_path)) for _ in range(2))
    other = energies(problem(path, seed=1).tables(tmp_path))
    text = energies(problem(written(tmp_path / "data.extxyz")).tables(tmp_path))
    assert first == again == text
    assert set(first["test"]) != set(other["test"])


def test_the_order_of_the_rows_does_not_move_them_to_other_parts(path, tmp_path):
    """A file that was sorted is divided as before."""
    turned = problem(written(tmp_path / "turned.parquet", FRAME[list(range(99, -1, -1))])).tables(
        tmp_path
    )
    straight = problem(path).tables(tmp_path)
    for part in PARTS:
        assert energies(turned)[part] == energies(straight)[part][::-1]


def test_copies_of_a_configuration_are_in_one_part(tmp_path):
    """Or what is tested on would have been trained on."""
    doubled = pl.concat([FRAME, FRAME.head(50), FRAME.head(50)])
    for seed in range(5):
        made = problem(written(tmp_path / "data.parquet", doubled), seed=seed)
        found = {part: set(rows) for part, rows in energies(made.tables(tmp_path)).items()}
        assert not found["train"] & found["test"]
        assert not found["train"] & found["validation"]
        assert not found["validation"] & found["test"]
        sizes = [len(getattr(made.tables(tmp_path), part)) for part in PARTS]
        assert sum(sizes) == 200
        assert sizes == pytest.approx([140, 40, 20], abs=4)


def test_the_task_tells_the_files_unit(tmp_path):
    """Figures and tables are labeled with it."""
    made = problem(written(tmp_path / "dft.extxyz", units=("eV", "Å")))
    assert (made.task.unit, made.task.target) == ("eV", "energy")
    assert made.task.objective == "val/energy_mae"


class Shifted:
    """Two replicas that are wrong by 0.1 and 0.3, with gradients wrong by 0.5."""

    features = ProximityEigenvalues(orders=(-2,), cutoff=3.0)

    def __init__(self, table):
        self.table = table

    def predict_with_gradient(self, *_):
        gradient = np.zeros_like(self.table.inputs[0])
        if self.table.gradients is not None:
            gradient = self.table.gradients + 0.5
        targets = self.table.targets
        return np.stack([targets + 0.1, targets + 0.3]), np.stack([gradient, gradient])


def test_without_an_exact_potential_predictions_are_looked_at(tmp_path):
    """No drags, which need energies of configurations that are not in the file; in its units."""
    made = problem(written(tmp_path / "data.extxyz", units=("eV", "Å")))
    tables = made.tables(tmp_path)
    probes = {probe.name: probe for probe in probed(made, Shifted(tables.test), tables)}
    assert list(probes) == ["forces", "errors", "ensemble", "lattices"]
    assert "(eV/Å)" in probes["forces"].draw().axes[0].get_ylabel()
    assert "(eV)" in probes["errors"].draw().axes[0].get_ylabel()
    assert probes["errors"].numbers["median"] == pytest.approx([0.1, 0.3])
    assert probes["ensemble"].common["mae"] == pytest.approx(0.2)
    made.warm_up(ProximityEigenvalues(orders=[-2], cutoff=2.0))


def test_the_content_is_the_fingerprint_and_not_the_path(path, tmp_path):
    """A copy elsewhere is the same data; other numbers, units or another element are not."""
    (tmp_path / "elsewhere").mkdir()
    one = problem(path).pinned()
    copy = problem(written(tmp_path / "elsewhere" / "copy.extxyz")).pinned()
    assert one["fingerprint"] == copy["fingerprint"]
    assert one["path"] == str(path)
    shifted = FRAME.with_columns(pl.col("energy_per_particle") + 1e-12)
    for changed in (
        written(tmp_path / "shifted.parquet", shifted),
        written(tmp_path / "less.parquet", FRAME.head(99)),
        written(tmp_path / "units.parquet", units=("eV", "R_c")),
    ):
        assert problem(changed).pinned()["fingerprint"] != one["fingerprint"]
    (source,) = problem(path).tables(tmp_path).sources.values()
    assert (source.path, source.fingerprint) == (path, one["fingerprint"])
    assert len(source.frame) == 100


def test_a_relative_path_is_made_absolute_once(path, monkeypatch, tmp_path):
    """Wherever the process goes afterwards."""
    monkeypatch.chdir(tmp_path)
    made = problem("data.parquet")
    monkeypatch.chdir("/")
    assert made.pinned()["path"] == str(path)
    assert len(made.tables(tmp_path).train) == 70


def test_a_changed_file_is_not_what_was_recorded(path):
    """Told with both fingerprints; null takes it as it is."""
    recorded = problem(path).pinned()
    assert problem(**recorded).pinned() == recorded
    written(path, FRAME.head(90))
    with pytest.raises(InvalidInputError, match=r"is not what it was.*problem.fingerprint=null"):
        problem(**recorded)
    assert problem(path).pinned()["fingerprint"] != recorded["fingerprint"]


def test_a_file_is_read_again_only_where_it_changed(path, monkeypatch, tmp_path):
    """All trials of a study in one process share what was read; a new file is noticed."""
    from peslab.problems import file_pes

    file_pes._read.cache_clear()
    reads = []
    original = file_pes.read_database
    monkeypatch.setattr(file_pes, "read_database", lambda p: reads.append(p) or original(p))
    for _ in range(3):
        problem(path).tables(tmp_path)
    assert len(reads) == 1
    written(path, FRAME.head(80))
    os.utime(path, ns=(1, 1))  # coarse clocks: the size differs as well
    assert len(problem(path).tables(tmp_path).sources["file"].frame) == 80
    assert len(reads) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"validation_fraction": 0.9}, "do not leave rows"),
        ({"test_fraction": 1.0}, "do not leave rows"),
        ({"test_fraction": 0.001}, "do not leave rows"),
        ({"test_fraction": 0.0}, "test_fraction must be"),
        ({"validation_fraction": -0.1}, "validation_fraction must be"),
        ({"seed": -1}, "seed must be"),
        ({"path": "nothing.db"}, "there is no file"),
        ({"path": "/"}, "cannot be read"),
    ],
)
def test_impossible_settings_are_refused(changes, words, path):
    """Before anything is trained, in one sentence."""
    with pytest.raises(InvalidInputError, match=words) as caught:
        FilePES(**{"path": str(path), **SETTINGS} | changes)
    assert "\n" not in str(caught.value)


def test_fresh_data_of_a_file_are_its_rows_in_other_parts(path, tmp_path):
    """There are no others, and that is said."""
    fresh = problem(path).fresh_data()
    assert not fresh.is_new
    assert "holds no rows that no trial has seen" in fresh.told
    known = problem(path).tables(tmp_path)
    anew = problem(path, seed=fresh.changes["problem.seed"]).tables(tmp_path)
    assert set(anew.test.targets) != set(known.test.targets)
    assert anew.test.fingerprint != known.test.fingerprint
    together = [
        sorted(energy for part in energies(each).values() for energy in part)
        for each in (known, anew)
    ]
    assert together[0] == together[1]


def test_a_file_has_no_drag(path, tmp_path):
    """There are no exact energies between its rows."""
    assert problem(path).drag(None, problem(path).tables(tmp_path)) is None
