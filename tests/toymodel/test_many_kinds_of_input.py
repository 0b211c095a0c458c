"""The same physics however positions are handed over, and one sentence where there is none."""

from dataclasses import dataclass

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import ProximityEigenvalues
from peslab.toymodel import (
    Lattice,
    ModifiedLennardJones,
    Potential,
    RandomMoves,
    pair_function,
    triplet_function,
)

POTENTIAL, MOVES = ModifiedLennardJones(), RandomMoves(3, 0.1)
POSITIONS = Lattice(4, 2, 5.0).sample(6, seed=0)

# All that takes configurations, as functions of positions and widths.
TAKERS = {
    "energies": POTENTIAL.energy_per_particle,
    "forces": lambda positions, width: POTENTIAL.energy_and_forces(positions, width)[1],
    "relaxation": lambda positions, width: MOVES.relax(POTENTIAL, positions, width, seed=0)[0],
    "eigenvalues": ProximityEigenvalues([-2, -3], 3.0),
    "jacobian": lambda positions, width: ProximityEigenvalues([-2, -3], 3.0).with_jacobian(
        positions, width
    )[1],
}
every_taker = pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)


def strided(positions):
    """A view on every other number of a larger array."""
    room = np.full((*positions.shape[:-1], 2 * positions.shape[-1]), np.nan)
    room[..., ::2] = positions
    return room[..., ::2]


def backwards(positions):
    """A view whose strides are negative."""
    return np.ascontiguousarray(positions[::-1, ::-1])[::-1, ::-1]


def big_endian(positions):
    """As files of other machines hold them."""
    return positions.astype(">f8")


@every_taker
@pytest.mark.parametrize(
    "form", [np.asfortranarray, strided, backwards, big_endian, np.ndarray.tolist]
)
def test_layout_in_memory_is_no_physics(taker, form):
    """Fortran order, strides, byte order and nested lists give the same bits and stay as given."""
    given = form(POSITIONS)
    assert np.array_equal(taker(given, 5.0), taker(POSITIONS, 5.0))
    assert np.array_equal(given, POSITIONS)


@every_taker
@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.float32, np.float16])
def test_whole_numbers_are_positions(taker, kind):
    """A lattice in whole units of R_c may be written in integers or in short floats."""
    positions = np.array([[0, 0], [1, 0], [3, 2], [1, 3]])
    expected = taker(positions.astype(float), 4.0)
    assert np.array_equal(taker(positions.astype(kind), kind(4)), expected)


@every_taker
@pytest.mark.parametrize("width", [5, [5.0], np.full(6, 5), np.array(5.0), [5] * 6])
def test_widths_are_numbers_or_one_each(taker, width):
    """A width for all, or a list with the same width for each configuration, is the same cell."""
    assert np.array_equal(taker(POSITIONS, width), taker(POSITIONS, 5.0))


@every_taker
def test_results_belong_to_the_caller(taker):
    """What comes back is a fresh array: writing to it reaches neither input nor later results."""
    first = taker(POSITIONS, 5.0)
    kept = first.copy()
    first[...] = np.nan
    assert np.isfinite(POSITIONS).all()
    assert np.array_equal(taker(POSITIONS, 5.0), kept)


@every_taker
@pytest.mark.parametrize(
    ("positions", "width", "words"),
    [
        (
            np.where(np.arange(12).reshape(2, 3, 2) == 9, np.nan, 1.0),
            5.0,
            "particle 1 of config.* 1",
        ),
        ([[0.0, 0.0], [-np.inf, 1.0]], 5.0, "particle 1 of configuration 0"),
        ([[1.0, None]], 5.0, "NaN|numbers"),
        ([[1.0, 1.0], [1.0, 1.0]], 5.0, "particles 0 and 1"),
        ([[0.0, 0.0], [15.0, -10.0]], 5.0, "particles 0 and 1"),
        ([[[0.5, 1.0], [2.0, 2.0]], [[4.9, 0.2], [-0.1, 5.2]]], 5.0, "of configuration 1"),
        ([[5.0 - 1e-12, 1.0], [0.0, 1.0]], 5.0, "same place"),
        ([[0.0], [0.25], [0.5]], 0.25, "same place"),
        (3.0, 5.0, "shape"),
        (np.zeros((0, 4, 2)), 5.0, "shape"),
        (np.zeros((3, 2, 0)), 5.0, "shape"),
        ({"x": 1}, 5.0, "array of numbers"),
        (POSITIONS, [5.0, 5.0], r"shape \(6,\)"),
        (POSITIONS, np.full((6, 1), 5.0), r"shape \(6,\)"),
        (POSITIONS, [5.0] * 5 + [-5.0], "above 0"),
        (POSITIONS, [5.0] * 5 + [np.inf], "finite"),
        (POSITIONS, "wide", "cell_width"),
        (POSITIONS, None, "cell_width"),
        (POSITIONS, 1e-3, "cell_width=0.001 is so small"),
    ],
)
def test_all_refuse_the_same_nonsense(taker, positions, width, words):
    """NaN, coincident images, wrong shapes and widths end in the same sentence everywhere."""
    with pytest.raises(InvalidInputError, match=words) as refused:
        taker(positions, width)
    assert isinstance(refused.value, ValueError)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_bits_do_not_depend_on_the_threads(n_threads):
    """One, two and three threads cut 321 configurations differently and compute the same."""
    lattice = Lattice(4, 2, 5.0)
    starts = lattice.sample(321, seed=1)
    moved, rates, _ = MOVES.relax(POTENTIAL, starts, 5.0, seed=1, n_threads=n_threads)
    alone = [
        MOVES.relax(POTENTIAL, start, 5.0, seed=1, first_index=k) for k, start in enumerate(starts)
    ]
    assert np.array_equal(moved, np.concatenate([one.positions for one in alone]))
    assert np.array_equal(rates, np.concatenate([one.acceptance_rates for one in alone]))
    energies, forces = POTENTIAL.energy_and_forces(moved, 5.0, n_threads)
    expected = POTENTIAL.energy_and_forces(moved, 5.0, 1)
    assert np.array_equal(energies, expected[0])
    assert np.array_equal(forces, expected[1])


@pytest.mark.parametrize("cut", [0, 1, 7, 20])
def test_a_sequence_may_be_made_in_pieces(cut):
    """Sampled and relaxed in two pieces, the sequence of a seed is that of one go."""
    lattice = Lattice(2, 3, 3.0)

    def made(n, first_index):
        starts = lattice.sample(n, seed=0, first_index=first_index)
        if n == 0:
            return starts
        return MOVES.relax(POTENTIAL, starts, 3.0, seed=0, first_index=first_index)[0]

    pieces = np.concatenate([made(cut, 100), made(20 - cut, 100 + cut)])
    assert np.array_equal(pieces, made(20, 100))


def test_zero_is_a_seed_and_all_seeds_differ():
    """Nothing that is false in Python is mistaken for no seed; the largest seed is one, too."""
    seeds = [0, 1, 2, 2**31, 2**63 - 1]
    starts = Lattice(4, 2, 5.0).sample(3, seed=0)
    relaxed = [MOVES.relax(POTENTIAL, starts, 5.0, seed=seed)[0] for seed in seeds]
    sampled = [Lattice(4, 2, 5.0).sample(3, seed=seed) for seed in seeds]
    assert np.unique(np.array(sampled).round(12)).size == np.array(sampled).size
    moved = np.array(relaxed)[np.array(relaxed) != starts]  # no step was kept by the others
    assert np.unique(moved.round(12)).size == moved.size > 100
    assert np.array_equal(MOVES.relax(POTENTIAL, starts, 5.0, seed=np.int64(0))[0], relaxed[0])


@pytest.mark.parametrize("seed", [False, -1, 1.0, "0", None, 2**63, 2**64])
def test_what_is_no_seed_is_refused(seed):
    """A seed is a whole number of 63 bits: no truth value, no fraction, no text."""
    with pytest.raises(InvalidInputError, match="seed"):
        MOVES.relax(POTENTIAL, POSITIONS, 5.0, seed=seed)
    with pytest.raises(InvalidInputError, match="seed"):
        Lattice(1, 1, 1.0).sample(1, seed=seed)


def test_starts_and_moves_are_drawn_apart():
    """One seed serves both: were it one stream, first steps would follow from first positions."""
    lattice = Lattice(1, 2, 50.0)
    starts = lattice.sample(2000, seed=0)
    relaxed, *_ = RandomMoves(1, 1.0).relax(POTENTIAL, starts, 50.0, seed=0)
    steps = relaxed - starts
    steps -= 50.0 * np.round(steps / 50.0)
    both = np.corrcoef(np.concatenate([starts[:, 0], steps[:, 0]], axis=1).T)
    assert np.abs(both - np.eye(4)).max() < 5 / np.sqrt(2000)  # five standard errors


@triplet_function
def no_triangles(parameters, a, b, c):
    return 0.0, 0.0, 0.0, 0.0


@pair_function
def not_a_number_inside(parameters, r):
    value = np.nan if r < parameters[0] else 0.0
    return value, 0.0


@dataclass(frozen=True)
class Undefined(Potential):
    """A potential whose formula gives NaN for pairs closer than half the cutoff."""

    cutoff: float = 1.0
    pair, triplet = not_a_number_inside, no_triangles

    @property
    def parameters(self):
        return np.array([0.5 * self.cutoff])


def test_an_own_potential_that_is_not_a_number_is_refused():
    """The configuration whose energy is NaN is named; those that avoid the place are fine."""
    far, near = [[0.0, 0.0], [0.7, 0.0]], [[0.0, 0.0], [0.3, 0.0]]
    assert Undefined().energy_per_particle([far], 5.0)[0] == 0.0
    with pytest.raises(InvalidInputError, match="configuration 2 is not finite"):
        Undefined().energy_and_forces([far, far, near, far], 5.0)


def test_no_move_leads_to_an_energy_that_is_not_a_number():
    """NaN is not "no higher": relaxation never steps to where the potential is undefined."""
    starts = np.tile([[0.0, 0.0], [0.55, 0.0]], (200, 1, 1))
    relaxed, rates, _ = RandomMoves(10, 0.1).relax(Undefined(), starts, 5.0, seed=0)
    assert (Undefined().energy_per_particle(relaxed, 5.0) == 0.0).all()
    assert 0.3 < rates.mean() < 1.0  # half of the first steps lead inwards


@pytest.mark.parametrize("name", ["pair", "triplet"])
def test_an_interaction_that_is_not_compiled_is_refused(name):
    """Whatever is asked of it, the potential says which function lacks its decorator."""

    def plain(_parameters, *sides):
        return (0.0,) * (1 + len(sides))

    unfinished = type("Unfinished", (Undefined,), {name: staticmethod(plain)})()
    for ask in (
        lambda: unfinished.energy_per_particle([[0.0, 0.0]], 5.0),
        lambda: MOVES.relax(unfinished, [[0.0, 0.0]], 5.0, seed=0),
    ):
        with pytest.raises(InvalidInputError, match=rf"Unfinished\.{name} .*@{name}_function"):
            ask()


def test_exchanged_interactions_are_refused():
    """A pair in the place of a triplet has the wrong signature, decorator or not."""
    exchanged = type("Exchanged", (Undefined,), {"triplet": not_a_number_inside})()
    with pytest.raises(InvalidInputError, match=r"Exchanged\.triplet"):
        exchanged.energy_per_particle([[0.0, 0.0]], 5.0)
