"""Databases of labeled configurations: what they hold, how they are made, where they are kept."""

from peslab.database.generate import generate
from peslab.database.overview import Overview, overview, overviews_by_width
from peslab.database.prediction import predicted_seconds
from peslab.database.recipe import DatabaseSettings, Recipe
from peslab.database.rows import Arrays, arrays
from peslab.database.statistics import acceptance, statistics
from peslab.database.store import database_path, load_or_generate

__all__ = [
    "Arrays",
    "DatabaseSettings",
    "Overview",
    "Recipe",
    "acceptance",
    "arrays",
    "database_path",
    "generate",
    "load_or_generate",
    "overview",
    "overviews_by_width",
    "predicted_seconds",
    "statistics",
]
