"""What `peslab generate` tells of databases that something is wrong with."""

from dataclasses import replace

import numpy as np
import pytest

from peslab.apps.warned import collapsed, far_below, warned
from peslab.database import Recipe, generate_if_missing
from peslab.database.statistics import statistics
from peslab.toymodel import (
    AreaAndCircumference,
    Descent,
    Lattice,
    ModifiedLennardJones,
    NoRelaxation,
    RandomMoves,
)

HEALTHY = Recipe(ModifiedLennardJones(), Lattice(4, 2, 5.0), RandomMoves(40, 0.1), 200, 0, 0.9)
NO_CORE = AreaAndCircumference(depth=1, characteristic_energy=3.0)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"relaxation": RandomMoves(200, 0.1)},
        {"relaxation": NoRelaxation()},
        {"relaxation": Descent(200)},
        {"potential": ModifiedLennardJones(counting="published")},
        {"potential": ModifiedLennardJones(characteristic_energy=30.0)},
        {"lattice": Lattice((2, 4), 2, (1.0, 10.0), n_widths=6)},
        {"lattice": Lattice(8, 3, 2.52), "relaxation": RandomMoves(4, 0.1), "size": 60},
    ],
    ids=["default", "long", "none", "minima", "published", "E_c", "kinds", "cubes"],
)
def test_healthy_databases_raise_no_alarm(changed, tmp_path):
    """Neither minima that many fall into, nor narrow cells beside wide ones."""
    recipe = replace(HEALTHY, **changed)
    path = generate_if_missing(recipe, tmp_path)
    assert warned(recipe, path) == []


@pytest.mark.parametrize("numbers", [1, (1, 2)])
def test_a_single_particle_is_no_reason_to_relax_longer(numbers, tmp_path):
    """Nothing stops its moves: only those that have company are asked for an acceptance rate."""
    moves = RandomMoves(60, 0.3, target_acceptance_rate=0.3)
    recipe = replace(HEALTHY, lattice=Lattice(numbers, 2, 2.5), relaxation=moves)
    path = generate_if_missing(recipe, tmp_path)
    assert statistics(path)["acceptance_rate"].max() == 1.0
    assert warned(recipe, path) == []
    short = replace(recipe, relaxation=replace(moves, epochs=1))
    told = warned(short, generate_if_missing(short, tmp_path))
    assert len(told) == (numbers != 1)
    assert all("raise relaxation.epochs" in sentence for sentence in told)


def test_configurations_that_collapsed_are_told(tmp_path):
    """Particles in a line have no area, and nothing repels them: how many, how far, what helps."""
    recipe = replace(HEALTHY, potential=NO_CORE)
    path = generate_if_missing(recipe, tmp_path)
    (told,) = warned(recipe, path)
    assert told == collapsed(recipe, path)
    count, rest = told.split(" ", 1)
    assert 5 < int(count) < 60
    assert rest.startswith("of 200 configurations have collapsed, to energies down to -")
    assert "take a potential that repels" in rest


@pytest.mark.parametrize(
    ("energies", "n_below"),
    [
        ([-1.0, -1.5, -2.0, -2.1, -1e4], 1),
        ([-1.0, -1.0, -1.0, -1.2, -20.0], 0),  # minima of which one is deeper
        ([-1.0, -1.0, -1.0, -1.2, -22.0], 1),
        ([2e4, 2e4, 2e4, 1e3, -10.0], 0),  # of a narrow cell
        ([1e4, 2e4, 2e4, 2e4, -1e6], 1),
        ([-5.0], 0),
    ],
)
def test_collapsed_energies_lie_far_below_the_others(energies, n_below):
    """By twenty times the lower half of their scatter, and twenty E_c."""
    assert far_below(np.array(energies), 1.0).sum() == n_below
    assert far_below(30.0 * np.array(energies), 30.0).sum() == n_below


@pytest.mark.parametrize(
    ("potential", "is_told"),
    [
        (ModifiedLennardJones(cutoff=0.9), True),
        (ModifiedLennardJones(cutoff=0.3, characteristic_distance=0.2), False),
        (replace(NO_CORE, pair_part=ModifiedLennardJones(cutoff=1.0)), True),
    ],
)
def test_a_minimum_that_is_cut_away_is_told(potential, is_told, tmp_path):
    """Inside R_c the potential only falls: a model of its own, but hardly what was meant."""
    recipe = replace(HEALTHY, potential=potential, relaxation=NoRelaxation(), size=20)
    path = generate_if_missing(recipe, tmp_path)
    told = [line for line in warned(recipe, path) if "cutoff" in line]
    assert len(told) == is_told
    if is_told:
        r = np.linspace(0.3, 0.89, 60)
        assert "lies within the equilibrium distance 1: the minimum is cut away" in told[0]
        assert (ModifiedLennardJones(cutoff=0.9).pair_values(r)[1] < 0.0).all()
