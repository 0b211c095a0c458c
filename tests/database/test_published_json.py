"""Tables of the program published with the thesis."""

import json

import numpy as np
import pytest
from foreign import TOY, told

from peslab.database import read_database
from peslab.errors import InvalidInputError
from peslab.toymodel import ModifiedLennardJones

SQUARE = [[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]]
ROW = [[0.1, 0.1], [1.2, 0.1], [2.3, 0.1], [3.4, 0.1]]


def table(**changes):
    """Two rows whose names are neither consecutive nor sorted."""
    columns = {
        "particleCoordinates": {"7": SQUARE, "3": ROW},
        "widthOfCell": {"7": 5.0, "3": 6},
        "depthOfSurroundingCells": {"7": 2, "3": 2},
        "potentialEnergy": {"7": -2.5, "3": 0.25},
    }
    return {name: value for name, value in (columns | changes).items() if value is not None}


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_rows_come_in_the_order_of_the_file(tmp_path):
    """Energies are per particle already; there are no forces and no acceptance rates."""
    read = read_database(write(tmp_path / "published.json", table()))
    assert read.positions.tolist() == [SQUARE, ROW]
    assert read.array("cell_width").tolist() == [5.0, 6.0]
    assert read.array("energy_per_particle").tolist() == [-2.5, 0.25]
    assert (read.units, read.element, read.forces) == (TOY, "X", None)
    assert read.frame["acceptance_rate"].null_count() == 2


def test_rows_may_differ_in_their_number_of_particles(tmp_path):
    """What is missing comes last, as NaN."""
    columns = table(particleCoordinates={"7": SQUARE, "3": ROW[:3]})
    read = read_database(write(tmp_path / "published.json", columns))
    assert read.positions[1, :3].tolist() == ROW[:3]
    assert np.isnan(read.positions[1, 3]).all()


def test_columns_may_hold_their_rows_in_another_order(tmp_path):
    """Rows are what has one name, not one place."""
    swapped = table(potentialEnergy={"3": 0.25, "7": -2.5})
    read = read_database(write(tmp_path / "published.json", swapped))
    assert read.array("energy_per_particle").tolist() == [-2.5, 0.25]


def test_labels_are_those_of_equation_9_as_printed(tmp_path):
    """Whole squares, far from the edges, are counted alike either way."""
    potential = ModifiedLennardJones(counting="published")
    (energy,) = potential.energy_per_particle(SQUARE, 5.0)
    columns = table(potentialEnergy={"7": float(energy), "3": 0.0})
    read = read_database(write(tmp_path / "published.json", columns))
    labels = potential.energy_per_particle(read.positions, read.array("cell_width"))
    np.testing.assert_allclose(labels[0], read.array("energy_per_particle")[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no column particleCoordinates"),
        ({"a": 1}, "no column particleCoordinates"),
        (table(potentialEnergy=None), "no column potentialEnergy"),
        (table(widthOfCell=[5.0, 6.0]), "no column widthOfCell"),
        (table(widthOfCell={"7": 5.0}), "row 3 has no widthOfCell"),
        (table(potentialEnergy={"7": 1.0, "3": None}), "row 3 has no potentialEnergy"),
        (table(potentialEnergy={"7": 1.0, "3": "low"}), "row 3: potentialEnergy must be"),
        (table(potentialEnergy={"7": 1.0, "3": [1, 2]}), "row 3 has potentialEnergy of shape"),
        (table(particleCoordinates={"7": SQUARE, "3": [1, 2]}), "row 3 has particleCoordinates of"),
        (table(particleCoordinates={"7": SQUARE, "3": [[1], [1, 2]]}), "row 3: particleCoord"),
        (table(particleCoordinates={"7": SQUARE, "3": [*ROW[:3], [np.nan] * 2]}), "row 1 has NaN"),
        (table(particleCoordinates={"7": SQUARE, "3": ROW[:3] + ROW[:1]}), "the same place"),
        (table(particleCoordinates={}), "holds no configuration"),
        (json.dumps(table())[:-20], "is cut or no JSON"),
        (json.dumps(table(potentialEnergy={"7": float("nan"), "3": 1.0})), "energy of config"),
    ],
)
def test_other_tables_are_refused(content, words, tmp_path):
    """With the row's own name, where there is one."""
    with pytest.raises(InvalidInputError, match=words) as caught:
        read_database(write(tmp_path / "published.json", content))
    assert "published.json" in told(caught)
