"""Extended XYZ and ASE's SQLite databases, both ways.

ASE tells the energy of the whole cell, N times that of a particle, and lists the particles that are
there: configurations may differ in their number. Units are written beside each
configuration, as `energy_unit` and `length_unit`; where a file has no word about them they are eV
and Å, as ASE means. Of several energies the one called `energy` is taken. Masses, charges, stresses
and constraints are passed over.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from peslab.database.contents import ASE_UNITS, Database, Progress, Row, Units, collected
from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.places import numbers
from peslab.toymodel.atoms import from_ase, in_three_dimensions, one_element, to_ase

BARE_EXPONENT = re.compile(r"(?<![\w.])([+-]?\d+)([eE][+-]?\d+)(?![\w.])")
WITH_POINT = r"\1.0\2"
"""For 1e-05 and its like: ASE takes a number without a point for whole, and this one for 0."""

NOISE = 1e-6
"""What forces across a plane may be, of the largest within it or of 1: programs are not exact."""

TABLE_OF_ASE = "SELECT count(*) FROM sqlite_master WHERE name = 'systems'"


def read_xyz(path: Path, progress: Progress) -> Database:
    """Read extended XYZ: every number that stands in the file, to its last digit.

    Raises:
        InvalidInputError: Where the file is cut, is no extended XYZ, or holds what is not ours.
    """
    return collected(_rows_of_xyz(path, progress))


def write_xyz(database: Database, path: Path, progress: Progress) -> None:
    """Write extended XYZ, every number exact to the last bit; ASE itself writes 8 decimals.

    Only the energy of the cell may differ by a rounding when it is divided by N again, unless N is
    a power of 2.

    Raises:
        InvalidInputError: Where the configurations have more than 3 dimensions.
    """
    columns = [database.positions] + ([] if database.forces is None else [database.forces])
    table = np.concatenate([in_three_dimensions(column) for column in columns], axis=2)
    properties = "species:S:1:pos:R:3" + ("" if database.forces is None else ":forces:R:3")
    periodic = " ".join("T" if axis < database.positions.shape[2] else "F" for axis in range(3))
    widths, particles = database.frame["cell_width"].to_list(), numbers(database.positions)
    with path.open("w", encoding="utf-8") as file:
        for number, told in enumerate(_told(database)):
            lattice = " ".join(str(widths[number]) if axis % 4 == 0 else "0.0" for axis in range(9))
            pairs = " ".join(f"{key}={value}" for key, value in told.items())
            line = f'Lattice="{lattice}" Properties={properties} {pairs} pbc="{periodic}"'
            file.write(f"{particles[number]}\n{BARE_EXPONENT.sub(WITH_POINT, line)}\n")
            for vectors in table[number, : particles[number]].tolist():
                told_vectors = "".join(f" {value!r:>24}" for value in vectors)
                file.write(f"{database.element:<2}{told_vectors}\n")
            progress((number + 1) / len(table))


def read_db(path: Path, progress: Progress) -> Database:
    """Read ASE's database, SQLite only; nothing in it is executed and nothing is written.

    Raises:
        InvalidInputError: Where it is damaged, no database of ASE, or holds what is not ours.
    """
    import ase.db

    try:
        # ASE would make its tables in any database that has none.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            (has_table,) = file.execute(TABLE_OF_ASE).fetchone()
    except sqlite3.DatabaseError as error:
        raise InvalidInputError(
            f"is damaged, or no SQLite database ({error}): get it again."
        ) from error
    if not has_table:
        raise InvalidInputError("has no table of ASE: it is another program's database.")
    with ase.db.connect(path, type="db") as source:
        return collected(_rows_of_db(source, progress))


def write_db(database: Database, path: Path, progress: Progress) -> None:
    """Write ASE's database, exact to the last bit but for the energy, as in `write_xyz`.

    Raises:
        InvalidInputError: Where the configurations have more than 3 dimensions.
    """
    import ase.db
    from ase.calculators.singlepoint import SinglePointCalculator

    positions, forces = database.positions, database.forces
    particles = numbers(positions)
    with ase.db.connect(path, type="db", use_lock_file=False) as target:
        for number, told in enumerate(_told(database)):
            width = database.frame["cell_width"][number]
            there = slice(particles[number])
            atoms = to_ase(positions[number, there], width, database.element)
            results = {"energy": told.pop("energy")}
            if forces is not None:
                results["forces"] = in_three_dimensions(forces[number, there])
            atoms.calc = SinglePointCalculator(atoms, **results)
            target.write(atoms, **told)
            progress((number + 1) / len(positions))


def _told(database: Database) -> Iterator[dict[str, Any]]:
    """What stands beside the particles of each row: energy of the cell, acceptance rate, units."""
    labels = database.frame.select("energy_per_particle", "acceptance_rate").rows()
    for n_particles, (energy, rate) in zip(
        numbers(database.positions).tolist(), labels, strict=True
    ):
        accepted = {} if rate is None else {"acceptance_rate": rate}
        units = {"energy_unit": database.units.energy, "length_unit": database.units.length}
        yield {"energy": energy * n_particles, **accepted, **units}


def _rows_of_xyz(path: Path, progress: Progress) -> Iterator[Row]:
    from ase.io.extxyz import key_val_str_to_dict, read_xyz

    def parse(comment: str) -> Any:  # noqa: ANN401  # ASE's
        return key_val_str_to_dict(BARE_EXPONENT.sub(WITH_POINT, comment))

    with path.open(encoding="utf-8") as file:
        n_lines, n_read, n_rows = _count_lines(file), 0, 0
        frames = read_xyz(file, index=slice(None), properties_parser=parse)
        for atoms in _told_errors(frames):
            results = {} if atoms.calc is None else atoms.calc.results
            symbols = atoms.get_chemical_symbols()
            vectors = (atoms.positions, results.get("forces"))
            cell = (atoms.cell.array, atoms.pbc)
            yield _row(n_rows, vectors, cell, symbols, results.get("energy"), atoms.info)
            n_rows += 1
            n_read += len(atoms) + 2
            progress(n_read / n_lines)
    if n_read < n_lines:
        raise InvalidInputError(
            f"has lines behind its first {n_rows} rows that belong to none: remove the empty line "
            "there."
        )


def _count_lines(file: Iterable[str]) -> int:
    """Lines that are not empty; the last has to be whole, or its last number may be cut."""
    n_lines, line = 0, "\n"
    for line in file:
        n_lines += bool(line.strip())
    if not line.endswith("\n"):
        raise InvalidInputError(
            "does not end with a line break, so that its last number may be cut: get it again, or "
            "add the line break if it is whole."
        )
    return n_lines


def _rows_of_db(database: Any, progress: Progress) -> Iterator[Row]:  # noqa: ANN401  # ASE's
    n_rows = 0
    for number, row in enumerate(_told_errors(database.select())):
        n_rows = n_rows or database.count()
        vectors, cell = (row.positions, row.get("forces")), (row.cell, row.pbc)
        yield _row(number, vectors, cell, row.symbols, row.get("energy"), row.key_value_pairs)
        progress((number + 1) / n_rows)


def _told_errors(items: Iterable[Any]) -> Iterator[Any]:
    """What a reader of ASE yields, its errors of many kinds as one of ours."""
    number = 0
    try:
        for item in items:
            yield item
            number += 1
    except Exception as error:
        raise InvalidInputError(
            f"cannot be read in row {number} ({' '.join(str(error).split())}): the file is cut or "
            "not of this format."
        ) from error


def _row(
    number: int,
    vectors: tuple[FloatArray, FloatArray | None],
    cell: tuple[FloatArray, FloatArray],
    symbols: list[str],
    energy: object,
    told: Mapping[str, object],
) -> Row:
    """One configuration of ASE's; errors name its row, counted from 0."""
    positions, forces = vectors
    try:
        element = one_element(symbols)
        configuration = from_ase(positions, *cell)
        n_particles, dimension = configuration.positions.shape
        return Row(
            positions=configuration.positions,
            cell_width=configuration.cell_width,
            energy_per_particle=_number("energy", energy) / n_particles,
            forces=None if forces is None else _forces(forces, n_particles, dimension),
            acceptance_rate=_rate(told.get("acceptance_rate")),
            element=element,
            units=_units(told),
        )
    except InvalidInputError as error:
        raise InvalidInputError(f"row {number} {error}") from error


def _forces(values: FloatArray, n_particles: int, dimension: int) -> FloatArray:
    """Forces along the periodic axes, shape (N, d); there may be none along the others."""
    if np.shape(values) != (n_particles, 3):
        raise InvalidInputError(
            f"has forces of shape {np.shape(values)} for {n_particles} particles: repair it."
        )
    forces = np.asarray(values, dtype=float)
    within, across = forces[:, :dimension], forces[:, dimension:]
    if (np.abs(across) > NOISE * max(1.0, np.abs(within).max())).any():
        raise InvalidInputError(
            f"is periodic along {dimension} of 3 axes, but has forces of up to "
            f"{np.abs(across).max():.2g} along the others, which would be lost: make these 0, or "
            "make those axes periodic."
        )
    return within


def _units(told: Mapping[str, object]) -> Units:
    energy = told.get("energy_unit", ASE_UNITS.energy)
    length = told.get("length_unit", ASE_UNITS.length)
    return Units(energy, length)  # type: ignore[arg-type]  # checked there


def _rate(value: object) -> float | None:
    return None if value is None else _number("acceptance_rate", value)


def _number(name: str, value: object) -> float:
    told = f"no {name}" if value is None else f"the {name} {value!r}"
    try:
        return float("T" if isinstance(value, bool) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"has {told}: a number is needed.") from error
