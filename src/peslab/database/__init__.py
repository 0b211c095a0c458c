"""Databases of labeled configurations: what they hold, how they are made, where they are kept."""

from peslab.database.contents import Database, Units
from peslab.database.exchange import read_database, write_database
from peslab.database.generate import cut_top, generate
from peslab.database.recipe import DatabaseSettings, Recipe
from peslab.database.store import Arrays, arrays, database_path, load_or_generate

__all__ = [
    "Arrays",
    "Database",
    "DatabaseSettings",
    "Recipe",
    "Units",
    "arrays",
    "cut_top",
    "database_path",
    "generate",
    "load_or_generate",
    "read_database",
    "write_database",
]
