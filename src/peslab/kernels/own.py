"""Interactions of a user's own: plain Python functions of sides, compiled, with their slopes.

A slope that is not given is derived by a complex step, ∂V/∂a = Im V(a + ih)/h with h = 1e-30, which
subtracts nothing and so is exact but for rounding (Squire & Trapp 1998). It needs a function that
is analytic: powers, exponentials, roots, but neither abs nor max nor comparisons of sides. Numba
takes powers of complex numbers other than squares by logarithms, whose branch runs along negative
numbers: a step beside it is lost in rounding, and the slope found wrong.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.errors import NumbaError, UnsupportedBytecodeError

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    INTERACTION_OF_SIDES,
    NUMBER,
    NUMBERS,
    InteractionFunction,
    SideFunction,
    subroutine,
)

STEP = 1e-30
LOOKED_AT = 16  # pairs or triangles of each size whose slopes are checked
NEARER = (1.0, 0.5, 0.25, 0.125)  # sizes, of about the cutoff
FARTHER = (2.0, 4.0, 8.0)  # where there is none
NO_VALUE = 1e-250  # below which a complex step finds no slope
ROUNDING = 1e-9  # of values: by which the order of the sides may change them, as laws demand
# The second is for imports within, and no NumbaError; the third for max of complex sides.
NOT_COMPILED = (NumbaError, UnsupportedBytecodeError, NotImplementedError)
MEANT_FOR = {1: "a distance r", 3: "the sides a, b, c of a triangle"}


def pair_function(function: Callable[..., Any]) -> SideFunction:
    """Compile an interaction of two particles, `pair(parameters, r)`.

    Args:
        function: Called with the potential's `parameters` and a distance r below its cutoff, it
            returns V_2(r), whose slope is derived, or (V_2, dV_2/dr). See `Potential`.

    Raises:
        InvalidInputError: Where it cannot be compiled, or its slope cannot be derived.
    """
    return compiled(function, 1)


def triplet_function(function: Callable[..., Any]) -> SideFunction:
    """Compile an interaction of three particles, `triplet(parameters, a, b, c)`.

    Args:
        function: Called with the potential's `parameters` and the sides of a triangle whose mean is
            below its cutoff, it returns V_3, whose slopes are derived, or (V_3, dV_3/da, dV_3/db,
            dV_3/dc). It has to be symmetric in a, b, c: the order in which the sides come is not
            defined. See `Potential` for an example.

    Raises:
        InvalidInputError: Where it cannot be compiled, or its slopes cannot be derived.
    """
    return compiled(function, 3)


def compiled(function: Callable[..., Any], n_sides: int) -> SideFunction:
    """Compile a function of `n_sides` sides as kernels call it, for many pairs or triangles."""
    if not inspect.isfunction(function):
        raise InvalidInputError(f"{function!r} is no function of Python: write one with def.")
    name = function.__name__
    if len(inspect.signature(function).parameters) != 1 + n_sides:
        raise InvalidInputError(
            f"{name} must take the potential's parameters and {MEANT_FOR[n_sides]}, "
            f"{1 + n_sides} arguments in all."
        )
    one: Any = njit(error_model="numpy")(function)
    with_slopes = gives_slopes(one, (NUMBERS, *[NUMBER] * n_sides), n_sides)
    loop = given(one, n_sides) if with_slopes else derived(one, n_sides)
    with explained(name, n_sides):
        many: Any = njit(INTERACTION_OF_SIDES, error_model="numpy")(loop)
    return SideFunction(function, n_sides, lambda: many)


def gives_slopes(one: Any, arguments: Sequence[types.Type], n_sides: int) -> bool:  # noqa: ANN401
    """Whether a function under Numba's decorator returns its value and its slopes.

    Raises:
        InvalidInputError: Where it cannot be compiled.
    """
    with explained(one.__name__, n_sides):
        one.compile(tuple(arguments))
    (returned,) = {overload.signature.return_type for overload in one.overloads.values()}
    return isinstance(returned, types.BaseTuple) and len(returned) == 1 + n_sides


@contextmanager
def explained(name: str, n_sides: int) -> Iterator[None]:
    """Numba's pages of why a function cannot be compiled, in one sentence."""
    try:
        yield
    except NOT_COMPILED as error:
        raise InvalidInputError(
            f"{name} cannot be compiled; it must return a float whose slopes a complex step can "
            "derive (functions of NumPy, not of math, imported outside; no abs, max or comparisons "
            f"of sides), or {1 + n_sides} floats, the value and its slopes: {reason(error)}"
        ) from error


def check_slopes(function: SideFunction, parameters: FloatArray, cutoff: float) -> None:
    """Compare the slopes of a user's function with differences of its values, at some sides.

    Functions in pieces differ from one length to another: sides are looked at from near to far.

    Raises:
        InvalidInputError: Where they differ by more than differences do, the order of the sides
            matters, or parameters are missing.
    """
    scale, sizes = (cutoff, NEARER) if np.isfinite(cutoff) else (1.5, (*NEARER, *FARTHER))
    sides = np.random.default_rng(0).uniform(0.5, 0.95, (function.n_sides, LOOKED_AT)) * scale
    check_parameters(function, parameters, sides[:, 0])
    rounding = rounding_of([terms_of(function, parameters, size * sides)[0] for size in sizes])
    for size in sizes:
        check_symmetry(function, parameters, size * sides, rounding)
        check_slopes_at(function, parameters, size * sides, rounding)


def rounding_of(values: list[FloatArray]) -> float:
    """By how much values may be rounded: to a part of the well, or of the first values.

    Far from its well (1 − exp(−r))² − 1 is a difference of ones.
    """
    first, every = (np.where(np.isfinite(some), some, 0.0) for some in (values[0], values))
    return float(1e-15 * max(np.abs(first).max(), -np.min(every)) + NO_VALUE)


def terms_of(function: SideFunction, parameters: FloatArray, sides: FloatArray) -> FloatArray:
    """Values and slopes of a user's function, in one row each."""
    terms = np.empty((1 + len(sides), sides.shape[1]))
    function.compiled(parameters, np.ascontiguousarray(sides), terms, sides.shape[1], True)
    return terms


def check_slopes_at(
    function: SideFunction, parameters: FloatArray, sides: FloatArray, rounding: float
) -> None:
    """Compare slopes with differences of values at these sides.

    Raises:
        InvalidInputError: Where they differ by more than differences do.
    """
    terms = terms_of(function, parameters, sides)
    scale = sides.max()
    for side in range(function.n_sides):
        step = np.zeros_like(sides)
        step[side] = 1e-6 * scale
        numerical = np.zeros(LOOKED_AT)
        for sign in (1.0, -1.0):
            shifted = terms_of(function, parameters, sides + sign * step)
            with np.errstate(invalid="ignore", over="ignore"):
                numerical += sign * shifted[0] / (2e-6 * scale)
        # Differences err by rounding, 1e-10 of the values, and by 1e-12 of third derivatives.
        allowed = 1e-4 * (np.abs(numerical) + np.abs(terms[0]) / scale) + 1e6 * rounding / scale
        wrong = np.abs(terms[1 + side] - numerical) > allowed  # False where either is not a number
        if wrong.any():
            k = int(np.argmax(wrong))
            place = ", ".join(f"{value:.3g}" for value in sides[:, k])
            raise InvalidInputError(
                f"{function.written_as.__name__} has the slope {terms[1 + side, k]:.6g} by side "
                f"{side + 1} at ({place}), where differences of its values give "
                f"{numerical[k]:.6g}: correct it; if it was derived, avoid abs, max, comparisons "
                "of sides and powers of negative numbers (x * x * x has none), or return the "
                "slopes too."
            )


def check_symmetry(
    function: SideFunction, parameters: FloatArray, sides: FloatArray, rounding: float
) -> None:
    """Compare a user's function of triangles with itself, its sides in another order.

    Raises:
        InvalidInputError: Where the order matters, in which kernels find the sides by chance.
    """
    values = terms_of(function, parameters, sides)[0]
    allowed = ROUNDING * (np.abs(values) + np.nansum(np.abs(values)) / LOOKED_AT) + rounding
    for first in range(1, function.n_sides):
        order = [first, *(side for side in range(function.n_sides) if side != first)]
        others = terms_of(function, parameters, sides[order])[0]
        with np.errstate(invalid="ignore"):
            wrong = np.abs(others - values) > allowed  # False where either is not a number
        if wrong.any():
            k = int(np.argmax(wrong))
            there, other = (", ".join(f"{a:.3g}" for a in triple[:, k])
                            for triple in (sides, sides[order]))  # fmt: skip
            raise InvalidInputError(
                f"{function.written_as.__name__} gives {values[k]:.10g} for the triangle ({there}) "
                f"and {others[k]:.10g} for ({other}), the same one: make it symmetric in a, b, c."
            )


def check_parameters(function: SideFunction, parameters: FloatArray, sides: FloatArray) -> None:
    """Try a function as it was written: compiled, it would read past the end of its parameters."""
    if len(inspect.signature(function.written_as).parameters) != 1 + function.n_sides:
        return  # of `normalized`, which gives the parameters itself
    try:
        with np.errstate(all="ignore"), suppress(ArithmeticError):
            function.written_as(parameters, *sides)
    except (IndexError, ValueError) as error:
        raise InvalidInputError(
            f"{function.written_as.__name__} cannot use the potential's {len(parameters)} "
            f"parameters, {parameters.tolist()}: {error}."
        ) from error


def reason(error: Exception) -> str:
    """The first line of Numba's explanation that says something of the function."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Failed in", "During", "["))]
    return (told or lines)[0]


# Numba raises where a whole power of 0 is taken, as of the area of three particles in a line.


def given(one: Any, n_sides: int) -> InteractionFunction:  # noqa: ANN401  # Numba's dispatcher
    """The loop over a function that returns its slopes; what it cannot divide is no number."""
    if n_sides == 1:

        def loop(
            parameters: FloatArray,
            sides: FloatArray,
            terms: FloatArray,
            count: int,
            _with_slopes: bool,
        ) -> None:
            for k in range(count):
                try:
                    terms[0, k], terms[1, k] = one(parameters, sides[0, k])
                except Exception:  # noqa: BLE001  # Numba knows no other
                    terms[:, k] = np.nan
    else:

        def loop(
            parameters: FloatArray,
            sides: FloatArray,
            terms: FloatArray,
            count: int,
            _with_slopes: bool,
        ) -> None:
            for k in range(count):
                try:
                    terms[0, k], terms[1, k], terms[2, k], terms[3, k] = one(
                        parameters, sides[0, k], sides[1, k], sides[2, k]
                    )
                except Exception:  # noqa: BLE001
                    terms[:, k] = np.nan

    return loop


def derived(one: Any, n_sides: int) -> InteractionFunction:  # noqa: ANN401
    """The loop over a function that returns its value only."""
    if n_sides == 1:

        def loop(
            parameters: FloatArray,
            sides: FloatArray,
            terms: FloatArray,
            count: int,
            with_slopes: bool,
        ) -> None:
            for k in range(count):
                try:
                    terms[0, k] = one(parameters, sides[0, k])
                    if with_slopes:
                        terms[1, k] = slope(one(parameters, complex(sides[0, k], STEP)))
                except Exception:  # noqa: BLE001
                    terms[:, k] = np.nan
    else:

        def loop(
            parameters: FloatArray,
            sides: FloatArray,
            terms: FloatArray,
            count: int,
            with_slopes: bool,
        ) -> None:
            for k in range(count):
                a, b, c = complex(sides[0, k]), complex(sides[1, k]), complex(sides[2, k])
                try:
                    terms[0, k] = one(parameters, a.real, b.real, c.real)
                    if with_slopes:
                        terms[1, k] = slope(one(parameters, a + STEP * 1j, b, c))
                        terms[2, k] = slope(one(parameters, a, b + STEP * 1j, c))
                        terms[3, k] = slope(one(parameters, a, b, c + STEP * 1j))
                except Exception:  # noqa: BLE001
                    terms[:, k] = np.nan

    return loop


@subroutine
def slope(value: complex) -> float:
    """What a complex step tells of the slope."""
    return complex(value).imag / STEP  # Numba finds an imaginary part in whole numbers
