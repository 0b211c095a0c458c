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
