"""Energies of pairs and triangles, kept apart by their particles: what a move leaves is known."""

from typing import NamedTuple

import numpy as np

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.compilation import procedure, room, signed, subroutine, unsigned
from peslab.kernels.interaction import Interaction, cells_of_pair, cells_of_triangle
from peslab.kernels.moves import Seen


class Batch(NamedTuple):
    """Pairs or triangles of the particles that move, evaluated at once."""

    corners: IntArray  # (1 or 2, capacity) the images that they have beside the moving particle
    sides: FloatArray  # (1 or 3, capacity)
    terms: FloatArray  # (2 or 4, capacity)


class Ledger(NamedTuple):
    """Energies of some configurations, entered by the particles that they are of.

    Those of all pairs and triangles whose corners are images of i, j and k stand in one slot,
    whichever of the three they are seen from; of a pair, the earlier particle counts twice. A move
    of i changes the slots with i alone, and what they hold before it is known: it would take as
    long to sum as what they hold after it. Slots are filled anew, so that rounding does not add up.
    """

    known: FloatArray  # (n, N (N + 1) (N + 2) / 6) as the particles stand
    tried: FloatArray  # (n, N (N + 1) / 2) where one steps to: with it any j, and k up to j
    slots: IntArray  # (N, N (N + 1) / 2) where those of each particle are among the known ones
    apart: int  # 1; or 0 where all stand in one slot, and both have to be summed


@room
def room_for_moved(n_sides: int, capacity: int) -> Batch:
    """Room for as many pairs or triangles."""
    return Batch(
        np.empty((1 if n_sides == 1 else 2, capacity), np.int64),
        np.empty((n_sides, capacity)),
        np.empty((1 + n_sides, capacity)),
    )


@room
def room_for_ledger(size: int, n_particles: int, apart: bool) -> Ledger:
    """Room for the energies of `size` configurations."""
    n = n_particles if apart else 1
    slots = np.empty((n_particles, n * (n + 1) // 2), np.int64)
    for i in range(n_particles):
        slots[i, 0] = 0
    slot = 0
    for i in range(n):
        for j in range(i + 1):
            for k in range(j + 1):
                slots[i, slot_of(j, k)] = slot
                slots[j, slot_of(i, k)] = slot
                slots[k, slot_of(i, j)] = slot
                slot += 1
    tried = np.empty((size, slots.shape[1]))
    return Ledger(np.empty((size, slot)), tried, slots, 1 if apart else 0)


@subroutine
def slot_of(j: int, k: int) -> int:
    """Where j and k, up to j, stand among all two of some particles."""
    return j * (j + 1) // 2 + k


@subroutine
def clear(ledger: Ledger) -> None:
    """Begin the entries of a step in all configurations."""
    for place in range(len(ledger.tried)):
        for slot in range(ledger.tried.shape[1]):
            ledger.tried[place, slot] = 0.0


@subroutine
def collect_pairs(batch: Batch, seen: Seen, longest: FloatArray, count: int) -> int:
    """Collect the pairs with all that is seen which interact; return their number."""
    n = unsigned(0)
    for m in range(count):
        batch.corners[0, n] = m
        n += unsigned(seen.distances[m] < longest[unsigned(seen.places[m])])
    return n


@subroutine
def collect_triangles(
    batch: Batch, seen: Seen, start: int, second: int, longest: float, n: int
) -> int:
    """Add the triangles with one image and all from `start` to it to a batch of n."""
    vectors, distances, sides = seen.vectors, seen.distances, batch.sides
    rest = longest - distances[second]
    for first in range(start, second):
        square = 0.0
        for axis in range(len(seen.axes)):
            square += (vectors[axis, second] - vectors[axis, first]) ** 2
        batch.corners[0, n], batch.corners[1, n] = second, first
        sides[0, n], sides[1, n], sides[2, n] = distances[second], distances[first], square
        left = rest - distances[first]
        n += unsigned(square < left * abs(left))  # not where nothing is left
    return n


@procedure
def enter_pairs(
    interaction: Interaction, batch: Batch, seen: Seen, ledger: Ledger, i: int, n: int
) -> int:
    """Evaluate n pairs of particle i and enter their energies; none are left."""
    tried, energies = ledger.tried, batch.terms[0]
    corners, sides = batch.corners[0], batch.sides[0]
    for k in range(n):
        sides[k] = seen.distances[unsigned(corners[k])]
    interaction.pair(interaction.pair_parameters, batch.sides, batch.terms, signed(n), False)
    for k in range(n):
        m = unsigned(corners[k])
        j, place = seen.particles[m], unsigned(seen.places[m])
        weight = interaction.pair_weights[cells_of_pair(seen.cells[m])]
        share = 0.0 if j == i else 1.0  # its own images move along
        slot = unsigned(ledger.apart * slot_of(j, min(i, j)))
        tried[place, slot] += share * weight * energies[k]
    return unsigned(0)


@procedure
def enter_triangles(
    interaction: Interaction, batch: Batch, seen: Seen, ledger: Ledger, i: int, n: int
) -> int:
    """Evaluate n triangles of particle i and enter their energies; none are left.

    Third sides are squares as yet: only those that interact are worth a root.
    A class of triangles is met once for each of its corners that is an image of i, so it weighs by
    one over their number. Classes of its images alone do not change.
    """
    tried, energies, sides = ledger.tried, batch.terms[0], batch.sides
    seconds, firsts = batch.corners[0], batch.corners[1]
    cells, particles = seen.cells, seen.particles
    for k in range(n):
        sides[2, k] = np.sqrt(sides[2, k])
    interaction.triplet(interaction.triplet_parameters, sides, batch.terms, signed(n), False)
    for k in range(n):
        second, first = unsigned(seconds[k]), unsigned(firsts[k])
        j, other, place = particles[second], particles[first], unsigned(seen.places[second])
        weight = interaction.triangle_weights[cells_of_triangle(cells[first], cells[second])]
        share = 1.0 - 0.5 * ((j == i) + (other == i))
        slot = unsigned(ledger.apart * slot_of(j, other))
        tried[place, slot] += share * weight * energies[k]
    return unsigned(0)


@subroutine
def cost(ledger: Ledger, place: int, i: int) -> float:
    """By how much the step of particle i changes the energy."""
    known, tried, slots = ledger.known[place], ledger.tried[place], ledger.slots[i]
    change = 0.0
    for slot in range(len(tried)):
        change += tried[slot] - known[unsigned(slots[slot])]
    return change


@subroutine
def keep(ledger: Ledger, place: int, i: int) -> None:
    """Let the energies of particle i be those where it stepped to."""
    known, tried, slots = ledger.known[place], ledger.tried[place], ledger.slots[i]
    for slot in range(len(tried)):
        known[unsigned(slots[slot])] = tried[slot]
