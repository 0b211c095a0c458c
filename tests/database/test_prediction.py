"""How long the making of databases will take."""

from dataclasses import replace
from time import process_time
from types import SimpleNamespace

import pytest
from shared_recipe import MANY_WIDTHS, RECIPE

from peslab.database import crowd, load_or_generate, predicted_seconds, prediction, store
from peslab.errors import InvalidInputError
from peslab.toymodel import (
    AreaAndCircumference,
    Descent,
    Lattice,
    LennardJones,
    ModifiedLennardJones,
    RandomMoves,
)

LONG = replace(RECIPE, size=9000, relaxation=RandomMoves(100, 0.1))


def test_the_prediction_is_about_right(tmp_path, monkeypatch):
    """Within a factor of five, in time of the processor: other work may slow the machine."""
    monkeypatch.setattr(prediction, "time", SimpleNamespace(perf_counter=process_time))
    predicted = predicted_seconds([LONG], tmp_path, n_threads=1)
    began = process_time()
    load_or_generate(LONG, tmp_path, n_threads=1)
    assert predicted / 5 < process_time() - began < 5 * predicted


def test_what_is_there_takes_no_time(tmp_path):
    """Neither a prediction nor a pilot."""
    load_or_generate(RECIPE, tmp_path)
    assert predicted_seconds([RECIPE], tmp_path) == 0.0


def test_predictions_add_up_and_share_threads(tmp_path, monkeypatch):
    """Two databases take the sum of both, two threads half the time of one."""
    monkeypatch.setattr(prediction, "_seconds_of_one", lambda _, threads, _pilot: 0.5 / threads)
    counts = [recipe.cut.n_configurations for recipe in (RECIPE, MANY_WIDTHS)]
    assert predicted_seconds([RECIPE, MANY_WIDTHS], tmp_path, 1) == 0.5 * sum(counts)
    assert predicted_seconds([RECIPE, MANY_WIDTHS], tmp_path, 2) == 0.25 * sum(counts)


def test_what_was_interrupted_takes_what_is_left(tmp_path):
    """The names of its parts tell how much there is."""
    total = MANY_WIDTHS.cut.n_configurations
    assert store.remaining_configurations(MANY_WIDTHS, tmp_path) == total
    folder = store.parts_folder(store.database_path(MANY_WIDTHS, tmp_path))
    folder.mkdir()
    for name in ("0-17.parquet", "17-20.parquet", "20-40xyz.tmp"):
        (folder / name).touch()
    assert store.remaining_configurations(MANY_WIDTHS, tmp_path) == total - 20


@pytest.fixture
def made(monkeypatch):
    """What pilots make: up to which configuration, to which depth, on how many threads."""
    calls = []
    make_at_once = prediction.make_at_once

    def noted(recipe, start, stop, n_threads):
        calls.append((stop, recipe.potential.depth, n_threads))
        return make_at_once(recipe, start, stop, n_threads)

    monkeypatch.setattr(prediction, "make_at_once", noted)
    return calls


def test_a_pilot_is_never_larger_than_the_database(tmp_path, made):
    """Two rows of three widths are two configurations."""
    predicted_seconds([replace(MANY_WIDTHS, size=2, keep_quantile=1.0)], tmp_path, 1)
    assert [stop for stop, _, _ in made] == [1, 2]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("n_threads", "count"), [(1, 3), (2, 3), (5, 5)])
def test_a_pilot_is_made_as_the_database_will_be(tmp_path, monkeypatch, made, n_threads, count):
    """Whole rounds of the widths, for narrow cells take longer, on all threads, which wait too."""
    monkeypatch.setattr(prediction, "PILOT_SECONDS", 1e-9)
    predicted_seconds([MANY_WIDTHS], tmp_path, n_threads)
    assert [(stop, threads) for stop, _, threads in made] == [(1, n_threads), (count, n_threads)]


CROWDED = replace(RECIPE, lattice=Lattice(4, 2, 0.1), relaxation=RandomMoves(40, 0.1))


def test_a_pilot_of_crowded_cells_ends(tmp_path, made):
    """A configuration of cells of 0.1 R_c takes a minute, its pilot is not summed so deep."""
    predicted = predicted_seconds([CROWDED], tmp_path, 1)
    assert 10.0 < predicted / CROWDED.cut.n_configurations < 2000.0
    assert {stop for stop, _, _ in made} == {1}
    assert max(depth for _, depth, _ in made) < 15


@pytest.mark.parametrize(
    ("potential", "relaxation"),
    [
        (ModifiedLennardJones(counting="published"), RandomMoves(2, 0.1)),
        (AreaAndCircumference(depth=30), Descent(2, depth=4)),
        (AreaAndCircumference(depth=30, counting="published"), RandomMoves(2, 0.1, depth=4)),
        (ModifiedLennardJones(), RandomMoves(2, 0.1, images="frozen")),
    ],
)
def test_crowds_of_all_kinds_are_summed_less_deep(
    tmp_path, made, monkeypatch, potential, relaxation
):
    """Those of a cutoff and those of a depth, of labels and of relaxations."""
    monkeypatch.setattr(prediction, "PILOT_SECONDS", 1e-9)
    recipe = replace(CROWDED, potential=potential, relaxation=relaxation)
    assert predicted_seconds([recipe], tmp_path, 1) > 0.0
    assert [depth for _, depth, _ in made] == [2, 2]


def test_a_crowd_too_large_is_refused_before_its_pilot(tmp_path, made):
    """As it would be where it is made."""
    with pytest.raises(InvalidInputError, match=r"has 9\.06e\+04 images"):
        predicted_seconds([replace(CROWDED, lattice=Lattice(4, 2, 0.02))], tmp_path, 1)
    assert not made


def test_the_crowd_is_that_of_the_narrowest_cell_with_most_particles():
    """Triangles grow with the square of the density; pairs alone make none."""
    recipe = replace(RECIPE, lattice=Lattice((2, 4), 2, (0.5, 5.0), n_widths=3))
    assert crowd(recipe) == (0.5, pytest.approx(38982.1, rel=1e-5))
    assert crowd(replace(recipe, potential=LennardJones(depth=2))).triangles == 0.0


def test_a_potential_that_fails_is_told_before_the_work(tmp_path, monkeypatch):
    """The pilot meets it first."""

    def fail(*_arguments, **_choices):
        raise InvalidInputError("the energy of configuration 0 is not finite.")

    monkeypatch.setattr(type(RECIPE.potential), "energy_and_forces", fail)
    with pytest.raises(InvalidInputError, match="not finite"):
        predicted_seconds([RECIPE], tmp_path)
