"""The cut of the highest energies: within each width, to the row, whatever ties and sequence."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peslab.database import cut_top

tables = st.lists(
    st.tuples(st.sampled_from([1.5, 2.0, 5.0]), st.sampled_from([-1.0, 0.0, 0.0, 2.5, 1e6])),
    min_size=1,
    max_size=40,
)


def frame_of(rows):
    """Widths and energies, and the row that each came from."""
    widths, energies = zip(*rows, strict=True)
    return pl.DataFrame({"cell_width": widths, "energy_per_particle": energies}).with_row_index()


def cut_by_hand(rows, keep):
    """The rows that stay: within each width the first ⌊keep · n⌋ of the sorted ones."""
    kept = []
    for width in {width for width, _ in rows}:
        places = [k for k, row in enumerate(rows) if row[0] == width]
        places.sort(key=lambda k: rows[k][1])  # stable: of equal energies the earlier rows
        kept += places[: len(places) * keep // 100]
    return sorted(kept)


@settings(max_examples=60, deadline=None)
@given(rows=tables, percent=st.integers(1, 100))
def test_the_cut_is_that_of_sorting_by_hand(rows, percent):
    """Ties fall by their sequence, widths are cut apart, and the order of the rows stays."""
    kept = cut_top(frame_of(rows), percent / 100)
    assert kept["index"].to_list() == cut_by_hand(rows, percent)


@pytest.mark.parametrize("percent", [7, 29, 57, 58, 70, 90, 99, 100])
@pytest.mark.parametrize("n", [10, 100, 1000])
def test_decimal_parts_are_whole_rows(percent, n):
    """0.29 of 100 rows are 29, though 0.29 is a little less in binary."""
    rows = [(5.0, float(k)) for k in range(n)]
    assert len(cut_top(frame_of(rows), percent / 100)) == n * percent // 100


def test_ties_at_the_limit_lose_their_last_rows():
    """Of six equal energies at the limit three stay: the first ones, in both widths."""
    rows = [(1.0, 0.0), (2.0, 9.0)] * 6
    assert cut_top(frame_of(rows), 0.5)["index"].to_list() == [0, 1, 2, 3, 4, 5]


def test_a_hot_width_keeps_as_large_a_part_as_a_cold_one():
    """Energies of small cells are a thousand times those of large ones; each keeps its part."""
    random = np.random.default_rng(0)
    widths = random.permutation(np.repeat([1.5, 5.0], [200, 600]))
    energies = random.normal(size=800) * np.where(widths < 2.0, 1e3, 1.0)
    kept = cut_top(frame_of(list(zip(widths.tolist(), energies.tolist(), strict=True))), 0.9)
    counts = dict(kept["cell_width"].value_counts().iter_rows())
    assert counts == {1.5: 180, 5.0: 540}
    for width in (1.5, 5.0):
        limit = np.sort(energies[widths == width])[int(0.9 * (widths == width).sum()) - 1]
        assert kept.filter(cell_width=width)["energy_per_particle"].max() == limit


def test_keeping_all_changes_nothing():
    """A part of 1 is no cut."""
    frame = frame_of([(5.0, 3.0), (1.0, np.inf), (5.0, -2.0)])
    assert cut_top(frame, 1.0).equals(frame)


def test_infinite_energies_go_first():
    """What is highest of all is cut before any number."""
    frame = frame_of([(5.0, np.inf), (5.0, 1.0), (5.0, 1e300), (5.0, np.inf)])
    assert cut_top(frame, 0.5)["index"].to_list() == [1, 2]
