"""The convention of places without a particle: what tells them, and what does not."""

import numpy as np
import pytest

from peslab.places import groups, mean_over_places, numbers, present, some_absent, zeroed

NAN = np.nan


def padded(*particles, n_places=4):
    """Configurations of given numbers of particles in two dimensions."""
    positions = np.random.default_rng(0).normal(size=(len(particles), n_places, 2))
    for row, number in zip(positions, particles, strict=True):
        row[number:] = NAN
    return positions


def test_numbers_are_those_of_the_particles_that_are_there():
    """The places up to the last that holds one."""
    assert numbers(padded(2, 4, 1, 3)).tolist() == [2, 4, 1, 3]
    assert present(padded(2, 4)).tolist() == [[True, True, False, False], [True] * 4]
    assert numbers(padded(4, 4)).tolist() == [4, 4]
    assert numbers(np.empty((0, 3, 2))).tolist() == []


def test_energies_and_jacobians_follow_the_same_convention():
    """Whatever comes behind the places, one value or many."""
    positions = padded(2, 4)
    assert numbers(positions[..., 0]).tolist() == [2, 4]
    assert numbers(np.repeat(positions[..., None, None], 3, axis=3)).tolist() == [2, 4]


def test_groups_hold_every_row_once():
    """From the smallest number on, rows in their order."""
    found = [(number, rows.tolist()) for number, rows in groups(padded(3, 1, 3, 4, 1))]
    assert found == [(1, [1, 4]), (3, [0, 2]), (4, [3])]


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ([[0.0, NAN], [NAN, NAN]], 1),  # one coordinate alone is no convention, but a mistake
        ([[NAN, NAN], [0.0, 0.0]], 2),  # nor is a gap
        ([[NAN, NAN], [NAN, NAN]], 1),  # nor an empty cell
        ([[0.0, 0.0], [NAN, 0.0]], 2),
    ],
)
def test_mistakes_stay_among_what_is_called_present(row, number):
    """So that they are found there, and refused."""
    assert numbers(np.array([row])).tolist() == [number]
    assert np.isnan(np.array([row])[present(np.array([row]))]).any()


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (padded(4, 4), False),
        (padded(4, 3), True),
        (padded(4, 3)[1], True),
        (padded(4, 3)[0], False),
        (padded(4, 3).astype(np.float32), True),
        (padded(2).tolist(), True),
        ([[1, 2], [3, 4]], False),
        ([[1.0, 2.0], [3.0]], False),
        ([NAN], False),
        (NAN, False),
        (np.empty((0, 2, 2)), False),
        (np.empty((2, 0, 2)), False),
        ([["a", "b"]], False),
        (None, False),
    ],
)
def test_one_look_tells_whether_places_are_empty(values, answer):
    """And leaves all that is no array of particles to whoever checks it."""
    assert some_absent(values) is answer


def test_zeros_take_the_place_of_what_is_not_there_and_of_nothing_else():
    """A NaN of a particle that is there is a mistake, and stays one."""
    values = padded(2, 4)
    values[1, 3, 0] = NAN
    found = zeroed(values, present(values))
    assert not found[0, 2:].any()
    assert np.isnan(found[1, 3, 0])
    assert np.array_equal(found[0, :2], values[0, :2])


def test_means_are_over_those_that_are_there():
    """A mean that forgets about places is NaN."""
    values = padded(2, 4)
    found = mean_over_places(values)
    np.testing.assert_allclose(found, [values[0, :2].mean(axis=0), values[1].mean(axis=0)])
    assert np.isnan(values.mean(axis=1)[0]).all()
    whole = padded(4, 4)
    assert np.array_equal(mean_over_places(whole), whole.mean(axis=1))
