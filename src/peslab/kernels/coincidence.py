"""Finding two particles in the same place, where every interaction is infinite."""

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import CONFIGURATIONS, NUMBER, NUMBERS, TRIPLE, kernel


@kernel(TRIPLE(CONFIGURATIONS, NUMBERS, NUMBER))
def first_coincidence(
    positions: FloatArray,  # (n, N, d)
    cell_widths: FloatArray,  # (n,)
    tolerance: float,  # as a part of the cell width
) -> tuple[int, int, int]:
    """The first configuration and two of its particles of which images coincide, or −1, −1, −1."""
    n, n_particles, dimension = positions.shape
    for k in range(n):
        for i in range(n_particles):
            for j in range(i):
                near = True
                axis = 0
                while near and axis < dimension:  # along most axes particles are far apart
                    offset = (positions[k, i, axis] - positions[k, j, axis]) / cell_widths[k]
                    near = abs(offset - np.floor(offset + 0.5)) <= tolerance  # of nearest images
                    axis += 1
                if near:
                    return k, j, i
    return -1, -1, -1
