"""Labels that no longer belong to their potential are noticed when a database is read."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from peslab.database import Recipe, database_path, load_or_generate, parquet
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

RECIPE = Recipe(ModifiedLennardJones(), Lattice(3, 2, 4.0), RandomMoves(3, 0.1), 40, 0, 1.0)


@dataclass(frozen=True)
class Tuned(ModifiedLennardJones):
    """A potential whose strength stands in its code, not in its fields."""

    @property
    def parameters(self):
        parameters = np.array(ModifiedLennardJones.parameters.fget(self))
        parameters[0] *= STRENGTH[0]
        return parameters


STRENGTH = [1.0]


def test_a_database_of_another_version_of_a_potential_is_made_again(tmp_path, caplog):
    """Its fingerprint is the same; its first energies are not."""
    recipe = replace(RECIPE, potential=Tuned())
    first = load_or_generate(recipe, tmp_path)
    assert load_or_generate(recipe, tmp_path).equals(first)
    STRENGTH[0] = 1.5
    try:
        second = load_or_generate(recipe, tmp_path)
    finally:
        STRENGTH[0] = 1.0
    assert not second.equals(first)
    assert "outdated" in caplog.text


def test_a_database_is_readable_by_colleagues(tmp_path):
    """A folder of results may be shared."""
    load_or_generate(RECIPE, tmp_path)
    assert database_path(RECIPE, tmp_path).stat().st_mode & 0o444 == 0o444


def test_a_database_that_may_not_be_read_is_not_made_again(tmp_path, monkeypatch):
    """It is somebody else's, and whole: that is told instead."""
    load_or_generate(RECIPE, tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(parquet.pl, "read_parquet", refuse)
    with pytest.raises(PermissionError):
        load_or_generate(RECIPE, tmp_path)
