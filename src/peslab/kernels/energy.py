"""Energies and forces: equation (9), as one sum over classes of pairs and triangles.

The particles of a pair share its energy equally, as do the three of a triangle.
"""

from typing import NamedTuple

from peslab.kernels.arrays import FloatArray
from peslab.kernels.bins import Bins, bins_per_axis, room_for_bins, sort_into_bins
from peslab.kernels.compilation import (
    COLUMNS,
    CONFIGURATIONS,
    INTEGER,
    NOTHING,
    NUMBERS,
    Axes,
    kernel,
    procedure,
    room,
    subroutine,
)
from peslab.kernels.interaction import (
    INTERACTION,
    Interaction,
    longest_distance,
    longest_perimeter,
    reach_of,
)
from peslab.kernels.neighbors import Bonds, find_later_neighbors, most_bonds, room_for_bonds
from peslab.kernels.triangles import (
    AT_ONCE,
    Batch,
    add_pairs,
    add_to_particles,
    add_triangles,
    collect_pairs,
    collect_triangles,
    room_for_batch,
)


class Rooms(NamedTuple):
    """Memory for bonds, pairs and triangles that wait to be evaluated."""

    bins: Bins
    bonds: Bonds
    pairs: Batch
    triangles: Batch


class Waiting(NamedTuple):
    """How many wait to be evaluated."""

    bonds: int
    pairs: int
    triangles: int


@kernel(
    lambda axes: NOTHING(
        CONFIGURATIONS, NUMBERS, INTERACTION, COLUMNS, CONFIGURATIONS, INTEGER, INTEGER, axes
    )
)
def energies_and_forces(
    positions: FloatArray,  # (n, N, d), wrapped into the cell
    cell_widths: FloatArray,  # (n,)
    interaction: Interaction,
    energies: FloatArray,  # (n, N) filled with those of particles, or (n, 1) with that of the cell
    forces: FloatArray,  # (n, N, d) filled with minus the gradient of the energy of the cell
    start: int,
    stop: int,
    axes: Axes,
) -> None:
    """Energies and forces of the configurations from `start` to `stop`."""
    interaction = Interaction(*interaction)
    n_particles = positions.shape[1]
    rooms = room_for_sums(interaction, n_particles, cell_widths[start:stop], axes)
    waiting = Waiting(0, 0, 0)
    for k in range(start, stop):
        waiting = collect(
            interaction, rooms, positions[k], cell_widths[k], k, waiting, energies, forces
        )
        if max(waiting) > AT_ONCE or k == stop - 1:
            add_up(interaction, rooms, waiting, energies, forces)
            waiting = Waiting(0, 0, 0)


@room
def room_for_sums(
    interaction: Interaction, n_particles: int, cell_widths: FloatArray, axes: Axes
) -> Rooms:
    """Room for configurations of any of these widths.

    What waits grows beyond `AT_ONCE` twice, in a cell before and in one that is collected, and then
    by the bonds of one particle.
    """
    most = 0
    for cell_width in cell_widths:
        reach = reach_of(interaction, cell_width)
        most = max(most, most_bonds(n_particles, len(axes), cell_width, reach))
    return rooms_of_size(n_particles, 2 * AT_ONCE + most, axes)


@room
def rooms_of_size(n_particles: int, capacity: int, axes: Axes) -> Rooms:
    """Room for so many bonds, and for pairs and triangles in batches that outgrow it."""
    bonds = room_for_bonds(capacity, axes)
    for m in range(capacity):
        bonds.energies[0, m], bonds.energies[1, m] = 0.0, 0.0
        for axis in range(1 + len(axes)):
            bonds.pulls[axis, m] = 0.0
    return Rooms(
        room_for_bins(n_particles, axes),
        bonds,
        room_for_batch(1, capacity),
        room_for_batch(3, capacity),
    )


@subroutine
def collect(
    interaction: Interaction,
    rooms: Rooms,
    positions: FloatArray,  # (N, d), wrapped into the cell
    cell_width: float,
    place: int,
    waiting: Waiting,
    energies: FloatArray,
    forces: FloatArray,
) -> Waiting:
    """Collect the pairs and triangles of one cell; return how many wait.

    Those of a large cell are evaluated piece by piece, and where the pieces end depends on that
    cell alone: so its sums are the same, bit for bit, whichever cells were collected before it.
    """
    bins, bonds, pairs, triangles = rooms
    n_particles = len(positions)
    set_to_zero(energies, forces, place)
    reach = reach_of(interaction, cell_width)
    distance = longest_distance(interaction, cell_width)
    perimeter = longest_perimeter(interaction, cell_width)
    per_axis = bins_per_axis(n_particles, len(bins.axes), cell_width, reach)
    sort_into_bins(bins, positions, cell_width, per_axis)
    before = waiting
    n_bonds, n_pairs, n_triangles = waiting
    for k in range(n_particles):
        start = n_bonds
        n_bonds = find_later_neighbors(bonds, start, bins, k, cell_width, reach, per_axis)
        for m in range(start, n_bonds):
            bonds.places[m], bonds.origins[m] = place, bins.particles[k]
        n_pairs = collect_pairs(interaction, pairs, bonds, start, n_bonds, distance, n_pairs)
        for second in range(start, n_bonds if perimeter > 0.0 else start):
            n_triangles = collect_triangles(
                interaction, triangles, bonds, start, second, perimeter, n_triangles
            )
            if n_triangles - before.triangles > AT_ONCE:
                add_pairs(interaction, pairs, bonds, n_pairs)
                add_triangles(interaction, triangles, bonds, n_triangles)
                n_pairs, n_triangles = 0, 0
                before = Waiting(before.bonds, 0, 0)
        if n_bonds - before.bonds > AT_ONCE:
            add_up(interaction, rooms, Waiting(n_bonds, n_pairs, n_triangles), energies, forces)
            n_bonds, n_pairs, n_triangles = 0, 0, 0
            before = Waiting(0, 0, 0)
    return Waiting(n_bonds, n_pairs, n_triangles)


@subroutine
def set_to_zero(energies: FloatArray, forces: FloatArray, place: int) -> None:
    """Begin the sums of one configuration."""
    for i in range(energies.shape[1]):
        energies[place, i] = 0.0
    for i in range(forces.shape[1]):
        for axis in range(forces.shape[2]):
            forces[place, i, axis] = 0.0


@procedure
def add_up(
    interaction: Interaction, rooms: Rooms, waiting: Waiting, energies: FloatArray,
    forces: FloatArray,
) -> None:  # fmt: skip
    """Evaluate all pairs and triangles that wait, and add them to the energies and forces."""
    add_pairs(interaction, rooms.pairs, rooms.bonds, waiting.pairs)
    add_triangles(interaction, rooms.triangles, rooms.bonds, waiting.triangles)
    add_to_particles(rooms.bonds, waiting.bonds, energies, forces)
