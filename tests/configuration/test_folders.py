"""The folder of results and the folder of choices are found, or told."""

import os
from pathlib import Path

import pytest

import peslab
from peslab.configuration.folders import conf_folder, home
from peslab.errors import InvalidInputError, PeslabError


def test_results_are_in_runs_unless_said_otherwise(tmp_path, monkeypatch):
    """Without PESLAB_HOME, or with an empty one, they are below the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PESLAB_HOME", raising=False)
    assert home() == tmp_path / "runs"
    monkeypatch.setenv("PESLAB_HOME", "")
    assert home() == tmp_path / "runs"
    assert (tmp_path / "runs").is_dir()


def test_the_folder_is_absolute_and_made_with_its_parents(tmp_path, monkeypatch):
    """A relative PESLAB_HOME stays the same folder when the current one changes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PESLAB_HOME", "a/b/c")
    assert home() == tmp_path / "a" / "b" / "c"
    assert home().is_dir()


def test_a_tilde_is_the_users_folder(tmp_path, monkeypatch):
    """As in a shell, also where no shell has replaced it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PESLAB_HOME", "~/results")
    assert home() == tmp_path / "results"


def test_blanks_and_letters_of_any_language_are_allowed(tmp_path, monkeypatch):
    """A folder's name is the user's own business."""
    monkeypatch.setenv("PESLAB_HOME", str(tmp_path / "Läufe 2026"))
    assert home().is_dir()


@pytest.mark.parametrize("letter", "%?#")
def test_letters_that_a_databases_address_gives_a_meaning_are_refused(
    letter, tmp_path, monkeypatch
):
    """SQLite's address would end, or be decoded, there; nothing is made."""
    monkeypatch.setenv("PESLAB_HOME", str(tmp_path / f"a{letter}b"))
    with pytest.raises(PeslabError, match="set PESLAB_HOME to another folder"):
        home()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    """Before anything was computed (the superuser may write anywhere, so `os` is asked)."""
    monkeypatch.setenv("PESLAB_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PeslabError, match="cannot be written"):
        home()


def test_the_choices_are_beside_the_modules_in_a_wheel(tmp_path, monkeypatch):
    """Installed, conf/ is part of the package; in a checkout it is at the top."""
    package = tmp_path / "src" / "peslab"
    package.mkdir(parents=True)
    monkeypatch.setattr(peslab, "__file__", str(package / "__init__.py"))
    assert conf_folder() == tmp_path / "conf"
    (package / "conf").mkdir()
    assert conf_folder() == package / "conf"


def test_the_checkouts_choices_are_there(repository):
    """The folder that the tests run with is the one that users edit."""
    assert (conf_folder() / "config.yaml").is_file()
    assert conf_folder().resolve() == Path(repository / "conf").resolve()


def test_an_impossible_input_is_also_a_value_error():
    """Code that uses our classes without the command catches what Python calls it."""
    assert issubclass(InvalidInputError, PeslabError)
    assert issubclass(InvalidInputError, ValueError)
    assert not issubclass(PeslabError, ValueError)
