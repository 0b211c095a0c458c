"""Configurations and potentials that the laws are tried on."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from peslab.toymodel import ModifiedLennardJones, Potential, pair_function, triplet_function


@pair_function
def gaussian_well(parameters, r):
    depth, cutoff = parameters
    rest = 1.0 - (r / cutoff) ** 2
    envelope = np.exp(-r * r) * rest * rest
    return -depth * envelope, depth * envelope * (2.0 * r + 4.0 * r / (cutoff**2 * rest))


@triplet_function
def angle_dependent(parameters, a, b, c):
    # (1 − s/R_0)³ (a² + b² + c²): its slopes differ from side to side
    cutoff = parameters[1]
    rest = 1.0 - (a + b + c) / (3.0 * cutoff)
    squares = a * a + b * b + c * c
    common = -(rest**2) * squares / cutoff
    cube = 2.0 * rest**3
    return rest**3 * squares, common + cube * a, common + cube * b, common + cube * c


@dataclass(frozen=True)
class Own(Potential):
    """A user's potential, whose triangles feel more than their mean side."""

    well_depth: float = 2.0
    cutoff: float = 1.7
    pair, triplet = gaussian_well, angle_dependent

    @property
    def parameters(self):
        return np.array([self.well_depth, self.cutoff])


INVARIANT_POTENTIALS = {
    "thesis": ModifiedLennardJones(),
    "hard": ModifiedLennardJones(exponent=9, cutoff=1.6, characteristic_distance=0.8),
    "soft": ModifiedLennardJones(exponent=3, cutoff=2.3, characteristic_energy=0.4),
    "own": Own(),
}
POTENTIALS = INVARIANT_POTENTIALS | {"published": ModifiedLennardJones(counting="published")}


@dataclass(frozen=True)
class Case:
    """One configuration whose particles and images keep a distance from each other."""

    positions: np.ndarray  # (N, d)
    cell_width: float

    @property
    def dimension(self):
        return self.positions.shape[1]


@st.composite
def cases(draw, min_particles=1, max_particles=4, dimensions=(2, 3)):
    """Cells from well below the cutoff to well above it, in the plane and in space."""
    dimension = draw(st.sampled_from(dimensions))
    n_particles = draw(st.integers(min_particles, max_particles))
    cell_width = draw(st.floats(0.9, 6.0))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Case(spread(random, n_particles, dimension, cell_width), cell_width)


def spread(random, n_particles, dimension, cell_width):
    """The most spread of some random draws: finite differences fail on the steepest slopes."""
    draws = random.uniform(0.0, cell_width, (30, n_particles, dimension))
    return max(draws, key=lambda positions: closest(positions, cell_width))


def closest(positions, cell_width):
    """The smallest distance of two particles, images included."""
    offsets = positions[:, None] - positions[None]
    offsets -= cell_width * np.round(offsets / cell_width)
    distances = np.sqrt((offsets**2).sum(-1))
    return distances[np.triu_indices(len(positions), 1)].min(initial=cell_width)


def finite_differences(function, positions, step):
    """Central differences of an array-valued function, the derivatives along the last two axes."""
    moves = step * np.eye(positions.size).reshape(-1, *positions.shape)
    slopes = (function(positions + moves) - function(positions - moves)) / (2.0 * step)
    return np.moveaxis(slopes, 0, -1).reshape(*slopes.shape[1:], *positions.shape)
