"""Energy per particle and forces: equation (9), as one sum over classes of pairs and triangles."""

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    CONFIGURATIONS,
    INTEGER,
    NOTHING,
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
    find_neighbors,
    length_of_side,
    room_for_neighbors,
)


@kernel(NOTHING(CONFIGURATIONS, NUMBERS, *INTERACTION, NUMBERS, CONFIGURATIONS, INTEGER, INTEGER))
def energies_and_forces(
    positions: FloatArray,  # (n, N, d), wrapped into the cell
    cell_widths: FloatArray,  # (n,)
    pair: PairFunction,
    triplet: TripletFunction,
    parameters: FloatArray,
    cutoff: float,
    pair_weights: FloatArray,
    triangle_weights: FloatArray,
    energies: FloatArray,  # (n,) filled with the energy per particle
    forces: FloatArray,  # (n, N, d) filled with minus the gradient of the energy of the cell
    start: int,
    stop: int,
) -> None:
    """Energies and forces of the configurations from `start` to `stop`."""
    _, n_particles, dimension = positions.shape
    interaction = Interaction(pair, triplet, parameters, cutoff, pair_weights, triangle_weights)
    reach = REACH * cutoff
    for k in range(start, stop):
        configuration, cell_width, force = positions[k], cell_widths[k], forces[k]
        neighbors = room_for_neighbors(n_particles, dimension, cell_width, reach)
        force[:] = 0.0
        energy = 0.0
        for i in range(n_particles):
            count = find_neighbors(neighbors, configuration, i, cell_width, reach, True)
            energy += add_pairs(interaction, neighbors, count, i, force)
            energy += add_triangles(interaction, neighbors, count, i, force)
        energies[k] = energy / n_particles


@subroutine
def add_pairs(
    interaction: Interaction, neighbors: Neighbors, count: int, i: int, force: FloatArray
) -> float:
    """Energy of the pairs of particle i with later neighbors, whose forces are added."""
    pair, _, parameters, cutoff, weights, _ = interaction
    particles, cells, vectors, distances, _ = neighbors
    energy = 0.0
    for m in range(count):
        r = distances[m]
        if r < cutoff:
            weight = weights[cells_of_pair(cells[m])]
            value, slope = pair(parameters, r)
            energy += weight * value
            for axis in range(force.shape[1]):
                pull = weight * slope / r * vectors[m, axis]
                force[i, axis] += pull
                force[particles[m], axis] -= pull
    return energy


@subroutine
def add_triangles(
    interaction: Interaction, neighbors: Neighbors, count: int, i: int, force: FloatArray
) -> float:
    """Energy of the triangles of particle i with two later neighbors, whose forces are added."""
    _, triplet, parameters, cutoff, _, weights = interaction
    particles, cells, vectors, distances, _ = neighbors
    energy = 0.0
    for second in range(count):
        for first in range(second):
            a, b, c = distances[second], distances[first], length_of_side(vectors, first, second)
            if a + b + c < 3.0 * cutoff:
                weight = weights[cells_of_triangle(cells[first], cells[second])]
                value, slope_a, slope_b, slope_c = triplet(parameters, a, b, c)
                energy += weight * value
                for axis in range(force.shape[1]):
                    to_second, to_first = vectors[second, axis], vectors[first, axis]
                    pull_a = weight * slope_a / a * to_second
                    pull_b = weight * slope_b / b * to_first
                    pull_c = weight * slope_c / c * (to_second - to_first)
                    force[i, axis] += pull_a + pull_b
                    force[particles[second], axis] -= pull_a + pull_c
                    force[particles[first], axis] -= pull_b - pull_c
    return energy
