"""Random starts: particles anywhere in the cell."""

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import CONFIGURATIONS, INTEGER, NOTHING, NUMBERS, kernel
from peslab.kernels.random import POSITIONS, stream, uniform


@kernel(NOTHING(CONFIGURATIONS, NUMBERS, INTEGER, INTEGER))
def sample_positions(
    positions: FloatArray,  # (n, N, d) filled
    cell_widths: FloatArray,  # (n,)
    seed: int,
    first_index: int,  # a configuration's random stream is that of first_index + k
) -> None:
    """Draw positions uniform in their cells."""
    n, n_particles, dimension = positions.shape
    for k in range(n):
        generator = stream(seed, first_index + k, POSITIONS)
        for i in range(n_particles):
            for axis in range(dimension):
                positions[k, i, axis] = cell_widths[k] * uniform(generator)
