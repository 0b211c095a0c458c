"""A study on one page of a terminal."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from peslab.study.about import About
from peslab.study.results.fresh import FreshResult, Verdict, fresh_results, verdict
from peslab.study.results.ranking import RankedTrial, ranking
from peslab.study.results.shown import Shown, on_test_part, shown

COMPACT: dict[str, Any] = {
    "title_justify": "left",
    "box": box.SIMPLE_HEAD,
    "show_edge": False,
    "padding": 0,
}
"""Tables that fit into 80 columns."""

MICROSECONDS = "prediction_microseconds"

MOST_COLUMNS = 5
"""Beside rank, trial, error and time, in 80 letters."""

NOTHING = "–"
"""In place of a number that there is not."""

ON_FRONT = "* on the Pareto front: none is as good in all, better in one, of"
"""What the mark at a rank means, before the names of the objectives."""

HUGE = 1e6
"""A value that is told by its power of ten."""

COLORS = {"pruned": "yellow", "failed": "red"}


def renderables(study: optuna.Study, home: Path) -> Iterator[RenderableType]:
    """The ranking, what the best is compared with, where the results are, the next commands."""
    trials = ranking(study)
    if not trials:
        yield f"The study '{study.study_name}' has no finished trial yet."
        return
    error = shown(study, trials)
    yield f"{study.study_name}: {error.told}"
    names = list(study.metric_names or ()) if len(study.directions) > 1 else []
    yield _table(trials, error, names)
    timed = "; µs: per prediction" if _is_timed(trials) else ""
    yield f"{error.label}: mean ± standard error over replicas{timed}"
    if names:
        yield f"{ON_FRONT}\n{', '.join(names)}"
    for trial in trials:
        if trial.state == "failed":
            yield f"Trial {trial.trial} failed: {escape(str(trial.reason))}"
    if trials[0].rank is not None and error.error == error.baselined:
        yield "\nThe best beside simpler answers, on the same test part"
        yield _comparison(trials[0], error)
        yield About.of(study).reference
    yield ""
    yield from confirmed(study, error)
    best = trials[0] if trials[0].rank is not None else None
    yield _tree(study.study_name, best, home, error)
    again = f"\n       peslab rerun {study.study_name}/best trainer.max_epochs=200"
    yield f"\nNext:  peslab ui{again if error.is_own and best is not None else ''}"


def _is_timed(trials: list[RankedTrial]) -> bool:
    return any(MICROSECONDS in trial.metrics for trial in trials)


def _table(trials: list[RankedTrial], error: Shown, objectives: Sequence[str] = ()) -> Table:
    """The trials in their order, with those of several objectives that have no column yet."""
    keys = sorted({key for trial in trials for key in trial.values})
    table = Table(
        **COMPACT,
    )
    headings = [name.replace("_", "\n") for name in short_names(keys)]
    time = ["µs"] if _is_timed(trials) else []
    others = [
        name for name in objectives if on_test_part(name) != error.error and name != MICROSECONDS
    ]
    if others and len(others) + len(keys) > MOST_COLUMNS:
        keys, headings = [], []  # they would not fit; every format but this page has them
    reached = [name.replace("/", "\n").replace("_", "\n") for name in others]
    for heading in ("rank", "trial", error.heading, *time, *reached, *headings):
        table.add_column(heading, justify="right", no_wrap=True)
    for trial in trials:
        values = [short(trial.values.get(key, NOTHING)) for key in keys]
        if trial.rank is None:
            table.add_row(
                NOTHING,
                str(trial.trial),
                f"[{COLORS[trial.state]}]{trial.state}[/]",
                *[""] * (len(time) + len(others)),
                *values,
            )
            continue
        told = with_sem(trial.metrics[error.error], trial.metrics.get(f"{error.error}_sem"))
        speed = [f"{trial.metrics[MICROSECONDS]:.1f}" for _ in time]
        rank = rank_told(trial, len(objectives))
        reached = [short(trial.metrics[name]) for name in others]
        table.add_row(rank, str(trial.trial), told, *speed, *reached, *values)
    return table


def rank_told(trial: RankedTrial, n_objectives: int) -> str:
    """Its rank, of several objectives with a mark where it is on their front; or how it ended."""
    if trial.rank is None:
        return trial.state
    return f"{trial.rank}{'*' if n_objectives > 1 and trial.front else ''}"


def short_names(keys: list[str]) -> list[str]:
    """The last part of each key, or all of it where two end alike."""
    tails = [key.rpartition(".")[2] for key in keys]
    return [tail if tails.count(tail) == 1 else key for key, tail in zip(keys, tails, strict=True)]


def _comparison(best: RankedTrial, shown: Shown) -> Table:
    table = Table(
        **COMPACT,
    )
    table.add_column("model")
    table.add_column(shown.heading.replace("\n", " "), justify="right")
    table.add_column("skill", justify="right")
    constant = best.metrics["baseline/constant_mae"]
    for name, error in {
        f"trial {best.trial}": best.metrics[shown.error],
        "least squares on the same inputs": best.metrics["baseline/least_squares_mae"],
        "constant (the median)": constant,
    }.items():
        table.add_row(name, fixed(error, decimals(error, 5)), fixed(1 - error / constant, 4))
    return table


def _tree(name: str, best: RankedTrial | None, home: Path, shown: Shown) -> Tree:
    tree = Tree(f"[bold]{home}[/]")
    kept = "losses, figures, networks" if shown.is_own else "metrics and what it said"
    tree.add(f"mlflow.db          [dim]every run: {kept}[/]")
    if shown.is_own:
        tree.add("databases/         [dim]the configurations, shared by all runs[/]")
    study = tree.add(f"studies/{name}/")
    study.add("journal.log    [dim]the study itself: the same command continues it[/]")
    study.add("report/        [dim]report.html: all of this and its figures, on one page[/]")
    if best is None:
        return tree
    best_folder = f"{best.trial}/".ljust(14)
    files = "network.pt, metrics.json, .hydra/" if shown.is_own else "metrics.json, replica_0/ …"
    study.add(f"{best_folder} [dim]the best trial: {files}[/]")
    return tree


def fixed(value: float, digits: int) -> str:
    """With so many digits after the point; what would have hundreds before it, by its power."""
    return f"{value:.{digits}f}" if abs(value) < HUGE else f"{value:.3g}"


def decimals(value: float, least: int, sem: float | None = None) -> int:
    """As many as show three digits of a small number, and one of its standard error.

    Errors in eV or Hartree are below 0.001; replicas agree by chance, or are a hundred.
    """
    digits = least
    if value != 0 and math.isfinite(value):
        digits = max(digits, 2 - math.floor(math.log10(abs(value))))
    if sem is not None and 0 < sem < 0.5 * 10.0**-digits:
        digits = -math.floor(math.log10(sem))
    return digits


def short(value: object) -> str:
    """A value as one would say it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def confirmed(study: optuna.Study, error: Shown) -> Iterator[RenderableType]:
    """The leading trials on fresh data, who is tied for best, what the winner owed to chance."""
    results, found = fresh_results(study), verdict(study)
    if found is None:
        return
    leading = [results[trial] for trial in found.trials]
    if leading:
        is_one = error.best == "best"
        those = "The leading trials" if is_one else "What leads in the first objective"
        yield f"{those}, trained again with fresh seeds and tested on\n{leading[0].told}"
        yield _fresh_table(leading, found, error)
    yield ties(found, error.best)
    winner = next((each.trial for each in ranking(study) if each.rank == 1), None)
    if winner in found.trials:
        yield curse(results[winner])
    yield from (escape(promise(each)) for each in results.values() if each.error is None)
    yield ""


def ties(found: Verdict, best: str = "best") -> str:
    """Who is the best, as far as anybody can know.

    Args:
        found: About the leading trials.
        best: What they may be.
    """
    if not found.trials and found.reason is not None:
        return f"The leading trials were not trained again: {found.reason}."
    if not found.trials:
        return "None of the leading trials could be trained again."
    if len(found.trials) == 1:
        return (
            f"Only trial {found.trials[0]} was trained again: there is nobody to compare it with."
        )
    if found.tied is None:
        return f"Nobody can say which differences are real: {found.reason}."
    *others, last = map(str, sorted(found.tied))
    if not others:
        return f"Trial {last} is the {best}: the others are really worse, at a level of 5 %."
    return f"Trials {', '.join(others)} and {last} are tied for {best}, at a level of 5 %."


def promise(result: FreshResult) -> str:
    """What validation promised of a trial, and what fresh data gave."""
    if result.error is None:
        return f"Trial {result.trial} failed when it was trained again: {result.reason}"
    given = f"trained again it has {with_sem(result.error, result.sem)}"
    if result.promised is None:
        return f"Trial {result.trial}: {given}"
    promised = with_sem(result.promised, None)
    return f"Trial {result.trial}: {promiser(result.metric)} promised {promised}, {given}"


def promiser(metric: str) -> str:
    """What promised a metric: of drags, for one, it was not the validation part."""
    return "validation" if not metric or metric.startswith(("val/", "test/")) else "the study"


def curse(winner: FreshResult) -> str:
    """By how much the lowest validation error of all trials was too low.

    Whether that is more than chance is only said where it is known how both of them scatter.
    """
    told, above = promise(winner), winner.above_promise
    if winner.error is None or winner.promised is None or above is None:
        return told
    lies = "more" if winner.error > winner.promised else "less"
    sem, seen = winner.sem_above_promise, ""
    if sem is not None:
        seen = "; the winner's curse" if above > 2 * sem else "; no winner's curse is seen"
    by = with_sem(abs(above), sem, winner.error)
    times = "" if winner.ratio is None else f", {ratio_told(winner)} times as much"
    return f"{told}:\n{by} {lies}{times}{seen}."


def ratio_told(result: FreshResult) -> str:
    """Of the error to what was promised, the winner's curse, as far as that says anything."""
    if result.ratio is None:
        return NOTHING
    ratio, sem = result.ratio
    return fixed(ratio, 2) + ("" if sem is None else f" ± {fixed(sem, 2)}")


def with_sem(mean: float | None, sem: float | None, beside: float | None = None) -> str:
    """A mean with its standard error, as far as there are both.

    Args:
        mean: Such as an error.
        sem: Of it; None of one replica.
        beside: The number whose digits it has where it stands beside that; None for its own.
    """
    if mean is None:
        return NOTHING
    like = mean if beside is None else beside
    is_large = math.isfinite(like) and abs(like) >= 1.0
    least = max(0, 4 - int(math.log10(abs(like)))) if is_large else 5
    if sem is None or not math.isfinite(sem):
        return fixed(mean, decimals(like, least))
    if abs(mean) >= HUGE:
        return f"{fixed(mean, least)} ± {sem:.2g}"
    digits = decimals(like, least, sem)
    return f"{mean:.{digits}f} ± {fixed(sem, digits)}"


def fresh_rows(leading: Sequence[FreshResult], found: Verdict | None) -> list[tuple[str, ...]]:
    """What is told of trials that were trained again, in their order.

    Args:
        leading: Those that have an error, the best first.
        found: About them; None where that is not known yet.

    Returns:
        The number of each, what was promised of it, its error, and the ratio of both; where pairs
        were tested, by how much it is worse than the best, and the probability of that between
        equals; where there is a verdict, that.
    """
    pairs = found.beside(leading[0].trial) if found is not None and leading else {}
    rows = []
    for result in leading:
        row = [str(result.trial), with_sem(result.promised, None)]
        row += [with_sem(result.error, result.sem), ratio_told(result)]
        if pair := pairs.get(result.trial):
            worse = with_sem(abs(pair["difference"]), pair["sem"], result.error)
            row += [worse, f"{pair['probability']:.2g}"]
        elif found is not None and found.pairs:
            row += ["", ""]
        row += [] if found is None else [found.told(result.trial) or ""]
        rows.append(tuple(row))
    return rows


def _fresh_table(leading: list[FreshResult], found: Verdict, error: Shown) -> Table:
    """The best fresh error first, and by how much the others are worse."""
    table = Table(**COMPACT)
    headings = ["trial", f"{promiser(error.fresh)}\npromised", error.fresh_heading, "ratio"]
    headings += [f"worse than\ntrial {leading[0].trial}", "p"] if found.pairs else []
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in fresh_rows(leading, found):
        table.add_row(*row)
    return table
