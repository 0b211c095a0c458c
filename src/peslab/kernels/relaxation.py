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
    weighs_by_cells,
)
from peslab.kernels.ledger import (
    Batch,
    Ledger,
    clear,
    collect_pairs,
    collect_triangles,
    cost,
    enter_pairs,
    enter_triangles,
    keep,
    room_for_ledger,
    room_for_moved,
)
from peslab.kernels.moves import (
    Seen,
    Surroundings,
    cell_of,
    draw_step,
    look_around,
    room_for_seen,
    room_for_surroundings,
    see,
)
from peslab.kernels.neighbors import most_bonds
from peslab.kernels.random import MOVES, stream, uniform
from peslab.kernels.triangles import AT_ONCE
from peslab.kernels.wrapping import wrap

SIDE_BY_SIDE = 16  # configurations: more bring nothing, fewer keep the processor waiting
WORTH_A_THREAD = 64  # configurations, of 10 µs each and more
TO_SPARE = 0.15  # of the reach: how much farther than it sees a particle looks around
MOST_APART = 24  # particles whose energies are entered apart: more take longer than they save
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


class Ranges(NamedTuple):
    """How far the particles of configurations that are side by side see."""

    widths: FloatArray  # (block,) of their cells
    sights: FloatArray  # (block,) how far a particle looks around, to need it for some moves only
    reaches: FloatArray  # (block,) how far it sees
    distances: FloatArray  # (block,) below which pairs interact
    perimeters: FloatArray  # (block,) below which triangles do


class Block(NamedTuple):
    """What is kept of configurations that are relaxed side by side."""

    running: IntArray  # (block,) the places of those that are not done
    ranges: Ranges
    generators: UIntArray  # (block, 1)
    columns: FloatArray  # (block, d, N) the positions
    step: FloatArray  # (d,)
    stood: FloatArray  # (block, d) where the moving particles were before their steps
    homes: FloatArray  # (block,) and in which cells
    starts: IntArray  # (block,) where that begins which each moving particle sees
    stops: IntArray  # (block,) and where it ends
    changes: FloatArray  # (block,) of the energy
    around: Surroundings
    seen: Seen
    pairs: Batch
    triangles: Batch
    ledger: Ledger


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
    capacity = most_images(interaction, moving, n_particles, cell_widths, start, stop, axes)
    block = room_for_block(min(SIDE_BY_SIDE, stop - start), n_particles, capacity, axes)
    for first in range(start, stop, SIDE_BY_SIDE):
        last = min(first + SIDE_BY_SIDE, stop)
        for k in range(first, last):
            block.generators[k - first, 0] = stream(moving.seed, moving.indices[k], MOVES)[0]
            begin(interaction, moving, block, positions[k], cell_widths[k], k, unsigned(k - first))
        for epoch in range(accepted.shape[1]):
            n_running = find_running(moving, block, accepted, epoch, first, last)
            for i in range(n_particles):
                for turn in range(first_turn(block.ledger, epoch), 2):
                    if turn == 1:
                        step_away(interaction, moving, block, i, first, n_running)
                    enter_energies(interaction, block, i, n_running)
                    take_steps(moving, block, i, turn == 1, accepted[first:, epoch], n_running)
        for k in range(first, last):
            end(block, positions[k], k - first)


@subroutine
def most_images(
    interaction: Interaction, moving: Moving, n_particles: int, cell_widths: FloatArray,
    start: int, stop: int, axes: Axes,
) -> int:  # fmt: skip
    """As many as one particle of the configurations from `start` to `stop` can have around it."""
    most = 0
    for k in range(start, stop):
        sight = range_of_sight(interaction, moving, cell_widths[k], k)
        most = max(most, most_bonds(n_particles, len(axes), cell_widths[k], sight))
    return most


@room
def room_for_block(size: int, n_particles: int, capacity: int, axes: Axes) -> Block:
    """Room for `size` configurations of which each particle has up to `capacity` images around."""
    return Block(
        np.empty(size, np.int64),
        Ranges(np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.empty(size)),
        np.empty((size, 1), np.uint64),
        np.empty((size, len(axes), n_particles)),
        np.empty(len(axes)),
        np.empty((size, len(axes))),
        np.empty(size),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size),
        room_for_surroundings(size, n_particles, capacity, axes),
        room_for_seen(size * capacity, axes),
        room_for_moved(1, size * capacity),
        room_for_moved(3, AT_ONCE + capacity),
        room_for_ledger(size, n_particles, n_particles <= MOST_APART),
    )


@subroutine
def begin(
    interaction: Interaction, moving: Moving, block: Block, positions: FloatArray,
    cell_width: float, k: int, place: int,
) -> None:  # fmt: skip
    """Take configuration k to its place in the block."""
    for i in range(len(positions)):
        for axis in range(len(block.around.axes)):
            block.columns[place, axis, i] = positions[i, axis]
    sight = range_of_sight(interaction, moving, cell_width, k)
    set_ranges(interaction, block.ranges, place, cell_width, sight)
    look_around(block.around, place, block.columns[place], cell_width, sight)


@subroutine
def end(block: Block, positions: FloatArray, place: int) -> None:
    """Take a configuration back, with its particles in the cell."""
    for i in range(len(positions)):
        for axis in range(len(block.around.axes)):
            positions[i, axis] = wrap(block.columns[place, axis, i], block.ranges.widths[place])


@subroutine
def set_ranges(
    interaction: Interaction, ranges: Ranges, place: int, cell_width: float, sight: float
) -> None:
    """Fill in how far the particles of a configuration see."""
    ranges.widths[place], ranges.sights[place] = cell_width, sight
    ranges.reaches[place] = reach_of(interaction, cell_width)
    ranges.distances[place] = longest_distance(interaction, cell_width)
    ranges.perimeters[place] = longest_perimeter(interaction, cell_width)


@subroutine
def range_of_sight(interaction: Interaction, moving: Moving, cell_width: float, k: int) -> float:
    """How far a particle of configuration k looks around, to see what it needs after some moves."""
    return float((1.0 + TO_SPARE) * reach_of(interaction, cell_width) + moving.longest_steps[k])


@subroutine
def find_running(
    moving: Moving, block: Block, accepted: IntArray, epoch: int, first: int, last: int
) -> int:
    """Find the configurations that are not done before an epoch; return their number."""
    n_particles = block.columns.shape[2]
    n_running = 0
    for k in range(first, last):
        accepted[k, epoch] = before_epoch(moving, accepted[k], epoch, k, n_particles)
        block.running[n_running] = k - first
        n_running += accepted[k, epoch] != NOT_RUN
    return n_running


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
def first_turn(ledger: Ledger, epoch: int) -> int:
    """0 where a particle stands still for a turn, as its energies are not known; 1 to step."""
    return 1 if epoch > 0 and ledger.apart else 0


@subroutine
def step_away(
    interaction: Interaction, moving: Moving, block: Block, i: int, first: int, n_running: int
) -> None:
    """Move particle i of each configuration by a step, and keep where it stood."""
    around, ranges, step = block.around, block.ranges, block.step
    by_cells = weighs_by_cells(interaction)
    for n in range(n_running):
        place = unsigned(block.running[n])
        columns = block.columns[place]
        draw_step(block.generators[place], moving.max_displacements[first + place],
                  moving.along_axes, step, around.axes)  # fmt: skip
        for axis in range(len(around.axes)):
            block.stood[place, axis] = columns[axis, i]
            columns[axis, i] += step[axis]
        block.homes[place] = around.homes[place, i]
        if by_cells:
            width, sight = ranges.widths[place], ranges.sights[place]
            around.homes[place, i] = cell_of(columns, i, width, sight, around.axes)


@subroutine
def enter_energies(interaction: Interaction, block: Block, i: int, n_running: int) -> None:
    """Enter the energies of particle i where it stands, in each configuration.

    Pairs come before triangles, so that the order in which energies are added does not depend on
    which configurations are side by side.
    """
    seen, pairs, triangles, ledger = block.seen, block.pairs, block.triangles, block.ledger
    by_cells = weighs_by_cells(interaction)
    clear(ledger)
    count, n_triangles = unsigned(0), unsigned(0)
    for n in range(n_running):
        place = unsigned(block.running[n])
        block.starts[place] = count
        count = see(block.around, seen, place, block.columns[place], i,
                    block.ranges.reaches[place], by_cells, count)  # fmt: skip
        block.stops[place] = count
    # The roots of all at once: those of one particle are too few for vector instructions.
    for m in range(count):
        seen.distances[m] = np.sqrt(seen.distances[m])
    n_pairs = collect_pairs(pairs, seen, block.ranges.distances, count)
    enter_pairs(interaction, pairs, seen, ledger, i, n_pairs)
    for n in range(n_running):
        place = unsigned(block.running[n])
        start, stop = unsigned(block.starts[place]), unsigned(block.stops[place])
        longest = block.ranges.perimeters[place]
        for second in range(start, stop if longest > 0.0 else start):
            n_triangles = collect_triangles(triangles, seen, start, second, longest, n_triangles)
            if n_triangles > AT_ONCE:
                n_triangles = enter_triangles(interaction, triangles, seen, ledger, i, n_triangles)
    enter_triangles(interaction, triangles, seen, ledger, i, n_triangles)


@subroutine
def take_steps(
    moving: Moving, block: Block, i: int, stepped: bool, accepted: IntArray, n_running: int
) -> None:
    """Keep the steps of particle i that cost no energy, and take back the others."""
    around, ranges = block.around, block.ranges
    # All changes first: the processor computes several at once, until a decision is guessed wrong.
    for n in range(n_running):
        place = unsigned(block.running[n])
        block.changes[place] = cost(block.ledger, place, i)
    for n in range(n_running):
        place = unsigned(block.running[n])
        change, generator = block.changes[place], block.generators[place]
        if stepped and not is_kept(change, moving.temperature, generator):
            step_back(block, place, i)
            continue
        keep(block.ledger, place, i)
        accepted[place] += stepped
        columns = block.columns[place]
        if moved_far(columns, around.origins[place], i, ranges.reaches[place], around.axes):
            look_around(around, place, columns, ranges.widths[place], ranges.sights[place])


@subroutine
def is_kept(change: float, temperature: float, generator: UIntArray) -> bool:
    """Metropolis's rule; at temperature 0, whether the energy does not rise."""
    if temperature > 0.0 and change > 0.0:
        return uniform(generator) < math.exp(-change / temperature)
    return change <= 0.0


@subroutine
def moved_far(columns: FloatArray, origins: FloatArray, i: int, reach: float, axes: Axes) -> bool:
    """Whether particle i has used up half of what is to spare."""
    spare = TO_SPARE * reach
    far = 0.0
    for axis in range(len(axes)):
        far += (columns[axis, i] - origins[axis, i]) ** 2
    return bool(4.0 * far > spare * spare)


@subroutine
def step_back(block: Block, place: int, i: int) -> None:
    """Put particle i back to where it stood, to the last bit."""
    for axis in range(len(block.around.axes)):
        block.columns[place, axis, i] = block.stood[place, axis]
    block.around.homes[place, i] = block.homes[place]
