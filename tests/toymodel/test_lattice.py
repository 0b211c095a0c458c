"""Random starts."""

import doctest
import hashlib

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice

SQUARE = Lattice(n_particles=4, dimension=2, cell_width=5.0)


def test_positions_are_uniform_in_the_cell():
    """Every coordinate has the mean w_c/2 and the variance w_c²/12, without correlations."""
    positions = SQUARE.sample(20_000, seed=0).reshape(20_000, 8)
    assert positions.min() >= 0.0
    assert positions.max() < 5.0
    # Five standard errors of 20,000 draws.
    np.testing.assert_allclose(positions.mean(axis=0), 2.5, atol=5 * 5.0 / np.sqrt(12 * 20_000))
    correlations = np.corrcoef(positions.T) - np.eye(8)
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)
    histogram = np.histogram(positions, bins=50, range=(0.0, 5.0))[0]
    np.testing.assert_allclose(histogram, 3200, atol=5 * np.sqrt(3200))


def test_a_long_sample_begins_with_a_short_one():
    """Configuration k depends on the seed and k alone, so a sample can be drawn piece by piece."""
    sample = SQUARE.sample(10, seed=3)
    assert (SQUARE.sample(4, seed=3) == sample[:4]).all()
    assert (SQUARE.sample(6, seed=3, first_index=4) == sample[4:]).all()


def test_seeds_differ():
    """0 is a seed of its own; seeds and indices do not add up to each other."""
    samples = [SQUARE.sample(5, seed=seed) for seed in range(5)]
    assert np.unique(np.concatenate(samples)).size == 5 * 5 * 8


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_any_dimension(dimension):
    """Cells are intervals, squares, cubes and beyond."""
    assert Lattice(3, dimension, 1.0).sample(2, seed=0).shape == (2, 3, dimension)


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_particles", 0), ("n_particles", 1.5), ("dimension", 0), ("cell_width", 0.0)],
)
def test_impossible_cells_are_named(field, value):
    """No particles, no dimension or no width is refused by name."""
    choices = {"n_particles": 4, "dimension": 2, "cell_width": 5.0, field: value}
    with pytest.raises(InvalidInputError, match=field):
        Lattice(**choices)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, None])
def test_impossible_seeds_are_named(seed):
    """A seed is a whole number from 0 on, of at most 63 bits."""
    with pytest.raises(InvalidInputError, match="seed"):
        SQUARE.sample(1, seed=seed)


RANGE = Lattice(n_particles=4, dimension=2, cell_width=(1.5, 10.0), n_widths=86)


def test_one_width_gives_the_positions_of_the_first_version():
    """Written down from peslab 0.1.0: whoever has its databases finds the same starts."""
    positions = SQUARE.sample(1000, seed=7, first_index=3)
    assert hashlib.sha256(positions.tobytes()).hexdigest().startswith("087bea6d97408999")


def test_the_widths_of_the_thesis():
    """86 widths from 1.5 to 10 R_c are steps of 0.1 R_c with both ends."""
    np.testing.assert_allclose(RANGE.cell_widths, 0.1 * np.arange(15, 101), rtol=1e-15)
    assert (RANGE.cell_widths[0], RANGE.cell_widths[-1]) == (1.5, 10.0)


def test_logarithmic_widths_differ_by_a_factor():
    """From 1 to 8 in three equal factors."""
    lattice = Lattice(1, 1, (1, 8), n_widths=4, spacing="logarithmic")
    assert lattice.cell_widths == pytest.approx([1, 2, 4, 8], rel=1e-15)
    assert (lattice.cell_widths[0], lattice.cell_widths[-1]) == (1.0, 8.0)


def test_widths_take_turns():
    """Configuration k has the width number k mod n_widths, wherever a sample begins."""
    widths = RANGE.widths(300, first_index=50)
    assert (widths == RANGE.cell_widths[np.arange(50, 350) % 86]).all()
    assert (np.unique(RANGE.widths(86, first_index=17)) == RANGE.cell_widths).all()
    assert SQUARE.widths(3).tolist() == [5.0, 5.0, 5.0]
    assert RANGE.widths(0).shape == (0,)


def test_every_width_is_filled_evenly():
    """In units of its cell width, the mean of 2,000 configurations of each width is 1/2."""
    lattice = Lattice(4, 2, (2.0, 4.0), n_widths=3)
    relative = lattice.sample(6000, seed=0) / lattice.widths(6000)[:, None, None]
    assert 0.0 <= relative.min() <= relative.max() < 1.0
    for width in range(3):
        mean = relative[width::3].mean(axis=(0, 1))
        assert mean == pytest.approx(0.5, abs=5 / np.sqrt(12 * 4 * 2000))


def test_a_long_sample_of_many_widths_begins_with_a_short_one():
    """Pieces are those of the whole, though they do not begin with the first width."""
    sample = RANGE.sample(200, seed=3)
    assert (RANGE.sample(77, seed=3) == sample[:77]).all()
    assert (RANGE.sample(123, seed=3, first_index=77) == sample[77:]).all()


@pytest.mark.parametrize("n_particles", [1, 2])
@pytest.mark.parametrize("dimension", [1, 3, 5])
def test_ranges_in_any_dimension(n_particles, dimension):
    """Widths know nothing of particles and dimensions."""
    lattice = Lattice(n_particles, dimension, (1.0, 2.0), n_widths=2)
    assert lattice.sample(3, seed=0).shape == (3, n_particles, dimension)


def test_lists_and_whole_numbers_are_ranges_too():
    """A config brings lists, a notebook whole numbers: equal lattices are equal."""
    lattice = Lattice(4, 2, [2, 5], n_widths=4)
    assert lattice == Lattice(4, 2, (2.0, 5.0), n_widths=4)
    assert hash(lattice) == hash(Lattice(4, 2, (2.0, 5.0), n_widths=4))
    assert Lattice(4, 2, 5) == SQUARE


@pytest.mark.parametrize(
    ("choices", "remedy"),
    [
        ({"cell_width": (1.5, 10.0)}, "set n_widths to 2 or more"),
        ({"n_widths": 5}, r"give cell_width as two numbers, \[low, high\], instead of 5"),
        ({"cell_width": (5.0, 5.0), "n_widths": 2}, "two different numbers"),
        ({"cell_width": (5.0, 2.0), "n_widths": 2}, "begin with the smallest"),
        ({"cell_width": (1.0, 2.0, 3.0), "n_widths": 3}, r"a number or two, \[low, high\]"),
        ({"cell_width": (), "n_widths": 3}, "a number or two"),
        ({"cell_width": (0.0, 2.0), "n_widths": 3}, "cell_width must be finite and above 0"),
        ({"cell_width": (1.0, np.inf), "n_widths": 3}, "cell_width must be finite"),
        ({"cell_width": (1.0, "2"), "n_widths": 3}, "cell_width must be a number"),
        ({"n_widths": 0}, "n_widths must be a whole number"),
        ({"spacing": "quadratic"}, "spacing must be linear or logarithmic"),
    ],
)
def test_ranges_without_a_meaning_are_told_with_their_remedy(choices, remedy):
    """A range and a number of widths belong together."""
    with pytest.raises(InvalidInputError, match=remedy):
        Lattice(**{"n_particles": 4, "dimension": 2, "cell_width": 5.0} | choices)


def test_the_examples_of_the_documentation_run():
    """What a lattice shows in its docstring is what it does."""
    from peslab.toymodel import cost, lattice

    assert doctest.testmod(lattice).failed == 0
    assert doctest.testmod(cost).failed == 0
