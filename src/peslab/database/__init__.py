"""Databases of labeled configurations: what they hold, how they are made, where they are kept."""

from peslab.database.generate import generate
from peslab.database.recipe import DatabaseSettings, Recipe
from peslab.database.store import Arrays, arrays, database_path, load_or_generate

__all__ = [
    "Arrays",
    "DatabaseSettings",
    "Recipe",
    "arrays",
    "database_path",
    "generate",
    "load_or_generate",
]
