"""Nonsense in every potential, counting and relaxation: one sentence, and never a wrong number."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.toymodel import (
    AreaAndCircumference,
    AreaTimesPairs,
    Descent,
    LennardJones,
    Metropolis,
    ModifiedLennardJones,
    Morse,
    PairsAndArea,
    Potential,
    RandomMoves,
    normalized,
    pair_function,
    triplet_function,
)

POTENTIALS = {
    "equation 2": Morse(depth=1),
    "equation 3": LennardJones(depth=1),
    "equation 6": AreaTimesPairs(depth=1),
    "equation 7": AreaAndCircumference(depth=1, pair_part=LennardJones()),
    "equation 8": PairsAndArea(depth=1),
    "once": ModifiedLennardJones(counting="once"),
    "published, to a depth": ModifiedLennardJones(counting="published", depth=1),
    "block": ModifiedLennardJones(counting="block", depth=1),
}
RELAXATIONS = {
    "frozen": RandomMoves(2, 0.1, images="frozen"),
    "to a target": RandomMoves(2, 0.1, target_acceptance_rate=0.2),
    "to a depth": RandomMoves(2, 0.1, depth=1),
    "at a temperature": Metropolis(2, 0.1, temperature=1.0),
    "descent": Descent(2),
}


def energies_of(potential):
    return lambda positions, width: np.concatenate(
        [part.ravel() for part in potential.energy_and_forces(positions, width)]
    )


def relaxed_by(relaxation):
    return lambda positions, width: (
        relaxation.relax(ModifiedLennardJones(), positions, width, seed=0).positions
    )


TAKERS = {name: energies_of(potential) for name, potential in POTENTIALS.items()} | {
    name: relaxed_by(relaxation) for name, relaxation in RELAXATIONS.items()
}
every_taker = pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)


@every_taker
@pytest.mark.parametrize(
    ("positions", "width", "words"),
    [
        ([[0.0, 0.0], [1.0, np.nan]], 5.0, "particle 1 of configuration 0"),
        ([[[1.0, 2.0]], [[np.inf, 0.0]]], 5.0, "particle 0 of configuration 1"),
        ([[1.0, 2.0], [6.0, -3.0]], 5.0, "same place"),
        ([[0.0, 0.0], [5.0 - 1e-11, 0.0]], 5.0, "same place"),
        (np.zeros((1, 0, 2)), 5.0, "shape"),
        (np.zeros(2), 5.0, "shape"),
        ("here", 5.0, "array of numbers"),
        ([["1", "2"]], 5.0, "array of numbers, real ones, not of <U1"),
        (np.array([[1.0 + 1.0j, 2.0]]), 5.0, "real ones, not of complex128"),
        (np.array([[True, False]]), 5.0, "real ones, not of bool"),
        (np.ma.array([[1.0, 2.0]], mask=[[True, False]]), 5.0, "none masked"),
        ([[1.0, 2.0]], "5", "cell_width must be an array of numbers"),
        ([[1.0, 2.0]], True, "cell_width must be an array of numbers"),
        ([[1.0, 2.0]], [5.0, 4.0], "shape"),
        ([[1.0, 2.0]], 0.0, "above 0"),
        ([[1.0, 2.0]], np.nan, "finite"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(taker, positions, width, words):
    """The one check of positions and widths is asked by everyone who takes them."""
    with pytest.raises(InvalidInputError, match=words) as refused:
        taker(positions, width)
    assert "\n" not in str(refused.value)


@every_taker
def test_arrays_of_all_kinds_are_the_same_configuration(taker):
    """Integers, lists, strides and Fortran's order, and what was given is left as it was."""
    positions = np.array([[[0, 0], [1, 0], [3, 2]], [[1, 1], [2, 3], [0, 2]]])
    expected = taker(positions.astype(float), 4.0)
    strided = np.full((2, 3, 4), np.nan)
    strided[..., ::2] = positions
    view = strided[..., ::2]
    view.flags.writeable = False
    for given in (positions, positions.tolist(), np.asfortranarray(positions), view):
        assert np.array_equal(taker(given, 4), expected)
    assert np.array_equal(view, positions)


@every_taker
def test_one_particle_is_a_configuration(taker):
    """With its images around it, or with none in reach; a lone one pulls itself nowhere."""
    for width in (1.4, 50.0):
        found = taker([[0.3, 0.2]], width)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["once", "published, to a depth", "block"])
def test_nothing_pulls_a_lone_particle(name):
    """Its images move along: no force, in all countings."""
    forces = POTENTIALS[name].energy_and_forces([[0.3, 0.2]], 1.4)[1]
    assert np.abs(forces).max() < 1e-10


TINY = pytest.mark.parametrize("width", [1e-2, 1e-200, 1e-320])


@TINY
@pytest.mark.parametrize("taker", [energies_of(ModifiedLennardJones()), *map(relaxed_by, [
    RELAXATIONS["frozen"], RELAXATIONS["to a target"], RELAXATIONS["at a temperature"],
    RELAXATIONS["descent"],
])])  # fmt: skip
def test_cells_far_below_the_cutoff_are_refused(taker, width):
    """A sum over 10⁵ images of each particle and more would not end in due time."""
    with pytest.raises(InvalidInputError, match="is so small that each particle has"):
        taker([[0.0, 0.0]], width)


def test_energies_that_overflow_are_refused():
    """A depth has no smallest cell; energies do: (R_c/r)¹² of r = 1e-30 is beyond all floats."""
    with pytest.raises(InvalidInputError, match="configuration 0 is not finite"):
        LennardJones(depth=2).energy_per_particle([[0.0, 0.0]], 1e-30)
    with pytest.raises(InvalidInputError, match="configuration 1 is not finite"):
        PairsAndArea(depth=2).energy_per_particle([[[0.0, 0.0]]] * 2, [1.0, 1e-30])


# Potentials


@pytest.mark.parametrize("name", ["pair_weight", "triplet_weight"])
@pytest.mark.parametrize("value", [np.nan, np.inf, "1/4", None, True, [1.0, 2.0], 1j])
@pytest.mark.parametrize("kind", [ModifiedLennardJones, LennardJones, PairsAndArea])
def test_weights_are_finite_numbers(kind, name, value):
    """NaN would stop all moves without a word; two numbers would be taken for two cells."""
    with pytest.raises(InvalidInputError, match=name):
        kind(**{name: value})


def test_weights_may_be_negative_or_nothing():
    """A sign turns the energy over, and 0 leaves a part out."""
    positions = [[0.0, 0.0], [1.0, 0.0], [0.4, 0.8]]
    plain = ModifiedLennardJones()
    turned = replace(plain, pair_weight=-1 / 4, triplet_weight=-3 / 4)
    energies = [p.energy_and_forces(positions, 5.0) for p in (plain, turned)]
    assert energies[0][0] == -energies[1][0]
    assert np.array_equal(energies[0][1], -energies[1][1])
    nothing = replace(plain, pair_weight=0, triplet_weight=0)
    assert nothing.energy_per_particle(positions, 5.0) == 0.0


@pytest.mark.parametrize("part", ["lennard_jones", 3, LennardJones, AreaTimesPairs()])
def test_pair_parts_have_pairs(part):
    """A name, a class, or a potential of triangles alone would leave pairs out silently."""
    potential = ModifiedLennardJones(pair_part=part)
    for ask in (
        lambda: potential.energy_per_particle([[0.0, 0.0]], 5.0),
        lambda: RandomMoves(1, 0.1).relax(potential, [[0.0, 0.0]], 5.0, seed=0),
        lambda: Descent(1).relax(potential, [[0.0, 0.0]], 5.0, seed=0),
    ):
        with pytest.raises(InvalidInputError, match="pair_part must be a potential whose pairs"):
            ask()


@pytest.mark.parametrize("counting", ["twice", "", None, ["once"], 1])
@pytest.mark.parametrize("kind", [LennardJones, Morse, AreaTimesPairs, PairsAndArea])
def test_countings_that_are_none_are_named(kind, counting):
    """When the potential is written down."""
    with pytest.raises(InvalidInputError, match="counting must be translation_invariant or"):
        kind(counting=counting)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (LennardJones, "well_depth"),
        (LennardJones, "minimum_distance"),
        (Morse, "well_depth"),
        (Morse, "minimum_distance"),
        (Morse, "stiffness"),
        (AreaTimesPairs, "characteristic_energy"),
        (AreaAndCircumference, "characteristic_distance"),
        (PairsAndArea, "characteristic_energy"),
    ],
)
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, "1", None, True])
def test_units_are_above_zero(kind, field, value):
    """Depths, distances and springs."""
    with pytest.raises(InvalidInputError, match=field):
        kind(**{field: value})


def test_a_block_needs_a_depth():
    """It has no other edge, also where the potential has a cutoff."""
    with pytest.raises(InvalidInputError, match=r"counting=block sums .* set depth=1"):
        ModifiedLennardJones(counting="block").energy_per_particle([[0.0, 0.0]], 5.0)


# Functions of one's own


def own(pair=None, triplet=None, given=(1.0,)):
    """A potential of such functions."""
    members = {"pair": pair, "triplet": triplet, "parameters": property(lambda _self: given)}
    return dataclass(frozen=True)(type("Mine", (Potential,), members | {"cutoff": 2.0}))()


def refuses(parameters, r):
    raise TypeError


@pytest.mark.parametrize(
    "function",
    [
        lambda parameters, r: None,  # noqa: ARG005
        lambda parameters, r: "far",  # noqa: ARG005
        lambda parameters, r: (r,),  # noqa: ARG005
        lambda parameters, r: (r, r, r),  # noqa: ARG005
        lambda parameters, r: [r, r],  # noqa: ARG005
        lambda parameters, r: r > 1.0,  # noqa: ARG005
        lambda parameters, r: 1j * r,  # noqa: ARG005
        lambda parameters, r: parameters,  # noqa: ARG005
        lambda parameters, r: r.no_such_attribute,  # noqa: ARG005
        lambda parameters, r: no_such_name(r),  # noqa: ARG005, F821
        refuses,
    ],
)
def test_functions_that_cannot_be_compiled_are_refused(function):
    """One sentence names what they must return, where they are written."""
    with pytest.raises(InvalidInputError, match="cannot be compiled") as refused:
        pair_function(function)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("row", [(0.0, 0.0), (0.0, 0.0, 0.0), (0.0,) * 5])
def test_triangles_have_three_slopes(row):
    """One value, or one and three slopes."""
    with pytest.raises(InvalidInputError, match="or 4 floats, the value and its slopes"):
        triplet_function(lambda parameters, a, b, c: row)  # noqa: ARG005


@pytest.mark.parametrize(
    ("decorator", "function", "words"),
    [
        (pair_function, lambda r: r, "a distance r, 2 arguments in all"),
        (pair_function, lambda p, r, s: r, "a distance r, 2 arguments in all"),  # noqa: ARG005
        (triplet_function, lambda p, r: r, "a triangle, 4 arguments in all"),  # noqa: ARG005
    ],
)
def test_functions_of_other_arguments_are_refused(decorator, function, words):
    """Parameters first, then the sides."""
    with pytest.raises(InvalidInputError, match=words):
        decorator(function)


@cache
def third():
    return pair_function(lambda parameters, r: parameters[2] * r)


@pytest.mark.parametrize("given", [(), (1.0,), (1.0, 2.0)])
def test_parameters_that_are_missing_are_told(given):
    """Compiled functions read on in memory beyond the last parameter: any number would come out."""
    potential = own(third(), given=given)
    for ask in (
        lambda: potential.pair_values(1.0),
        lambda: potential.energy_per_particle([[0.0], [1.0]], 5.0),
        lambda: RandomMoves(1, 0.1).relax(potential, [[0.0], [1.0]], 5.0, seed=0),
    ):
        with pytest.raises(InvalidInputError, match=f"cannot use the potential's {len(given)} par"):
            ask()
    assert own(third(), given=(1.0, 2.0, 3.0)).pair_values(1.5)[0] == 4.5


@pytest.mark.parametrize("given", ["abc", None, 1.0, [[1.0]], [np.nan], [1j], {"a": 1}])
def test_parameters_are_a_list_of_numbers(given):
    """Kernels take nothing else."""
    with pytest.raises(InvalidInputError, match=r"Mine.parameters must be"):
        own(third(), given=given).energy_per_particle([[0.0], [1.0]], 5.0)


def undefined_inside(parameters, r):
    rest = r - parameters[0]
    return rest**2.5, 2.5 * rest**1.5  # no number below the first parameter


@pytest.fixture(scope="module")
def undefined():
    return own(pair_function(undefined_inside), given=(0.6,))


APART, INSIDE = [[0.0, 0.0], [0.9, 0.0]], [[0.0, 0.0], [0.5, 0.0]]


def test_energies_that_are_not_numbers_are_refused(undefined):
    """The configuration is named, and those that avoid the place have energies."""
    assert undefined.energy_per_particle(APART, 5.0)[0] == pytest.approx(0.25 * 0.3**2.5)
    with pytest.raises(InvalidInputError, match="configuration 1 is not finite"):
        undefined.energy_per_particle([APART, INSIDE, APART], 5.0)


@pytest.mark.parametrize("relaxation", RELAXATIONS.values(), ids=RELAXATIONS)
def test_no_relaxation_ends_where_there_is_no_energy(undefined, relaxation):
    """NaN is neither lower nor probable: no move leads there, and who starts there stays apart.

    A descent follows slopes, here to the edge and over it; it stops where there are none.
    """
    descends = type(relaxation) is Descent
    longer = replace(relaxation, **{"steps" if descends else "epochs": 20})
    relaxed = longer.relax(undefined, np.tile([APART], (100, 1, 1)), 5.0, seed=0).positions
    if not descends:
        assert np.isfinite(undefined.energy_per_particle(relaxed, 5.0)).all()
    ways = relaxed[:, 1] - relaxed[:, 0]
    assert np.linalg.norm(ways - 5.0 * np.round(ways / 5.0), axis=1).min() > 0.5
    stuck = longer.relax(undefined, INSIDE, 5.0, seed=0).positions
    assert np.array_equal(stuck[0], INSIDE) or not descends
    assert (stuck[0, 0] != stuck[0, 1]).any()


def test_triangles_are_symmetric():
    """In which order sides come is chance, and energies would be."""
    lopsided = own(triplet=triplet_function(lambda _p, a, b, c: (a + 2.0 * b + c, 1.0, 2.0, 1.0)))
    with pytest.raises(InvalidInputError, match="the same one: make it symmetric in a, b, c"):
        lopsided.energy_per_particle([[0.0, 0.0], [1.0, 0.0], [0.0, 1.2]], 5.0)


def test_potentials_interact():
    """Where `triplet` is misspelled nothing would, and all energies be 0."""
    with pytest.raises(InvalidInputError, match="neither a pair nor a triplet interaction"):
        own().energy_per_particle([[0.0, 0.0], [1.0, 0.0]], 5.0)


def inverse_area(a, b, c):
    s = (a + b + c) / 2.0
    return (s * (s - a) * (s - b) * (s - c)) ** -2 - (a + b + c) ** -6


def inverse_distance(_parameters, r):
    return (r - 1.0) ** -2, -2.0 * (r - 1.0) ** -3


def derived_inverse_distance(_parameters, r):
    return ((r - 1.0) * (r - 1.0)) ** -1


LINE = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]


@pytest.mark.parametrize(
    "made",
    [
        lambda: normalized(inverse_area)(cutoff=2.0),
        lambda: own(pair=pair_function(inverse_distance)),
        lambda: own(pair=pair_function(derived_inverse_distance)),
    ],
    ids=["triangles", "pairs with slopes", "pairs"],
)
def test_divisions_by_zero_are_told(made):
    """Numba raises for whole powers of 0, as of the area of three particles in a line."""
    potential = made()
    with pytest.raises(InvalidInputError, match="energy or a force of configuration 0 is not"):
        potential.energy_and_forces(LINE, 9.0)
    moved = RandomMoves(2, 0.1).relax(potential, LINE, 9.0, seed=0).positions
    assert np.isfinite(moved).all()


@pytest.mark.parametrize(
    ("potential", "remedy"),
    [
        (LennardJones(depth=300), "lower the depth"),
        (ModifiedLennardJones(counting="block", depth=300), "lower the depth"),
        (ModifiedLennardJones(cutoff=1e6), "widen the cell or lower the cutoff"),
        (ModifiedLennardJones(cutoff=1e6, depth=10**9), "widen the cell or lower the cutoff"),
    ],
)
def test_too_many_images_have_a_remedy(potential, remedy):
    """A depth grows with the cell: a wider one has as many images."""
    with pytest.raises(InvalidInputError, match=f"can be summed: {remedy}"):
        potential.energy_per_particle([[0.0, 0.0], [1.0, 0.0]], 5.0)
