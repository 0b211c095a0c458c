"""Configurations as ASE sees them: one to three of its axes are ours, the others stand still."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray

if TYPE_CHECKING:
    from ase import Atoms

AXES_OF_ASE = 3

TOLERANCE = 1e-8
"""Of the cell width: how far a cell may be from cubic, and particles from a common plane."""


class Configuration(NamedTuple):
    """One configuration in the dimensions that it is periodic in."""

    positions: FloatArray  # (N, d)
    cell_width: float


def from_ase(
    positions: npt.ArrayLike, cell: npt.ArrayLike, periodic: npt.ArrayLike
) -> Configuration:
    """Take the part of ASE's three dimensions that is periodic: d is the number of such axes.

    Args:
        positions: Shape (N, 3).
        cell: The cell vectors in rows, shape (3, 3).
        periodic: ASE's `pbc`, shape (3,): the periodic axes come first.

    Raises:
        InvalidInputError: Where a position is not finite, no axis is periodic or another than the
            first ones are, the cell is not cubic along these axes, or particles differ in a
            coordinate that is not periodic.
    """
    points, vectors = np.asarray(positions, dtype=float), np.asarray(cell, dtype=float)
    axes = np.asarray(periodic, dtype=bool)
    dimension = int(axes.sum())
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():  # elsewhere NaN says that there is no particle
        raise InvalidInputError(
            f"has NaN or infinity in the position of particle {finite.argmin()}: repair or remove "
            "that configuration."
        )
    if dimension == 0 or not axes[:dimension].all():
        told = " ".join("T" if axis else "F" for axis in axes)
        raise InvalidInputError(
            f"has pbc={told}, but the first axes have to be periodic, one for each dimension: "
            "set its cell and its pbc."
        )
    width = float(vectors[0, 0])
    skew = np.abs(vectors[:dimension] - width * np.eye(AXES_OF_ASE)[:dimension]).max()
    if not (0.0 < width < np.inf and skew <= TOLERANCE * width):
        raise InvalidInputError(
            "has a cell that is not cubic: its periodic vectors have to be of one length, each "
            "along its own axis."
        )
    if (np.ptp(points[:, dimension:], axis=0) > TOLERANCE * width).any():
        raise InvalidInputError(
            f"is periodic along {dimension} of 3 axes, but its particles differ in the other "
            "coordinates: make these equal (and their velocities 0), or make those axes periodic."
        )
    return Configuration(np.array(points[:, :dimension], order="C"), width)


def to_ase(positions: FloatArray, cell_width: float, element: str) -> "Atoms":
    """Make ASE's atoms of a configuration: periodic along its d axes, at 0 along the others.

    Args:
        positions: Shape (N, d).
        cell_width: w_c.
        element: A chemical symbol; "X" is nobody's, of mass 1.

    Raises:
        InvalidInputError: Where d is more than 3.
    """
    from ase import Atoms

    return Atoms(
        [element] * len(positions),
        positions=in_three_dimensions(positions),
        cell=np.full(AXES_OF_ASE, cell_width),
        pbc=np.arange(AXES_OF_ASE) < positions.shape[1],
    )


def in_three_dimensions(vectors: FloatArray) -> FloatArray:
    """Vectors (…, d) with zeros behind, (…, 3).

    Raises:
        InvalidInputError: Where d is more than 3.
    """
    dimension = vectors.shape[-1]
    if dimension > AXES_OF_ASE:
        raise InvalidInputError(
            f"ASE has 3 dimensions, where these configurations have {dimension}: keep them as "
            ".parquet."
        )
    behind = [(0, 0)] * (vectors.ndim - 1) + [(0, AXES_OF_ASE - dimension)]
    return np.pad(vectors, behind)


def one_element(symbols: list[str]) -> str:
    """The element that all particles are of.

    Raises:
        InvalidInputError: Where they are of several, or there is no particle.
    """
    elements = sorted(set(symbols))
    if len(elements) != 1:
        told = " and ".join(elements) if elements else "no particle"
        raise InvalidInputError(f"holds {told}: particles of one element are needed.")
    return elements[0]
