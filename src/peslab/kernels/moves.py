"""Trial moves: steps, the images that a moving particle sees, and the energy that a move costs."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray, UIntArray
from peslab.kernels.compilation import Axes, procedure, room, signed, subroutine, unsigned
from peslab.kernels.interaction import Interaction, cells_of_pair, cells_of_triangle
from peslab.kernels.neighbors import base_of_cells, first_shift, next_shift
from peslab.kernels.random import random_direction, uniform
from peslab.kernels.triangles import AT_ONCE
from peslab.kernels.wrapping import wrap


class Surroundings(NamedTuple):
    """The images around each particle of some configurations, found once for many moves.

    They reach farther than the particles see, so that they stay complete until one of them has
    moved by half of what is to spare (Verlet 1967).
    """

    counts: IntArray  # (n, N) how many images each particle has around it
    owners: IntArray  # (n, N, capacity) whose images they are
    cells: FloatArray  # (n, N, capacity) in which cells they stood
    offsets: FloatArray  # (n, N, capacity, d) what to add to their owner's position
    homes: FloatArray  # (n, N) the cell that each particle has moved to since
    origins: FloatArray  # (n, N, d) where the particles were
    shifts: IntArray  # (3, d) room for first_shift
    axes: Axes


class Seen(NamedTuple):
    """What a particle sees before and after a step: the images that are near enough."""

    own: IntArray  # (capacity,) 1 for its own images, which move along
    cells: FloatArray  # (2, capacity)
    vectors: FloatArray  # (d, capacity) before the step
    distances: FloatArray  # (2, capacity)
    axes: Axes


class Trials(NamedTuple):
    """Pairs or triangles of many trial moves, evaluated at once."""

    sides: FloatArray  # (1 or 3, capacity)
    terms: FloatArray  # (2 or 4, capacity)
    weights: FloatArray  # (capacity,) negative for those before a step
    moves: IntArray  # (capacity,) which move they belong to
    changes: FloatArray  # (moves,) of the energy


@room
def room_for_trials(n_sides: int, capacity: int, moves: int) -> Trials:
    """Room for a batch that may grow by one row of images, before and after a step."""
    capacity = AT_ONCE + 2 * capacity
    return Trials(
        np.empty((n_sides, capacity)),
        np.empty((1 + n_sides, capacity)),
        np.empty(capacity),
        np.empty(capacity, np.int64),
        np.empty(moves),
    )


@subroutine
def draw_step(
    generator: UIntArray, max_displacement: float, along_axes: bool, step: FloatArray, axes: Axes
) -> None:
    """Fill a step: uniform along each axis, or in any direction with a uniform length."""
    if along_axes:
        for axis in range(len(axes)):
            step[axis] = max_displacement * (2.0 * uniform(generator) - 1.0)
    else:
        random_direction(generator, step, axes)
        length = max_displacement * uniform(generator)
        for axis in range(len(axes)):
            step[axis] *= length


@subroutine
def cell_of(
    positions: FloatArray, i: int, step: FloatArray, cell_width: float, reach: float, axes: Axes
) -> float:
    """The cell that a particle stands in after a step, 0 for that between 0 and w_c."""
    cell = 0.0
    base = base_of_cells(cell_width, reach)
    for axis in range(len(axes)):
        cell = cell * base + np.floor((positions[i, axis] + step[axis]) / cell_width)
    return cell


@procedure
def look_around(
    around: Surroundings, k: int, positions: FloatArray, cell_width: float, reach: float
) -> None:
    """Move the particles of configuration k back into the cell and find all images in reach.

    Where j has an image in reach of i, i has one in reach of j: each pair is looked at once.
    """
    n_particles, axes, shifts = len(positions), around.axes, around.shifts
    base = base_of_cells(cell_width, reach)
    for i in range(n_particles):
        around.counts[k, i], around.homes[k, i] = 0, 0.0
        for axis in range(len(axes)):
            positions[i, axis] = wrap(positions[i, axis], cell_width)
            around.origins[k, i, axis] = positions[i, axis]
    for i in range(n_particles):
        for other in range(i, n_particles):
            more = first_shift(shifts, axes, positions.T, i, other, cell_width, reach, False)
            while more:
                cell, square = 0.0, 0.0
                for axis in range(len(axes)):
                    cell = cell * base + shifts[2, axis]
                    offset = shifts[2, axis] * cell_width
                    square += (positions[other, axis] + offset - positions[i, axis]) ** 2
                if square < reach * reach and not (other == i and cell == 0.0):
                    add_image(around, k, i, other, cell, cell_width, 1.0)
                    if other != i:
                        add_image(around, k, other, i, cell, cell_width, -1.0)
                more = next_shift(shifts, axes)


@subroutine
def add_image(
    around: Surroundings, k: int, i: int, owner: int, cell: float, cell_width: float, sign: float
) -> None:
    """Add an image at the present shift, or at the opposite one, to those around particle i."""
    m = around.counts[k, i]
    around.owners[k, i, m], around.cells[k, i, m] = owner, sign * cell
    for axis in range(len(around.axes)):
        around.offsets[k, i, m, axis] = sign * around.shifts[2, axis] * cell_width
    around.counts[k, i] = m + 1


@subroutine
def see(
    around: Surroundings, seen: Seen, k: int, positions: FloatArray, i: int, step: FloatArray,
    home: float, reach: float,
) -> int:  # fmt: skip
    """Fill in the images within reach of a particle before or after a step; return their number."""
    own, cells, vectors, distances, axes = seen
    owners, cells_around, offsets = around.owners[k, i], around.cells[k, i], around.offsets[k, i]
    homes, position = around.homes[k], positions[i]
    limit = reach * reach
    count = unsigned(0)
    for m in range(around.counts[k, i]):
        other, stays = unsigned(owners[m]), owners[m] != i
        before, after = 0.0, 0.0
        for axis in range(len(axes)):
            component = positions[other, axis] + offsets[m, axis] - position[axis]
            moved = component - step[axis] * stays
            vectors[axis, count] = component
            before += component * component
            after += moved * moved
        own[count] = not stays
        cell = cells_around[m] + homes[other]
        cells[0, count] = cell - homes[i]
        cells[1, count] = cell - (home if stays else homes[i])
        distances[0, count] = before
        distances[1, count] = after
        count += unsigned(min(before, after) < limit)
    for m in range(count):
        distances[0, m] = np.sqrt(distances[0, m])
        distances[1, m] = np.sqrt(distances[1, m])
    return count


@subroutine
def collect_pairs(
    interaction: Interaction, trials: Trials, seen: Seen, count: int, longest: float, move: int,
    n: int,
) -> int:  # fmt: skip
    """Add the pairs of a move, before and after it, to a batch of n; return their number."""
    sides, weights, moves = trials.sides[0], trials.weights, trials.moves
    for m in range(count):
        for time in range(2):
            distance = seen.distances[time, m]
            weight = interaction.pair_weights[cells_of_pair(seen.cells[time, m])]
            sides[n] = distance
            weights[n] = (2 * time - 1) * weight
            moves[n] = move
            n += unsigned((distance < longest) & (seen.own[m] == 0))
    return n


@subroutine
def collect_triangles(
    interaction: Interaction, trials: Trials, seen: Seen, second: int, step: FloatArray,
    longest: float, move: int, n: int,
) -> int:  # fmt: skip
    """Add the triangles of a move with one image and all before it, before and after the move.

    A class of triangles is met once for each of its corners that is an image of the particle, so it
    weighs by one over their number. Classes of its images alone do not change.
    """
    own, cells, vectors, distances, axes = seen
    for first in range(second):
        square = 0.0
        for axis in range(len(axes)):
            square += (vectors[axis, second] - vectors[axis, first]) ** 2
        moved, share = square, 1.0
        if own[first] != own[second]:  # one of the two goes along
            moved, share = 0.0, 0.5
            for axis in range(len(axes)):
                along = step[axis] * (own[first] - own[second])
                moved += (vectors[axis, second] - vectors[axis, first] - along) ** 2
        for time in range(2):
            third = moved if time == 1 else square
            a, b = distances[time, second], distances[time, first]
            rest = longest - a - b
            cell = cells_of_triangle(cells[time, first], cells[time, second])
            trials.sides[0, n], trials.sides[1, n], trials.sides[2, n] = a, b, third
            trials.weights[n] = (2 * time - 1) * share * interaction.triangle_weights[cell]
            trials.moves[n] = move
            n += unsigned(third < rest * abs(rest))  # not where the rest is negative
    return n


@procedure
def evaluate_pairs(interaction: Interaction, trials: Trials, n: int) -> int:
    """Add what n pairs contribute to the changes of energy; none are left."""
    interaction.pair(interaction.pair_parameters, trials.sides, trials.terms, signed(n))
    for k in range(n):
        trials.changes[trials.moves[k]] += trials.weights[k] * trials.terms[0, k]
    return unsigned(0)


@procedure
def evaluate_triangles(interaction: Interaction, trials: Trials, n: int) -> int:
    """Add what n triangles contribute to the changes of energy; none are left."""
    for k in range(n):
        trials.sides[2, k] = np.sqrt(trials.sides[2, k])
    interaction.triplet(interaction.triplet_parameters, trials.sides, trials.terms, signed(n))
    for k in range(n):
        trials.changes[trials.moves[k]] += trials.weights[k] * trials.terms[0, k]
    return unsigned(0)
