"""Finding two particles in the same place, where every interaction is infinite."""

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
                square = 0.0
                for axis in range(dimension):
                    offset = (positions[k, i, axis] - positions[k, j, axis]) / cell_widths[k]
                    offset -= round(offset)  # to the nearest image
                    square += offset * offset
                if square <= tolerance * tolerance:
                    return k, j, i
    return -1, -1, -1
