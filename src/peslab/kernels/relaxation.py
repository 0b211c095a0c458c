"""Relaxation by trial moves of single particles, in many configurations side by side."""

import math
from typing import NamedTuple

import numpy as np
from numba import types

from peslab.kernels.arrays import FloatArray, IntArray, UIntArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    COUNTS,
    FLAG,
    INTEGER,
    INTEGERS,
    NOTHING,
    NUMBER,
    NUMBERS,
    Axes,
    kernel,
    room,
    subroutine,
    unsigned,
)
from peslab.kernels.interaction import (
    INTERACTION,
    Interaction,
    longest_distance,
    longest_perimeter,
    reach_of,
)
from peslab.kernels.moves import (
    Seen,
    Surroundings,
    Trials,
    cell_of,
    collect_pairs,
    collect_triangles,
    draw_step,
    evaluate_pairs,
    evaluate_triangles,
    look_around,
    room_for_trials,
    see,
)
from peslab.kernels.neighbors import most_bonds
from peslab.kernels.random import MOVES, stream, uniform
from peslab.kernels.triangles import AT_ONCE
from peslab.kernels.wrapping import wrap

SIDE_BY_SIDE = 16  # configurations: more bring nothing, fewer keep the processor waiting
WORTH_A_THREAD = 64  # configurations, of 10 µs each and more
TO_SPARE = 0.15  # of the reach: how much farther than it sees a particle looks around
RATED_EPOCHS = 10  # the acceptance rate is that of the last ten epochs, as in the thesis
NOT_RUN = -1  # in place of the accepted moves of an epoch that was not needed

MOVING = types.Tuple(  # type: ignore[no-untyped-call]
    (INTEGERS, NUMBERS, NUMBERS, FLAG, NUMBER, NUMBER, INTEGER, INTEGERS)
)


class Moving(NamedTuple):
    """How particles move."""

    epochs: IntArray  # (n,) the most of each configuration
    max_displacements: FloatArray  # (n,)
    longest_steps: FloatArray  # (n,) how far that takes a particle, along axes to a corner
    along_axes: bool  # steps uniform along each axis, or in any direction
    temperature: float  # k_B T; 0 takes no step uphill
    target_rate: float  # a configuration is done where ten epochs accepted no more; negative: never
    seed: int
    indices: IntArray  # (n,) whose random streams the configurations have


class Block(NamedTuple):
    """What is kept of configurations that are relaxed side by side."""

    generators: UIntArray  # (block, 1)
    steps: FloatArray  # (block, d)
    homes: FloatArray  # (block,) the cells that the moved particles step into
    around: Surroundings  # of each: one more axis in front of all
    seen: Seen
    pairs: Trials
    triangles: Trials


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS, NUMBERS, INTERACTION, MOVING, COUNTS, INTEGER, INTEGER, axes
    )
)
def relax(
    positions: FloatArray,  # (n, N, d), wrapped into the cell; relaxed in place
    cell_widths: FloatArray,  # (n,)
    interaction: Interaction,
    moving: Moving,
    accepted: IntArray,  # (n, epochs) filled with the number of moves that were kept, or NOT_RUN
    start: int,
    stop: int,
    axes: Axes,
) -> None:
    """Relax the configurations from `start` to `stop`."""
    interaction, moving = Interaction(*interaction), Moving(*moving)
    n_particles = positions.shape[1]
    block = room_for_block(interaction, moving, n_particles, cell_widths, start, stop, axes)
    for first in range(start, stop, SIDE_BY_SIDE):
        last = min(first + SIDE_BY_SIDE, stop)
        for k in range(first, last):
            block.generators[k - first, 0] = stream(moving.seed, moving.indices[k], MOVES)[0]
            sight = range_of_sight(interaction, moving, cell_widths[k], k)
            look_around(block.around, k - first, positions[k], cell_widths[k], sight)
        for epoch in range(accepted.shape[1]):
            for k in range(first, last):
                accepted[k, epoch] = before_epoch(moving, accepted[k], epoch, k, n_particles)
            for i in range(n_particles):
                try_steps(interaction, moving, block, positions, cell_widths, i,
                          accepted[:, epoch], first, last)  # fmt: skip
                take_steps(interaction, moving, block, positions, cell_widths, i,
                           accepted[:, epoch], first, last)  # fmt: skip
        for k in range(first, last):
            for i in range(n_particles):
                for axis in range(len(axes)):
                    positions[k, i, axis] = wrap(positions[k, i, axis], cell_widths[k])


@room
def room_for_block(
    interaction: Interaction, moving: Moving, n_particles: int, cell_widths: FloatArray,
    start: int, stop: int, axes: Axes,
) -> Block:  # fmt: skip
    """Room for the configurations from `start` to `stop`, as many of them as are side by side."""
    capacity = 0
    for k in range(start, stop):
        reach = range_of_sight(interaction, moving, cell_widths[k], k)
        capacity = max(capacity, most_bonds(n_particles, len(axes), cell_widths[k], reach))
    return room_of_size(min(SIDE_BY_SIDE, stop - start), n_particles, capacity, axes)


@room
def room_of_size(size: int, n_particles: int, capacity: int, axes: Axes) -> Block:
    """Room for `size` configurations of which each particle has up to `capacity` images around."""
    dimension = len(axes)
    shape = (size, n_particles, capacity)
    return Block(
        np.empty((size, 1), np.uint64),
        np.empty((size, dimension)),
        np.empty(size),
        Surroundings(
            np.empty((size, n_particles), np.int64),
            np.empty(shape, np.int64),
            np.empty(shape),
            np.empty((size, n_particles, capacity, dimension)),
            np.empty((size, n_particles)),
            np.empty((size, n_particles, dimension)),
            np.empty((3, dimension), np.int64),
            axes,
        ),
        Seen(
            np.empty(capacity, np.int64),
            np.empty((2, capacity)),
            np.empty((dimension, capacity)),
            np.empty((2, capacity)),
            axes,
        ),
        room_for_trials(1, capacity, size),
        room_for_trials(3, capacity, size),
    )


@subroutine
def range_of_sight(interaction: Interaction, moving: Moving, cell_width: float, k: int) -> float:
    """How far a particle of configuration k looks around, to see what it needs after some moves."""
    return float((1.0 + TO_SPARE) * reach_of(interaction, cell_width) + moving.longest_steps[k])


@subroutine
def before_epoch(moving: Moving, accepted: IntArray, epoch: int, k: int, n_particles: int) -> int:
    """No move accepted so far; or NOT_RUN, where the last ten epochs accepted few enough."""
    if epoch >= moving.epochs[k] or (epoch > 0 and accepted[epoch - 1] == NOT_RUN):
        return NOT_RUN
    if epoch < RATED_EPOCHS or moving.target_rate < 0.0:
        return 0
    kept = 0
    for past in range(epoch - RATED_EPOCHS, epoch):
        kept += accepted[past]
    return NOT_RUN if kept <= moving.target_rate * RATED_EPOCHS * n_particles else 0


@subroutine
def try_steps(
    interaction: Interaction, moving: Moving, block: Block, positions: FloatArray,
    cell_widths: FloatArray, i: int, accepted: IntArray, first: int, last: int,
) -> None:  # fmt: skip
    """What a step of particle i costs in each of the configurations from `first` to `last`."""
    pairs, triangles, axes = block.pairs, block.triangles, block.seen.axes
    n_pairs, n_triangles = unsigned(0), unsigned(0)
    for k in range(first, last):
        if accepted[k] == NOT_RUN:
            continue
        place, cell_width = k - first, cell_widths[k]
        step = block.steps[place]
        draw_step(
            block.generators[place], moving.max_displacements[k], moving.along_axes, step, axes
        )
        sight = range_of_sight(interaction, moving, cell_width, k)
        block.homes[place] = cell_of(positions[k], i, step, cell_width, sight, axes)
        count = see(block.around, block.seen, place, positions[k], i, step, block.homes[place],
                    reach_of(interaction, cell_width))  # fmt: skip
        pairs.changes[place] = triangles.changes[place] = 0.0
        longest = longest_distance(interaction, cell_width)
        n_pairs = collect_pairs(interaction, pairs, block.seen, count, longest, place, n_pairs)
        if n_pairs > AT_ONCE:
            n_pairs = evaluate_pairs(interaction, pairs, n_pairs)
        longest = longest_perimeter(interaction, cell_width)
        for second in range(count if longest > 0.0 else unsigned(0)):
            n_triangles = collect_triangles(
                interaction, triangles, block.seen, second, step, longest, place, n_triangles
            )
            if n_triangles > AT_ONCE:
                n_triangles = evaluate_triangles(interaction, triangles, n_triangles)
    evaluate_pairs(interaction, pairs, n_pairs)
    evaluate_triangles(interaction, triangles, n_triangles)


@subroutine
def take_steps(
    interaction: Interaction, moving: Moving, block: Block, positions: FloatArray,
    cell_widths: FloatArray, i: int, accepted: IntArray, first: int, last: int,
) -> None:  # fmt: skip
    """Move particle i in each of the configurations from `first` to `last` that keep the step."""
    for k in range(first, last):
        if accepted[k] == NOT_RUN:
            continue
        place = k - first
        change = block.pairs.changes[place] + block.triangles.changes[place]
        if is_kept(change, moving.temperature, block.generators[place]):
            accepted[k] += 1
            sight = range_of_sight(interaction, moving, cell_widths[k], k)
            spare = TO_SPARE * reach_of(interaction, cell_widths[k])
            take_step(block, place, positions[k], i, cell_widths[k], sight, spare)


@subroutine
def is_kept(change: float, temperature: float, generator: UIntArray) -> bool:
    """Metropolis's rule; at temperature 0, whether the energy does not rise."""
    if temperature > 0.0 and change > 0.0:
        return uniform(generator) < math.exp(-change / temperature)
    return change <= 0.0


@subroutine
def take_step(
    block: Block, place: int, positions: FloatArray, i: int, cell_width: float, sight: float,
    spare: float,
) -> None:  # fmt: skip
    """Move particle i, and look around again once it has used up half of what is to spare."""
    around = block.around
    far = 0.0
    for axis in range(len(around.axes)):
        positions[i, axis] += block.steps[place, axis]
        far += (positions[i, axis] - around.origins[place, i, axis]) ** 2
    around.homes[place, i] = block.homes[place]
    if 4.0 * far > spare * spare:
        look_around(around, place, positions, cell_width, sight)
