"""Databases of labeled configurations: what they hold, how they are made, where they are kept."""

from peslab.database.contents import Database, Units
from peslab.database.exchange import read_database, write_database
from peslab.database.generate import generate
from peslab.database.overview import (
    Overview,
    overview,
    overviews_by_number,
    overviews_by_width,
    particle_numbers,
)
from peslab.database.prediction import crowd, predicted_seconds
from peslab.database.recipe import DatabaseSettings, Recipe
from peslab.database.rows import Arrays, arrays
from peslab.database.space import check_space
from peslab.database.statistics import acceptance, statistics
from peslab.database.store import database_path, generate_if_missing, load_or_generate

__all__ = [
    "Arrays",
    "Database",
    "DatabaseSettings",
    "Overview",
    "Recipe",
    "Units",
    "acceptance",
    "arrays",
    "check_space",
    "crowd",
    "database_path",
    "generate",
    "generate_if_missing",
    "load_or_generate",
    "overview",
    "overviews_by_number",
    "overviews_by_width",
    "particle_numbers",
    "predicted_seconds",
    "read_database",
    "statistics",
    "write_database",
]
