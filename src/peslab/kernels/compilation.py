"""How the kernels are compiled: the one place where Numba's settings stand."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, wraps
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np
from filelock import FileLock, Timeout
from numba import boolean, float64, int64, njit, types
from numba.core.typing.templates import Signature

from peslab.kernels.arrays import FloatArray

Function = TypeVar("Function", bound=Callable[..., Any])
Axes = tuple[int, ...]  # (0, 1, …), one for each dimension
SignatureInSpace = Callable[[types.Type], Signature]
InteractionFunction = Callable[[FloatArray, FloatArray, FloatArray, int, bool], None]

# Names of the argument types, so that signatures read like the arrays they describe.
FLAG = boolean
INTEGER = int64
NUMBER = float64
INTEGERS = int64[::1]
NUMBERS = float64[::1]
COUNTS = int64[:, ::1]
COLUMNS = float64[:, ::1]
CONFIGURATIONS = float64[:, :, ::1]  # (n, N, d)
VALUES = float64[:, :, ::1]  # (n, orders, N)
MATRICES = float64[:, :, :, ::1]  # (n, orders, N, N)
MATRIX_SLOPES = float64[:, :, :, :, ::1]  # (n, orders, N, N, d)
NOTHING = types.void
TRIPLE = types.UniTuple(int64, 3)  # type: ignore[no-untyped-call]

PATIENCE = 60.0  # seconds; a kernel takes 7 to compile on a slow core

# An interaction is an argument, not a part of a kernel: one compilation serves all potentials. It
# is called with its parameters, the sides of `count` pairs (1, ·) or triangles (3, ·), and room for
# their terms, the values and then the slopes by each side, (2, ·) or (4, ·). A flag tells whether
# slopes are asked for: to derive those of a user's function takes six times as long as its value,
# ours come along for nothing. Taking many at once is ten times as fast as one by one: the compiler
# makes vector instructions of such loops.
INTERACTION_OF_SIDES = types.void(NUMBERS, COLUMNS, COLUMNS, INTEGER, FLAG)
INTERACTION_FUNCTION = types.FunctionType(INTERACTION_OF_SIDES)


def kernel(signature: Signature | SignatureInSpace) -> Callable[[Function], Function]:
    """Compile an entry point for one signature at its first call, and keep it on disk.

    It runs without the GIL. Numba alone would notice changes of the file that a kernel stands in,
    but not of the subroutines that it takes from other files, and run what was compiled before: so
    the stamp of what is kept is that of all files of this folder.

    A kernel may be compiled anew for each number of dimensions. Its last argument are then the
    axes, (0, 1, …), which the compiler knows the number of: it unrolls `for axis in range(len(
    axes))`, which makes moves of single particles twice as fast.

    Named tuples arrive as plain ones, which Numba converts item by item, functions included.

    Args:
        signature: The result and argument types, as Numba writes them, or a function that gives
            them for the type of the axes.
    """

    def at_first_call(function: Function) -> Function:
        lock = Lock()

        @cache
        def compiled(dimension: int) -> Function:
            # error_model="numpy" drops the tests for division by zero: 1.4 times as fast.
            dispatcher: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
            dispatcher._cache._cache_file._source_stamp = stamp_of_sources()  # noqa: SLF001
            with garbage_kept(), one_process(dispatcher._cache.cache_path, function):  # noqa: SLF001
                dispatcher.compile(of_dimension(signature, dimension))
            dispatcher.disable_compile()
            if dispatcher.stats.cache_misses:
                _compiled_anew.add(function.__name__)
            return cast("Function", dispatcher)

        @wraps(function)
        def call(*arguments: Any) -> Any:  # noqa: ANN401
            with lock:  # two threads that come at once compile once
                run = compiled(0 if isinstance(signature, Signature) else len(arguments[-1]))
            plain = [tuple(each) if isinstance(each, tuple) else each for each in arguments]
            return run(*plain)

        return cast("Function", call)

    return at_first_call


_compiled_anew: set[str] = set()


def compiled_anew() -> set[str]:
    """Names of the kernels that this process found not on the disk, and had to compile."""
    return set(_compiled_anew)


def of_dimension(signature: Signature | SignatureInSpace, dimension: int) -> Signature:
    """The signature for a number of dimensions."""
    if isinstance(signature, Signature):
        return signature
    return signature(types.UniTuple(int64, dimension))  # type: ignore[no-untyped-call]


@cache
def stamp_of_sources(folder: Path = Path(__file__).parent) -> str:
    """SHA-256 of all modules of a folder: another one means that kernels are compiled again."""
    stamp = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        stamp.update(path.name.encode() + path.read_bytes())
    return stamp.hexdigest()


@contextmanager
def one_process(folder: str, function: Callable[..., Any]) -> Iterator[None]:
    """Keep other processes from compiling the same function: they wait, and find it on the disk.

    Whoever has waited for a minute, or can keep no lock in the folder, goes on without it.
    """
    lock = FileLock(Path(folder, f"{function.__module__}.{function.__qualname__}.lock"))
    with ExitStack() as held:
        with suppress(Timeout, OSError, NotImplementedError):
            Path(folder).mkdir(parents=True, exist_ok=True)
            held.enter_context(lock.acquire(timeout=PATIENCE))
        yield


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Let Python look for no garbage meanwhile: a seventh of the time of compilation goes there."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class SideFunction:
    """An interaction as it was written, and compiled as kernels call it.

    Attributes:
        written_as: The function in Python.
        n_sides: 1 for pairs, 3 for triangles.
    """

    def __init__(
        self,
        written_as: Callable[..., Any],
        n_sides: int,
        compile_: Callable[[], InteractionFunction],
    ) -> None:
        self.written_as = written_as
        self.n_sides = n_sides
        self._compile = compile_
        self._lock = Lock()
        self._compiled: InteractionFunction | None = None

    @property
    def compiled(self) -> InteractionFunction:
        """What kernels call; it is compiled when it is first asked for."""
        with self._lock:
            if self._compiled is None:
                with garbage_kept():
                    self._compiled = self._compile()
            return self._compiled


def interaction(n_sides: int) -> Callable[[InteractionFunction], SideFunction]:
    """An interaction of this package, compiled for many pairs or triangles and kept on disk."""
    options: Any = {"cache": True, "error_model": "numpy"}

    def of_sides(function: InteractionFunction) -> SideFunction:
        return SideFunction(
            function, n_sides, lambda: njit(INTERACTION_OF_SIDES, **options)(function)
        )

    return of_sides


# Only kernels call what stands inside them: without ways in from Python it compiles faster.
INSIDE: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
WITHOUT_ARRAYS: dict[str, Any] = {**INSIDE, "_nrt": False}


def subroutine(function: Function) -> Function:
    """Compile a function that only kernels call; it is inlined there and needs no signature.

    It counts no references to arrays, which would take longer than what it does with them: so it
    cannot make any. What it needs is made by a `room`.
    """
    return cast("Function", njit(function, forceinline=True, **WITHOUT_ARRAYS))


def summing(function: Function) -> Function:
    """Compile a subroutine whose sums may be taken in any order, as vector instructions do.

    Their last digits then depend on the kind of processor, but not on the number of threads.
    """
    return cast("Function", njit(function, fastmath={"reassoc", "nsz"}, **WITHOUT_ARRAYS))


def procedure(function: Function) -> Function:
    """Compile a subroutine that is called from several places and stands in one."""
    return cast("Function", njit(function, **WITHOUT_ARRAYS))


def room(function: Function) -> Function:
    """Compile a function that makes arrays for kernels, once for many configurations."""
    return cast("Function", njit(function, **INSIDE))


@subroutine
def unsigned(number: int) -> int:
    """A number as an index that cannot be negative.

    Accesses to arrays then need no check whether they count from the end, which would keep the
    compiler from making vector instructions of a loop that does not begin at 0.
    """
    return np.uintp(number)  # type: ignore[return-value]


@subroutine
def signed(number: int) -> int:
    """An unsigned number as one that functions for other code take."""
    return np.int64(number)  # type: ignore[return-value]
