"""What a database tells about its making, against plain loops over all configurations."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_recipe import MANY_WIDTHS as RECIPE

from peslab.database import acceptance, database_path, load_or_generate, statistics
from peslab.database.statistics import Tally, mean_with_sem, summarize, tally
from peslab.errors import InvalidInputError
from peslab.toymodel import RandomMoves

N, EPOCHS, WIDTHS = 3, 12, [2.0, 3.0, 4.0]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Of a database of three widths."""
    folder = tmp_path_factory.mktemp("databases")
    load_or_generate(RECIPE, folder)
    return database_path(RECIPE, folder)


@pytest.fixture(scope="module")
def relaxed():
    """All configurations before the cut, made without the database."""
    lattice, n = RECIPE.lattice, RECIPE.cut.n_configurations
    widths = lattice.widths(n)
    result = RECIPE.relaxation.relax(
        RECIPE.potential, lattice.sample(n, RECIPE.seed), widths, RECIPE.seed
    )
    return widths, result, RECIPE.potential.energy_per_particle(result.positions, widths)


def test_acceptance_is_counted_over_all_configurations(path, relaxed):
    """For each width and epoch the part of its moves that was accepted, the cut ones too."""
    widths, result, _ = relaxed
    table = acceptance(path)
    assert table.columns == ["cell_width", "epoch", "acceptance_rate"]
    assert len(table) == 3 * EPOCHS
    for width, epoch, rate in table.iter_rows():
        assert rate == pytest.approx(result.accepted[widths == width, epoch - 1].mean() / N)


def test_rates_have_their_standard_errors(path, relaxed):
    """The scatter of configurations over the root of their number."""
    widths, result, _ = relaxed
    for row in statistics(path).iter_rows(named=True):
        rates = result.acceptance_rates[widths == row["cell_width"]]
        assert row["acceptance_rate"] == pytest.approx(rates.mean(), rel=1e-12)
        assert row["acceptance_rate_sem"] == pytest.approx(
            rates.std(ddof=1) / np.sqrt(len(rates)), rel=1e-12
        )


def test_the_cut_is_told(path, relaxed):
    """How many were sampled and kept, the highest energy that stayed and the highest of all."""
    widths, _, energies = relaxed
    table = statistics(path)
    assert table["cell_width"].to_list() == WIDTHS
    assert table["kept"].sum() == RECIPE.size
    for row in table.iter_rows(named=True):
        of_width = np.sort(energies[widths == row["cell_width"]])
        assert row["sampled"] == len(of_width)
        assert row["cut_energy"] == of_width[row["kept"] - 1]
        assert row["highest_energy"] == of_width[-1]


def test_the_energy_at_the_cut_is_in_the_rows(path):
    """It is the highest of its width."""
    highest = pl.read_parquet(path).group_by("cell_width").agg(pl.max("energy_per_particle"))
    told = dict(statistics(path).select("cell_width", "cut_energy").iter_rows())
    assert dict(highest.iter_rows()) == told


def test_epochs_that_were_not_run_do_not_count():
    """A relaxation may end early: the rate is that of those that went on."""
    accepted = np.array([[2, 1], [0, -1], [1, -1], [3, 3]])
    moves = tally(accepted, first_index=0, n_kinds=2, n_particles=3)
    assert moves.accepted.tolist() == [[3, 1], [3, 3]]
    assert moves.tried.tolist() == [[6, 3], [6, 3]]


def test_pieces_begin_with_any_width():
    """The fifth configuration of three widths has the second one."""
    moves = tally(np.array([[1], [2]]), first_index=4, n_kinds=3, n_particles=2)
    assert moves.accepted.tolist() == [[0], [1], [2]]
    assert moves.tried.tolist() == [[0], [2], [2]]


@pytest.mark.parametrize("n_widths", [1, 3, 50])
def test_tallies_add_up(n_widths):
    """Piece by piece the same whole numbers, also through their texts."""
    accepted = np.random.default_rng(0).integers(-1, 5, (41, 7))
    whole = tally(accepted, 0, n_widths, 4)
    pieces = [tally(accepted[k : k + 9], k, n_widths, 4) for k in range(0, 41, 9)]
    total = pieces[0]
    for piece in pieces[1:]:
        total += Tally.from_json(piece.to_json())
    assert (total.accepted == whole.accepted).all()
    assert (total.tried == whole.tried).all()


def test_an_epoch_that_nobody_ran_has_no_rate(tmp_path):
    """Null, rather than a division by zero."""
    moves = Tally(np.array([[4, 0], [1, 0]]), np.array([[8, 0], [2, 0]]))
    about = json.dumps(
        [(2.0 + k, 1, 1, 0.0, 0.0, None, None, *(m[k].tolist() for m in moves)) for k in range(2)]
    )
    pl.DataFrame({"x": [1.0]}).write_parquet(tmp_path / "a", metadata={"about": about})
    assert acceptance(tmp_path / "a")["acceptance_rate"].to_list() == [0.5, None, 0.5, None]


def test_without_relaxation_there_is_no_acceptance(tmp_path):
    """No rows, no rates, but a cut."""
    recipe = replace(RECIPE, relaxation=RandomMoves(0, 0.1))
    load_or_generate(recipe, tmp_path)
    path = database_path(recipe, tmp_path)
    assert acceptance(path).shape == (0, 3)
    assert acceptance(path).schema == {
        "cell_width": pl.Float64,
        "epoch": pl.Int64,
        "acceptance_rate": pl.Float64,
    }
    assert statistics(path)["acceptance_rate"].null_count() == 3
    assert statistics(path)["kept"].sum() == recipe.size


def test_widths_without_rows_are_left_out():
    """Two rows of three widths: the third was not sampled."""
    recipe = replace(RECIPE, size=2, keep_quantile=1.0)
    none = np.zeros((3, 0), np.int64)
    rows = json.loads(
        summarize(recipe, np.array([1.0, 2.0]), np.full(2, np.nan), Tally(none, none))
    )
    assert [(row[0], row[1], row[3]) for row in rows] == [(2.0, 1, 1.0), (3.0, 1, 2.0)]


def test_one_configuration_has_no_standard_error():
    """And none has no mean."""
    assert mean_with_sem(np.array([0.25, np.nan])) == (0.25, None)
    assert mean_with_sem(np.array([np.nan])) == (None, None)
    assert mean_with_sem(np.array([0.0, 1.0])) == (0.5, 0.5)


def test_other_files_tell_nothing(tmp_path):
    """A file that is missing, no Parquet file, or somebody else's."""
    (tmp_path / "text").write_text("not a database")
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "foreign")
    for name in ("missing", "text", "foreign"):
        with pytest.raises(InvalidInputError, match=f"{name} is no database"):
            statistics(tmp_path / name)
        with pytest.raises(InvalidInputError, match="peslab generate"):
            acceptance(tmp_path / name)
