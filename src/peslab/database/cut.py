"""The cut of the highest energies: how many configurations it takes, and which of them stay."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peslab.kernels.arrays import FloatArray, IntArray

ROUNDING = 1e-9  # 0.29 of 100 rows is 28.999999999999996


class Cut(NamedTuple):
    """How many configurations of each kind are sampled, and how many of them are kept.

    Kinds of cells, by their width and number of particles, take turns in the sequence.

    The thesis deletes the top energies too (section 3.2): rare configurations with particles on top
    of each other, whose energies dwarf all others.

    Attributes:
        sampled: Shape (n_kinds,).
        kept: Those of the lowest energies, shape (n_kinds,).
    """

    sampled: IntArray
    kept: IntArray

    @property
    def n_configurations(self) -> int:
        """The length of the sequence that holds all that are sampled, one kind after the other."""
        last = (self.sampled - 1) * len(self.sampled) + np.arange(len(self.sampled))
        return int(last[self.sampled > 0].max()) + 1

    def lowest(self, energies: FloatArray) -> npt.NDArray[np.bool_]:
        """Which configurations stay: within each kind those of the lowest energies.

        Of equal energies the earlier ones stay.

        Args:
            energies: Of the whole sequence, shape (n_configurations,).

        Returns:
            Shape (n_configurations,).
        """
        stays = np.zeros(len(energies), dtype=np.bool_)
        for kind, (sampled, kept) in enumerate(zip(*self, strict=True)):
            of_kind = energies[kind :: len(self.sampled)][:sampled]
            order = np.argsort(of_kind, kind="stable")
            stays[kind + len(self.sampled) * order[:kept]] = True
        return stays


def cut_to_size(size: int, n_kinds: int, keep_quantile: float) -> Cut:
    """Divide rows among kinds, the first ones taking what does not divide.

    Args:
        size: Rows to keep in all.
        n_kinds: Number of kinds, which take turns in the sequence.
        keep_quantile: The part of the sampled configurations that is kept.
    """
    kept = size // n_kinds + (np.arange(n_kinds) < size % n_kinds)
    sampled = [math.ceil(rows / keep_quantile - ROUNDING) for rows in kept.tolist()]
    return Cut(np.array(sampled), kept)
