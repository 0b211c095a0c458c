"""The potentials of three particles that the thesis tried before its own (sections 3.1.1 to 3.1.3).

They are normalized as in appendix A: the equilateral triangle of lowest energy has sides R_c and
the energy −E_c. None has a cutoff, so their energies depend on the `depth` that is summed.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import positive
from peslab.kernels.potentials import area_and_circumference, area_times_pairs, pairs_and_area
from peslab.toymodel.potential import Potential


@dataclass(frozen=True)
class TripletPotential(Potential):
    """A potential of three particles with a characteristic energy and distance.

    Attributes:
        characteristic_energy: E_c, the depth of the minimum of an equilateral triangle.
        characteristic_distance: R_c, the side of the equilateral triangle of lowest energy.
    """

    characteristic_energy: float = 1.0
    characteristic_distance: float = 1.0

    def __post_init__(self) -> None:
        for name in ("characteristic_energy", "characteristic_distance"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        self.weights()

    @property
    def parameters(self) -> FloatArray:
        """E_c and R_c."""
        return np.array([self.characteristic_energy, self.characteristic_distance])


@dataclass(frozen=True)
class AreaTimesPairs(TripletPotential):
    """Short range area and pairs, long range circumference: equation (6).

        V_3 = 16/3 E_c (A²/R_c⁴) ((R_c/a)¹² + (R_c/b)¹² + (R_c/c)¹²) − 2916 E_c (R_c/(a+b+c))⁶

    with the area A of the triangle. Two close particles repel every third one, the more the farther
    it is: so sums over triangles grow with their depth, without end.
    """

    triplet: ClassVar = area_times_pairs


@dataclass(frozen=True)
class AreaAndCircumference(TripletPotential):
    """Short range area and circumference, long range circumference: equation (7).

        V_3 = 8503056 E_c (A²/R_c⁴) (R_c/(a+b+c))¹² − 2916 E_c (R_c/(a+b+c))⁶

    Two particles do not repel each other where there is no third: not physical, as the thesis
    found. Sums over triangles converge in two dimensions, with the square of the depth, but not in
    three.
    """

    triplet: ClassVar = area_and_circumference


@dataclass(frozen=True)
class PairsAndArea(TripletPotential):
    """Short range pairs, long range area and circumference: equation (8).

        V_3 = E_c/6 ((R_c/a)¹² + (R_c/b)¹² + (R_c/c)¹²) − 1458√3 E_c (A/R_c²) (R_c/(a+b+c))⁶

    Two close particles repel every third one, however far: sums over triangles grow with their
    depth, without end. Where three particles lie in a line the area, and so the force, has a kink.
    """

    triplet: ClassVar = pairs_and_area
