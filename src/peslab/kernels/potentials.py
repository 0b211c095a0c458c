"""The interactions that come with peslab: a value and its slope per distance or triangle."""

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import PAIR, TRIPLET, built_in, subroutine


@subroutine
def modified_lennard_jones(parameters: FloatArray, s: float) -> tuple[float, float]:
    """V(s) and dV/ds of equation (10), with x = (R_c/s)ⁿ: V = E_c (x² − 2x) + V_0 + V_1 (s − R_0).

    Args:
        parameters: E_c, R_c, R_0, n, and the constants V_0 and V_1 that make V and dV/ds vanish at
            R_0 (see `ModifiedLennardJones.parameters`).
        s: The distance of a pair, or the mean side of a triangle.
    """
    energy, distance, cutoff = parameters[0], parameters[1], parameters[2]
    exponent, offset, tail_slope = int(parameters[3]), parameters[4], parameters[5]
    if s >= cutoff:
        return 0.0, 0.0
    inverse = 1.0 / s
    power = 1.0
    for _ in range(exponent):
        power *= distance * inverse  # half the time of **
    value = energy * power * (power - 2.0) + offset + tail_slope * (s - cutoff)
    slope = -2.0 * exponent * energy * power * (power - 1.0) * inverse + tail_slope
    return value, slope


@built_in(PAIR)
def modified_lennard_jones_pair(parameters: FloatArray, r: float) -> tuple[float, float]:
    """V_2(r) and dV_2/dr: equation (10) with s = r."""
    return modified_lennard_jones(parameters, r)


@built_in(TRIPLET)
def modified_lennard_jones_triplet(
    parameters: FloatArray, a: float, b: float, c: float
) -> tuple[float, float, float, float]:
    """V_3(a, b, c) and its derivatives: equation (10) with s = (a + b + c)/3."""
    value, slope = modified_lennard_jones(parameters, (a + b + c) / 3.0)
    return value, slope / 3.0, slope / 3.0, slope / 3.0
