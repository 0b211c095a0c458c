"""What a database depends on, and what not."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

from peslab.database import DatabaseSettings, Recipe
from peslab.database.recipe import text_of_code
from peslab.errors import InvalidInputError
from peslab.toymodel import (
    Lattice,
    ModifiedLennardJones,
    Potential,
    RandomMoves,
    pair_function,
    triplet_function,
)

RECIPE = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 100, 0, 0.9)

SETTINGS = {
    "size": 100,
    "seed": 0,
    "keep_quantile": 0.9,
    "validation_fraction": 0.2,
    "test_size": 50,
    "test_seed": 1,
}


def test_equal_recipes_have_equal_fingerprints():
    """2 and 2.0 are the same cutoff, and a fingerprint is the same in every process."""
    same = replace(RECIPE, potential=ModifiedLennardJones(cutoff=2), lattice=Lattice(4, 2, 5))
    assert same.fingerprint == RECIPE.fingerprint
    # Written down, so that a change of the scheme is noticed: it orphans the databases of users.
    assert RECIPE.fingerprint.startswith("9e6e658131bc64c8")


@pytest.mark.parametrize(
    "change",
    [
        {"potential": ModifiedLennardJones(exponent=7)},
        {"potential": ModifiedLennardJones(cutoff=2.0 + 1e-15)},
        {"potential": ModifiedLennardJones(counting="published")},
        {"lattice": Lattice(5, 2, 5.0)},
        {"lattice": Lattice(4, 3, 5.0)},
        {"lattice": Lattice(4, 2, 5.1)},
        {"lattice": Lattice(4, 2, (2.0, 5.0), 2)},
        {"lattice": Lattice(4, 2, (2.0, 5.0), 3)},
        {"lattice": Lattice(4, 2, (2.0, 5.0), 3, "logarithmic")},
        {"relaxation": RandomMoves(41, 0.1)},
        {"relaxation": RandomMoves(40, 0.11)},
        {"size": 101},
        {"seed": 1},
        {"keep_quantile": 1},
    ],
    ids=str,
)
def test_every_choice_changes_the_fingerprint(change):
    """No two different databases share a file."""
    assert replace(RECIPE, **change).fingerprint != RECIPE.fingerprint


def test_potentials_are_told_apart_by_class():
    """The same numbers in another class are another potential."""

    @dataclass(frozen=True)
    class Twin(ModifiedLennardJones):
        pass

    assert replace(RECIPE, potential=Twin()).fingerprint != RECIPE.fingerprint


def own_potential(pair_value):
    """A potential with no parameters, whose pairs have one of two functions."""

    @pair_function
    def one(parameters, r):
        return 1.0, 0.0

    @pair_function
    def two(parameters, r):
        return 2.0, 0.0

    @triplet_function
    def nothing(parameters, a, b, c):
        return 0.0, 0.0, 0.0, 0.0

    @dataclass(frozen=True)
    class Own(Potential):
        cutoff: float
        pair, triplet = {1: one, 2: two}[pair_value], nothing
        parameters = property(lambda _: np.zeros(1))

    return Own(2.0)


def test_a_rewritten_potential_has_another_fingerprint():
    """Its name and parameters stay, its rows would not."""
    first, again, rewritten = (
        replace(RECIPE, potential=own_potential(value)).fingerprint for value in (1, 1, 2)
    )
    assert first == again
    assert first != rewritten


WITH_CODE_WITHIN = """
def soft(r):
    def power(x):
        return (lambda y: y ** -12)(x) - (2.0 if "r" in {"r", "a", "b"} else 1.0) * x ** -6
    return sum([power(r) for _ in range(1)])
"""


def test_code_within_a_function_has_the_same_digest_in_every_process(tmp_path):
    """Nested functions, lambdas, comprehensions and sets, and a file that was moved."""
    texts = set()
    for seed, blank in (("1", ""), ("2", "\n\n")):
        script = tmp_path / f"soft_{seed}.py"
        script.write_text(
            f"{blank}{WITH_CODE_WITHIN}\nfrom peslab.database.recipe import text_of_code\n"
            "print(text_of_code(soft.__code__))"
        )
        command = [sys.executable, str(script)]
        hashed = {**os.environ, "PYTHONHASHSEED": seed}
        texts.add(subprocess.run(command, env=hashed, capture_output=True, check=True).stdout)
    (text,) = texts
    assert b"0x" not in text


def test_code_within_a_function_counts():
    """A lambda that was rewritten is another function, though all around it stays."""
    functions = {}
    for power in (-12, -14):
        exec(WITH_CODE_WITHIN.replace("-12", str(power)), functions)  # noqa: S102
        functions[power] = functions["soft"].__code__
    assert text_of_code(functions[-12]) != text_of_code(functions[-14])


def test_potentials_without_plain_fields_are_refused():
    """What cannot be written down cannot be found again."""

    @dataclass(frozen=True)
    class Odd(ModifiedLennardJones):
        table: object = object()

    with pytest.raises(InvalidInputError, match="frozen dataclass"):
        _ = replace(RECIPE, potential=Odd()).fingerprint


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 1),
        ("size", 10.0),
        ("seed", -1),
        ("keep_quantile", 0.0),
        ("keep_quantile", 1.1),
        ("keep_quantile", float("nan")),
        ("validation_fraction", 0.0),
        ("validation_fraction", 1.0),
        ("validation_fraction", 0.001),
        ("test_size", 0),
        ("test_seed", 0),
    ],
)
def test_impossible_settings_are_named(field, value):
    """Sizes, parts and seeds without a meaning are refused by name."""
    with pytest.raises(InvalidInputError, match=field):
        DatabaseSettings(**SETTINGS | {field: value})


@pytest.mark.parametrize(("field", "value"), [("size", 0), ("seed", -1), ("keep_quantile", 2.0)])
def test_impossible_recipes_are_named(field, value):
    """A recipe from a notebook is checked like one from a config."""
    with pytest.raises(InvalidInputError, match=field):
        replace(RECIPE, **{field: value})


def test_possible_settings():
    """Seed 0 is a seed, and keeping all is a choice."""
    settings = DatabaseSettings(**SETTINGS | {"keep_quantile": 1})
    assert settings.seed == 0
    assert settings.keep_quantile == 1.0
