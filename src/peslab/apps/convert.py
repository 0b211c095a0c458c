"""`peslab convert SOURCE TARGET`: a database in another format."""

import argparse
from pathlib import Path

ABOUT = """\
Labeled configurations in another format, with energies, forces, cells and units.

  peslab convert runs/databases/0123456789abcdef.parquet toy.extxyz
  peslab convert dft.db dft.parquet

A file's ending names its format: .parquet (peslab's own), .extxyz or .xyz
(extended XYZ), .db (ASE's SQLite) and, to be read only, .json (the program
published with the thesis). Particles are of one element, cells are cubic and
periodic; anything else is refused.
"""


def main(arguments: list[str]) -> None:
    """Read one file, write another, and tell what it holds.

    Raises:
        PeslabError: If the source cannot be read or the target cannot be written.
    """
    parser = argparse.ArgumentParser(
        "peslab convert", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="a file to read")
    parser.add_argument("target", type=Path, help="the file to write")
    parser.add_argument("--force", action="store_true", help="replace the target if it is there")
    parsed = parser.parse_args(arguments)
    from peslab.apps import present
    from peslab.database import read_database, write_database
    from peslab.database.exchange import check_target

    source, target = parsed.source.expanduser(), parsed.target.expanduser()
    check_target(target, replace=parsed.force)
    with present.progress(f"reading {source.name}") as progress:
        database = read_database(source, progress)
    with present.progress(f"writing {target.name}") as progress:
        write_database(database, target, replace=parsed.force, progress=progress)
    present.database(target, database)
