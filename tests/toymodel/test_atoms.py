"""Configurations of one to three dimensions, as ASE's three."""

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel.atoms import from_ase, in_three_dimensions, one_element, to_ase

CUBE = 4.0 * np.eye(3)
POINTS = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_there_and_back_nothing_changes(dimension):
    """The first d axes are periodic; the others hold nothing."""
    positions = np.random.default_rng(dimension).uniform(-9, 9, (5, dimension))  # unwrapped, too
    atoms = to_ase(positions, 4.1, "Ar")
    assert list(atoms.pbc) == [axis < dimension for axis in range(3)]
    assert set(atoms.symbols) == {"Ar"}
    back = from_ase(atoms.positions, atoms.cell.array, atoms.pbc)
    assert np.array_equal(back.positions, positions)
    assert back.cell_width == 4.1


def test_distances_are_ases_own():
    """ASE finds the nearest image of a particle on the other side of a plane's edge."""
    atoms = to_ase(np.array([[0.5, 1.0], [3.5, 1.0]]), 4.0, "X")
    assert atoms.get_distance(0, 1, mic=True) == pytest.approx(1.0)


def test_a_plane_may_lie_anywhere():
    """The coordinate that all particles share is dropped; the cell behind it may be anything."""
    cell = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [1.0, 1.0, 15.0]])
    positions, width = from_ase([[1, 2, 7], [3, 0, 7]], cell, [True, True, False])
    assert positions.tolist() == [[1, 2], [3, 0]]
    assert width == 4.0


def test_a_cell_is_cubic_but_for_rounding():
    """As lengths and angles leave it: cos 90° is 6e-17."""
    skewed = CUBE + 1e-12
    assert from_ase(POINTS, skewed, [True] * 3).cell_width == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("cell", "periodic", "words"),
    [
        (CUBE, "FFF", "pbc=F F F"),
        (CUBE, "FTT", "pbc=F T T"),
        (CUBE, "TFT", "pbc=T F T"),
        (CUBE, "TTF", "differ in the other coordinates"),
        (np.diag([4.0, 4.0, 4.001]), "TTT", "not cubic"),
        (CUBE + 0.1, "TTT", "not cubic"),
        (-CUBE, "TTT", "not cubic"),
        (0.0 * CUBE, "TTT", "not cubic"),
        (np.nan * CUBE, "TTT", "not cubic"),
        (CUBE[[1, 2, 0]], "TTT", "not cubic"),
    ],
)
def test_what_is_no_cubic_periodic_cell_is_refused(cell, periodic, words):
    """With the reason, as the end of a sentence that begins with the row."""
    with pytest.raises(InvalidInputError, match=words):
        from_ase(POINTS, cell, [letter == "T" for letter in periodic])


def test_more_than_three_dimensions_are_refused():
    """ASE has no fourth."""
    with pytest.raises(InvalidInputError, match=r"4: keep them as \.parquet"):
        in_three_dimensions(np.zeros((2, 4)))


@pytest.mark.parametrize(
    ("symbols", "words"), [(["Na", "Cl", "Na"], "Cl and Na"), ([], "no particle")]
)
def test_one_element_is_one(symbols, words):
    """Particles are all of a kind."""
    assert one_element(["Si", "Si"]) == "Si"
    with pytest.raises(InvalidInputError, match=words):
        one_element(symbols)
