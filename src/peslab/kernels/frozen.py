"""Relaxation against images that stay where they were at the start, as the thesis's program did.

Its surrounding cells were made once for each configuration and did not follow the moves that were
accepted: particles relax towards where the others once were. Kept to reproduce its figures.
"""

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
)
from peslab.kernels.interaction import INTERACTION, Interaction
from peslab.kernels.ledger import cost, keep
from peslab.kernels.moves import Surroundings, draw_step
from peslab.kernels.random import MOVES, stream
from peslab.kernels.relaxation import (
    MOVING,
    Block,
    Moving,
    before_epoch,
    enter_energies,
    first_turn,
    is_kept,
    room_for_block,
    set_ranges,
    step_back,
)
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
    block = room_for_block(1, 2 * n_particles, n_images, axes)
    both = block.columns[0]  # the moving particles, then the frozen ones
    block.running[0] = 0
    for k in range(start, stop):
        block.generators[0, 0] = stream(moving.seed, moving.indices[k], MOVES)[0]
        for i in range(n_particles):
            for axis in range(len(axes)):
                both[axis, i] = both[axis, n_particles + i] = positions[k, i, axis]
        block.homes[0] = 0.0
        set_ranges(interaction, block.ranges, 0, cell_widths[k], 0.0)
        freeze(block.around, n_particles, cell_widths[k], cells)
        for epoch in range(accepted.shape[1]):
            accepted[k, epoch] = before_epoch(moving, accepted[k], epoch, k, n_particles)
            for i in range(n_particles if accepted[k, epoch] == 0 else 0):
                accepted[k, epoch] += move(interaction, moving, block, cell_widths[k], i, k, epoch)
        for i in range(n_particles):
            for axis in range(len(axes)):
                positions[k, i, axis] = both[axis, i]


@subroutine
def freeze(around: Surroundings, n_particles: int, cell_width: float, cells: int) -> None:
    """Fill in what each particle sees: the others of the cell, and frozen images of all.

    Each image has a cell of its own, so that triangles weigh by their particles of the cell.
    """
    for i in range(2 * n_particles):
        around.homes[0, i] = 0.0
    n_cells = (2 * cells + 1) ** len(around.axes)
    for i in range(n_particles):
        around.counts[0, i] = 0
        for owner in range(n_particles):
            if owner != i:
                add_image(around, i, owner, n_cells // 2, 0.0, cell_width, cells)
        for owner in range(n_particles, 2 * n_particles):
            for cell in range(n_cells):
                if cell != n_cells // 2:
                    number = 1.0 + around.counts[0, i]
                    add_image(around, i, owner, cell, number, cell_width, cells)


@subroutine
def add_image(
    around: Surroundings, i: int, owner: int, cell: int, number: float, cell_width: float,
    cells: int,
) -> None:  # fmt: skip
    """Add an image to those around particle i, under the number that tells its cell."""
    m = around.counts[0, i]
    around.owners[0, i, m], around.cells[0, i, m] = owner, number
    for axis in range(len(around.axes)):
        around.offsets[0, i, axis, m] = (along(cell, axis, cells) - cells) * cell_width
    around.counts[0, i] = m + 1


@subroutine
def move(
    interaction: Interaction, moving: Moving, block: Block, cell_width: float, i: int, k: int,
    epoch: int,
) -> int:  # fmt: skip
    """Let particle i try a step, back into the cell where it leaves it; 1 if it is kept."""
    axes, columns, step = block.around.axes, block.columns[0], block.step
    for turn in range(first_turn(block.ledger, epoch), 2):
        if turn == 1:
            draw_step(
                block.generators[0], moving.max_displacements[k], moving.along_axes, step, axes
            )
            for axis in range(len(axes)):
                block.stood[0, axis] = columns[axis, i]
                columns[axis, i] = wrap(columns[axis, i] + step[axis], cell_width)
        enter_energies(interaction, block, i, 1)
        if turn == 0:
            keep(block.ledger, 0, i)
    kept = is_kept(cost(block.ledger, 0, i), moving.temperature, block.generators[0])
    if kept:
        keep(block.ledger, 0, i)
    else:
        step_back(block, 0, i)
    return int(kept)
