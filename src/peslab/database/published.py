"""Databases of the program published with the thesis: a pandas table as JSON, column by column."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peslab.database.contents import (
    TOY_ELEMENT,
    TOY_UNITS,
    Database,
    Progress,
    Row,
    collected,
)
from peslab.errors import InvalidInputError
from peslab.kernels.inputs import as_floats

POSITIONS, WIDTH, ENERGY = "particleCoordinates", "widthOfCell", "potentialEnergy"
AXES = 2  # of one row's positions (N, d)


def read_json(path: Path, progress: Progress) -> Database:
    """Read positions, cell widths and energies per particle, in E_c and R_c, without forces.

    The table is {"particleCoordinates": {"0": [[x, y], …], …}, "widthOfCell": {"0": w_c, …},
    "potentialEnergy": {"0": v, …}}. Rows come in the file's order whatever they are called; other
    columns are passed over. The labels are those of equation (9) as printed.

    Raises:
        InvalidInputError: Where the file is cut, is no such table, or its numbers cannot be used.
    """
    try:
        columns = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of JSON or of UTF-8
        raise InvalidInputError(f"is cut or no JSON ({error}): get it again, whole.") from error
    for name in (POSITIONS, WIDTH, ENERGY):
        if not isinstance(columns, dict) or not isinstance(columns.get(name), dict):
            raise InvalidInputError(
                f"has no column {name}: of JSON only the published program's tables are read."
            )
    return collected(_rows(columns, progress))


def _rows(columns: dict[str, dict[str, Any]], progress: Progress) -> Iterator[Row]:
    n_rows = len(columns[POSITIONS])
    for number, key in enumerate(columns[POSITIONS]):
        missing = [name for name in (WIDTH, ENERGY) if columns[name].get(key) is None]
        if missing:
            raise InvalidInputError(f"row {key} has no {missing[0]}: add or remove it.")
        positions = _numbers(columns, POSITIONS, key)
        if positions.ndim != AXES or positions.size == 0:
            raise InvalidInputError(
                f"row {key} has {POSITIONS} of shape {positions.shape}: a list of coordinates for "
                "each particle is needed."
            )
        yield Row(
            positions=positions,
            cell_width=float(_numbers(columns, WIDTH, key)),
            energy_per_particle=float(_numbers(columns, ENERGY, key)),
            forces=None,
            acceptance_rate=None,
            element=TOY_ELEMENT,
            units=TOY_UNITS,
        )
        progress((number + 1) / n_rows)


def _numbers(columns: dict[str, dict[str, Any]], name: str, key: str) -> Any:  # noqa: ANN401
    try:
        values = as_floats(name, columns[name][key])
    except InvalidInputError as error:
        raise InvalidInputError(f"row {key}: {error}") from error
    if name != POSITIONS and values.ndim:
        raise InvalidInputError(f"row {key} has {name} of shape {values.shape}: write one number.")
    return values
