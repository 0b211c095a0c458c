"""The thesis's sums as they are printed: plain Python loops over all cells up to a depth d_s.

Nothing is shared with the kernels: neither neighbors nor classes, neither weights nor slopes. Where
coordinates are complex, so are the energies: Im v(r + iε)/ε is a slope without a difference.
"""

import cmath
import math
from itertools import product
from typing import NamedTuple


class Sums(NamedTuple):
    """The parts of equations (5) and (9), and how many terms each of them has."""

    triangles: tuple[complex, complex, complex]  # V_c1, V_c2, V_c3
    pairs: tuple[complex, complex]  # V_tc1, V_tc2
    triangle_terms: tuple[int, int, int]
    pair_terms: tuple[int, int]


def depth_of_cells(cutoff, width):
    """d_s = roundup(3 R_0/2 w_c), section 3.1.4: enough for triangles of a mean side below R_0."""
    return math.ceil(1.5 * cutoff / width)


def images(positions, width, depth):
    """The particles of the central cell, and those of all cells around it."""
    dimension = len(positions[0])
    around = [s for s in product(range(-depth, depth + 1), repeat=dimension) if any(s)]
    outside = [
        [x + k * width for x, k in zip(particle, shift, strict=True)]
        for shift in around
        for particle in positions
    ]
    return [list(particle) for particle in positions], outside


def distance(one, other):
    """The root of the sum of squares, also of complex coordinates."""
    return cmath.sqrt(sum((x - y) ** 2 for x, y in zip(one, other, strict=True)))


def equation_10(s, exponent, cutoff, energy=1.0, length=1.0):
    """V(s), with the factor R_cⁿ⁺¹ that the printed V_c lacks (its unit is else no energy)."""
    if s.real >= cutoff:
        return 0.0
    short = (length / s) ** (2 * exponent) - (length / cutoff) ** (2 * exponent)
    long = -2 * ((length / s) ** exponent - (length / cutoff) ** exponent)
    prefactor = 2 * exponent * length**exponent / cutoff ** (exponent + 1)
    correction = -prefactor * (1 - (length / cutoff) ** exponent) * (s - cutoff)
    return energy * (short + long + correction)


def sums(positions, width, depth, pair, triplet):
    """V_c1, V_c2, V_c3 of equation (5) and V_tc1, V_tc2 of equation (9), term by term."""
    inside, outside = images(positions, width, depth)
    n, everything = len(inside), inside + outside
    sides = [[distance(one, other) for other in everything] for one in everything]

    def v3(i, j, k):
        return triplet(sides[i][j], sides[i][k], sides[j][k])

    cell, rest = range(n), range(n, len(everything))
    v_c1 = [v3(i, j, k) for i in cell for j in rest for k in rest if k != j]
    v_c2 = [v3(i, j, k) for i in cell for j in cell if j != i for k in rest]
    v_c3 = [v3(i, j, k) for i in cell for j in cell if j != i for k in cell if k not in {i, j}]
    v_tc1 = [pair(sides[i][j]) for i in cell for j in rest]
    v_tc2 = [pair(sides[i][j]) for i in cell for j in cell if j != i]
    return Sums(
        (sum(v_c1), sum(v_c2), sum(v_c3)),
        (sum(v_tc1), sum(v_tc2)),
        (len(v_c1), len(v_c2), len(v_c3)),
        (len(v_tc1), len(v_tc2)),
    )


def energy_of_cell(parts, counting):
    """N_p v of equation (9); its repair visits V_c2's triangles at both of their inner corners."""
    v_c1, v_c2, v_c3 = parts.triangles
    visits = {"published": 1, "translation_invariant": 2}[counting]
    return (3 * v_c1 + 3 * visits * v_c2 + 3 * v_c3 + sum(parts.pairs)) / 4


def energy_by_equation_10(positions, width, counting, exponent, cutoff, energy, length):
    """The energy of the cell with the potential of the thesis."""
    parts = sums(
        positions,
        width,
        depth_of_cells(cutoff, width),
        lambda r: equation_10(r, exponent, cutoff, energy, length),
        lambda a, b, c: equation_10((a + b + c) / 3, exponent, cutoff, energy, length),
    )
    return energy_of_cell(parts, counting)


def slopes(energy, positions, step=1e-30):
    """∂E/∂r by complex steps, shape (N, d): exact but for rounding, for nothing is subtracted."""
    gradient = []
    for i, particle in enumerate(positions):
        row = []
        for axis in range(len(particle)):
            moved = [list(other) for other in positions]
            moved[i][axis] += step * 1j
            row.append(energy(moved).imag / step)
        gradient.append(row)
    return gradient


def equation_11(positions, width, order, cutoff):
    """The proximity matrix, over cells up to d_sp = roundup(R_0p/w_c) + 1."""
    depth = math.ceil(cutoff / width) + 1
    inside, outside = images(positions, width, depth)
    n = len(inside)
    matrix = [[0.0] * n for _ in range(n)]
    for i, j in product(range(n), repeat=2):
        others = outside[j::n] + ([] if i == j else [inside[j]])
        for other in others:
            r = distance(inside[i], other)
            if r.real < cutoff:
                matrix[i][j] += (cutoff / r - r / cutoff) ** -order
    return matrix
