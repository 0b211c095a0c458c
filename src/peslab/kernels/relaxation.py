"""Relaxation by random moves of single particles, kept where the energy does not rise."""

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray, UIntArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    COUNTS,
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

MOVING = (NUMBER, INTEGER, INTEGER)


@kernel(NOTHING(CONFIGURATIONS, NUMBERS, *INTERACTION, *MOVING, COUNTS, INTEGER, INTEGER))
def relax(
    positions: FloatArray,  # (n, N, d), wrapped into the cell; relaxed in place
    cell_widths: FloatArray,  # (n,)
    pair: PairFunction,
    triplet: TripletFunction,
    parameters: FloatArray,
    cutoff: float,
    pair_weights: FloatArray,
    triangle_weights: FloatArray,
    max_displacement: float,
    seed: int,
    first_index: int,  # a configuration's random stream is that of first_index + k
    accepted: IntArray,  # (n, epochs) filled with the number of moves that were kept
    start: int,
    stop: int,
) -> None:
    """Relax the configurations from `start` to `stop`."""
    interaction = Interaction(pair, triplet, parameters, cutoff, pair_weights, triangle_weights)
    for k in range(start, stop):
        generator = stream(seed, first_index + k, MOVES)
        relax_one(
            interaction, positions[k], cell_widths[k], max_displacement, generator, accepted[k]
        )


@subroutine
def relax_one(
    interaction: Interaction,
    positions: FloatArray,  # (N, d)
    cell_width: float,
    max_displacement: float,
    generator: UIntArray,
    accepted: IntArray,  # (epochs,) filled
) -> None:
    """Relax one configuration."""
    n_particles, dimension = positions.shape
    reach = REACH * interaction.cutoff + max_displacement  # before and after a move
    before = room_for_neighbors(n_particles, dimension, cell_width, reach)
    after = room_for_neighbors(n_particles, dimension, cell_width, reach)
    step = np.empty(dimension)
    for epoch in range(accepted.size):
        accepted[epoch] = 0
        for i in range(n_particles):
            draw_step(generator, max_displacement, step)
            count = find_neighbors(before, positions, i, cell_width, reach, False)
            crossed = cell_after_step(positions, i, step, cell_width, reach)
            see_after_step(before, after, count, i, step, crossed)
            if energy_change(interaction, before, after, count, i) <= 0.0:
                take_step(positions, i, step, cell_width)
                accepted[epoch] += 1


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
def energy_change(
    interaction: Interaction, before: Neighbors, after: Neighbors, count: int, i: int
) -> float:
    """Change of the energy of the cell when particle i and its images move.

    A class of triangles is met once for each of its corners that is an image of i, so it weighs by
    one over their number. Classes of images of i alone do not change.
    """
    pair, triplet, parameters, cutoff, pair_weights, triangle_weights = interaction
    particles, cells, vectors, distances, _ = before
    _, new_cells, new_vectors, new_distances, _ = after
    change = 0.0
    for second in range(count):
        a, new_a = distances[second], new_distances[second]
        if particles[second] != i:
            if a < cutoff:
                change -= pair_weights[cells_of_pair(cells[second])] * pair(parameters, a)[0]
            if new_a < cutoff:
                change += (
                    pair_weights[cells_of_pair(new_cells[second])] * pair(parameters, new_a)[0]
                )
        for first in range(second):
            b, new_b = distances[first], new_distances[first]
            c = length_of_side(vectors, first, second)
            new_c, share = c, 1.0
            if (particles[second] == i) != (particles[first] == i):
                new_c, share = length_of_side(new_vectors, first, second), 0.5
            if a + b + c < 3.0 * cutoff:
                weight = triangle_weights[cells_of_triangle(cells[first], cells[second])]
                change -= share * weight * triplet(parameters, a, b, c)[0]
            if new_a + new_b + new_c < 3.0 * cutoff:
                weight = triangle_weights[cells_of_triangle(new_cells[first], new_cells[second])]
                change += share * weight * triplet(parameters, new_a, new_b, new_c)[0]
    return change
