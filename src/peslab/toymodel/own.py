"""A potential of one's own from a function of the sides, normalized as in appendix A."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import NUMBER, subroutine
from peslab.kernels.inputs import positive
from peslab.kernels.own import check_slopes, gives_slopes, pair_function, triplet_function
from peslab.toymodel.potential import Potential

SIDES_LOOKED_AT = np.geomspace(1e-3, 1e3, 6001)  # for a minimum, in the function's own unit
AS_WRITTEN = np.array([1.0, 1.0, np.inf])  # parameters: not scaled, stretched or cut off
KEPT = ("doc", "module", "qualname")  # of a function, in the class that is made of it
FOR_PAIRS, FOR_TRIANGLES = 1, 3  # arguments


@dataclass(frozen=True)
class NormalizedPotential(Potential):
    """A function of sides, stretched and scaled: see `normalized`.

    Attributes:
        characteristic_energy: E_c, the depth of the minimum of a pair or an equilateral triangle.
        characteristic_distance: R_c, the side where that minimum lies.
        cutoff: R_0, where a factor (1 + cos(π s/R_0))/2 lets the function vanish smoothly, s the
            distance or the mean side; infinite to leave the function as it is, which then needs a
            `depth`.
    """

    characteristic_energy: float = 1.0
    characteristic_distance: float = 1.0
    cutoff: float = math.inf

    def __post_init__(self) -> None:
        for name in ("characteristic_energy", "characteristic_distance"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        if self.cutoff != math.inf:
            object.__setattr__(self, "cutoff", positive("cutoff", self.cutoff))
        self.weights()
        self.parameters  # noqa: B018  # a cutoff that leaves no minimum is told here

    @property
    def parameters(self) -> FloatArray:
        """What scales the function, what stretches its sides, and R_0."""
        scale, stretch = normalization(type(self), self.characteristic_distance, self.cutoff)
        return np.array([scale * self.characteristic_energy, stretch, self.cutoff])


def normalized(function: Callable[..., Any]) -> type[NormalizedPotential]:
    """Make a potential of a function of the sides.

    Appendix A gives a sum of repulsion and attraction two constants, so that the equilateral
    triangle of lowest energy has sides R_c and the energy −E_c. Here the function's sides are
    stretched and its values scaled, found numerically; for powers that is the same.

        >>> from peslab.toymodel import normalized
        >>> @normalized
        ... def soft(a, b, c):
        ...     return (a * b * c) ** -4 - (a + b + c) ** -6
        >>> potential = soft(cutoff=2.5)
        >>> value, slopes = potential.triplet_values(1.0, 1.0, 1.0)
        >>> bool(abs(value + 1.0) < 1e-12), bool(abs(slopes.sum()) < 1e-9)
        (True, True)

    Args:
        function: Of the sides a, b, c of a triangle, in which it has to be symmetric, or of the
            distance r of a pair. Plain Python and NumPy that Numba can compile; it returns the
            value, of which the slopes are derived, or the value and its slopes by each side, as a
            function in pieces has to: (V_2, dV_2/dr) or (V_3, dV_3/da, dV_3/db, dV_3/dc).

    Returns:
        A class to build and to name as a `_target_`, `soft(cutoff=2.5, characteristic_energy=2)`.

    Raises:
        InvalidInputError: Where the function takes something else, cannot be compiled or derived,
            or has no minimum.
    """
    if not inspect.isfunction(function):
        raise InvalidInputError(f"{function!r} is no function of Python: write one with def.")
    n_sides = len(inspect.signature(function).parameters)
    if n_sides not in {FOR_PAIRS, FOR_TRIANGLES}:
        raise InvalidInputError(
            f"{function.__name__} must take the sides a, b, c of a triangle, or the distance r of "
            f"a pair, not {n_sides} arguments."
        )
    of_pairs = n_sides == FOR_PAIRS
    compiled = (pair_function if of_pairs else triplet_function)(stretched(function, n_sides))
    compiled.written_as = function
    check_slopes(compiled, AS_WRITTEN, math.inf)
    members: dict[str, Any] = {"pair" if of_pairs else "triplet": compiled}
    members |= {f"__{name}__": getattr(function, f"__{name}__") for name in KEPT}
    kind: type[NormalizedPotential] = dataclass(frozen=True)(
        type(function.__name__, (NormalizedPotential,), members)
    )
    kind()  # a function without a minimum is told where it is written
    return kind


def stretched(function: Callable[..., Any], n_sides: int) -> Callable[..., Any]:
    """The function with its sides stretched, its value scaled and switched off at the cutoff."""
    one: Any = njit(error_model="numpy")(function)
    one.__name__ = function.__name__
    with_slopes = gives_slopes(one, [NUMBER] * n_sides, n_sides)
    make = stretched_pair if n_sides == FOR_PAIRS else stretched_triangle
    scaled = make(one, with_slopes=with_slopes)
    scaled.__name__ = function.__name__
    return scaled


def stretched_pair(one: Any, *, with_slopes: bool) -> Callable[..., Any]:  # noqa: ANN401
    """E f(k r) (1 + cos(π r/R_0))/2 of a function f, and its slope where f gives one."""

    def value(parameters: FloatArray, r: float) -> Any:  # noqa: ANN401
        energy, stretch, cutoff = parameters
        return energy * one(stretch * r) * 0.5 * (1.0 + np.cos(math.pi * r / cutoff))

    def value_and_slope(parameters: FloatArray, r: float) -> tuple[float, float]:
        energy, stretch, cutoff = parameters
        f, f_r = one(stretch * r)
        switch, by_mean = switched_off(r, cutoff)
        return energy * f * switch, energy * (stretch * f_r * switch + f * by_mean)

    return value_and_slope if with_slopes else value


def stretched_triangle(one: Any, *, with_slopes: bool) -> Callable[..., Any]:  # noqa: ANN401
    """E f(k a, k b, k c) (1 + cos(π s/R_0))/2 with the mean side s, and its slopes."""

    def value(parameters: FloatArray, a: float, b: float, c: float) -> Any:  # noqa: ANN401
        energy, stretch, cutoff = parameters
        switch = 0.5 * (1.0 + np.cos(math.pi * (a + b + c) / (3.0 * cutoff)))
        return energy * one(stretch * a, stretch * b, stretch * c) * switch

    def value_and_slopes(
        parameters: FloatArray, a: float, b: float, c: float
    ) -> tuple[float, float, float, float]:
        energy, stretch, cutoff = parameters
        f, f_a, f_b, f_c = one(stretch * a, stretch * b, stretch * c)
        switch, by_mean = switched_off((a + b + c) / 3.0, cutoff)
        steep, tail = energy * stretch * switch, energy * f * by_mean / 3.0
        return energy * f * switch, steep * f_a + tail, steep * f_b + tail, steep * f_c + tail

    return value_and_slopes if with_slopes else value


@subroutine
def switched_off(side: float, cutoff: float) -> tuple[float, float]:
    """The factor (1 + cos(π s/R_0))/2 and its slope by the distance or mean side s."""
    phase = math.pi * side / cutoff
    return 0.5 * (1.0 + math.cos(phase)), -0.5 * math.pi / cutoff * math.sin(phase)


@cache
def normalization(
    kind: type[NormalizedPotential], distance: float, cutoff: float
) -> tuple[float, float]:
    """What scales the values and stretches the sides, so that the minimum is −1 at R_c.

    Raises:
        InvalidInputError: Where there is no minimum to normalize.
    """
    if cutoff <= distance:
        raise InvalidInputError(
            f"cutoff={cutoff:g} must be above the characteristic distance {distance:g}, where the "
            "minimum is."
        )

    from scipy.optimize import brentq  # half a second for every command, needed by few

    longest = 1.001 * lowest_side(kind) / distance
    # Switched off, the minimum moves inwards: the sides are stretched less.
    lengths = longest * np.geomspace(1.0, 0.05, 60)

    def slope(stretch: float) -> float:
        return along(kind, np.array([1.0, stretch, cutoff]), distance)[1]

    slopes = np.array([slope(stretch) for stretch in lengths])
    shortest = next((stretch for stretch, by in zip(lengths, slopes, strict=True) if by < 0), None)
    if np.isnan(slopes[lengths >= (shortest or 0.0)]).any():
        raise no_number(kind, "its slope is", distance * lengths[::-1], slopes[::-1])
    if shortest is None:
        raise InvalidInputError(
            f"cutoff={cutoff:g} leaves {kind.__name__} no minimum at {distance:g}: raise it."
        )
    stretch = float(brentq(slope, shortest, longest, xtol=1e-15))
    depth = -along(kind, np.array([1.0, stretch, cutoff]), distance)[0]
    return 1.0 / depth, stretch


def lowest_side(kind: type[NormalizedPotential]) -> float:
    """Where the function as it was written has its minimum, in its own unit.

    Raises:
        InvalidInputError: Where it has none below 0.
    """
    from scipy.optimize import minimize_scalar

    with np.errstate(all="ignore"):
        values = np.array([along(kind, AS_WRITTEN, side)[0] for side in SIDES_LOOKED_AT])
    lowest = int(np.argmin(np.where(np.isfinite(values), values, np.inf)))
    is_inside = 0 < lowest < len(values) - 1 and values[lowest] < 0.0
    if np.isnan(values if not is_inside else values[lowest - 1 : lowest + 2]).any():
        raise no_number(kind, "it is", SIDES_LOOKED_AT, values)
    if not is_inside:
        raise InvalidInputError(
            f"{kind.__name__} has no minimum below 0 for sides between {SIDES_LOOKED_AT[0]:g} and "
            f"{SIDES_LOOKED_AT[-1]:g}: it needs a repulsion that wins at short range and an "
            "attraction that wins beyond (appendix A)."
        )
    around = SIDES_LOOKED_AT[lowest - 1], SIDES_LOOKED_AT[lowest + 1]
    minimum = minimize_scalar(
        lambda side: along(kind, AS_WRITTEN, side)[0],
        bounds=around,
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(minimum.x)


def no_number(
    kind: type[NormalizedPotential], what: str, sides: FloatArray, values: FloatArray
) -> InvalidInputError:
    """What to tell of a function that is no number at some sides, which ascend."""
    missing = np.isnan(values)
    first = int(np.argmax(missing))
    last = first + int(np.argmin(np.append(missing[first:], False))) - 1
    more = ", and elsewhere" if missing[last + 1 :].any() else ""
    return InvalidInputError(
        f"the minimum of {kind.__name__} cannot be found, for {what} not a number (nan) at sides "
        f"from {sides[first]:.4g} to {sides[last]:.4g}{more}: let it return one there."
    )


def along(
    kind: type[NormalizedPotential], parameters: FloatArray, side: float
) -> tuple[float, float]:
    """Value and slope of a pair or an equilateral triangle of this side."""
    function = kind.pair or kind.triplet
    assert function is not None  # noqa: S101
    sides = np.full((function.n_sides, 1), side)
    terms = np.empty((1 + function.n_sides, 1))
    function.compiled(parameters, sides, terms, 1, True)
    return float(terms[0, 0]), float(terms[1:].sum())
