"""How the kernels are compiled: the one place where Numba's settings stand."""

import hashlib
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from numba import boolean, float64, int64, njit, types
from numba.core.typing.templates import Signature

from peslab.kernels.arrays import FloatArray

Function = TypeVar("Function", bound=Callable[..., Any])
PairFunction = Callable[[FloatArray, float], tuple[float, float]]
TripletFunction = Callable[[FloatArray, float, float, float], tuple[float, float, float, float]]

# Names of the argument types, so that signatures read like the arrays they describe.
FLAG = boolean
INTEGER = int64
NUMBER = float64
INTEGERS = int64[::1]
NUMBERS = float64[::1]
COUNTS = int64[:, ::1]
CONFIGURATIONS = float64[:, :, ::1]  # (n, N, d)
MATRICES = float64[:, :, :, ::1]  # (n, orders, N, N)
MATRIX_SLOPES = float64[:, :, :, :, ::1]  # (n, orders, N, N, d)
NOTHING = types.void
TRIPLE = types.UniTuple(int64, 3)  # type: ignore[no-untyped-call]

# An interaction is an argument, not a part of a kernel: one compilation serves all potentials.
PAIR = types.UniTuple(float64, 2)(NUMBERS, NUMBER)  # type: ignore[no-untyped-call]
TRIPLET = types.UniTuple(float64, 4)(NUMBERS, NUMBER, NUMBER, NUMBER)  # type: ignore[no-untyped-call]
PAIR_FUNCTION = types.FunctionType(PAIR)
TRIPLET_FUNCTION = types.FunctionType(TRIPLET)


def kernel(signature: Signature) -> Callable[[Function], Function]:
    """Compile an entry point for one signature at its first call, and keep it on disk.

    It runs without the GIL. Numba alone would notice changes of the file that a kernel stands in,
    but not of the subroutines that it takes from other files, and run what was compiled before: so
    the stamp of what is kept is that of all files of this folder.

    Args:
        signature: The result and argument types, as Numba writes them.
    """

    def at_first_call(function: Function) -> Function:
        lock = Lock()

        @cache
        def compiled() -> Function:
            # error_model="numpy" drops the tests for division by zero: 1.4 times as fast.
            dispatcher: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
            dispatcher._cache._cache_file._source_stamp = stamp_of_sources()  # noqa: SLF001
            dispatcher.compile(signature)
            dispatcher.disable_compile()
            return cast("Function", dispatcher)

        @wraps(function)
        def call(*arguments: Any) -> Any:  # noqa: ANN401
            with lock:  # two threads that come at once compile once
                run = compiled()
            return run(*arguments)

        return cast("Function", call)

    return at_first_call


@cache
def stamp_of_sources(folder: Path = Path(__file__).parent) -> str:
    """SHA-256 of all modules of a folder: another one means that kernels are compiled again."""
    stamp = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        stamp.update(path.name.encode() + path.read_bytes())
    return stamp.hexdigest()


def built_in(signature: object) -> Callable[[Function], Function]:
    """Compile an interaction for one signature, at once, and keep it on disk.

    It is not a lazy `kernel`: kernels receive it as a compiled function.

    Args:
        signature: `PAIR` or `TRIPLET`.
    """
    return cast("Callable[[Function], Function]", njit(signature, cache=True, error_model="numpy"))


def subroutine(function: Function) -> Function:
    """Compile a function that only kernels call; it is inlined there and needs no signature."""
    return cast("Function", njit(function, error_model="numpy", forceinline=True))


def pair_function(function: Function) -> Function:
    """Compile an own interaction of two particles, `pair(parameters, r) -> (value, slope)`.

    It is called with the potential's `parameters` and the distance r < cutoff, and returns V_2(r)
    and dV_2/dr. See `Potential` for an example.
    """
    return cast("Function", njit(PAIR, error_model="numpy")(function))


def triplet_function(function: Function) -> Function:
    """Compile an own interaction of three particles, `triplet(parameters, a, b, c)`.

    It is called with the potential's `parameters` and the sides of a triangle whose mean is below
    the cutoff, and returns (V_3, dV_3/da, dV_3/db, dV_3/dc). It has to be symmetric in a, b, c:
    the order in which the sides come is not defined. See `Potential` for an example.
    """
    return cast("Function", njit(TRIPLET, error_model="numpy")(function))


def is_compiled(function: object, signature: object) -> bool:
    """Whether a function was compiled by `pair_function` or `triplet_function`."""
    return signature in getattr(function, "nopython_signatures", ())
