"""Laws of physics: what particles do to each other, and that sums over a crystal have an end."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from peslab.evaluation.finding import Finding
from peslab.evaluation.subject import Array, Subject, equilateral, three_in_a_large_cell

THREE_FEEL = 1e-3  # E_c that three particles have beyond their pairs: more than any rounding
SIDES = np.array([0.9, 1.0, 1.1, 1.25, 1.5])  # R_c, of their triangles
ALONE = 1e-3  # E_c by which images 40 R_c away may change the energy of three particles
REPELLED = 1.0  # E_c that two particles have at half their distance, whatever a third one does

# By how much more a layer of cells adds than one at half the depth: sums over triangles converge
# below 1/2, which is that of a logarithm; discrete layers scatter around their law by a tenth.
SHRINKS = 0.4

DEEPEST = {1: 8, 2: 6}  # depths that convergence is looked at, 4 in three dimensions and more
DEEPEST_IN_SPACE = 4


class Convergence(NamedTuple):
    """How energies per particle change with the depth of surrounding cells.

    Attributes:
        depths: d_s, shape (k,), from 1 on.
        energies: Shape (n, k), in E_c.
    """

    depths: range
    energies: Array

    @property
    def layers(self) -> Array:
        """What each layer adds beyond the first, a mean of magnitudes, shape (k − 1,)."""
        return np.asarray(np.abs(np.diff(self.energies, axis=1)).mean(axis=0))

    @property
    def ratio(self) -> float:
        """What the last layer adds, compared with that at half its depth; 0 where all is done."""
        last = self.layers[-1]
        noise = 1e-12 * np.abs(self.energies[:, 0]).mean()
        return float(last / self.layers[len(self.depths) // 2 - 2]) if last > noise else 0.0

    def missing(self, depth: int) -> float:
        """What layers beyond a depth would add, of a sum that goes on as its last layers did."""
        if self.ratio == 0.0:
            return float(self.layers[depth - 1 :].sum())
        power = -np.log2(self.ratio)
        deep = self.depths[-1]
        tail = self.layers[-1] * deep**power * (depth + 0.5) ** (1.0 - power) / (power - 1.0)
        return float(tail)


def convergence_of(subject: Subject, positions: Array, cell_width: float) -> Convergence:
    """Energies of configurations (n, N, d), summed to one depth after the other."""
    most = DEEPEST.get(subject.dimension, DEEPEST_IN_SPACE)
    depths = range(1, most + 1)
    energies = [subject.energy_at_depth(positions, cell_width, depth) for depth in depths]
    return Convergence(depths, np.stack(energies, axis=1))


def converges(subject: Subject, examples: Array) -> Finding:
    """Energies per particle converge as the depth of surrounding cells grows."""
    convergence = convergence_of(subject, examples, subject.cell_width)
    ratio, depth = convergence.ratio, subject.reach.depth
    if ratio > SHRINKS:
        told = (
            f"Layers of cells go on adding energy, the last one {convergence.layers[-1]:.2g} E_c."
        )
    elif depth is None:
        told = "All that interacts is summed."
    else:
        told = f"About {convergence.missing(depth):.1g} E_c are missing beyond depth {depth}."
    return Finding(
        law="convergence",
        requirement="Sums over surrounding cells converge as their depth grows.",
        quantity="what a layer of cells adds, compared with one at half the depth",
        measured=ratio,
        unit="times",
        bound=SHRINKS,
        above=False,
        told=told,
    )


def more_than_pairs(subject: Subject) -> Finding:
    """What three particles have beyond their pairs: E(123) − ΣE(pairs) + ΣE(singles).

    The most of several triangles: V_3 may be zero at one of them by chance.
    """
    longest = subject.reach.perimeter / 3.0 or SIDES[-1]
    sides = SIDES * min(1.0, longest / SIDES[-1])  # within the cutoff
    if subject.dimension > 1:
        corners = equilateral(sides, subject.dimension)
    else:
        corners = sides[:, None, None] * np.array([[-0.6], [0.0], [0.6]])
    energies = np.zeros(len(sides))
    for size, sign in ((1, 1.0), (2, -1.0), (3, 1.0)):
        for chosen in combinations(range(3), size):
            energies += sign * three_in_a_large_cell(corners[:, chosen], subject)
    measured, bound = float(np.abs(energies).max()), THREE_FEEL
    return Finding(
        law="more than pairs",
        requirement="Three particles have an energy that is not the sum over their pairs.",
        quantity="largest energy of three particles beyond that of their pairs, sides of "
        f"{sides[0]:.3g} to {sides[-1]:.3g} R_c",
        measured=measured,
        unit="E_c",
        bound=bound,
        above=True,
        told="Triangles feel more than their pairs do."
        if measured > bound
        else "Three particles are three pairs: metals and covalent solids are not like this.",
    )


def lone_triangle(subject: Subject) -> Finding:
    """A triangle in an empty cell feels itself alone: figures 5b to 8b."""
    interactions = subject.interactions
    sides = np.linspace(0.9, 3.0, 22)
    measured = None
    if subject.dimension > 1:
        expected = interactions.energy_of_three(sides, sides, sides)
        there = three_in_a_large_cell(equilateral(sides, subject.dimension), subject)
        measured = float(np.abs(there - expected).max())
    bound = ALONE
    if measured is None:
        told = "On a line there are no triangles."
    elif measured <= bound:
        told = "In an empty cell three particles are alone."
    else:
        told = "Images far away are felt by three particles in empty space."
    return Finding(
        law="lone triangle",
        requirement="Three particles in a very large cell have the energy of their interactions.",
        quantity="difference from the interactions alone, sides of 0.9 to 3 R_c",
        measured=measured,
        unit="E_c",
        bound=bound,
        above=False,
        told=told,
    )


def repulsion(subject: Subject) -> Finding:
    """Two particles R_c/2 apart repel each other, wherever a third one is: figures 5e to 8e."""
    _, energies = third_moves_away(subject)
    least = float(energies.min())
    bound = REPELLED
    if least > bound:
        told = "Two particles that are too close have a high energy, wherever a third one is."
    elif energies[-1] > bound:
        told = "Two particles that are too close are bound by a third one."
    else:
        told = "Two particles that are too close do not repel each other by themselves."
    return Finding(
        law="repulsion",
        requirement="Two particles too close repel each other, wherever a third one is.",
        quantity="least energy of two at R_c/2 while a third one moves away",
        measured=least,
        unit="E_c",
        bound=bound,
        above=True,
        told=told,
    )


def third_moves_away(subject: Subject) -> tuple[Array, Array]:
    """Two particles R_c/2 apart while a third one moves away from their middle, at right angles.

    Returns:
        Its distance from the middle in R_c, and the energy of the three alone, shapes (n,).
    """
    away = np.linspace(0.4, 8.0, 153)
    apart = np.full_like(away, 0.5)
    side = np.hypot(away, 0.5 * apart)
    return away, subject.interactions.energy_of_three(apart, side, side)
