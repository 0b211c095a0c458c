"""Pairs and triangles that interact, collected from many particles and evaluated at once."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import procedure, room, subroutine, unsigned
from peslab.kernels.interaction import Interaction, cells_of_pair, cells_of_triangle
from peslab.kernels.neighbors import Bonds

AT_ONCE = 256  # evaluated together: as many as stay in the fastest memory


class Batch(NamedTuple):
    """Room for pairs, of one side and one bond, or triangles, of three sides and two bonds."""

    sides: FloatArray  # (sides, capacity)
    terms: FloatArray  # (1 + sides, capacity) the value and its slopes
    weights: FloatArray  # (capacity,)
    bonds: IntArray  # (2, capacity) those that make the first sides


@room
def room_for_batch(n_sides: int, capacity: int) -> Batch:
    """Room for as many pairs or triangles."""
    return Batch(
        np.empty((n_sides, capacity)),
        np.empty((1 + n_sides, capacity)),
        np.empty(capacity),
        np.empty((2, capacity), np.int64),
    )


@subroutine
def collect_pairs(
    interaction: Interaction, batch: Batch, bonds: Bonds, start: int, stop: int, longest: float,
    n: int,
) -> int:  # fmt: skip
    """Add the bonds that are shorter than `longest` to a batch of n pairs; return their number."""
    for m in range(start, stop):
        batch.sides[0, n] = bonds.distances[m]
        batch.weights[n] = interaction.pair_weights[cells_of_pair(bonds.cells[m])]
        batch.bonds[0, n] = m
        n += bonds.distances[m] < longest
    return n


@subroutine
def collect_triangles(
    interaction: Interaction, batch: Batch, bonds: Bonds, start: int, second: int, longest: float,
    n: int,
) -> int:  # fmt: skip
    """Add the triangles of one bond with all of its particle before it to a batch of n.

    The third side c is short enough if c² < (longest − a − b)², which needs no root: of the
    triangles within reach, six of seven are too large.
    """
    cells, vectors, distances = bonds[3:6]
    squares, chosen = bonds.squares, bonds.chosen
    start, second = unsigned(start), unsigned(second)
    for first in range(start, second):
        squares[first] = 0.0
    for axis in range(len(bonds.axes)):
        here = vectors[axis, second]
        for first in range(start, second):
            squares[first] += (vectors[axis, first] - here) ** 2
    count = 0
    rest = longest - distances[second]
    for first in range(start, second):
        chosen[count] = first
        count += (distances[first] < rest) & (squares[first] < (rest - distances[first]) ** 2)
    for m in range(count):
        first = chosen[m]
        batch.sides[0, n], batch.sides[1, n] = distances[second], distances[first]
        batch.sides[2, n] = squares[first]
        cell = cells_of_triangle(cells[first], cells[second])
        batch.weights[n] = interaction.triangle_weights[cell]
        batch.bonds[0, n], batch.bonds[1, n] = second, first
        n += 1
    return n


@procedure
def add_pairs(interaction: Interaction, batch: Batch, bonds: Bonds, n: int) -> None:
    """Evaluate n pairs, and add them to the energies and the pulls of their bonds."""
    interaction.pair(interaction.pair_parameters, batch.sides, batch.terms, n, True)
    for k in range(n):
        m, weight = batch.bonds[0, k], batch.weights[k]
        bonds.energies[0, m] += weight * batch.terms[0, k]
        bonds.pulls[0, m] += weight * batch.terms[1, k]


@procedure
def add_triangles(interaction: Interaction, batch: Batch, bonds: Bonds, n: int) -> None:
    """Evaluate n triangles, and add them to the energies and the pulls of their bonds."""
    sides, terms, weights, corners = batch
    vectors, energies, pulls = bonds.vectors, bonds.energies, bonds.pulls
    for k in range(n):
        sides[2, k] = np.sqrt(sides[2, k])
    interaction.triplet(interaction.triplet_parameters, sides, terms, n, True)
    for k in range(n):
        second, first, weight = corners[0, k], corners[1, k], weights[k]
        energy = weight * terms[0, k]
        energies[1, second] += energy
        energies[1, first] += energy
        pulls[0, second] += weight * terms[1, k]
        pulls[0, first] += weight * terms[2, k]
        sideways = weight * terms[3, k] / sides[2, k]
        for axis in range(len(bonds.axes)):
            pull = sideways * (vectors[axis, second] - vectors[axis, first])
            pulls[1 + axis, second] += pull
            pulls[1 + axis, first] -= pull


@procedure
def add_to_particles(bonds: Bonds, n: int, energies: FloatArray, forces: FloatArray) -> None:
    """Give the energies and the pulls of n bonds to their particles, and take them off the bonds.

    Each of a pair's two particles has half of its energy, of a triangle's three a third: the one
    that its two bonds begin at, a sixth from either. Where there is one place for the energies of
    all particles, they add up to that of the cell.
    """
    vectors, pulls = bonds.vectors, bonds.pulls
    apart = 1 if energies.shape[1] > 1 else 0
    for m in range(n):
        place, i, j = bonds.places[m], bonds.origins[m], bonds.particles[m]
        half, third = bonds.energies[0, m] / 2.0, bonds.energies[1, m] / 3.0
        bonds.energies[0, m], bonds.energies[1, m] = 0.0, 0.0
        energies[place, apart * i] += half + third / 2.0
        energies[place, apart * j] += half + third
        slope = pulls[0, m] / bonds.distances[m]
        pulls[0, m] = 0.0
        for axis in range(len(bonds.axes)):
            along, sideways = slope * vectors[axis, m], pulls[1 + axis, m]
            pulls[1 + axis, m] = 0.0
            forces[place, i, axis] += along
            forces[place, j, axis] -= along + sideways
