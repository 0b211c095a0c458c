"""The one check of configurations, for all that takes positions and a cell width."""

from typing import NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.coincidence import first_coincidence
from peslab.places import present

LARGEST_SEED = 2**63 - 1
LARGEST_WHOLE = 10**12  # of what is counted: kernels count in 64 bits, and would not end

AXES_OF_ONE, AXES_OF_MANY = 2, 3  # (N, d) and (n, N, d)

NUMBERS = "iufO"  # NumPy's kinds: whole, unsigned, floating, and objects, which may be any

TOLERANCE = 1e-10  # of the cell width: closer particles are in the same place but for rounding


class Configurations(NamedTuple):
    """Configurations as kernels take them."""

    positions: FloatArray  # (n, N, d), C-contiguous, wrapped into the cell
    cell_widths: FloatArray  # (n,)


def checked_configurations(
    positions: npt.ArrayLike, cell_width: npt.ArrayLike, *, with_absent: bool = False
) -> Configurations:
    """Check configurations, convert them to float64 and wrap them into the cell.

    Args:
        positions: Shape (n, N, d), or (N, d) for one configuration.
        cell_width: A number, or shape (n,).
        with_absent: Whether places without a particle, rows of NaN behind all particles, may stay;
            no kernel takes them.

    Raises:
        InvalidInputError: Where a shape or a value makes no sense, or two particles coincide.
    """
    checked = np.array(as_floats("positions", positions), order="C")
    if checked.ndim == AXES_OF_ONE:
        checked = checked[None]
    if checked.ndim != AXES_OF_MANY or checked.size == 0:
        raise InvalidInputError(
            "positions must have the shape (n, N, d) or (N, d), with at least one configuration, "
            f"particle and dimension, but have the shape {checked.shape}: reshape them."
        )
    widths = checked_widths(cell_width, len(checked))
    finite = np.isfinite(checked)
    if with_absent:
        finite |= ~present(checked)[..., None]
    if not finite.all():
        k, i = np.argwhere(~finite)[0, :2]
        raise InvalidInputError(
            f"positions hold NaN or infinity, first for particle {i} of configuration {k}: "
            "remove that configuration."
        )
    k, i, j = first_coincidence(checked, widths, TOLERANCE)
    if k >= 0:
        raise InvalidInputError(
            f"particles {i} and {j} of configuration {k} are in the same place, or their images "
            "are, where the energy is infinite: move one of them."
        )
    return Configurations(wrapped(checked, widths[:, None, None]), widths)


def check_images(
    configurations: Configurations,
    reach: float | FloatArray,
    most_images: int,
    remedy: str = "widen the cell or lower the cutoff",
) -> None:
    """Check that a sum over images ends in due time.

    Args:
        configurations: Of n cells.
        reach: How far a particle sees, a number or shape (n,).
        most_images: Of each particle within reach.
        remedy: What to do where there are more.

    Raises:
        InvalidInputError: Where a cell is too small for the reach.
    """
    positions, widths = configurations
    reaches = np.broadcast_to(reach, widths.shape)
    with np.errstate(over="ignore", divide="ignore"):
        images = (2.0 * reaches / widths + 1.0) ** positions.shape[2]
    k = int(images.argmax())
    if images[k] > most_images:
        raise InvalidInputError(
            f"cell_width={widths[k]:g} is so small that each particle has {images[k]:.3g} images "
            f"within {reaches[k]:g}, of which {most_images:,} can be summed: {remedy}."
        )


def checked_widths(cell_width: npt.ArrayLike, n: int) -> FloatArray:
    """One width for each of n configurations."""
    widths = as_floats("cell_width", cell_width)
    if widths.shape not in ((), (1,), (n,)):
        raise InvalidInputError(
            f"cell_width must be a number or have the shape ({n},), one width for each "
            f"configuration, but has the shape {widths.shape}."
        )
    if not (np.isfinite(widths) & (widths > 0.0)).all():
        raise InvalidInputError("cell_width must be finite and above 0.")
    return np.array(np.broadcast_to(widths, (n,)))


def wrapped(positions: FloatArray, cell_width: FloatArray) -> FloatArray:
    """The images in the cell: coordinates in [0, w_c)."""
    inside = positions - cell_width * np.floor(positions / cell_width)
    inside[(inside < 0.0) | (inside >= cell_width)] = 0.0  # rounded onto an edge
    return inside


def as_floats(name: str, values: npt.ArrayLike) -> FloatArray:
    """An array of float64; NumPy itself would take texts, truths, and half of what is complex."""
    try:
        given = np.asanyarray(values)
        floats = np.asarray(given, dtype=np.float64) if given.dtype.kind in NUMBERS else None
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} must be an array of numbers.") from error
    if floats is None:
        raise InvalidInputError(
            f"{name} must be an array of numbers, real ones, not of {given.dtype}: convert them."
        )
    if np.ma.is_masked(given):
        raise InvalidInputError(f"{name} must be an array of numbers, none masked: remove those.")
    return floats


def positive(name: str, value: object) -> float:
    """A finite number above 0, as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InvalidInputError(f"{name} must be a number above 0, not {value!r}.")
    number = _as_float(value)
    if not 0.0 < number < np.inf:
        raise InvalidInputError(f"{name} must be finite and above 0, not {value}.")
    return number


def finite(name: str, value: object) -> float:
    """A finite number of any sign, as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InvalidInputError(f"{name} must be a number, not {value!r}.")
    number = _as_float(value)
    if not np.isfinite(number):
        raise InvalidInputError(f"{name} must be finite, not {value}.")
    return number


def _as_float(value: float | np.number) -> float:
    """A number as a float; what has too many digits for one is infinite."""
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def is_whole(value: object, minimum: int) -> TypeGuard[int]:
    """Whether a value is a whole number, at least `minimum`; True and 3.0 are not."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return False
    return bool(value >= minimum)


def whole(name: str, value: object, minimum: int) -> int:
    """A whole number, at least `minimum`."""
    if not is_whole(value, minimum):
        raise InvalidInputError(f"{name} must be a whole number from {minimum} on, not {value!r}.")
    if value > LARGEST_WHOLE:
        raise InvalidInputError(f"{name} must be at most {LARGEST_WHOLE:,}, not {value:,}.")
    return int(value)


def indices_of(first_index: int | npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    """The numbers of n configurations in the sequence of a seed.

    Args:
        first_index: That of the first one, whom the others follow, or all of them, shape (n,).
        n: How many.
    """
    if not isinstance(first_index, np.ndarray):
        return whole("first_index", first_index, minimum=0) + np.arange(n)
    if first_index.shape != (n,) or first_index.dtype.kind not in "iu" or (first_index < 0).any():
        raise InvalidInputError(
            f"first_index must be a whole number from 0 on, or {n} of them, one for each "
            "configuration."
        )
    return first_index.astype(np.int64)


def seed_of_streams(name: str, value: object) -> int:
    """A seed: a whole number from 0 on that fits into the 63 bits that kernels take."""
    if isinstance(value, int | np.integer) and value > LARGEST_SEED:
        raise InvalidInputError(f"{name} must be below 2^63, not {value}.")
    return int(value) if is_whole(value, 0) else whole(name, value, minimum=0)
