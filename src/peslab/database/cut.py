"""The cut of the highest energies: how many configurations it takes, and which of them stay."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peslab.kernels.arrays import FloatArray, IntArray

ROUNDING = 1e-9  # 0.29 of 100 rows is 28.999999999999996


class Cut(NamedTuple):
    """How many configurations of each width are sampled, and how many of them are kept.

    The thesis deletes the top energies too (section 3.2): rare configurations with particles on top
    of each other, whose energies dwarf all others.

    Attributes:
        sampled: Shape (n_widths,).
        kept: Those of the lowest energies, shape (n_widths,).
    """

    sampled: IntArray
    kept: IntArray

    @property
    def n_configurations(self) -> int:
        """The length of the sequence that holds all that are sampled, one width after the other."""
        last = (self.sampled - 1) * len(self.sampled) + np.arange(len(self.sampled))
        return int(last[self.sampled > 0].max()) + 1

    def lowest(self, energies: FloatArray) -> npt.NDArray[np.bool_]:
        """Which configurations stay: within each width those of the lowest energies.

        Of equal energies the earlier ones stay.

        Args:
            energies: Of the whole sequence, shape (n_configurations,).

        Returns:
            Shape (n_configurations,).
        """
        stays = np.zeros(len(energies), dtype=np.bool_)
        for width, (sampled, kept) in enumerate(zip(*self, strict=True)):
            of_width = energies[width :: len(self.sampled)][:sampled]
            order = np.argsort(of_width, kind="stable")
            stays[width + len(self.sampled) * order[:kept]] = True
        return stays


def cut_to_size(size: int, n_widths: int, keep_quantile: float) -> Cut:
    """Divide rows among widths, the first ones taking what does not divide.

    Args:
        size: Rows to keep in all.
        n_widths: Number of widths, which take turns in the sequence.
        keep_quantile: The part of the sampled configurations that is kept.
    """
    kept = size // n_widths + (np.arange(n_widths) < size % n_widths)
    sampled = [math.ceil(rows / keep_quantile - ROUNDING) for rows in kept.tolist()]
    return Cut(np.array(sampled), kept)
