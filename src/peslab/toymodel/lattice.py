"""A cell of particles that repeats without end."""

from dataclasses import dataclass

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import positive, seed_of_streams, whole
from peslab.kernels.sampling import sample_positions


@dataclass(frozen=True)
class Lattice:
    """Particles in a square, cubic or hypercubic cell, surrounded by images of itself.

    Example:
        >>> from peslab.toymodel import Lattice
        >>> Lattice(n_particles=4, dimension=2, cell_width=5.0).sample(1000, seed=0).shape
        (1000, 4, 2)

    Attributes:
        n_particles: N_p, in one cell.
        dimension: d, 1 or more.
        cell_width: w_c, an absolute length.
    """

    n_particles: int
    dimension: int
    cell_width: float

    def __post_init__(self) -> None:
        for name in ("n_particles", "dimension"):
            object.__setattr__(self, name, whole(name, getattr(self, name), minimum=1))
        object.__setattr__(self, "cell_width", positive("cell_width", self.cell_width))

    def sample(self, n: int, seed: int, first_index: int = 0) -> FloatArray:
        """Draw configurations with every particle uniform in the cell.

        Configuration k depends only on the seed and on first_index + k: a long sample begins with
        a short one, and can be drawn piece by piece.

        Args:
            n: Number of configurations.
            seed: 0 is a seed as good as any.
            first_index: Where in the sequence of this seed to begin.

        Returns:
            Positions, shape (n, N, d).

        Raises:
            InvalidInputError: Where a number is negative or not whole.
        """
        shape = (whole("n", n, minimum=0), self.n_particles, self.dimension)
        positions = np.empty(shape)
        sample_positions(
            positions,
            self.cell_width,
            seed_of_streams("seed", seed),
            whole("first_index", first_index, minimum=0),
        )
        return positions
