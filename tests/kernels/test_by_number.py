"""Functions of one number of particles, run on configurations of several."""

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.kernels.by_number import by_number
from peslab.kernels.inputs import checked_configurations, indices_of


@pytest.fixture
def positions():
    """Cells of 2, 4, 2 and 3 particles in four places."""
    made = np.random.default_rng(0).uniform(0, 5, (4, 4, 2))
    for row, number in enumerate((2, 4, 2, 3)):
        made[row, number:] = np.nan
    return made


def test_each_number_is_run_once_without_nan(positions):
    """With its own widths, in the order of the rows."""
    seen = []

    def run(places, widths):
        seen.append((places.shape, widths.tolist()))
        assert np.isfinite(places).all()
        return (widths,)

    (widths,) = by_number(run, positions, [5.0, 6.0, 7.0, 8.0], ((),))
    assert seen == [((2, 2, 2), [5.0, 7.0]), ((1, 3, 2), [8.0]), ((1, 4, 2), [6.0])]
    assert widths.tolist() == [5.0, 6.0, 7.0, 8.0]


def test_rows_of_absent_places_are_nan_and_columns_zero(positions):
    """There is nothing to tell of them, and nothing depends on them."""

    def run(places, _):
        n, number, _ = places.shape
        return np.ones((n, number, 3, number, 2)), np.ones((n, 3, number, 2))

    each, whole = by_number(run, positions, 5.0, ((1, 3), (2,)))
    assert each.shape == (4, 4, 3, 4, 2)
    assert np.isnan(each[0, 2:]).all()
    assert (each[0, :2, :, :2] == 1.0).all()
    assert not each[0, :2, :, 2:].any()
    assert (each[1] == 1.0).all()
    assert whole.shape == (4, 3, 4, 2)
    assert (whole[3, :, :3] == 1.0).all()
    assert not whole[3, :, 3:].any()


@pytest.mark.parametrize(
    ("row", "particle", "axis"), [(1, 3, 0), (0, 1, 1), (0, 0, slice(None)), (1, 2, slice(None))]
)
def test_other_nan_are_refused_with_their_place(positions, row, particle, axis):
    """One coordinate alone, and a gap before a particle that is there."""
    positions[row, particle, axis] = np.nan
    with pytest.raises(InvalidInputError, match=f"NaN.*particle {particle} of configuration {row}"):
        by_number(lambda *part: part[1:], positions, 5.0, ((),))


def test_a_cell_without_particles_is_refused(positions):
    """It has no energy per particle."""
    positions[2] = np.nan
    with pytest.raises(InvalidInputError, match="particle 0 of configuration 2"):
        by_number(lambda *part: part[1:], positions, 5.0, ((),))


def test_particles_in_one_place_are_told_by_their_own_row(positions):
    """Before anything is grouped."""
    positions[3, 2] = positions[3, 0] + 5.0
    with pytest.raises(InvalidInputError, match="particles 0 and 2 of configuration 3"):
        by_number(lambda *part: part[1:], positions, 5.0, ((),))


def test_what_a_function_refuses_is_told_of_its_group(positions):
    """Rows are counted there among the configurations of one number; of one number, as they are."""

    def run(places, _):
        if places.shape[1] == 3:
            message = "configuration 0 is bad."
            raise InvalidInputError(message)
        return (places[:, 0, 0],)

    with pytest.raises(InvalidInputError, match="among the configurations of 3 particles, config"):
        by_number(run, positions, 5.0, ((),))
    with pytest.raises(InvalidInputError, match=r"^configuration 0 is bad"):
        by_number(run, positions[3:], 5.0, ((),))


def test_kernels_are_never_given_absent_places(positions):
    """Whoever does not say that they may stay gets an error."""
    with pytest.raises(InvalidInputError, match="positions hold NaN"):
        checked_configurations(positions, 5.0)
    inside, _ = checked_configurations(positions + 5.0, 5.0, with_absent=True)
    np.testing.assert_allclose(inside, positions)


def test_indices_are_one_number_or_one_each():
    """A stretch of the sequence, or places picked from it."""
    assert indices_of(3, 2).tolist() == [3, 4]
    assert indices_of(np.array([7, 2]), 2).tolist() == [7, 2]
    for wrong in (np.array([1]), np.array([1, -1]), np.array([1.0, 2.0]), -1, 0.5):
        with pytest.raises(InvalidInputError, match="first_index"):
            indices_of(wrong, 2)
