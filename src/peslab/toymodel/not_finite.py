"""Where a potential gives no finite number: the smallest pair or triangle of a configuration."""

from typing import TYPE_CHECKING

import numpy as np

from peslab.errors import NotFiniteError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import Configurations
from peslab.toymodel.parts import cutoff_of, evaluated, reach_without_depth

if TYPE_CHECKING:
    from peslab.toymodel.potential import Potential

NEAREST = 40  # images of each particle that are looked at: of two close ones one is the nearest
NO_MORE = 3.0  # cell widths that are looked at where a potential has no cutoff
TOO_MUCH = "move its particles apart, or lower the potential's parameters"


def check_finite(
    potential: "Potential", configurations: Configurations, energies: FloatArray, forces: FloatArray
) -> None:
    """Refuse sums that overflow or hold what is no number.

    Args:
        potential: That was summed.
        configurations: Of n cells.
        energies: Shape (n, any).
        forces: Shape (n, N, d).

    Raises:
        NotFiniteError: With the sides where the potential is not finite.
    """
    if np.isfinite(energies).all() and np.isfinite(forces).all():
        return
    finite = np.isfinite(energies).all(axis=1) & np.isfinite(forces).all(axis=(1, 2))
    k = int(np.argmin(finite))
    place = smallest_place(potential, configurations.positions[k], configurations.cell_widths[k])
    told = f"the energy or a force of configuration {k} is not finite"
    if place is None:
        raise NotFiniteError(f"{told}: {TOO_MUCH}.", "not finite")
    raise NotFiniteError(f"{told}: {place}.", f"not finite: {place}")


def smallest_place(potential: "Potential", positions: FloatArray, cell_width: float) -> str | None:
    """What a potential returns for the smallest pair or triangle for which it is not finite.

    Args:
        potential: Of pairs, triangles, or both.
        positions: Shape (N, d).
        cell_width: w_c.

    Returns:
        None where each is finite, or only large ones are not.
    """
    pairs = potential if potential.pair_part is None else potential.pair_part
    for part, name in ((pairs, "pair"), (potential, "triplet")):
        if getattr(type(part), name) is None:
            continue
        sides = sides_of(name, *offsets_of_nearest(potential, positions, cell_width))
        sides = sides[:, sides.mean(axis=0) < cutoff_of(part)]
        values, slopes = evaluated(part, name, sides)
        broken = ~(np.isfinite(values) & np.isfinite(slopes).all(axis=0))
        if broken.any():
            k = int(np.argmin(np.where(broken, sides.sum(axis=0), np.inf)))
            what = f"{values[k]:g}" if not np.isfinite(values[k]) else "a slope that is not finite"
            where = ", ".join(f"{side:.4g}" for side in np.sort(sides[:, k]))
            where = f"the distance {where}" if name == "pair" else f"the sides ({where})"
            own = not type(part).__module__.startswith("peslab.")
            remedy = "let it return a number there" if own and np.isnan(values[k]) else TOO_MUCH
            return f"{type(part).__name__} returns {what} at {where}; {remedy}"
    return None


def offsets_of_nearest(
    potential: "Potential", positions: FloatArray, cell_width: float
) -> list[FloatArray]:
    """Of each particle where its nearest images are, shape (m, d) in their order."""
    reach = min(reach_without_depth(potential.interaction()), NO_MORE * cell_width)
    cells = np.arange(-np.ceil(reach / cell_width), np.ceil(reach / cell_width) + 1)
    shifts = np.stack(np.meshgrid(*[cell_width * cells] * positions.shape[1]), axis=-1)
    images = (positions + shifts.reshape(-1, 1, positions.shape[1])).reshape(-1, positions.shape[1])
    found = []
    for place in positions:
        offsets = images - place
        far = np.linalg.norm(offsets, axis=1)
        found.append(offsets[np.argsort(far)[1 : NEAREST + 1]])
    return found


def sides_of(name: str, *around: FloatArray) -> FloatArray:
    """Distances (1, k) of pairs, or sides (3, k) of triangles, with a corner in each particle."""
    columns = []
    for offsets in around:
        far = np.linalg.norm(offsets, axis=1)
        j, k = np.triu_indices(len(far), 1)
        apart = np.linalg.norm(offsets[j] - offsets[k], axis=1)
        columns.append(far[None] if name == "pair" else np.stack([far[j], far[k], apart]))
    return np.concatenate(columns, axis=1)
