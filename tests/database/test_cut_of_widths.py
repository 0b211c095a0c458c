"""The cut of the highest energies: within each width, to the row, whatever ties and sequence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peslab.database.cut import Cut, cut_to_size

ENERGIES = st.sampled_from([-1.0, 0.0, 0.0, 2.5, 1e6])


def cut_by_hand(cut, energies):
    """The places that stay: of the first configurations of each width the lowest."""
    n_widths = len(cut.sampled)
    kept = []
    for width in range(n_widths):
        places = [k for k in range(len(energies)) if k % n_widths == width][: cut.sampled[width]]
        places.sort(key=lambda k: energies[k])  # stable: of equal energies the earlier ones
        kept += places[: cut.kept[width]]
    return sorted(kept)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 100).map(lambda p: p / 100), st.data())
def test_the_cut_is_that_of_sorting_by_hand(size, n_widths, keep_quantile, data):
    """Ties fall by their sequence, widths are cut apart, and exactly `size` rows stay."""
    cut = cut_to_size(size, n_widths, keep_quantile)
    n = cut.n_configurations
    energies = np.array(data.draw(st.lists(ENERGIES, min_size=n, max_size=n)))
    kept = np.flatnonzero(cut.lowest(energies)).tolist()
    assert kept == cut_by_hand(cut, energies)
    assert len(kept) == size


@pytest.mark.parametrize("percent", [7, 29, 57, 58, 70, 90, 99, 100])
@pytest.mark.parametrize("n", [10, 100, 1000])
def test_decimal_parts_are_whole_rows(percent, n):
    """29 rows are 0.29 of 100, though 0.29 is a little less in binary."""
    assert cut_to_size(n * percent, 1, percent / 100).sampled.tolist() == [100 * n]


def test_rows_are_divided_among_widths():
    """Of 11 rows of 4 widths the first three widths have one more than the last."""
    cut = cut_to_size(11, 4, 0.75)
    assert cut.kept.tolist() == [3, 3, 3, 2]
    assert cut.sampled.tolist() == [4, 4, 4, 3]
    assert cut.n_configurations == 15


def test_the_sequence_ends_with_the_last_that_is_sampled():
    """Where a row takes many configurations, the last rounds are for the first widths alone."""
    cut = cut_to_size(3, 2, 0.1)
    assert cut.sampled.tolist() == [20, 10]
    assert cut.n_configurations == 39
    # The second width's later configurations are there, but not candidates, however low they are.
    energies = np.where(np.arange(39) == 37, -9.0, np.arange(39.0))
    assert np.flatnonzero(cut.lowest(energies)).tolist() == [0, 1, 2]


def test_fewer_rows_than_widths():
    """The first widths have one row each, the others none."""
    cut = cut_to_size(2, 5, 1.0)
    assert cut.kept.tolist() == [1, 1, 0, 0, 0]
    assert cut.n_configurations == 2


def test_ties_at_the_limit_lose_their_last_rows():
    """Of six equal energies at the limit three stay: the first ones, in both widths."""
    cut = Cut(sampled=np.array([6, 6]), kept=np.array([3, 3]))
    assert np.flatnonzero(cut.lowest(np.array([0.0, 9.0] * 6))).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_hot_width_keeps_as_large_a_part_as_a_cold_one():
    """Energies of small cells are a thousand times those of large ones; each keeps its part."""
    cut = cut_to_size(360, 2, 0.9)
    energies = np.random.default_rng(0).normal(size=400)
    energies[::2] *= 1e3
    stays = cut.lowest(energies)
    for width in (0, 1):
        of_width, kept = energies[width::2], stays[width::2]
        assert kept.sum() == 180
        assert of_width[kept].max() == np.sort(of_width)[179]


def test_keeping_all_changes_nothing():
    """A part of 1 is no cut."""
    assert cut_to_size(3, 2, 1.0).lowest(np.array([3.0, np.inf, -2.0])).all()


def test_infinite_energies_go_first():
    """What is highest of all is cut before any number."""
    energies = np.array([np.inf, 1.0, 1e300, np.inf])
    assert cut_to_size(2, 1, 0.5).lowest(energies).tolist() == [False, True, True, False]
