"""What any file of labeled configurations holds, whatever its format: rows, units, an element."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.kernels.inputs import checked_configurations
from peslab.places import present, some_absent

Progress = Callable[[float], None]
"""Told what part of a file is done, from 0 to 1."""

UNIT = re.compile(r"[^\W\d_][\w^*/·°.-]{0,15}")  # what figures, tables and all formats can carry

REQUIRED = ("positions", "cell_width", "energy_per_particle")
COLUMNS = (*REQUIRED, "forces", "acceptance_rate")
AXES_OF_MANY = 3  # of positions (n, N, d)


@dataclass(frozen=True)
class Units:
    """What the numbers of a database are measured in.

    Attributes:
        energy: Such as "E_c" or "eV".
        length: Such as "R_c" or "Å".
    """

    energy: str
    length: str

    def __post_init__(self) -> None:
        for name, unit in vars(self).items():
            if not isinstance(unit, str) or not UNIT.fullmatch(unit):
                raise InvalidInputError(
                    f"has '{unit}' as its unit of {name}: a word of at most 16 letters, such as "
                    "eV, is needed."
                )


TOY_UNITS, TOY_ELEMENT = Units("E_c", "R_c"), "X"
ASE_UNITS = Units("eV", "Å")
"""What ASE means where a file says nothing."""


@dataclass(frozen=True, eq=False)
class Database:
    """Labeled configurations of particles of one element in cubic periodic cells.

    Attributes:
        frame: One configuration a row, as `generate` makes it: positions (N, d), cell_width,
            energy_per_particle, forces (N, d) where the source has them, and acceptance_rate, null
            where nothing is known of it. Other columns are left out. Where configurations differ in
            their number of particles, places without one hold NaN and come last.
        units: Of all its numbers.
        element: A chemical symbol; the toy's particles are "X".

    Raises:
        InvalidInputError: Where a column is missing or of another kind, a number is not finite, or
            particles are in the same place.
    """

    frame: pl.DataFrame
    units: Units
    element: str

    def __post_init__(self) -> None:
        missing = [name for name in REQUIRED if name not in self.frame.columns]
        if missing:
            raise InvalidInputError(f"has no column {missing[0]}: name it so, or add it.")
        if self.frame.is_empty():
            raise InvalidInputError("holds no configuration: nothing can be done with it.")
        frame = self.frame.select(name for name in COLUMNS if name in self.frame.columns)
        if "acceptance_rate" not in frame.columns:
            frame = frame.with_columns(acceptance_rate=pl.lit(None, dtype=pl.Float64))
        object.__setattr__(self, "frame", frame)
        _check_numbers(self)
        if some_absent(self.positions):  # of the many NaN one, for files are known by their bits
            alike = {
                name: np.where(np.isnan(values), np.nan, values)
                for name, values in (("positions", self.positions), ("forces", self.forces))
                if values is not None
            }
            object.__setattr__(self, "frame", frame.with_columns(pl.DataFrame(alike)))

    @property
    def positions(self) -> FloatArray:
        """Shape (n, N, d), read-only."""
        return self.array("positions")

    @property
    def forces(self) -> FloatArray | None:
        """Shape (n, N, d), read-only; None where the source has none."""
        return self.array("forces") if "forces" in self.frame.columns else None

    def array(self, column: str) -> FloatArray:
        """A column as NumPy's array, read-only.

        Raises:
            InvalidInputError: Where it does not hold numbers, as many in each row.
        """
        values = self.frame[column].rechunk().to_numpy()
        if values.dtype != np.float64:
            raise InvalidInputError(
                f"has a column {column} of {self.frame[column].dtype}: 64-bit floats are needed, "
                "as many in each row."
            )
        return values


class Row(NamedTuple):
    """One configuration as a file tells it."""

    positions: FloatArray  # (N, d)
    cell_width: float
    energy_per_particle: float
    forces: FloatArray | None  # (N, d)
    acceptance_rate: float | None
    element: str
    units: Units


def collected(rows: Iterable[Row]) -> Database:
    """Make a database of rows that have the same in common; numbers of particles may differ.

    Raises:
        InvalidInputError: Where there is no row, one differs from the first in its dimension,
            element, units or labels, or its numbers cannot be used.
    """
    kept: list[Row] = []
    for number, row in enumerate(rows):
        if not np.isfinite(row.positions).all():  # here NaN says nothing of places
            raise InvalidInputError(
                f"row {number} has NaN or infinity in its positions: repair or remove that row."
            )
        _check_alike(row, kept[0] if kept else row, number)
        kept.append(row)
    if not kept:
        raise InvalidInputError("holds no configuration: nothing can be done with it.")
    columns: dict[str, FloatArray | pl.Series] = {
        "positions": _stacked([row.positions for row in kept]),
        "cell_width": np.array([row.cell_width for row in kept]),
        "energy_per_particle": np.array([row.energy_per_particle for row in kept]),
    }
    if kept[0].forces is not None:
        columns["forces"] = _stacked([row.forces for row in kept if row.forces is not None])
    rates = [row.acceptance_rate for row in kept]
    columns["acceptance_rate"] = pl.Series(rates, dtype=pl.Float64)
    return Database(pl.DataFrame(columns), kept[0].units, kept[0].element)


def _check_alike(row: Row, first: Row, number: int) -> None:
    """Refuse what one table cannot hold."""
    for what, here, there in (
        ("dimensions", row.positions.shape[1], first.positions.shape[1]),
        ("element", row.element, first.element),
        ("unit of energy", row.units.energy, first.units.energy),
        ("unit of length", row.units.length, first.units.length),
        ("forces", _with(row), _with(first)),
    ):
        if here != there:
            raise InvalidInputError(
                f"row {number} differs from row 0 in its {what}, {here} and {there}: "
                "split the file into files of one kind."
            )


def _stacked(vectors: list[FloatArray]) -> FloatArray:
    """Vectors (N, d) of each configuration as one array, NaN behind the particles of each."""
    most = max(map(len, vectors))
    together = np.full((len(vectors), most, vectors[0].shape[1]), np.nan)
    for row, of_one in zip(together, vectors, strict=True):
        row[: len(of_one)] = of_one
    return together


def _with(row: Row) -> str:
    return "without forces" if row.forces is None else "with forces"


def _check_numbers(database: Database) -> None:
    """Refuse what no potential gives: infinite numbers, and particles in the same place."""
    positions, widths = database.positions, database.array("cell_width")
    if positions.ndim != AXES_OF_MANY:
        raise InvalidInputError(
            f"has positions of shape {positions.shape}: (n, N, d) is needed, an array in each row."
        )
    checked_configurations(positions, widths, with_absent=True)
    forces, there = database.forces, present(positions)
    if forces is not None and forces.shape != positions.shape:
        raise InvalidInputError(
            f"has forces of shape {forces.shape} for positions of shape {positions.shape}: "
            "make them alike, or leave the forces out."
        )
    if forces is not None and not np.isnan(forces[~there]).all():
        k = int(np.argwhere(~np.isnan(forces).all(axis=2) & ~there)[0, 0])
        raise InvalidInputError(
            f"has forces where configuration {k} has no particle: make them NaN, or give the "
            "particles their positions."
        )
    for name, values in (("energy", database.array("energy_per_particle")), ("force", forces)):
        if values is None:
            continue
        known = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(2) | ~there
        finite = known.reshape(len(values), -1).all(axis=1)
        if not finite.all():
            raise InvalidInputError(
                f"the {name} of configuration {np.argmin(finite)} is not a finite number: "
                "repair or remove that configuration."
            )
