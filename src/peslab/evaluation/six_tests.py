"""The six tests of section 3.1: what the thesis looked at before it chose a potential.

They are made in two dimensions whatever the lattice, as figures 5 to 8 are.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from peslab.evaluation.physics_laws import Convergence, convergence_of, third_moves_away
from peslab.evaluation.subject import Array, Subject, equilateral, three_in_a_large_cell

# In units of the cell width: the lattice of figure 2, and the three particles of figure 4.
STANDARD = ((0.3, 0.5), (0.9, 0.9), (0.6, 0.4), (0.5, 0.2))
FIXED = ((0.3, 0.5), (0.68, 0.9), (0.7, 0.4))

WIDTH = 5.0  # R_c, of the cells of all tests but the second
NARROW_WIDTH = 4.0  # R_c, of the last one where potentials vanish: images had nearly no effect

SHORTEST, LONGEST = 0.6, 3.0  # R_c, of the sides of triangles
NARROWEST, WIDEST = 0.16, 0.84  # of half a cell width: the half sides of squares, mirror images
PIXELS = 80  # of the energy surface along each axis: 0.06 R_c wide, none on a fixed particle


@dataclass(frozen=True, eq=False)
class Curve:
    """An interaction against the distance of a pair or the side of an equilateral triangle.

    Attributes:
        side: Shape (n,), in R_c.
        value: Shape (n,), in E_c.
        slope: Shape (n,), in E_c/R_c.
    """

    side: Array
    value: Array
    slope: Array


@dataclass(frozen=True, eq=False)
class SixTests:
    """The results of the six tests.

    Attributes:
        curves: V_3 as "triangle" and V_2 as "pair", as far as a potential has them.
        side: Of the triangles in a large cell, shape (n,), in R_c.
        lone: Energy of their cell, shape (n,), in E_c.
        expected: What their interactions alone give.
        triangle_weight: How often a lone triangle counts, six in equation (5).
        pair_weight: How often each of its three pairs does.
        surface: Energy per particle with the fourth particle at (x, y), shape (k, k) as [y, x].
        fixed: The other three, shape (3, 2), in R_c.
        half_side: Of squares, shape (n,), in R_c.
        square: Energy per particle of the squares.
        away: The distance of a third particle from two close ones, shape (n,), in R_c.
        repulsion: Energy of these three.
        alone: Energy per particle of the standard lattice without surrounding cells.
        convergence: The same at each depth.
        convergence_width: The width of its cell, in R_c.
        width: The width of the other cells, in R_c.
    """

    curves: dict[str, Curve]
    side: Array
    lone: Array
    expected: Array
    triangle_weight: float
    pair_weight: float
    surface: Array
    fixed: Array
    half_side: Array
    square: Array
    away: Array
    repulsion: Array
    alone: float
    convergence: Convergence
    convergence_width: float
    width: float


def six_tests(subject: Subject) -> SixTests:
    """Make the six tests of figures 5 to 8.

    Args:
        subject: The potential; its lattice is not looked at.
    """
    vanishes = subject.reach.depth is None
    narrow = NARROW_WIDTH if vanishes else WIDTH
    side = np.linspace(SHORTEST, LONGEST, 241)
    half_side = 0.5 * WIDTH * np.linspace(NARROWEST, WIDEST, 137)
    away, repulsion = third_moves_away(subject)
    return SixTests(
        curves=curves(subject),
        side=side,
        lone=three_in_a_large_cell(equilateral(side, 2), subject),
        expected=subject.interactions.energy_of_three(side, side, side),
        triangle_weight=subject.interactions.triplet_weight,
        pair_weight=subject.interactions.pair_weight,
        surface=energy_surface(subject, WIDTH),
        fixed=WIDTH * np.array(FIXED),
        half_side=half_side,
        square=subject.energy_and_forces(squares(half_side, WIDTH), WIDTH)[0],
        away=away,
        repulsion=repulsion,
        alone=energy_alone(subject, narrow * np.array(STANDARD)),
        convergence=convergence_of(subject, narrow * np.array([STANDARD]), narrow),
        convergence_width=narrow,
        width=WIDTH,
    )


def curves(subject: Subject) -> dict[str, Curve]:
    """V_2 of distances, V_3 of equilateral triangles, whose slope is that of all sides together."""
    side = np.linspace(SHORTEST, LONGEST, 481)
    found = {}
    pair, triplet = subject.interactions.pair, subject.interactions.triplet
    if triplet is not None:
        value, slopes = triplet(side, side, side)
        found["triangle"] = Curve(side, value, slopes.sum(axis=0))
    if pair is not None:
        found["pair"] = Curve(side, *pair(side))
    return found


def energy_alone(subject: Subject, positions: Array) -> float:
    """The energy per particle of N particles, shape (N, d), alone in the world: a depth of 0."""
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    n, interactions = len(positions), subject.interactions
    energy = 0.0
    if interactions.pair is not None:
        sides = apart[np.triu_indices(n, 1)]
        energy += interactions.pair_weight * float(interactions.pair(sides)[0].sum())
    if interactions.triplet is not None:
        i, j, k = np.array(list(combinations(range(n), 3))).T
        values, _ = interactions.triplet(apart[i, j], apart[j, k], apart[k, i])
        energy += interactions.triplet_weight * float(values.sum())
    return energy / n


def energy_surface(subject: Subject, width: float) -> Array:
    """The energy per particle with a fourth particle everywhere (figure 4), shape (k, k) as [y, x].

    It is shown at the middle of each pixel.
    """
    axis = width * (np.arange(PIXELS) + 0.5) / PIXELS
    fourth = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    fixed = np.broadcast_to(width * np.array(FIXED), (len(fourth), 3, 2))
    energies, _ = subject.energy_and_forces(np.concatenate([fixed, fourth], axis=1), width)
    return np.asarray(energies.reshape(PIXELS, PIXELS))


def squares(half_side: Array, width: float) -> Array:
    """Four particles in squares around the middle of a cell, shape (n, 4, 2): figure 3.

    A square of half side h is one of half side w/2 − h that lies around the corners of the cell.
    """
    corners = np.array([(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)])
    return np.asarray(0.5 * width + half_side[:, None, None] * corners)
