"""Relaxation against images that stay where they were at the start, as the thesis's program did.

Its surrounding cells were made once for each configuration and did not follow the moves that were
accepted: particles relax towards where the others once were. Kept to reproduce its figures.
"""

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.block import along
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    COUNTS,
    INTEGER,
    NOTHING,
    NUMBERS,
    Axes,
    kernel,
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
    Surroundings,
    collect_pairs,
    collect_triangles,
    draw_step,
    evaluate_pairs,
    evaluate_triangles,
    see,
)
from peslab.kernels.random import MOVES, stream
from peslab.kernels.relaxation import (
    MOVING,
    Block,
    Moving,
    before_epoch,
    is_kept,
    room_of_size,
)
from peslab.kernels.triangles import AT_ONCE
from peslab.kernels.wrapping import wrap


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS, NUMBERS, INTERACTION, MOVING, INTEGER, COUNTS, INTEGER, INTEGER, axes
    )
)
def relax_against_frozen_images(
    positions: FloatArray,  # (n, N, d), wrapped into the cell; relaxed in place
    cell_widths: FloatArray,  # (n,)
    interaction: Interaction,  # of infinite depth, with weights as if frozen
    moving: Moving,
    cells: int,  # d_s, the depth of the block
    accepted: IntArray,  # (n, epochs) filled with the number of moves that were kept, or NOT_RUN
    start: int,
    stop: int,
    axes: Axes,
) -> None:
    """Relax the configurations from `start` to `stop`.

    The interaction's weights are those of pairs in the cell and with an image, and of triangles
    with two, one and no other particle of the cell.
    """
    interaction, moving = Interaction(*interaction), Moving(*moving)
    n_particles = positions.shape[1]
    n_images = n_particles * (2 * cells + 1) ** len(axes)
    block = room_of_size(1, 2 * n_particles, n_images, axes)
    both = np.empty((2 * n_particles, len(axes)))  # the moving particles, then the frozen ones
    for k in range(start, stop):
        block.generators[0, 0] = stream(moving.seed, moving.indices[k], MOVES)[0]
        for i in range(n_particles):
            for axis in range(len(axes)):
                both[i, axis] = both[n_particles + i, axis] = positions[k, i, axis]
        freeze(block.around, n_particles, cell_widths[k], cells)
        for epoch in range(accepted.shape[1]):
            accepted[k, epoch] = before_epoch(moving, accepted[k], epoch, k, n_particles)
            for i in range(n_particles if accepted[k, epoch] == 0 else 0):
                accepted[k, epoch] += move(interaction, moving, block, both, cell_widths[k], i, k)
        for i in range(n_particles):
            for axis in range(len(axes)):
                positions[k, i, axis] = both[i, axis]


@subroutine
def freeze(around: Surroundings, n_particles: int, cell_width: float, cells: int) -> None:
    """Fill in what each particle sees: the others of the cell, and frozen images of all.

    Each image has a cell of its own, so that triangles weigh by their particles of the cell.
    """
    axes = around.axes
    n_cells = (2 * cells + 1) ** len(axes)
    for i in range(2 * n_particles):
        around.homes[0, i] = 0.0
    for i in range(n_particles):
        count = 0
        for cell in range(n_cells):
            central = cell == n_cells // 2
            for other in range(n_particles):
                around.owners[0, i, count] = other if central else n_particles + other
                around.cells[0, i, count] = 0.0 if central else 1.0 + count
                for axis in range(len(axes)):
                    shift = along(cell, axis, cells) - cells
                    around.offsets[0, i, count, axis] = shift * cell_width
                count += not (central and other == i)
        around.counts[0, i] = count


@subroutine
def move(
    interaction: Interaction,
    moving: Moving,
    block: Block,
    both: FloatArray,
    cell_width: float,
    i: int,
    k: int,
) -> int:
    """Let particle i try a step, back into the cell where it leaves it; 1 if it is kept."""
    seen, pairs, triangles, step = block.seen, block.pairs, block.triangles, block.steps[0]
    axes = seen.axes
    draw_step(block.generators[0], moving.max_displacements[k], moving.along_axes, step, axes)
    for axis in range(len(axes)):
        step[axis] = wrap(both[i, axis] + step[axis], cell_width) - both[i, axis]
    reach = reach_of(interaction, cell_width)
    count = see(block.around, seen, 0, both, i, step, 0.0, reach)
    pairs.changes[0] = triangles.changes[0] = 0.0
    longest = longest_distance(interaction, cell_width)
    evaluate_pairs(
        interaction, pairs, collect_pairs(interaction, pairs, seen, count, longest, 0, unsigned(0))
    )
    longest = longest_perimeter(interaction, cell_width)
    n = unsigned(0)
    for second in range(count if longest > 0.0 else unsigned(0)):
        n = collect_triangles(interaction, triangles, seen, second, step, longest, 0, n)
        if n > AT_ONCE:
            n = evaluate_triangles(interaction, triangles, n)
    evaluate_triangles(interaction, triangles, n)
    change = pairs.changes[0] + triangles.changes[0]
    kept = is_kept(change, moving.temperature, block.generators[0])
    for axis in range(len(axes)):
        both[i, axis] += step[axis] * kept
    return int(kept)
