"""Relaxation by random moves of single particles, kept where the energy does not rise."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, UIntArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    INTEGER,
    NOTHING,
    NUMBER,
    NUMBERS,
    PairFunction,
    TripletFunction,
    kernel,
    subroutine,
)
from peslab.kernels.interaction import (
    INTERACTION,
    REACH,
    Interaction,
    cells_of_pair,
    cells_of_triangle,
)
from peslab.kernels.neighbors import (
    Neighbors,
    base_of_cells,
    find_neighbors,
    length_of_side,
    room_for_neighbors,
)
from peslab.kernels.random import MOVES, random_direction, stream, uniform
from peslab.kernels.wrapping import wrap

RATED_EPOCHS = 10  # the acceptance rate is that of the last ten epochs, as in the thesis



class Changes(NamedTuple):
    """Room for a list of the pairs and triangles that end or begin with a move."""

    pairs: FloatArray  # (…, 2) weight, negative for one that ends, and distance
    triangles: FloatArray  # (…, 4) weight, negative for one that ends, and sides


@subroutine
def room_for_changes(capacity: int) -> Changes:
    """Room for all pairs, and for the triangles of at least one neighbor with all others."""
    return Changes(np.empty((2 * capacity + 1, 2)), np.empty((2 * capacity + 1, 4)))


MOVING = (INTEGER, NUMBER, INTEGER, INTEGER)


@kernel(NOTHING(CONFIGURATIONS, NUMBERS, *INTERACTION, *MOVING, NUMBERS, INTEGER, INTEGER))
def relax(
    positions: FloatArray,  # (n, N, d), wrapped into the cell; relaxed in place
    cell_widths: FloatArray,  # (n,)
    pair: PairFunction,
    triplet: TripletFunction,
    parameters: FloatArray,
    cutoff: float,
    pair_weights: FloatArray,
    triangle_weights: FloatArray,
    epochs: int,
    max_displacement: float,
    seed: int,
    first_index: int,  # a configuration's random stream is that of first_index + k
    acceptance_rates: FloatArray,  # (n,) filled; NaN without epochs
    start: int,
    stop: int,
) -> None:
    """Relax the configurations from `start` to `stop`."""
    interaction = Interaction(pair, triplet, parameters, cutoff, pair_weights, triangle_weights)
    for k in range(start, stop):
        generator = stream(seed, first_index + k, MOVES)
        acceptance_rates[k] = relax_one(
            interaction, positions[k], cell_widths[k], epochs, max_displacement, generator
        )


@subroutine
def relax_one(
    interaction: Interaction,
    positions: FloatArray,  # (N, d)
    cell_width: float,
    epochs: int,
    max_displacement: float,
    generator: UIntArray,
) -> float:
    """Relax one configuration and return its acceptance rate."""
    pair, triplet, parameters, cutoff, _, _ = interaction
    n_particles, dimension = positions.shape
    reach = REACH * cutoff + max_displacement  # before and after a move
    before = room_for_neighbors(n_particles, dimension, cell_width, reach)
    after = room_for_neighbors(n_particles, dimension, cell_width, reach)
    pairs, triangles = room_for_changes(len(before.particles))
    step = np.empty(dimension)
    first_rated = max(epochs - RATED_EPOCHS, 0)
    accepted = 0
    for epoch in range(epochs):
        for i in range(n_particles):
            draw_step(generator, max_displacement, step)
            count = find_neighbors(before, positions, i, cell_width, reach, False)
            crossed = cell_after_step(positions, i, step, cell_width, reach)
            see_after_step(before, after, count, i, step, crossed)
            n_pairs = list_pairs(interaction, before, after, pairs, count, i)
            change = sum_pairs(pair, parameters, pairs, n_pairs)
            second = 0
            while second < count:
                second, n_triangles = list_triangles(
                    interaction, before, after, triangles, count, i, second
                )
                change += sum_triangles(triplet, parameters, triangles, n_triangles)
            if change <= 0.0:
                take_step(positions, i, step, cell_width)
                accepted += epoch >= first_rated
    rated_moves = (epochs - first_rated) * n_particles
    return accepted / rated_moves if rated_moves > 0 else np.nan


@subroutine
def draw_step(generator: UIntArray, max_displacement: float, step: FloatArray) -> None:
    """Fill a step in a random direction, its length uniform up to the longest."""
    random_direction(generator, step)
    length = max_displacement * uniform(generator)
    for axis in range(step.size):
        step[axis] *= length


@subroutine
def take_step(positions: FloatArray, i: int, step: FloatArray, cell_width: float) -> None:
    """Move particle i, back into the cell where it leaves it."""
    for axis in range(step.size):
        positions[i, axis] = wrap(positions[i, axis] + step[axis], cell_width)


@subroutine
def cell_after_step(
    positions: FloatArray, i: int, step: FloatArray, cell_width: float, reach: float
) -> int:
    """The cell that particle i steps into: 0 if it stays in its own."""
    cell = 0
    for axis in range(step.size):
        shift = int(np.floor((positions[i, axis] + step[axis]) / cell_width))
        cell = cell * base_of_cells(cell_width, reach) + shift
    return cell


@subroutine
def see_after_step(
    before: Neighbors, after: Neighbors, count: int, i: int, step: FloatArray, crossed: int
) -> None:
    """Fill in the neighbors as particle i sees them after a step; its own images come along."""
    for m in range(count):
        stays = before.particles[m] != i
        after.cells[m] = before.cells[m] - crossed * stays
        square = 0.0
        for axis in range(step.size):
            component = before.vectors[m, axis] - step[axis] * stays
            after.vectors[m, axis] = component
            square += component * component
        after.distances[m] = np.sqrt(square)


@subroutine
def list_pairs(
    interaction: Interaction,
    before: Neighbors,
    after: Neighbors,
    pairs: FloatArray,
    count: int,
    i: int,
) -> int:
    """List the pairs of particle i that end and that begin with its move; return their number."""
    weights, cutoff = interaction.pair_weights, interaction.cutoff
    n = 0
    for m in range(count):
        if before.particles[m] == i:
            continue  # images move along
        pairs[n, 0] = -weights[cells_of_pair(before.cells[m])]
        pairs[n, 1] = before.distances[m]
        n += before.distances[m] < cutoff
        pairs[n, 0] = weights[cells_of_pair(after.cells[m])]
        pairs[n, 1] = after.distances[m]
        n += after.distances[m] < cutoff
    return n


@subroutine
def list_triangles(
    interaction: Interaction,
    before: Neighbors,
    after: Neighbors,
    triangles: FloatArray,
    count: int,
    i: int,
    second: int,
) -> tuple[int, int]:
    """List the triangles that end and begin, from neighbor `second` on, while there is room.

    A class of triangles is met once for each of its corners that is an image of i, so it weighs by
    one over their number. Classes of images of i alone do not change.

    Returns:
        The neighbor to go on with, and the number of triangles in the list.
    """
    weights, perimeter = interaction.triangle_weights, 3.0 * interaction.cutoff
    n = 0
    while second < count and n + 2 * second < len(triangles):
        for first in range(second):
            a, b = before.distances[second], before.distances[first]
            new_a, new_b = after.distances[second], after.distances[first]
            c = length_of_side(before.vectors, first, second)
            new_c, share = c, 1.0
            if (before.particles[second] == i) != (before.particles[first] == i):
                new_c, share = length_of_side(after.vectors, first, second), 0.5
            cells = cells_of_triangle(before.cells[first], before.cells[second])
            fill(triangles, n, -share * weights[cells], a, b, c)
            n += a + b + c < perimeter
            cells = cells_of_triangle(after.cells[first], after.cells[second])
            fill(triangles, n, share * weights[cells], new_a, new_b, new_c)
            n += new_a + new_b + new_c < perimeter
        second += 1
    return second, n


@subroutine
def fill(triangles: FloatArray, n: int, weight: float, a: float, b: float, c: float) -> None:
    """Write one row of the list."""
    triangles[n, 0] = weight
    triangles[n, 1] = a
    triangles[n, 2] = b
    triangles[n, 3] = c


@subroutine
def sum_pairs(
    pair: PairFunction, parameters: FloatArray, pairs: FloatArray, n: int
) -> float:
    """Energy of the pairs in a list."""
    energy = 0.0
    for k in range(n):
        energy += pairs[k, 0] * pair(parameters, pairs[k, 1])[0]
    return energy


@subroutine
def sum_triangles(
    triplet: TripletFunction, parameters: FloatArray, triangles: FloatArray, n: int
) -> float:
    """Energy of the triangles in a list."""
    energy = 0.0
    for k in range(n):
        a, b, c = triangles[k, 1], triangles[k, 2], triangles[k, 3]
        energy += triangles[k, 0] * triplet(parameters, a, b, c)[0]
    return energy
