"""Sums over a block of cells as the thesis prints them: equations (4), (5) and (9) to a depth d_s.

Here every particle of the central cell looks at all others of the block, so that the sum depends on
where the cell begins; `energy` sums the same over classes of triangles, to any distance.
"""

import math

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    COLUMNS,
    CONFIGURATIONS,
    FLAG,
    INTEGER,
    NOTHING,
    NUMBERS,
    Axes,
    kernel,
    subroutine,
)
from peslab.kernels.energy import Rooms, Waiting, add_up, rooms_of_size, set_to_zero
from peslab.kernels.interaction import (
    INTERACTION,
    Interaction,
    longest_distance,
    longest_perimeter,
)
from peslab.kernels.neighbors import Bonds
from peslab.kernels.triangles import AT_ONCE, collect_pairs, collect_triangles


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS,
        NUMBERS,
        INTERACTION,
        INTEGER,
        FLAG,
        COLUMNS,
        CONFIGURATIONS,
        INTEGER,
        INTEGER,
        axes,
    )
)
def energies_and_forces_of_blocks(
    positions: FloatArray,  # (n, N, d), wrapped into the cell
    cell_widths: FloatArray,  # (n,)
    interaction: Interaction,  # of infinite depth, with weights per corner
    cells: int,  # d_s, the depth of the block
    from_all: bool,  # whether the particles of all cells look around, or those of the central one
    energies: FloatArray,  # (n, 1) filled with the energy of as many lookers as a cell has
    forces: FloatArray,  # (n, N, d) filled with −N times its gradient
    start: int,
    stop: int,
    axes: Axes,
) -> None:
    """Energies and forces of the configurations from `start` to `stop`.

    The interaction's weights are those of bonds to the own cell and to another one, and of two
    bonds, of which two, one and none are to the own cell.
    """
    interaction = Interaction(*interaction)
    n_particles = positions.shape[1]
    n_cells = (2 * cells + 1) ** len(axes)
    rooms = rooms_of_size(n_particles, AT_ONCE + n_particles * n_cells, axes)
    lookers = n_particles * (n_cells if from_all else 1)
    for k in range(start, stop):
        set_to_zero(energies, forces, k)
        for looker in range(lookers):
            look_from(interaction, rooms, positions[k], cell_widths[k], k, looker, cells, from_all,
                      energies, forces)  # fmt: skip
        energies[k] *= n_particles / lookers
        forces[k] *= n_particles / lookers


@subroutine
def look_from(
    interaction: Interaction,
    rooms: Rooms,
    positions: FloatArray,
    cell_width: float,
    place: int,
    looker: int,
    cells: int,
    from_all: bool,
    energies: FloatArray,
    forces: FloatArray,
) -> None:
    """Add what one particle sees of the block."""
    _, bonds, pairs, triangles = rooms
    distance = longest_distance(interaction, cell_width)
    perimeter = longest_perimeter(interaction, cell_width)
    n_bonds = fill_block(bonds, positions, cell_width, place, looker, cells, from_all)
    n_pairs = collect_pairs(interaction, pairs, bonds, 0, n_bonds, distance, 0)
    n_triangles = 0
    for second in range(n_bonds if perimeter > 0.0 else 0):
        n_triangles = collect_triangles(
            interaction, triangles, bonds, 0, second, perimeter, n_triangles
        )
        if n_triangles > AT_ONCE:
            add_up(interaction, rooms, Waiting(0, n_pairs, n_triangles), energies, forces)
            n_pairs, n_triangles = 0, 0
    add_up(interaction, rooms, Waiting(n_bonds, n_pairs, n_triangles), energies, forces)


@subroutine
def fill_block(
    bonds: Bonds,
    positions: FloatArray,
    cell_width: float,
    place: int,
    looker: int,
    cells: int,
    from_all: bool,
) -> int:
    """Fill in bonds from one particle to all others of the block; return their number.

    Particles outside the own cell get cells of their own, so that triangles are told apart by how
    many of their corners stand in it.
    """
    n_particles, dimension = len(positions), len(bonds.axes)
    n_cells = (2 * cells + 1) ** dimension
    own, origin = (looker // n_particles if from_all else n_cells // 2), looker % n_particles
    stop = 0
    for cell in range(n_cells):
        for other in range(n_particles):
            square = 0.0
            for axis in range(dimension):
                shift = along(cell, axis, cells) - along(own, axis, cells)
                component = positions[other, axis] - positions[origin, axis] + shift * cell_width
                bonds.vectors[axis, stop] = component
                square += component * component
            bonds.places[stop], bonds.origins[stop], bonds.particles[stop] = place, origin, other
            bonds.cells[stop] = 0.0 if cell == own else 1.0 + stop
            bonds.distances[stop] = math.sqrt(square)
            stop += cell != own or other != origin
    return stop


@subroutine
def along(cell: int, axis: int, cells: int) -> int:
    """Where a cell of the block stands on an axis: the digits of its number."""
    per_axis = 2 * cells + 1
    return int(cell // per_axis**axis % per_axis)
