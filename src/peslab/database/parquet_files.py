"""Parquet files of peslab outside its folder of results, and those in it: the native format."""

from pathlib import Path

import polars as pl

from peslab.database.contents import TOY_ELEMENT, TOY_UNITS, Database, Progress, Units
from peslab.database.parquet import digest
from peslab.errors import InvalidInputError


def read_parquet(path: Path, progress: Progress) -> Database:
    """Read a database of peslab, generated or converted; without a word about units it is the toy.

    Raises:
        InvalidInputError: Where the file is damaged, or not of peslab.
    """
    try:
        metadata = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InvalidInputError("is cut or no Parquet: get it again, whole.") from error
    if "content" not in metadata:
        raise InvalidInputError(
            "was not written by peslab and says no units: bring it in as extended XYZ, or write it "
            "with peslab.database.write_database."
        )
    if metadata["content"] != digest([frame]):
        raise InvalidInputError("is damaged: its rows are not those that were written.")
    progress(1.0)
    units = Units(
        metadata.get("energy_unit", TOY_UNITS.energy),
        metadata.get("length_unit", TOY_UNITS.length),
    )
    return Database(frame, units, metadata.get("element", TOY_ELEMENT))


def write_parquet(database: Database, path: Path, progress: Progress) -> None:
    """Write the rows bit for bit, in any dimension; units and element stand in the metadata."""
    metadata = {
        "content": digest([database.frame]),
        "energy_unit": database.units.energy,
        "length_unit": database.units.length,
        "element": database.element,
    }
    database.frame.write_parquet(path, metadata=metadata)
    progress(1.0)
