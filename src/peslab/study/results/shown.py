"""What a study is ranked by, and what its tables show of it."""

from collections.abc import Iterable
from dataclasses import dataclass

import optuna

from peslab.study.about import About
from peslab.study.objectives import objectives_of
from peslab.study.results.fresh import fresh_results
from peslab.study.results.ranking import RankedTrial


@dataclass(frozen=True)
class Shown:
    """The error of a study's trials.

    Attributes:
        objective: The metric that trials are ranked by, the first of several.
        error: The metric that is shown: the objective on the test part, where there is one; of
            several objectives the problem's own error, as each of them has a column.
        unit: Of that; empty where it has none.
        baselined: The metric that the logged baselines are errors of.
        is_own: Whether peslab trains, and not a command of the user's.
        fresh: The metric of which trials that were trained again tell.
        fresh_unit: Of that.
        has_new_data: Whether they were tested on data that no trial has seen: files and commands of
            the user's have none.
        best: What the first of the leading trials may be: of several objectives the first decides.
    """

    objective: str
    error: str
    unit: str
    baselined: str
    is_own: bool
    fresh: str
    fresh_unit: str
    has_new_data: bool
    best: str

    @property
    def label(self) -> str:
        """The error in words, as "test MAE"."""
        return label(self.error, self.baselined)

    @property
    def heading(self) -> str:
        """The error and its unit, of a column."""
        return f"{self.label}\n({self.unit})" if self.unit else self.label.replace(" ", "\n", 1)

    @property
    def fresh_label(self) -> str:
        """What trials were trained again for: "fresh MAE", or "MAE again" where no data are new."""
        words = label(self.fresh, self.baselined).removeprefix("test ").removeprefix("val ")
        return f"fresh {words}" if self.has_new_data else f"{words} again"

    @property
    def fresh_heading(self) -> str:
        """The same and its unit, of a column."""
        told = self.fresh_label
        return f"{told}\n({self.fresh_unit})" if self.fresh_unit else told.replace(" ", "\n", 1)

    @property
    def told(self) -> str:
        """What the table is about."""
        if self.error == self.objective:
            return f"ranked by {self.objective}"
        if self.error == on_test_part(self.objective):
            return "ranked by the validation part, shown on the test part"
        return f"ranked by {self.objective}, shown with the {self.label}"


def shown(study: optuna.Study, trials: Iterable[RankedTrial]) -> Shown:
    """What tables of these trials of a study show."""
    about = About.of(study)
    objective, *others = objectives_of(study)
    on_test = about.baselined if others and about.baselined else on_test_part(objective)
    complete = [trial for trial in trials if trial.rank is not None]
    has_test = all(on_test in trial.metrics for trial in complete)
    error = on_test if has_test else objective
    again = list(fresh_results(study).values())
    confirmed = next((each.metric for each in again if each.metric), "")
    fresh = confirmed or (error if about.trainer else about.baselined) or error
    return Shown(
        objective=objective,
        error=error,
        unit=about.units.get(error, ""),
        baselined=about.baselined,
        is_own=not about.trainer,
        fresh=fresh,
        fresh_unit=about.units.get(fresh, ""),
        has_new_data=not about.trainer and all(each.is_new for each in again),
        best="best in the first objective" if others else "best",
    )


def on_test_part(metric: str) -> str:
    """A metric of the validation part as it is called on the test part."""
    return f"test/{metric.removeprefix('val/')}" if metric.startswith("val/") else metric


def label(metric: str, baselined: str) -> str:
    """A metric in words: "val MAE" for that of the problem's target, else "val gradient MAE"."""
    part, _, name = metric.rpartition("/")
    if on_test_part(metric) == baselined:
        return f"{part} MAE"
    return f"{part} {name.replace('_mae', ' MAE').replace('_', ' ')}".strip()
