"""The interactions that come with peslab: values and slopes of many pairs or triangles at once."""

import numpy as np

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import interaction, subroutine


@interaction(n_sides=0)
def none(
    _parameters: FloatArray, _sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """No interaction."""
    terms[:, :count] = 0.0


@subroutine
def fill_powers(exponent: int, bases: FloatArray, powers: FloatArray, count: int) -> None:
    """Fill in whole powers by squaring; the bases are used up."""
    for k in range(count):
        powers[k] = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            for k in range(count):
                powers[k] *= bases[k]
        for k in range(count):
            bases[k] *= bases[k]
        exponent //= 2


@subroutine
def modified_lennard_jones(
    parameters: FloatArray, lengths: FloatArray, terms: FloatArray, count: int
) -> None:
    """V(s) and dV/ds of equation (10), with x = (R_c/s)ⁿ: V = E_c (x² − 2x) + V_0 + V_1 (s − R_0).

    Args:
        parameters: E_c, R_c, R_0, n, and the constants V_0 and V_1 that make V and dV/ds vanish at
            R_0 (see `ModifiedLennardJones.parameters`).
        lengths: s, the distances of pairs or the mean sides of triangles.
        terms: The first two rows are filled with V and dV/ds.
        count: Of lengths.
    """
    energy, distance, cutoff, exponent, offset, tail_slope = parameters
    values, slopes = terms[0], terms[1]
    for k in range(count):
        slopes[k] = distance / lengths[k]
    fill_powers(int(exponent), slopes, values, count)
    for k in range(count):
        power, rest = values[k], lengths[k] - cutoff
        values[k] = energy * power * (power - 2.0) + offset + tail_slope * rest
        slopes[k] = -2.0 * exponent * energy * power * (power - 1.0) / lengths[k] + tail_slope


@interaction(n_sides=1)
def modified_lennard_jones_pair(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_2(r) and dV_2/dr: equation (10) with s = r."""
    modified_lennard_jones(parameters, sides[0], terms, count)


@interaction(n_sides=3)
def modified_lennard_jones_triplet(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_3(a, b, c) and its slopes: equation (10) with s = (a + b + c)/3."""
    means = terms[3]
    for k in range(count):
        means[k] = (sides[0, k] + sides[1, k] + sides[2, k]) / 3.0
    modified_lennard_jones(parameters, means, terms, count)
    for k in range(count):
        terms[1, k] = terms[2, k] = terms[3, k] = terms[1, k] / 3.0


@interaction(n_sides=1)
def lennard_jones(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_2(r) and dV_2/dr of equation (3); the parameters are ε and r_m."""
    depth, distance = parameters
    for k in range(count):
        inverse = 1.0 / sides[0, k]
        sixth = (distance * inverse) ** 6
        terms[0, k] = depth * sixth * (sixth - 2.0)
        terms[1, k] = -12.0 * depth * sixth * (sixth - 1.0) * inverse


@interaction(n_sides=1)
def morse(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_2(r) and dV_2/dr of equation (2); the parameters are D_e, r_e and a."""
    depth, distance, rate = parameters
    for k in range(count):
        decay = np.exp(-rate * (sides[0, k] - distance))
        terms[0, k] = depth * decay * (decay - 2.0)
        terms[1, k] = -2.0 * depth * rate * decay * (decay - 1.0)


@subroutine
def square_of_area(a: float, b: float, c: float) -> tuple[float, float, float, float]:
    """A² by Heron's formula, 16 A² = (a+b+c)(b+c−a)(c+a−b)(a+b−c), and its slopes."""
    square = (a + b + c) * (b + c - a) * (c + a - b) * (a + b - c) / 16.0
    aa, bb, cc = a * a, b * b, c * c
    return (
        max(square, 0.0),  # rounding puts three in a line below 0
        0.25 * a * (bb + cc - aa),
        0.25 * b * (cc + aa - bb),
        0.25 * c * (aa + bb - cc),
    )


# Negative powers are those of inverses: of a length whose power is 0, Numba's raise an exception.


@interaction(n_sides=3)
def area_times_pairs(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_3 = 16/3 A² (a⁻¹² + b⁻¹² + c⁻¹²) − 2916 (a+b+c)⁻⁶ of equation (6); parameters E_c, R_c."""
    energy, distance = parameters
    for k in range(count):
        a, b, c = sides[0, k] / distance, sides[1, k] / distance, sides[2, k] / distance
        square, by_a, by_b, by_c = square_of_area(a, b, c)
        pairs = (1.0 / a) ** 12 + (1.0 / b) ** 12 + (1.0 / c) ** 12
        short, long = 16.0 / 3.0 * energy, -2916.0 * energy * (1.0 / (a + b + c)) ** 6
        tail = -6.0 * long / (a + b + c)
        terms[0, k] = short * square * pairs + long
        terms[1, k] = (short * (by_a * pairs - 12.0 * square * (1.0 / a) ** 13) + tail) / distance
        terms[2, k] = (short * (by_b * pairs - 12.0 * square * (1.0 / b) ** 13) + tail) / distance
        terms[3, k] = (short * (by_c * pairs - 12.0 * square * (1.0 / c) ** 13) + tail) / distance


@interaction(n_sides=3)
def area_and_circumference(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_3 = 8503056 A² (a+b+c)⁻¹² − 2916 (a+b+c)⁻⁶ of equation (7); parameters E_c, R_c."""
    energy, distance = parameters
    for k in range(count):
        a, b, c = sides[0, k] / distance, sides[1, k] / distance, sides[2, k] / distance
        square, by_a, by_b, by_c = square_of_area(a, b, c)
        inverse = 1.0 / (a + b + c)
        sixth = inverse**6
        short, long = 8503056.0 * energy * sixth * sixth, -2916.0 * energy * sixth
        tail = (-12.0 * short * square - 6.0 * long) * inverse
        terms[0, k] = short * square + long
        terms[1, k] = (short * by_a + tail) / distance
        terms[2, k] = (short * by_b + tail) / distance
        terms[3, k] = (short * by_c + tail) / distance


FLAT = 1e-12  # of (a+b+c)⁴: below that, A² of three particles in a line is rounding


@interaction(n_sides=3)
def pairs_and_area(
    parameters: FloatArray, sides: FloatArray, terms: FloatArray, count: int, _with_slopes: bool
) -> None:
    """V_3 = (a⁻¹² + b⁻¹² + c⁻¹²)/6 − 1458 √3 A (a+b+c)⁻⁶ of equation (8); parameters E_c, R_c.

    The area has a kink where three particles lie in a line: there its slopes are taken as 0, the
    mean of both sides.
    """
    energy, distance = parameters
    for k in range(count):
        a, b, c = sides[0, k] / distance, sides[1, k] / distance, sides[2, k] / distance
        square, by_a, by_b, by_c = square_of_area(a, b, c)
        perimeter = a + b + c
        area = np.sqrt(square)
        per_area = 0.5 / area if square > FLAT * perimeter**4 else 0.0
        short, long = energy / 6.0, -1458.0 * np.sqrt(3.0) * energy * (1.0 / perimeter) ** 6
        tail = -6.0 * long * area / perimeter
        terms[0, k] = short * ((1.0 / a) ** 12 + (1.0 / b) ** 12 + (1.0 / c) ** 12) + long * area
        terms[1, k] = (-12.0 * short * (1.0 / a) ** 13 + long * by_a * per_area + tail) / distance
        terms[2, k] = (-12.0 * short * (1.0 / b) ** 13 + long * by_b * per_area + tail) / distance
        terms[3, k] = (-12.0 * short * (1.0 / c) ** 13 + long * by_c * per_area + tail) / distance
