"""How long the making of databases will take."""

from dataclasses import replace
from time import process_time
from types import SimpleNamespace

import pytest
from shared_recipe import MANY_WIDTHS, RECIPE

from peslab.database import load_or_generate, predicted_seconds, prediction, store
from peslab.errors import InvalidInputError
from peslab.toymodel import RandomMoves

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
    monkeypatch.setattr(prediction, "_seconds_of_one", lambda _recipe, _pilot: 0.5)
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


def test_a_pilot_is_never_larger_than_the_database(tmp_path, monkeypatch):
    """Two rows of three widths are two configurations."""
    made = []
    make_piece = prediction.make_piece

    def counted(recipe, start, stop, n_threads=None):
        made.append((start, stop))
        return make_piece(recipe, start, stop, n_threads)

    monkeypatch.setattr(prediction, "make_piece", counted)
    predicted_seconds([replace(MANY_WIDTHS, size=2, keep_quantile=1.0)], tmp_path)
    assert made == [(0, 1), (0, 2)]
    assert not list(tmp_path.iterdir())


def test_a_pilot_holds_all_widths_alike(tmp_path, monkeypatch):
    """Narrow cells take longer: whole rounds of the widths are made, until the time is up."""
    made = []
    make_piece = prediction.make_piece

    def counted(recipe, start, stop, n_threads=None):
        made.append(stop)
        return make_piece(recipe, start, stop, n_threads)

    monkeypatch.setattr(prediction, "make_piece", counted)
    monkeypatch.setattr(prediction, "PILOT_SECONDS", 1e-9)
    predicted_seconds([MANY_WIDTHS], tmp_path)
    assert made == [1, 3]


def test_a_potential_that_fails_is_told_before_the_work(tmp_path, monkeypatch):
    """The pilot meets it first."""

    def fail(*_arguments, **_choices):
        raise InvalidInputError("the energy of configuration 0 is not finite.")

    monkeypatch.setattr(type(RECIPE.potential), "energy_and_forces", fail)
    with pytest.raises(InvalidInputError, match="not finite"):
        predicted_seconds([RECIPE], tmp_path)
