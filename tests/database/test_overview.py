"""A database at a glance, against its rows."""

from dataclasses import replace

import numpy as np
import pytest
from shared_recipe import MANY_WIDTHS

from peslab.database import (
    Recipe,
    arrays,
    database_path,
    load_or_generate,
    overview,
    overviews_by_width,
    statistics,
)
from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

ONE_WIDTH = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(12, 0.1), 90, 0, 0.9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("databases")


def made(recipe, folder):
    return arrays(load_or_generate(recipe, folder)), database_path(recipe, folder)


def test_quantiles_are_those_of_the_rows(folder):
    """The least, the most, and what lies between."""
    rows, path = made(ONE_WIDTH, folder)
    one = overview(path)
    assert (one.rows, one.rows_cut, one.cell_widths) == (90, 10, (5.0,))
    assert list(one.energy_quantiles) == ["min", "5%", "25%", "50%", "75%", "95%", "max"]
    assert one.energy_quantiles["min"] == rows.energy.min()
    assert one.energy_quantiles["50%"] == np.median(rows.energy)
    assert one.energy_quantiles["max"] == rows.energy.max() < one.highest_energy


def test_the_acceptance_is_that_of_all_that_was_sampled(folder):
    """Ten more than the rows, with the standard error of their mean."""
    _, path = made(ONE_WIDTH, folder)
    lattice = ONE_WIDTH.lattice
    rates = ONE_WIDTH.relaxation.relax(
        ONE_WIDTH.potential, lattice.sample(100, 0), 5.0, 0
    ).acceptance_rates
    assert overview(path).acceptance_rate == pytest.approx(rates.mean())
    assert overview(path).acceptance_rate_sem == pytest.approx(rates.std(ddof=1) / 10)


def test_widths_are_parts_of_the_whole(folder):
    """Rows and cuts add up; extremes are those of one of the widths."""
    rows, path = made(MANY_WIDTHS, folder)
    whole, parts = overview(path), overviews_by_width(path)
    assert [part.cell_widths for part in parts] == [(2.0,), (3.0,), (4.0,)]
    assert whole.cell_widths == (2.0, 3.0, 4.0)
    assert sum(part.rows for part in parts) == whole.rows == 91
    assert sum(part.rows_cut for part in parts) == whole.rows_cut
    assert max(part.highest_energy for part in parts) == whole.highest_energy
    for part in parts:
        of_width = rows.energy[rows.cell_width == part.cell_widths[0]]
        assert part.energy_quantiles["50%"] == np.median(of_width)


def test_errors_of_widths_add_up_as_squares(folder):
    """The mean over widths weighs them by what was sampled of each."""
    _, path = made(MANY_WIDTHS, folder)
    told = statistics(path)
    weights = told["sampled"].to_numpy() / told["sampled"].sum()
    one = overview(path)
    assert one.acceptance_rate == pytest.approx(weights @ told["acceptance_rate"].to_numpy())
    variance = (weights**2) @ (told["acceptance_rate_sem"].to_numpy() ** 2)
    assert one.acceptance_rate_sem**2 == pytest.approx(variance)


def test_without_moves_there_is_no_rate(folder):
    """None, rather than a number that means nothing."""
    for recipe in (ONE_WIDTH, MANY_WIDTHS):
        _, path = made(replace(recipe, relaxation=RandomMoves(0, 0.1)), folder)
        assert overview(path).acceptance_rate is None
        assert overview(path).acceptance_rate_sem is None


def test_one_configuration_has_no_error(folder):
    """A mean of one is a mean."""
    _, path = made(replace(ONE_WIDTH, size=1, keep_quantile=1.0), folder)
    one = overview(path)
    assert one.acceptance_rate is not None
    assert one.acceptance_rate_sem is None
    assert set(one.energy_quantiles.values()) == {one.highest_energy}


def test_other_files_are_refused(tmp_path):
    """One sentence, whichever function is asked."""
    for function in (overview, overviews_by_width):
        with pytest.raises(InvalidInputError, match="is no database"):
            function(tmp_path / "missing.parquet")
