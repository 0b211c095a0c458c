"""What disk and memory cannot hold is refused before it is begun."""

import shutil
from dataclasses import replace

import pytest
from shared_recipe import MANY_WIDTHS, RECIPE

from peslab.database import check_space, load_or_generate, space
from peslab.database.store import database_path, parts_folder
from peslab.errors import InvalidInputError
from peslab.toymodel import Lattice

HUGE = replace(RECIPE, size=10**11)


def free(monkeypatch, n_bytes):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=n_bytes))


@pytest.mark.parametrize(
    "lattice", [Lattice(4, 2, 5.0), Lattice(8, 3, 2.52), Lattice((2, 6), 2, 3.0)], ids=str
)
def test_the_size_of_a_file_is_known_beforehand(lattice, tmp_path):
    """To a quarter, for rows that have forces."""
    recipe = replace(RECIPE, lattice=lattice, size=3000)
    load_or_generate(recipe, tmp_path)
    written = database_path(recipe, tmp_path).stat().st_size
    assert space.bytes_of_row(recipe) * recipe.size == pytest.approx(written, rel=0.25)


def test_what_the_disk_cannot_hold_is_refused(tmp_path, monkeypatch):
    """With what it would take, what there is, and what to lower."""
    free(monkeypatch, 80 * 10**9)
    with pytest.raises(InvalidInputError) as caught:
        check_space([RECIPE, HUGE], tmp_path / "not" / "there")
    sentence = str(caught.value)
    for words in ("2.584e+04 GB", "80 GB free on the disk of", "there: lower database.size"):
        assert words in sentence
    assert not list(tmp_path.iterdir())


def test_what_memory_cannot_hold_is_refused(tmp_path, monkeypatch):
    """Energies are held for the cut, though rows are not."""
    free(monkeypatch, 10**18)
    with pytest.raises(InvalidInputError, match="of memory, where all energies"):
        check_space([HUGE], tmp_path)


def test_what_is_there_takes_no_more(tmp_path, monkeypatch):
    """Whole files nothing, and of what is half made only what is left."""
    load_or_generate(RECIPE, tmp_path)
    row = space.bytes_of_row(MANY_WIDTHS)
    total = MANY_WIDTHS.cut.n_configurations
    folder = parts_folder(database_path(MANY_WIDTHS, tmp_path))
    folder.mkdir()
    (folder / "0-50.parquet").touch()
    free(monkeypatch, int(row * (MANY_WIDTHS.size + total - 50)) + 1)
    check_space([RECIPE, MANY_WIDTHS], tmp_path)
    (folder / "0-50.parquet").unlink()
    with pytest.raises(InvalidInputError):
        check_space([RECIPE, MANY_WIDTHS], tmp_path)
