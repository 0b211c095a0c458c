"""Potentials of two particles, by themselves or as the pair part of another potential."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import positive
from peslab.kernels.potentials import lennard_jones, morse
from peslab.toymodel.potential import Potential


@dataclass(frozen=True)
class LennardJones(Potential):
    """The Lennard-Jones potential of neutral atoms, equation (3).

        V_2(r) = ε ((r_m/r)¹² − 2 (r_m/r)⁶)

    It has no cutoff, so its energy depends on the `depth` that is summed.

    Example:
        >>> from peslab.toymodel import LennardJones
        >>> dimer = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
        >>> LennardJones(depth=1, pair_weight=0.5).energy_per_particle(dimer, 30.0).round(4)
        array([-0.5])

    Attributes:
        well_depth: ε, the depth of the minimum.
        minimum_distance: r_m, where the minimum lies.
    """

    well_depth: float = 1.0
    minimum_distance: float = 1.0

    pair: ClassVar = lennard_jones

    def __post_init__(self) -> None:
        for name in ("well_depth", "minimum_distance"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        self.weights()

    @property
    def parameters(self) -> FloatArray:
        """ε and r_m."""
        return np.array([self.well_depth, self.minimum_distance])


@dataclass(frozen=True)
class Morse(Potential):
    """The Morse potential of diatomic molecules, equation (2).

        V_2(r) = D_e (exp(−2a(r − r_e)) − 2 exp(−a(r − r_e))),   a = √(k_e / 2D_e)

    It has no cutoff, so its energy depends on the `depth` that is summed.

    Attributes:
        well_depth: D_e, the depth of the minimum.
        minimum_distance: r_e, where the minimum lies.
        stiffness: k_e, the spring constant at the minimum.
    """

    well_depth: float = 1.0
    minimum_distance: float = 1.0
    stiffness: float = 72.0

    pair: ClassVar = morse

    def __post_init__(self) -> None:
        for name in ("well_depth", "minimum_distance", "stiffness"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        self.weights()

    @property
    def parameters(self) -> FloatArray:
        """D_e, r_e and a."""
        rate = np.sqrt(self.stiffness / (2.0 * self.well_depth))
        return np.array([self.well_depth, self.minimum_distance, rate])
