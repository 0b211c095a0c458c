"""Every way of counting against the printed sums over explicit cells, term by term."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from explicit_cells import depth_of_cells, distance, equation_10, images, slopes, sums
from law_cases import spread

from peslab.errors import InvalidInputError
from peslab.toymodel import AreaAndCircumference, LennardJones, ModifiedLennardJones, Morse

# Neither part has a cutoff: every triangle and every pair of the block counts.
ENDLESS = AreaAndCircumference(pair_part=LennardJones(), pair_weight=0.3, triplet_weight=0.6)
CUT = ModifiedLennardJones(cutoff=1.4, exponent=4, pair_weight=0.3, triplet_weight=0.6)
POTENTIALS = {"without end": ENDLESS, "cut off": CUT}
every_potential = pytest.mark.parametrize("potential", POTENTIALS.values(), ids=POTENTIALS)

BLOCKS = [  # N_p, d, w_c, d_s
    (3, 1, 2.4, 0),
    (3, 1, 2.4, 2),
    (1, 1, 1.2, 3),
    (2, 2, 1.9, 1),
    (3, 2, 2.5, 1),
    (1, 2, 1.3, 2),
    (2, 3, 1.8, 1),
]
every_block = pytest.mark.parametrize("block", BLOCKS, ids=str)


def equation_3(r):
    return r**-12 - 2 * r**-6


def equation_7(a, b, c):
    s = (a + b + c) / 2
    return 8503056 * s * (s - a) * (s - b) * (s - c) / (2 * s) ** 12 - 2916 / (2 * s) ** 6


def formulas(potential):
    """V_2 and V_3 in plain Python."""
    if potential.triplet is AreaAndCircumference.triplet:
        return equation_3, equation_7
    n, cutoff = potential.exponent, potential.cutoff
    return (
        lambda r: equation_10(r, n, cutoff),
        lambda a, b, c: equation_10((a + b + c) / 3, n, cutoff),
    )


def energy_of_cell(potential, positions, width, depth):
    """N_p v, where `once` takes each pair and triangle with a corner in the cell once.

    Equation (5) lists triangles with two corners in the cell from both of them, and all of them in
    both directions; those in the cell from all three.
    """
    parts = sums(positions, width, depth, *formulas(potential))
    (v_c1, v_c2, v_c3), (v_tc1, v_tc2) = parts.triangles, parts.pairs
    if potential.counting == "once":
        triangles, pairs = v_c1 / 2 + v_c2 / 2 + v_c3 / 6, v_tc1 + v_tc2 / 2
    else:
        triangles, pairs = v_c1 + v_c2 + v_c3, v_tc1 + v_tc2
    return potential.triplet_weight * triangles + potential.pair_weight * pairs


def energy_of_block(potential, positions, width, depth):
    """N_p v of equation (4), with pairs: all ordered triangles of all particles of the block."""
    inside, outside = images(positions, width, depth)
    v_2, v_3 = formulas(potential)
    everything = inside + outside
    sides = [[distance(one, other) for other in everything] for one in everything]
    among = range(len(everything))
    triangles = sum(
        v_3(sides[i][j], sides[i][k], sides[j][k]) for i, j, k in permutations(among, 3)
    )
    pairs = sum(v_2(sides[i][j]) for i, j in permutations(among, 2))
    total = potential.triplet_weight * triangles + potential.pair_weight * pairs
    return total * len(inside) / len(everything)


def energy_to_depth(potential, positions, width, depth):
    """N_p v, each particle with all images: pairs below d_s w_c, perimeters below 2 d_s w_c."""
    inside, outside = images(positions, width, 2 * depth)
    v_2, v_3 = formulas(potential)
    reach = depth * width * (1 - 1e-12)
    energy = 0
    for i in range(len(inside)):
        others = [inside[j] for j in range(len(inside)) if j != i] + outside
        r = [distance(inside[i], other) for other in others]
        near = [k for k in range(len(others)) if r[k].real < reach]
        energy += potential.pair_weight * sum(v_2(r[k]) for k in near)
        for j, k in permutations(near, 2):
            sides = r[j], r[k], distance(others[j], others[k])
            if sum(sides).real < 2 * reach:
                energy += potential.triplet_weight * v_3(*sides)
    return energy


RULES = {
    "published": energy_of_cell,
    "once": energy_of_cell,
    "block": energy_of_block,
    "translation_invariant": energy_to_depth,
}


def draw(n_particles, dimension, width, seed=0):
    return spread(np.random.default_rng(seed), n_particles, dimension, width)


def agrees(found, expected):
    """To rounding: of sums of some thousand terms, relative to the largest part."""
    found, expected = np.asarray(found), np.asarray(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("counting", RULES)
@every_potential
@every_block
def test_energies_are_the_printed_sums(block, potential, counting):
    """Equations (4), (5) and (9) over a block of (2 d_s + 1)^d cells, in 1D, 2D and 3D."""
    n_particles, dimension, width, depth = block
    if depth == 0 and counting == "translation_invariant":
        pytest.skip("no pair is closer than 0 cell widths: refused")
    positions = draw(n_particles, dimension, width)
    counted = replace(potential, counting=counting, depth=depth)
    expected = RULES[counting](counted, positions.tolist(), width, depth)
    found = counted.energy_per_particle(positions, width)[0] * n_particles
    agrees(found, complex(expected).real)


@pytest.mark.parametrize("counting", RULES)
@every_potential
@pytest.mark.parametrize("block", [BLOCKS[1], BLOCKS[3]], ids=str)
def test_forces_are_slopes_of_the_printed_sums(block, potential, counting):
    """−∂(N v)/∂r, where all images of a particle move with it, by complex steps through the sum."""
    n_particles, dimension, width, depth = block
    positions = draw(n_particles, dimension, width, seed=1)
    counted = replace(potential, counting=counting, depth=depth)
    rule = RULES[counting]
    expected = -np.array(
        slopes(lambda moved: complex(rule(counted, moved, width, depth)), positions.tolist())
    )
    _, forces = counted.energy_and_forces(positions, width)
    assert np.abs(expected).max() > 0.1
    agrees(forces[0], expected)


@pytest.mark.parametrize("counting", ["once", "published"])
@pytest.mark.parametrize("cell", [(3, 1, 1.1), (2, 2, 1.9), (3, 2, 4.0), (2, 3, 2.5)], ids=str)
def test_without_a_depth_all_that_interact_are_counted(cell, counting):
    """With a cutoff the sums to no depth are those to ⌈3 R_0/2 w_c⌉, and to any deeper one."""
    n_particles, dimension, width = cell
    positions = draw(n_particles, dimension, width, seed=2)
    counted = replace(CUT, counting=counting)
    depth = depth_of_cells(CUT.cutoff, width)
    expected = energy_of_cell(counted, positions.tolist(), width, depth)
    energy, forces = counted.energy_and_forces(positions, width)
    agrees(energy[0] * n_particles, complex(expected).real)
    for deep in (depth, depth + 1):
        block_energy, block_forces = replace(counted, depth=deep).energy_and_forces(
            positions, width
        )
        agrees(block_energy, energy)
        agrees(block_forces, forces)


# Particles on both sides of the edges and corners of a cell of width 3.
ON_EDGES = np.array([[0.3, 0.2, 0.4], [2.6, 2.5, 2.7], [1.1, 2.9, 0.1]])


@pytest.mark.parametrize(("n_particles", "dimension"), [(3, 1), (3, 2), (2, 3)])
def test_edges_of_a_block_vanish_with_its_depth(n_particles, dimension):
    """Equation (4) misses the neighbors of its outermost cells: a part 1/(2 d_s + 1) of all.

    A triangle that reaches over s_x, s_y, … cells has Π (1 − s/(2 d_s + 1)) of its images in the
    block: so the energy is a polynomial of degree d in 1/(2 d_s + 1), and where that is 0 it is the
    one that is translation invariant.
    """
    positions, width = ON_EDGES[:n_particles, :dimension], 3.0  # s ≤ 1, for 1.5 R_0 = 2.7
    potential = ModifiedLennardJones(cutoff=1.8, exponent=3)
    block = replace(potential, counting="block")
    depths = range(dimension + 1)
    energies = [replace(block, depth=d).energy_per_particle(positions, width)[0] for d in depths]
    inverse = 1.0 / (2 * np.array(depths) + 1)
    limit = potential.energy_per_particle(positions, width)[0]
    missing = np.abs(energies - limit)
    assert missing[0] > 0.01
    assert (np.diff(missing) < 0.0).all()
    polynomial = np.polyfit(inverse, energies, dimension)
    assert polynomial[-1] == pytest.approx(limit, rel=1e-10)
    assert np.abs(polynomial[-2]) > 0.01  # what is missing falls as 1/d_s, and no faster


SQUARE = np.array([[0.25, 0.25], [0.25, -0.25], [-0.25, 0.25], [-0.25, -0.25]])


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize(("place", "weight"), [((3, 3), 1), ((0, 3), 2), ((3, 0), 2), ((0, 0), 3)])
def test_figure_3(place, weight, depth):
    """Counted once, a square over a corner of the cell is three times as heavy as in the middle.

    Each of its triangles then has corners in three cells, and an image for each of them with one
    corner in the cell; over an edge, in two.
    """
    potential = ModifiedLennardJones(cutoff=1.5, pair_weight=0.0, counting="once", depth=depth)
    middle, moved = (
        potential.energy_and_forces(SQUARE + shift, 6.0) for shift in ([3.0, 3.0], place)
    )
    assert moved[0][0] == pytest.approx(weight * middle[0][0], rel=1e-12)
    np.testing.assert_allclose(moved[1], weight * middle[1], rtol=1e-9, atol=1e-9)


def test_figure_3_with_the_thesis_s_depth():
    """To d_s = 4 without a cutoff, distant images blur the factor: "around three times"."""
    potential = AreaAndCircumference(pair_weight=0.0, counting="once", depth=4)
    energies = potential.energy_per_particle([1.6 * SQUARE + 2.5, 1.6 * SQUARE], 5.0)
    assert energies[1] / energies[0] == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize(
    ("counting", "depth"), [*[(rule, 2) for rule in RULES], ("once", None), ("published", None)]
)
def test_weights_combine_linearly(counting, depth):
    """An energy is pair_weight times that of pairs and triplet_weight times that of triangles."""
    positions = draw(3, 2, 2.6, seed=4)
    potential = ModifiedLennardJones(cutoff=1.6, counting=counting, depth=depth)

    def weighted(pairs, triangles):
        return replace(potential, pair_weight=pairs, triplet_weight=triangles).energy_and_forces(
            positions, 2.6
        )

    both, pairs, triangles = weighted(-0.7, 1.9), weighted(1.0, 0.0), weighted(0.0, 1.0)
    for part in range(2):
        assert np.abs(pairs[part]).max() > 0.01
        assert np.abs(triangles[part]).max() > 0.01
        agrees(both[part], -0.7 * pairs[part] + 1.9 * triangles[part])


@pytest.mark.parametrize("counting", RULES)
@pytest.mark.parametrize("cutoffs", [(0.9, 1.9), (1.9, 0.9), (1.3, math.inf)])
def test_a_pair_part_brings_its_pairs_and_its_reach(counting, cutoffs):
    """Triangles of one potential and pairs of another add, whichever of them reaches farther."""
    triangles, pairs = cutoffs
    own = ModifiedLennardJones(cutoff=triangles, exponent=3, counting=counting, depth=2)
    other = Morse() if math.isinf(pairs) else ModifiedLennardJones(cutoff=pairs, exponent=2)
    positions = draw(3, 2, 2.3, seed=5)
    whole = replace(own, pair_part=other).energy_and_forces(positions, 2.3)
    only_triangles = replace(own, pair_weight=0.0).energy_and_forces(positions, 2.3)
    only_pairs = replace(other, counting=counting, depth=2, triplet_weight=0.0).energy_and_forces(
        positions, 2.3
    )
    for part in range(2):
        agrees(whole[part], only_triangles[part] + only_pairs[part])


def test_a_pair_part_has_no_pair_part():
    """Whose pairs count is never a riddle."""
    twice = ModifiedLennardJones(pair_part=ModifiedLennardJones(pair_part=Morse()))
    with pytest.raises(InvalidInputError, match="name that one"):
        twice.energy_per_particle(draw(3, 2, 2.3, seed=5), 2.3)
