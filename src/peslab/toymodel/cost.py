"""What the energy of a configuration costs where every term is visited: appendix B.

The thesis's program needs 40 µs for a triangle and 30 µs for a pair. peslab visits only what lies
within the cutoff, and each pair and triangle once: its times do not follow from these numbers.
"""

import math

from peslab.kernels.inputs import positive, whole


def depth_of_cells(cutoff: float, cell_width: float) -> int:
    """Depth of surrounding cells d_s = ⌈3 R_0 / 2 w_c⌉ that all interacting triangles lie in.

    A triangle interacts where its mean side is below R_0, so that its corners are within 3 R_0/2 of
    each other (section 3.1.4).

    Args:
        cutoff: R_0, an absolute length.
        cell_width: w_c, an absolute length.

    Raises:
        InvalidInputError: Where a length is not above 0.
    """
    return math.ceil(1.5 * positive("cutoff", cutoff) / positive("cell_width", cell_width))


def triangle_count(n_particles: int, dimension: int, depth: int) -> int:
    """Number of triangles that equation (9) visits for one energy.

    With c = (2 d_s + 1)^d − 1 surrounding cells,

        N_triangle = c N_p² (c N_p − 1) + c N_p² (N_p − 1) + N_p (N_p − 1)(N_p − 2):

    those with one corner in the cell, with two, and with three.

    Example:
        >>> from peslab.toymodel.cost import triangle_count
        >>> triangle_count(n_particles=4, dimension=2, depth=3)
        149016

    Args:
        n_particles: N_p, in one cell.
        dimension: d, 1 or more.
        depth: d_s, of the surrounding cells; 0 for none.

    Raises:
        InvalidInputError: Where a number is not whole or too small.
    """
    n, cells = whole("n_particles", n_particles, minimum=1), surrounding_cells(dimension, depth)
    one_inside = n * cells * n * (cells * n - 1)
    two_inside = n * (n - 1) * cells * n
    return one_inside + two_inside + n * (n - 1) * (n - 2)


def pair_count(n_particles: int, dimension: int, depth: int) -> int:
    """Number of pairs that equation (9) visits for one energy.

    With c = (2 d_s + 1)^d − 1 surrounding cells, N_pairs = c N_p² + N_p (N_p − 1).

    Args:
        n_particles: N_p, in one cell.
        dimension: d, 1 or more.
        depth: d_s, of the surrounding cells; 0 for none.

    Raises:
        InvalidInputError: Where a number is not whole or too small.
    """
    n, cells = whole("n_particles", n_particles, minimum=1), surrounding_cells(dimension, depth)
    return cells * n * n + n * (n - 1)


def surrounding_cells(dimension: int, depth: int) -> int:
    """Number of cells around the central one, (2 d_s + 1)^d − 1.

    Args:
        dimension: d, 1 or more.
        depth: d_s, 0 or more.

    Raises:
        InvalidInputError: Where a number is not whole or too small.
    """
    side = 2 * whole("depth", depth, minimum=0) + 1
    return int(side ** whole("dimension", dimension, minimum=1)) - 1


def triangles_within(n_particles: int, dimension: int, cell_width: float, distance: float) -> float:
    """Number of triangles that a particle is a corner of, with a perimeter below twice a distance.

    The mean over particles anywhere. A second corner at r leaves the third one an ellipsoid with
    foci in the other two, of the axes 2R − r and √(R² − Rr); with ρ = N_p/w_cᵈ particles in a
    volume and v_d that of the unit ball,

        ½ ρ² v_d² d ∫₀ᴿ rᵈ⁻¹ (R − r/2) (R² − Rr)^((d−1)/2) dr.

    Example:
        >>> from peslab.toymodel.cost import triangles_within
        >>> round(triangles_within(n_particles=4, dimension=2, cell_width=0.5, distance=3.0))
        38982

    Args:
        n_particles: N_p, in one cell.
        dimension: d, 1 or more.
        cell_width: w_c, an absolute length.
        distance: R, an absolute length; 3/2 of the cutoff of triangles.
    """

    def beta(a: float, b: float) -> float:
        return math.exp(math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))

    d, axes = dimension, (dimension + 1) / 2
    ball = math.pow(math.pi, d / 2) / math.gamma(d / 2 + 1)
    within = n_particles * ball * math.prod([distance / cell_width] * d)  # particles
    return 0.5 * within * within * d * (beta(d, axes) - 0.5 * beta(d + 1, axes))
