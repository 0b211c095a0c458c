"""What every descriptor offers to the rest of the way."""

from typing import Protocol

import numpy.typing as npt

from peslab.kernels.arrays import FloatArray


class Descriptor(Protocol):
    """Inputs of a network from a problem's raw inputs, for lattices (positions, cell_width)."""

    def __call__(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike, n_threads: int | None = None
    ) -> FloatArray:
        """The features, shape (n, F); n_threads None takes all usable cores."""

    def with_jacobian(
        self, positions: npt.ArrayLike, cell_width: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """The features (n, F) and their derivatives by the positions, (n, F, N, d)."""

    def names(self, n_particles: int) -> list[str]:
        """What each feature is called, in their sequence."""
