"""Symmetry functions of Behler and Parrinello: what a particle sees of its neighbors."""

import math
from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import (
    COLUMNS,
    CONFIGURATIONS,
    FLAG,
    INTEGERS,
    MATRIX_SLOPES,
    NOTHING,
    NUMBER,
    NUMBERS,
    VALUES,
    Axes,
    kernel,
    room,
    subroutine,
)
from peslab.kernels.neighbors import first_shift, most_bonds, narrowest, next_shift


class Functions(NamedTuple):
    """Which symmetry functions there are."""

    radial: FloatArray  # (2, radial) η and r_s of each G²
    etas: FloatArray  # (etas,) η of G⁴
    zetas: IntArray  # (zetas,) ζ of G⁴, each with λ of 1 and −1
    cutoff: float


class Surroundings(NamedTuple):
    """Room for what one particle sees, and for its functions."""

    particles: IntArray  # (capacity,) whose image it is
    vectors: FloatArray  # (d, capacity)
    distances: FloatArray  # (capacity,)
    decays: FloatArray  # (etas, 2, capacity) exp(−ηr²) f_c(r), and its slope by r²
    shifts: IntArray  # (3, d) room for first_shift
    angular: FloatArray  # (2, 2 zetas) 2^(1−ζ) (1 + λ cos θ)^ζ, and its slope by cos θ
    ways: FloatArray  # (5, d) from i to j and k and from k to j, and the slopes of cos θ by j and k
    values: FloatArray  # (F,)
    slopes: FloatArray  # (N, d, F) by the position of each particle
    axes: Axes


@room
def room_for_surroundings(
    functions: Functions, capacity: int, n_particles: int, axes: Axes
) -> Surroundings:
    """Room for as many neighbors."""
    radial, etas, zetas, _ = functions
    n_functions = radial.shape[1] + 2 * etas.size * zetas.size
    return Surroundings(
        np.empty(capacity, np.int64),
        np.empty((len(axes), capacity)),
        np.empty(capacity),
        np.empty((etas.size, 2, capacity)),
        np.empty((3, len(axes)), np.int64),
        np.empty((2, 2 * zetas.size)),
        np.empty((5, len(axes))),
        np.empty(n_functions),
        np.empty((n_particles, len(axes), n_functions)),
        axes,
    )


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS,
        NUMBERS,
        COLUMNS,
        NUMBERS,
        INTEGERS,
        NUMBER,
        FLAG,
        VALUES,
        MATRIX_SLOPES,
        axes,
    )
)
def symmetry_functions(
    positions: FloatArray,  # (n, N, d), wrapped into the cell
    cell_widths: FloatArray,  # (n,)
    radial: FloatArray,  # (2, radial) η and r_s of each G²
    etas: FloatArray,  # (etas,) η of G⁴
    zetas: IntArray,  # (zetas,) ζ of G⁴, each with λ of 1 and −1
    cutoff: float,
    with_slopes: bool,
    features: FloatArray,  # (n, N, F) filled: G² first, then G⁴ by η, ζ and λ
    jacobian: FloatArray,  # (n, N, F, N, d) filled, if with_slopes
    axes: Axes,
) -> None:
    """Radial and angular symmetry functions of every particle, and their derivatives."""
    n, n_particles = len(positions), positions.shape[1]
    functions = Functions(radial, etas, zetas, cutoff)
    capacity = most_bonds(n_particles, len(axes), narrowest(cell_widths), cutoff)
    seen = room_for_surroundings(functions, capacity, n_particles, axes)
    values, slopes = seen.values, seen.slopes
    for k in range(n):
        columns = positions[k].T
        for i in range(n_particles):
            values[:] = 0.0
            if with_slopes:
                slopes[:] = 0.0
            count = find_neighbors(seen, functions, columns, i, cell_widths[k])
            for m in range(count):
                add_radial(seen, functions, m, with_slopes)
                for other in range(m):
                    add_angular(seen, functions, m, other, with_slopes)
            for f in range(values.size):
                features[k, i, f] = values[f]
            if with_slopes:
                move_along(slopes, i, axes)
                functions_first(slopes, jacobian[k, i], axes)


@subroutine
def functions_first(slopes: FloatArray, jacobian: FloatArray, axes: Axes) -> None:
    """Fill (F, N, d) from (N, d, F), which sums run along."""
    for f in range(len(jacobian)):
        for j in range(len(slopes)):
            for axis in range(len(axes)):
                jacobian[f, j, axis] = slopes[j, axis, f]


@subroutine
def move_along(slopes: FloatArray, i: int, axes: Axes) -> None:
    """A particle that moves takes the origin of all vectors along, and its own images."""
    for axis in range(len(axes)):
        for f in range(slopes.shape[2]):
            slopes[i, axis, f] = 0.0
        for j in range(len(slopes)):
            if j != i:
                for f in range(slopes.shape[2]):
                    slopes[i, axis, f] -= slopes[j, axis, f]


@subroutine
def envelope(square: float, cutoff: float) -> tuple[float, float]:
    """f_c = (1 − r²/r_c²)³, whose first two derivatives vanish at r_c, and its slope by r²."""
    rest = 1.0 - square / (cutoff * cutoff)
    return rest * rest * rest, -3.0 * rest * rest / (cutoff * cutoff)


@subroutine
def find_neighbors(
    seen: Surroundings, functions: Functions, columns: FloatArray, i: int, cell_width: float
) -> int:
    """Fill in all images within the cutoff of a particle; return their number."""
    particles, vectors, distances, decays, shifts = seen[:5]
    axes, etas, cutoff = seen.axes, functions.etas, functions.cutoff
    count = 0
    for j in range(columns.shape[1]):
        more = first_shift(shifts, axes, columns, i, j, cell_width, cutoff)
        while more:
            square = 0.0
            for axis in range(len(axes)):
                component = columns[axis, j] - columns[axis, i] + shifts[2, axis] * cell_width
                vectors[axis, count] = component
                square += component * component
            more = next_shift(shifts, axes)
            if 0.0 < square < cutoff * cutoff:  # the particle itself is none of its neighbors
                particles[count] = j
                distances[count] = math.sqrt(square)
                fading, its_slope = envelope(square, cutoff)
                for e in range(etas.size):
                    decay = math.exp(-etas[e] * square)
                    decays[e, 0, count] = decay * fading
                    decays[e, 1, count] = decay * (its_slope - etas[e] * fading)
                count += 1
    return count


@subroutine
def add_radial(seen: Surroundings, functions: Functions, m: int, with_slopes: bool) -> None:
    """Add a neighbor's part of each G²."""
    radial = functions.radial
    r, particle = seen.distances[m], seen.particles[m]
    fading, its_slope = envelope(r * r, functions.cutoff)
    for f in range(radial.shape[1]):
        eta, away = radial[0, f], r - radial[1, f]
        decay = math.exp(-eta * away * away)
        seen.values[f] += decay * fading
        if with_slopes:
            slope = decay * (2.0 * its_slope - 2.0 * eta * away * fading / r)
            for axis in range(len(seen.axes)):
                seen.slopes[particle, axis, f] += slope * seen.vectors[axis, m]


@subroutine
def add_angular(
    seen: Surroundings, functions: Functions, j: int, k: int, with_slopes: bool
) -> None:
    """Add the part of two neighbors of each G⁴, if they are within the cutoff of each other.

    With squares s of distances, R = E(s_ij) E(s_ik) E(s_jk) and E = exp(−ηs) f_c, so that nothing
    is divided by what vanishes at the cutoff.
    """
    vectors, ways, cutoff = seen.vectors, seen.ways, functions.cutoff
    square = product = 0.0
    for axis in range(len(seen.axes)):
        ways[0, axis], ways[1, axis] = vectors[axis, j], vectors[axis, k]
        ways[2, axis] = vectors[axis, j] - vectors[axis, k]
        square += ways[2, axis] ** 2
        product += vectors[axis, j] * vectors[axis, k]
    if square >= cutoff * cutoff:
        return
    r_j, r_k = seen.distances[j], seen.distances[k]
    cosine = product / (r_j * r_k)
    for axis in range(len(seen.axes)):
        ways[3, axis] = ways[1, axis] / (r_j * r_k) - cosine * ways[0, axis] / (r_j * r_j)
        ways[4, axis] = ways[0, axis] / (r_j * r_k) - cosine * ways[1, axis] / (r_k * r_k)
    set_angular(seen, functions, cosine)
    fading, its_slope = envelope(square, cutoff)
    f = functions.radial.shape[1]
    for e in range(functions.etas.size):
        eta = functions.etas[e]
        decay = math.exp(-eta * square)
        add_eta(seen, e, f, j, k, decay * fading, decay * (its_slope - eta * fading), with_slopes)
        f += 2 * functions.zetas.size


@subroutine
def set_angular(seen: Surroundings, functions: Functions, cosine: float) -> None:
    """Fill in 2^(1−ζ) (1 + λ cos θ)^ζ = 2 ((1 + λ cos θ)/2)^ζ, and the slopes by cos θ."""
    zetas, angular = functions.zetas, seen.angular
    for z in range(zetas.size):
        above = below = 1.0
        for _ in range(zetas[z] - 1):
            above *= 0.5 * (1.0 + cosine)
            below *= 0.5 * (1.0 - cosine)
        angular[0, 2 * z] = above * (1.0 + cosine)
        angular[0, 2 * z + 1] = below * (1.0 - cosine)
        angular[1, 2 * z] = zetas[z] * above
        angular[1, 2 * z + 1] = -zetas[z] * below


@subroutine
def add_eta(
    seen: Surroundings,
    e: int,
    first: int,
    j: int,
    k: int,
    decay: float,
    slope: float,
    with_slopes: bool,
) -> None:
    """Add to all G⁴ of one η, which stand from `first` on."""
    decays, angular, ways = seen.decays, seen.angular, seen.ways
    n_angular = angular.shape[1]
    of_j, of_k = decays[e, 0, j], decays[e, 0, k]
    whole = of_j * of_k * decay
    for g in range(n_angular):
        seen.values[first + g] += whole * angular[0, g]
    if with_slopes:
        by_j = 2.0 * decays[e, 1, j] * of_k * decay
        by_k = 2.0 * of_j * decays[e, 1, k] * decay
        between = 2.0 * of_j * of_k * slope
        for axis in range(len(seen.axes)):
            radial_j = by_j * ways[0, axis] + between * ways[2, axis]
            radial_k = by_k * ways[1, axis] - between * ways[2, axis]
            turn_j, turn_k = whole * ways[3, axis], whole * ways[4, axis]
            ones = seen.slopes[seen.particles[j], axis]
            others = seen.slopes[seen.particles[k], axis]
            for g in range(n_angular):
                ones[first + g] += angular[0, g] * radial_j + angular[1, g] * turn_j
                others[first + g] += angular[0, g] * radial_k + angular[1, g] * turn_k
