"""Moving particles back into the cell."""

import numpy as np

from peslab.kernels.compilation import subroutine


@subroutine
def wrap(coordinate: float, cell_width: float) -> float:
    """The coordinate of the image in [0, w_c)."""
    wrapped = coordinate - cell_width * np.floor(coordinate / cell_width)
    # Rounding puts a coordinate just below 0 on the upper edge, and may put one just below 0.
    return wrapped if 0.0 <= wrapped < cell_width else 0.0
