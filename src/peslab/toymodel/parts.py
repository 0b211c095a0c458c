"""The parts of a potential, pairs and triangles: what they are, how far they reach."""

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import InteractionFunction, SideFunction
from peslab.kernels.inputs import Configurations, as_floats, check_images, positive
from peslab.kernels.interaction import MOST_IMAGES, Interaction
from peslab.kernels.own import check_slopes
from peslab.kernels.parallel import SMALLEST_SLICE

if TYPE_CHECKING:
    from peslab.toymodel.potential import Potential

SIDES = {"pair": 1, "triplet": 3}

LOWER_THE_DEPTH = "lower the depth"  # which grows with the cell

BUSY = 1e6  # triangles, found and summed in about a millisecond


def per_corner(weights: FloatArray) -> FloatArray:
    """What a pair or triangle weighs each time that one of its corners in the cell looks at it.

    Args:
        weights: Of pairs, with both corners in one cell, in two; or of triangles, in one, in two
            (where one corner is alone), in three.

    Returns:
        The same shape, by how many of the other corners are in the cell of the one that looks:
        all, some, none.
    """
    if len(weights) == SIDES["pair"] + 1:
        return weights / 2.0
    in_one, in_two, in_three = weights
    alone = in_three / 3.0
    return np.array([in_one / 3.0, (in_two - alone) / 2.0, alone])


def checked_function(potential: "Potential", name: str) -> InteractionFunction | None:
    """A potential's interaction of pairs or triangles; None where it has none."""
    function = getattr(type(potential), name)
    if function is None:
        return None
    if isinstance(function, SideFunction) and function.n_sides == SIDES[name]:
        return function.compiled
    raise InvalidInputError(
        f"{type(potential).__name__}.{name} must be a function under the decorator "
        f"@{name}_function, or None."
    )


def parameters_of(potential: "Potential") -> FloatArray:
    """What a potential's functions receive, as kernels take it."""
    name = f"{type(potential).__name__}.parameters"
    parameters = np.array(as_floats(name, potential.parameters), order="C")
    if parameters.ndim != 1 or np.isnan(parameters).any():
        raise InvalidInputError(
            f"{name} must be a plain list of numbers, not {potential.parameters!r}."
        )
    return parameters


def check_own_slopes(potential: "Potential", name: str) -> None:
    """Check, once for the same parameters, the slopes of a function that is not ours."""
    function = getattr(type(potential), name)
    if function is not None and not function.written_as.__module__.startswith("peslab."):
        parameters = parameters_of(potential).tobytes()
        _check_slopes_once(function, parameters, cutoff_of(potential))


@cache
def _check_slopes_once(function: SideFunction, parameters: bytes, cutoff: float) -> None:
    check_slopes(function, np.frombuffer(parameters).copy(), cutoff)


def checked_sides(**sides: npt.ArrayLike) -> list[FloatArray]:
    """Sides of one shape, every one finite and above 0."""
    arrays = [as_floats(name, values) for name, values in sides.items()]
    for name, array in zip(sides, arrays, strict=True):
        if not (np.isfinite(array) & (array > 0.0)).all():
            raise InvalidInputError(f"{name} must hold lengths that are finite and above 0.")
    try:
        return list(np.broadcast_arrays(*arrays))
    except ValueError as error:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise InvalidInputError(
            f"{', '.join(sides)} must have one shape, not {shapes}: give a side of each triangle."
        ) from error


def evaluated(
    potential: "Potential", name: str, sides: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Values and slopes of an interaction at sides (1, ·) or (3, ·), zero from the cutoff on."""
    function = checked_function(potential, name)
    if function is None:
        raise InvalidInputError(
            f"{type(potential).__name__} has no {name} interaction: ask for what it has, or name a "
            "pair_part for its pairs."
        )
    check_own_slopes(potential, name)
    columns = np.array(sides.reshape(len(sides), -1), order="C")
    terms = np.empty((1 + len(sides), columns.shape[1]))
    function(parameters_of(potential), columns, terms, columns.shape[1], True)
    terms[:, columns.mean(axis=0) >= cutoff_of(potential)] = 0.0
    shaped = terms.reshape(-1, *sides.shape[1:])
    return shaped[0], shaped[1:]


def cutoff_of(potential: "Potential") -> float:
    """R_0; infinite for a potential that goes on."""
    cutoff = getattr(potential, "cutoff", math.inf)
    return math.inf if cutoff == math.inf else positive("cutoff", cutoff)


def reach_without_depth(interaction: Interaction) -> float:
    """How far a particle sees; infinite without a cutoff."""
    return max(interaction.pair_cutoff, 1.5 * interaction.triplet_cutoff)


def worth_a_thread(interaction: Interaction, configurations: Configurations) -> int:
    """How many configurations keep a thread busy for longer than it takes to start."""
    positions, widths = configurations
    reaches = np.minimum(reach_without_depth(interaction), interaction.depth * widths)
    images = positions.shape[1] * (2.0 * reaches / widths + 1.0) ** positions.shape[2]
    triangles = float((positions.shape[1] * images**2).max())
    return int(np.clip(BUSY / triangles, 1, SMALLEST_SLICE))


def check_reach(
    potential: "Potential", configurations: Configurations, margin: float | FloatArray = 0.0
) -> None:
    """Check that the sums of a potential end in due time.

    Args:
        potential: With a cutoff or a depth.
        configurations: Of n cells.
        margin: How much farther than the interaction a particle sees, a number or shape (n,).

    Raises:
        InvalidInputError: Where a cell is too small, there is neither cutoff nor depth, or the
            depth is 0.
    """
    from peslab.toymodel.convergence import no_exact_sum

    interaction = potential.interaction()
    reach, depths = reach_without_depth(interaction), interaction.depth * configurations.cell_widths
    if reach == interaction.depth == math.inf:
        raise InvalidInputError(no_exact_sum(potential, configurations.positions.shape[2]))
    if interaction.depth == 0.0:
        raise InvalidInputError(
            "depth=0 leaves nothing to sum: no pair is closer than 0 cell widths. Set depth=1, or "
            "more."
        )
    remedy = {} if reach < depths.min() else {"remedy": LOWER_THE_DEPTH}
    check_images(configurations, np.minimum(reach, depths) + margin, MOST_IMAGES, **remedy)
