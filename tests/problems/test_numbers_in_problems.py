"""Problems whose configurations differ in their number of particles."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from probing import probed

from peslab.database import Database, DatabaseSettings, Units, generate, write_database
from peslab.errors import InvalidInputError
from peslab.features import PowerSums, ProximityEigenvalues, SymmetryFunctions
from peslab.places import numbers
from peslab.problems import FilePES, LatticePES, Prediction, subject_of
from peslab.problems import lattice_pes as module
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

EACH = SymmetryFunctions(cutoff=3.0, n_radial=3, etas=[], zetas=[])
SETTINGS = DatabaseSettings(
    size=60, seed=0, keep_quantile=0.9, validation_fraction=0.2, test_size=30, test_seed=1
)


def lattice_pes(n_particles=(2, 4, 3), widths=4.0, n_widths=1, **settings):
    return LatticePES(
        potential=ModifiedLennardJones(),
        lattice=Lattice(n_particles, 2, widths, n_widths),
        relaxation=RandomMoves(epochs=12, max_displacement=0.1),
        database=replace(SETTINGS, **settings),
    )


class Oracle:
    """A model that knows all, and one whose gradients err by 0.5 E_c/R_c."""

    features = EACH

    def __init__(self, problem):
        self.potential = problem.potential
        self.asked = []

    def predict(self, positions, widths):
        return self.predict_with_gradient(positions, widths)[0]

    def predict_with_gradient(self, positions, widths):
        self.asked.append(positions)
        energy, forces = self.potential.energy_and_forces(positions, widths)
        gradient = -forces / numbers(positions)[:, None, None]
        return np.stack([energy, energy + 0.5]), np.stack([gradient, gradient + 0.5])

    def predict_places(self, positions, widths):
        return np.stack([self.potential.particle_energies(positions, widths)] * 2)


def test_errors_of_rows_have_the_errors_as_their_means(tmp_path):
    """Means over particles, of which the configurations have different numbers."""
    problem = lattice_pes()
    test = problem.tables(tmp_path).test
    assert len(np.unique(numbers(test.inputs[0]))) == 3
    random = np.random.default_rng(0)
    energies = test.targets + random.normal(size=(2, len(test)))
    gradients = test.gradients + random.normal(size=(2, *test.gradients.shape))
    predicted = Prediction(energies, gradients)
    errors = problem.errors(test, predicted)
    rows = problem.row_errors(test, predicted)
    assert set(rows) == {"energy_mae", "gradient_mae", "force_mae"}
    for name, of_rows in rows.items():
        assert of_rows.shape == (2, len(test))
        assert of_rows.mean(axis=1) == pytest.approx(errors[name])
    assert set(problem.row_errors(test, Prediction(energies, None))) == {"energy_mae"}


def test_gradients_are_those_of_the_energy_per_particle(tmp_path):
    """Forces are −N times as large, with each configuration's own N."""
    test = lattice_pes().tables(tmp_path).test
    particles = numbers(test.inputs[0])
    assert np.unique(particles).tolist() == [2, 3, 4]
    _, forces = ModifiedLennardJones().energy_and_forces(*test.inputs)
    for row, number in enumerate(particles):
        assert (test.gradients[row, :number] == -forces[row, :number] / number).all()
        assert np.isnan(test.gradients[row, number:]).all()


def test_errors_are_means_over_particles_that_are_there(tmp_path):
    """Those of forces weigh each particle by the number in its cell."""
    problem = lattice_pes()
    test = problem.tables(tmp_path).test
    particles = numbers(test.inputs[0])
    gradient = test.gradients[None] + np.resize([0.1, 0.0], (2, 1, 1, 1))
    errors = problem.errors(test, Prediction(np.stack([test.targets] * 2), gradient))
    assert errors["gradient_mae"] == pytest.approx([0.1, 0.0])
    assert errors["force_mae"] == pytest.approx([0.1 * (particles**2).sum() / particles.sum(), 0])
    gradient[1, 0, 0, 0] = np.nan  # of a particle that is there
    assert np.isnan(
        problem.errors(test, Prediction(np.stack([test.targets] * 2), gradient))["gradient_mae"][1]
    )


def test_all_probes_are_there_and_right(tmp_path):
    """Perfect for the replica that knows, and 0.5 off in gradients for the other one."""
    problem = lattice_pes()
    oracle, tables = Oracle(problem), problem.tables(tmp_path)
    probes = {probe.name: probe for probe in probed(problem, oracle, tables)}
    expected = {"forces", "errors", "ensemble", "lattices", "particle_energies", "drag_lines",
                "drag", "drag_thesis", "inputs"}  # fmt: skip
    assert set(probes) == expected
    for name in ("drag", "drag_thesis", "drag_lines"):
        assert probes[name].numbers["energy_mae"] == pytest.approx([0.0, 0.5], abs=1e-12)
        assert probes[name].numbers["gradient_mae"] == pytest.approx([0.0, 0.5], abs=1e-12)
    assert probes["particle_energies"].numbers["mae"] == pytest.approx([0.0, 0.0], abs=1e-12)
    labels = [axes.get_xlabel() for axes in probes["errors"].draw().axes]
    assert labels[-1] == "particles"
    components = 2 * numbers(tables.test.inputs[0]).sum()
    assert probes["forces"].draw().axes[0].collections[0].get_array().sum() == 2 * components
    assert "4 particles" in probes["drag"].draw().get_suptitle()


def test_drags_take_cells_of_the_largest_number(tmp_path):
    """No path leads through a place without a particle."""
    problem = lattice_pes((2, 3))
    oracle, tables = Oracle(problem), problem.tables(tmp_path)
    list(probed(problem, oracle, tables))
    shapes = {positions.shape[1:] for positions in oracle.asked}
    assert shapes == {(3, 2)}
    assert not any(np.isnan(positions).any() for positions in oracle.asked[1:])


def test_kinds_that_no_part_shares_are_not_dragged(tmp_path):
    """Of two training rows and one test row of many kinds nothing is in both."""
    problem = lattice_pes((2, 3, 4), (3.0, 5.0), 2, size=2, validation_fraction=0.5, test_size=1)
    tables = problem.tables(tmp_path)
    found = module._of_one_number(tables)
    known = {*zip(numbers(tables.train.inputs[0]), tables.train.inputs[1], strict=True)}
    unknown = {*zip(numbers(tables.test.inputs[0]), tables.test.inputs[1], strict=True)}
    assert (found is None) == (not known & unknown)


def test_rows_that_happen_to_have_one_number_lose_their_empty_places(tmp_path):
    """A path through a place without a particle would lead nowhere."""
    tables = lattice_pes((2, 3)).tables(tmp_path)
    of_two = {
        part: module._cut(table, numbers(table.inputs[0]) == 2)
        for part, table in (("train", tables.train), ("test", tables.test))
    }
    padded = {
        part: replace(
            table,
            inputs=(
                np.pad(table.inputs[0], ((0, 0), (0, 1), (0, 0)), constant_values=np.nan),
                table.inputs[1],
            ),
        )
        for part, table in of_two.items()
    }
    found = module._of_one_number(replace(tables, **padded))
    for part in ("train", "test"):
        assert np.array_equal(getattr(found, part).inputs[0], of_two[part].inputs[0])


def test_one_number_is_passed_on_as_it_is(tmp_path):
    """Nothing is copied."""
    tables = lattice_pes(3).tables(tmp_path)
    assert module._of_one_number(tables).train is tables.train


def test_descriptors_of_whole_configurations_are_refused_before_anything_is_made(tmp_path):
    """Unless they have as many features for all."""
    problem = lattice_pes()
    with pytest.raises(InvalidInputError, match=r"of 2 and of 3 particles.*symmetry_functions"):
        problem.check(ProximityEigenvalues((-2,), 3.0))
    problem.check(EACH)
    problem.check(PowerSums((-2,), 3.0, (2,)))
    lattice_pes(3).check(ProximityEigenvalues((-2,), 3.0))
    assert list(tmp_path.iterdir()) == []


def test_what_is_tested_may_have_other_numbers(tmp_path):
    """Of the numbers that both parts have the largest is dragged; errors of each are told."""
    problem = lattice_pes((2, 3), test_n_particles=[4, 2])
    assert problem.particle_numbers == (2, 3, 4)
    assert problem.recipe() == lattice_pes((2, 3)).recipe()
    oracle, tables = Oracle(problem), problem.tables(tmp_path)
    assert np.unique(numbers(tables.train.inputs[0])).tolist() == [2, 3]
    assert np.unique(numbers(tables.test.inputs[0])).tolist() == [2, 4]
    probes = {probe.name: probe for probe in probed(problem, oracle, tables)}
    assert probes["errors"].numbers["mae_of_4_particles"] == pytest.approx([0.0, 0.5], abs=1e-12)
    assert "2 particles" in probes["drag"].draw().get_suptitle()
    with pytest.raises(InvalidInputError, match="of 3 and of 4 particles"):
        lattice_pes(3, test_n_particles=4).check(ProximityEigenvalues((-2,), 3.0))


def test_one_number_is_tested_on_another(tmp_path):
    """Without drags, for which there are no energies to compare with; tables have their own N."""
    problem = lattice_pes(3, test_n_particles=2)
    tables = problem.tables(tmp_path)
    assert (tables.train.inputs[0].shape[1:], tables.test.inputs[0].shape[1:]) == ((3, 2), (2, 2))
    names = [probe.name for probe in probed(problem, Oracle(problem), tables)]
    assert names == ["forces", "errors", "ensemble", "lattices", "particle_energies"]
    with pytest.raises(InvalidInputError, match="test_n_particles must be"):
        lattice_pes(3, test_n_particles=[2, 2])


def test_laws_are_tried_on_one_number():
    """As on one width."""
    with pytest.raises(InvalidInputError, match=r"one number.*this lattice has 3: choose one"):
        subject_of(ModifiedLennardJones(), Lattice((2, 3, 4), 2, 4.0))


@pytest.fixture
def path(tmp_path):
    """A file of cells of two and three particles, some of them twice."""
    frame = generate(lattice_pes((2, 3)).recipe())
    frame = pl.concat([frame, frame[:20]])
    write_database(Database(frame, Units("eV", "Å"), "Ar"), tmp_path / "mixed.extxyz")
    return tmp_path / "mixed.extxyz"


def on_file(path):
    return FilePES(str(path), validation_fraction=0.2, test_fraction=0.2, seed=0, fingerprint=None)


def test_a_file_may_hold_several_numbers(path, tmp_path):
    """With gradients that are −F/N, N of each row."""
    problem = on_file(path)
    assert problem.particle_numbers == (2, 3)
    tables = problem.tables(tmp_path)
    problem.warm_up(EACH)
    with pytest.raises(InvalidInputError, match="symmetry_functions"):
        problem.check(ProximityEigenvalues((-2,), 3.0))
    assert sum(len(getattr(tables, part)) for part in ("train", "validation", "test")) == 80
    _, forces = ModifiedLennardJones().energy_and_forces(*tables.train.inputs)
    expected = -forces / numbers(tables.train.inputs[0])[:, None, None]
    np.testing.assert_allclose(tables.train.gradients, expected, rtol=1e-12)
    assert {probe.name for probe in probed(problem, Oracle(problem_of_file()), tables)} == {
        "forces", "errors", "ensemble", "lattices",
    }  # fmt: skip


def problem_of_file():
    return lattice_pes((2, 3))


def test_copies_of_a_padded_configuration_stay_together(path):
    """NaN is not equal to NaN, but nobody is where nobody is."""
    rows = on_file(path)._rows()
    part_of = {row: part for part, members in rows.items() for row in members.tolist()}
    assert len(part_of) == 80
    for row in range(20):
        assert part_of[row] == part_of[60 + row]
