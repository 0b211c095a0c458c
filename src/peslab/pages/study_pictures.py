"""A study in pictures."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peslab.errors import InvalidInputError
from peslab.evaluation import (
    Forest,
    Front,
    Means,
    SearchedAxis,
    Shares,
    forest_figure,
    half_widths,
    history_figure,
    importance_figure,
    literal,
    parallel_figure,
    pareto_figure,
    png_and_pdf,
    slice_figure,
    unit_label,
)
from peslab.pages.document import Picture
from peslab.pages.words import MICROSECONDS, is_never_negative, metric_words
from peslab.study.results.importances import importances
from peslab.study.results.report import short_names
from peslab.study.results.searched import SearchedKey, asked, objective_values, searched_keys
from peslab.study.results.table import trials_frame

if TYPE_CHECKING:
    import optuna
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

BASELINES = {
    "least absolute": "baseline/least_absolute_mae",
    "least squares": "baseline/least_squares_mae",
    "constant": "baseline/constant_mae",
}
LARGER = ", larger is better"
MOST_PANELS = 3  # of pairs of objectives
SECONDS = 4.0  # that importances may take, all objectives together
CAPTIONS = {
    "forest": "The {shown} of each trial, the best first, with 95 % intervals over replicas.",
    "importances": "Which keys each objective depends on. PED-ANOVA: what sets the best trials "
    "apart; fANOVA: what part of the variance a key explains by itself, of the logarithm where all "
    "values are positive.",
    "history": "The {objective} of each trial, in the order in which they were proposed.",
    "slices": "The {objective} over each key of the space.",
    "parallel": "Each line is a trial; the darker, the better its {objective}.",
    "pareto": "What accuracy costs: trials that no other beats in both quantities.",
}


class StudyPictures:
    """The pictures of a study by their names, each drawn when it is asked for.

    Attributes:
        frame: The study's trials.
        refused: Why a picture cannot be drawn, by its name, filled as they are asked for.
    """

    def __init__(self, study: "optuna.Study") -> None:
        self.frame = trials_frame(study)
        self.refused: dict[str, str] = {}
        self._study, self._asked = study, asked(study)
        self._keys = searched_keys(study)
        values, numbers = objective_values(study), self.frame["trial"].to_list()
        self._objectives = [
            np.array([values[n][place] if n in values else np.nan for n in numbers])
            for place in range(len(self._asked.signs))
        ]
        self._larger_is_better = [sign < 0.0 for sign in self._asked.signs]

    def __iter__(self) -> Iterator[Picture]:
        """Draw all that can be drawn."""
        draw: dict[str, Callable[[], Figure | None]] = {
            "forest": self._forest,
            "importances": self._importances,
            "history": self._history,
            "slices": self._slices,
            "parallel": self._parallel,
            "pareto": self._pareto,
        }
        for name, drawn in draw.items():
            figure = drawn()
            if figure is not None:
                yield Picture(name, self._caption(name), *png_and_pdf(figure))

    def _caption(self, name: str) -> str:
        """What a picture shows, in the words of the metrics that it shows."""
        shown, objective = map(metric_words, (self._forest_metric, self._asked.objectives[0]))
        return CAPTIONS[name].format(shown=shown, objective=objective)

    @property
    def _forest_metric(self) -> str:
        """The error that tables show, or the objective where no trial has that."""
        shown = self._asked.shown.error
        return shown if shown in self.frame.columns else self._asked.objectives[0]

    @property
    def _validation_label(self) -> str:
        return self._objective_labels()[0]

    def _objective_labels(self) -> list[str]:
        pairs = zip(self._asked.objectives, self._larger_is_better, strict=True)
        return [self._label(metric, larger_is_better=larger) for metric, larger in pairs]

    def _label(self, metric: str, *, larger_is_better: bool = False) -> str:
        unit = unit_label(self._asked.about.units.get(metric, ""))
        told = literal(metric_words(metric)) + (f" ({unit})" if unit else "")
        return told + LARGER * larger_is_better

    def _complete(self) -> pl.DataFrame:
        return self.frame.filter(pl.col("state") == "complete")

    def _forest(self) -> "Figure | None":
        shown, ranked = self._forest_metric, self._complete().sort("rank", nulls_last=True)
        if shown not in ranked.columns or not ranked[shown].is_finite().any():
            return None
        counts = replica_counts(ranked, shown)
        is_alike = shown == self._asked.shown.fresh
        fresh = _numbers(ranked, "fresh_error" if is_alike else "")
        forest = Forest(
            [f"trial {number}" for number in ranked["trial"]],
            Means(_numbers(ranked, shown), half_widths(_numbers(ranked, f"{shown}_sem"), counts)),
            Means(fresh, half_widths(_numbers(ranked, "fresh_error_sem"), counts)),
            ranked["tied"].fill_null(value=False).to_numpy() & is_alike,
            {
                name: _numbers(ranked, metric)
                for name, metric in BASELINES.items()
                if metric in ranked.columns and shown == self._asked.about.baselined
            },
            0.0 if is_never_negative(shown) and (ranked[shown] >= 0.0).all() else -np.inf,
            "fresh data and seeds" if self._asked.shown.has_new_data else "fresh seeds",
            self._asked.shown.best,
        )
        is_large = any(
            larger and objective.rpartition("/")[2] == shown.rpartition("/")[2]
            for objective, larger in zip(
                self._asked.objectives, self._larger_is_better, strict=True
            )
        )
        return forest_figure(forest, self._label(shown, larger_is_better=is_large))

    def _importances(self) -> "Figure | None":
        names = short_names([key.key for key in self._keys])
        short = {key.key: literal(name) for key, name in zip(self._keys, names, strict=True)}
        panels = {}
        for place, objective in enumerate(self._asked.objectives[:MOST_PANELS]):
            try:
                found = importances(
                    self._study, place, SECONDS / min(len(self._asked.objectives), MOST_PANELS)
                )
            except InvalidInputError as error:
                self.refused["importances"] = str(error)
                continue
            panels[literal(objective)] = {
                method: Shares(
                    {short[key]: share for key, share in each.share.items()},
                    {short[key]: value for key, value in each.deviation.items()},
                )
                for method, each in found.items()
            }
        return importance_figure(panels) if panels else None

    def _history(self) -> "Figure | None":
        if not len(self.frame):
            return None
        numbers, states = self.frame["trial"].to_list(), self.frame["state"].to_list()
        return history_figure(
            numbers,
            self._objectives[0],
            states,
            self._validation_label,
            larger_is_better=self._larger_is_better[0],
        )

    def _slices(self) -> "Figure | None":
        if not self._keys:
            return None
        states = self.frame["state"].to_list()
        return slice_figure(
            self._axes(),
            self._objectives[0],
            states,
            self._validation_label,
            larger_is_better=self._larger_is_better[0],
        )

    def _parallel(self) -> "Figure | None":
        if not self._keys or not np.isfinite(self._objectives[0]).any():
            return None
        return parallel_figure(
            self._axes(),
            self._objectives[0],
            self._validation_label,
            larger_is_better=self._larger_is_better[0],
        )

    def _axes(self) -> list[SearchedAxis]:
        names = short_names([key.key for key in self._keys])
        return [self._axis(key, name) for key, name in zip(self._keys, names, strict=True)]

    def _axis(self, key: SearchedKey, name: str) -> SearchedAxis:
        column = self.frame[key.column]
        if column.dtype.is_numeric():
            return SearchedAxis(
                literal(name),
                _numbers(self.frame, key.column),
                is_logarithmic=key.is_logarithmic,
                is_whole=column.dtype.is_integer(),
            )
        number = {option: float(place) for place, option in enumerate(key.options)}
        places = np.array([number.get(value, np.nan) for value in column])
        return SearchedAxis(literal(name), places, tuple(map(literal, key.options)))

    def _pareto(self) -> "Figure | None":
        known = self.frame["state"].to_numpy() == "complete"
        quantities = list(
            zip(self._objective_labels(), self._objectives, self._larger_is_better, strict=True)
        )
        pairs = list(combinations(quantities, 2))
        if MICROSECONDS in self.frame.columns and MICROSECONDS not in self._asked.objectives:
            cost = (self._label(MICROSECONDS), _numbers(self.frame, MICROSECONDS), False)
            pairs.insert(0, (cost, quantities[0]))
        fronts = []
        for (x_label, x, x_is_large), (y_label, y, y_is_large) in pairs[:MOST_PANELS]:
            both = known & np.isfinite(x) & np.isfinite(y)
            if both.any():
                trials = self.frame["trial"].to_numpy()[both].tolist()
                larger = (x_is_large, y_is_large)
                fronts.append(Front(x[both], y[both], x_label, y_label, trials, larger))
        return pareto_figure(fronts) if fronts else None


def replica_counts(frame: pl.DataFrame, metric: str) -> Array:
    """How many replicas the mean of a metric is taken over in each row, shape (n,)."""
    columns = [
        name
        for name in frame.columns
        if name.startswith("replica_") and name.partition("/")[2] == metric
    ]
    if not columns:
        return np.ones(len(frame))
    values = frame.select(pl.col(columns).cast(pl.Float64)).to_numpy()
    return np.asarray(np.isfinite(values).sum(axis=1), dtype=float)


def _numbers(frame: pl.DataFrame, column: str) -> Array:
    """A column, NaN where there is nothing."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    values: Array = frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return values
