"""What the commands show in a terminal."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.tree import Tree

from peslab.configuration.build import resolve
from peslab.passwords import masked, masked_values
from peslab.study.results.report import COMPACT, decimals, fixed, promise, short
from peslab.study.results.searched import finished_trials, n_running
from peslab.study.search.space import parse_space

if TYPE_CHECKING:
    import numpy as np
    import optuna
    from numpy.typing import NDArray

    from peslab.database import Database
    from peslab.pipeline import Outcome, Repetition
    from peslab.study import Study
    from peslab.study.results.fresh import FreshResult
    from peslab.study.sweeper import ToldTrial

console = Console(highlight=False)

FAR = 10.0
"""Inputs are so many times as far out as those that were learned: nothing can be said of them."""


def composed(config: DictConfig) -> None:
    """A composed config that was found to be valid."""
    told = OmegaConf.to_yaml(masked_values(resolve(config)))
    console.print(Syntax(told, "yaml", background_color="default"))
    console.print("Valid: nothing was trained.")


class LiveWatcher:
    """Shows the part of a run, its epochs and its validation error on one line."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress, self._title = progress, title
        self._task = progress.add_task(title, total=None, told="")

    def part(self, name: str) -> None:
        """Name the part; nobody knows how long it takes."""
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(self._title, total=None, told=name)

    def made(self, done: int, total: int) -> None:
        """Show how far a database is."""
        told = f"data: {done:,} of {total:,} configurations"
        self._progress.update(self._task, completed=done, total=total, told=told)

    def epoch(self, epoch: int, max_epochs: int, error: float) -> None:
        """Move the bar by one."""
        told = f"epoch {epoch + 1}/{max_epochs}  validation MAE {fixed(error, decimals(error, 4))}"
        self._progress.update(self._task, completed=epoch + 1, total=max_epochs, told=told)


@contextmanager
def watching(title: str) -> Iterator[LiveWatcher]:
    """Watch a run on a terminal; elsewhere nothing is shown."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        yield LiveWatcher(progress, title)


@contextmanager
def progress(title: str) -> Iterator[Callable[[float], None]]:
    """Show what part is done, from 0 to 1, on a terminal; elsewhere nothing is shown."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as shown:
        task = shown.add_task(escape(title), total=1.0)
        yield lambda part: shown.update(task, completed=part)


def database(path: Path, content: "Database") -> None:
    """What a file holds."""
    from peslab.places import numbers

    n, _, dimension = content.positions.shape
    particles = f"{_range(numbers(content.positions))} of {content.element}"
    energy, length = content.units.energy, content.units.length
    energies, widths = (content.array(name) for name in ("energy_per_particle", "cell_width"))
    told = Table.grid("", "", padding=(0, 2))
    for name, value in {
        "configurations": f"{n:,}",
        "particles": f"{particles}, in {dimension} dimensions",
        "units": f"{energy}, {length}",
        "cell width": f"{_range(widths)} {length}",
        "energy per particle": f"{_range(energies)} {energy}",
        "forces": "none" if content.forces is None else f"in {energy}/{length}",
    }.items():
        told.add_row(f"  {name}", value)
    console.print(f"[bold]{escape(str(path))}[/]", soft_wrap=True)
    console.print(told)


def _range(values: "NDArray[np.float64] | NDArray[np.int64]") -> str:
    low, high = (f"{value:.6g}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def single_run(run_id: str, metrics: Mapping[str, float], folder: Path, home: Path) -> None:
    """The errors of a run, the place of its results, the next command."""
    best = metrics.get("best_replica")
    console.print(_errors(metrics))
    farthest = metrics.get("baseline/farthest_input", 0.0)
    if farthest > FAR:
        console.print(_guessed(farthest))
    if best is not None:
        console.print("Replicas with learning rates of their own are settings, not seeds of one:")
        console.print(f"the run is replica {best:.0f}, the best on the validation part.")
        console.print(_settings(metrics, int(best)))
        for line in _diverged(metrics):
            console.print(line)
    tree = Tree(f"[bold]{folder}[/]")
    for file, about in {
        "network.pt": "the trained replicas" if best is None else f"replica {best:.0f}",
        "metrics.json": "everything measured",
        ".hydra/": "the composed config",
    }.items():
        tree.add(f"{file:<14} [dim]{about}[/]")
    console.print(tree)
    console.print(f"Figures and losses: peslab ui (store {home / 'mlflow.db'})")
    console.print(f"Again, but longer:  peslab rerun {run_id[:8]} trainer.max_epochs=400")


def _guessed(farthest: float) -> str:
    """What errors on the test part are when its inputs are unlike all that was learned."""
    return (
        f"Inputs of the test part lie up to {farthest:,.0f} times as far out as any of the "
        "training part, where a network only guesses: use more data, or try another "
        "features.cutoff or scaling."
    )


def _errors(metrics: Mapping[str, float]) -> Table:
    best = metrics.get("best_replica")
    table = _table("Errors on the test part")
    table.add_column("metric")
    told = "mean ± standard error" if best is None else f"replica {best:.0f}"
    table.add_column(told, justify="right")
    for name in sorted(name for name in metrics if name.startswith("test/") and "_sem" not in name):
        table.add_row(name.removeprefix("test/"), with_sem(metrics, name))
    for name in ("baseline/constant_mae", "baseline/least_squares_mae", "skill"):
        table.add_row(name, with_sem(metrics, name))
    table.add_row("prediction", f"{metrics['prediction_microseconds']:.1f} µs")
    return table


def _settings(metrics: Mapping[str, float], best: int) -> Table:
    """The errors of replicas that are settings, each on a line of its own."""
    table = Table(**COMPACT)
    names = [
        name
        for name in metrics
        if name.startswith(("val/", "test/"))
        and name.endswith("_mae")
        and "force" not in name  # N times those of gradients
    ]
    headings = (name.replace("/", "\n").replace("_mae", "\nMAE") for name in names)
    for heading in ("replica", "learning\nrate", *headings):
        table.add_column(heading, justify="right")
    for k in takewhile(lambda k: f"replica_{k}/learning_rate" in metrics, count()):
        errors = (with_sem(metrics, f"replica_{k}/{name}") for name in names)
        rate = f"{metrics[f'replica_{k}/learning_rate']:g}"
        table.add_row(str(k), rate, *errors, style="bold" if k == best else None)
    return table


def _diverged(metrics: Mapping[str, float]) -> list[str]:
    """Which replicas have the weights of before they diverged."""
    found = {name: re.fullmatch(r"replica_(\d+)/diverged_epoch", name) for name in metrics}
    kept = "its weights are those of before"
    return [
        f"replica {match[1]} diverged in epoch {metrics[name] + 1:.0f}: {kept}"
        for name, match in found.items()
        if match is not None
    ]


def own_trainers_run(metrics: Mapping[str, float], folder: Path) -> None:
    """What a command of the user's measured, and where it lies."""
    table = _table("What the command measured")
    table.add_column("metric")
    table.add_column("mean ± standard error", justify="right")
    for name in sorted(metrics):
        if not name.startswith("replica_") and not name.endswith("_sem"):
            table.add_row(name, with_sem(metrics, name))
    console.print(table)
    tree = Tree(f"[bold]{folder}[/]")
    tree.add("metrics.json   [dim]everything measured[/]")
    tree.add("replica_0/ …   [dim]what each replica wrote and said[/]")
    console.print(tree)


def grid_line(number: int, values: str, outcome: "Outcome", error: str) -> None:
    """One run of a grid, and the metric of its error."""
    told = with_sem(outcome.metrics, error)
    console.print(
        f"run {number}: {escape(values)}  test MAE {told}  ({outcome.run_id[:8]})", soft_wrap=True
    )


def failed_line(number: int, values: str, reason: object) -> None:
    """One run of a grid that failed."""
    console.print(
        f"run {number}: {escape(values)}  [red]failed[/]: {escape(str(reason))}", soft_wrap=True
    )


def resumed_line(name: str, n_finished: int, n_trials: int) -> None:
    """A study is gone on with."""
    console.print(f"The study '{name}' goes on: {n_finished} of {n_trials} trials are finished.")


def few_points_line(study: "Study") -> None:
    """A grid may end before the trials that were asked for."""
    n_points = study.sampler.limit(parse_space(study.space))
    if n_points is not None and n_points < study.n_trials:
        console.print(
            f"The space has {n_points} points, each of which is tried once: fewer than "
            f"study.n_trials={study.n_trials}."
        )


def lost_line(how: str) -> None:
    """A worker that this one started did not end well."""
    told = f"[yellow]lost[/]  a worker of the study: {escape(how)}; others take its trial over"
    console.print(told, soft_wrap=True)


def others_line(name: str, n_running: int) -> None:
    """A ranking is not the last one, as other workers are at it."""
    told = "1 trial is" if n_running == 1 else f"{n_running} trials are"
    console.print(
        f"[yellow]Not yet the end[/]: {told} still being worked on elsewhere; then peslab report "
        f"{name} shows the ranking of all.",
        soft_wrap=True,
    )


MORE = 10
"""Trials that a finished study is offered."""


def nothing_to_do(study: "Study", kept: "optuna.Study") -> None:
    """A worker found no trial to take, in a study as it is kept."""
    there, running = len(finished_trials(kept)), n_running(kept)
    told = f"{there} finished trials" + (f", and {running} being worked on" if running else "")
    limit = study.sampler.limit(parse_space(study.space))
    if limit is not None and there + running >= limit:
        more = "Its sampler has no other values."
    else:
        beyond = there + running + MORE - study.n_trials
        more = f"{MORE} more: study.extend_by={beyond}, beyond study.n_trials={study.n_trials}."
    console.print(f"The study '{study.name}' has {told}: nothing was run. {more}")


def trial_line(progress: "ToldTrial", objective: str, told_as: str) -> None:
    """One told trial of a study, with its objective and what that is called."""
    values = " ".join(
        f"{key.rpartition('.')[2]}={short(value)}" for key, value in progress.values.items()
    )
    if progress.pruned:
        told = f"[yellow]{escape(str(progress.reason))}[/]"
    elif progress.result is None:
        told = f"[red]failed[/]: {escape(str(progress.reason))}"
    else:
        told = f"{told_as} {with_sem(progress.result.metrics, objective)}"
    console.print(
        f"[bold]{progress.finished:>3}/{progress.n_trials}[/]  trial {progress.number}: {told}"
        f"  [dim]{progress.seconds:.0f} s  {escape(values)}[/]",
        soft_wrap=True,
    )


def fresh_line(result: "FreshResult") -> None:
    """One leading trial of a study that was trained again."""
    told = escape(promise(result))
    console.print(f"[bold]confirm[/]  {told}", soft_wrap=True)


def undrawn_line(name: str, error: object) -> None:
    """A leading trial whose figures could not be drawn."""
    told = escape(" ".join(masked(str(error)).split()))
    console.print(f"[yellow]undrawn[/]  {name}: {told}", soft_wrap=True)


def _table(title: str) -> Table:
    return Table(title=title, **COMPACT)


def with_sem(metrics: Mapping[str, float], name: str) -> str:
    """A mean with its standard error over replicas, as far as there are several."""
    mean, sem = metrics[name], metrics.get(f"{name}_sem")
    digits = decimals(mean, 4, sem)
    return fixed(mean, digits) + ("" if sem is None else f" ± {fixed(sem, digits)}")


def difference(lines: Sequence[str]) -> None:
    """What a rerun changes in the config."""
    if not lines:
        console.print("The same config again.")
    for line in lines:
        console.print(escape(line), soft_wrap=True)


def repetition(found: "Repetition", outcome: "Outcome") -> None:
    """Whether a rerun gave the same numbers, and if not, what was different around it."""
    n = len(found.same) + len(found.different)
    if found.is_identical:
        console.print(f"Run {outcome.run_id[:8]} is identical: {n} metrics, bit by bit.")
    else:
        console.print(f"{len(found.different)} of {n} metrics differ:")
        console.print(_differing(found))
        if found.changes:
            console.print("What changed between the two runs:")
            console.print(_changes(found))
        else:
            console.print("Nothing that is recorded changed: neither code, libraries, nor machine.")
    console.print(f"In {outcome.folder}; figures: peslab ui", soft_wrap=True)


def nothing_to_compare(why: str, outcome: "Outcome") -> None:
    """A rerun of a run that did not come to its end."""
    console.print(
        f"The original has no final metrics to compare: {escape(masked(why))}", soft_wrap=True
    )
    console.print(_errors(outcome.metrics))
    console.print(f"In {outcome.folder}; figures: peslab ui", soft_wrap=True)


MOST_ROWS = 20
"""Lines that a table of differences may have."""


def _differing(found: "Repetition") -> Table:
    table = Table(**COMPACT)
    for column in ("metric", "original", "rerun", "relative"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    shown = sorted(found.different.items(), key=lambda item: item[0].startswith("replica_"))
    for name, (before, now) in shown[:MOST_ROWS]:
        relative = f"{now / before - 1:+.1e}" if before and now is not None else "–"
        told = ("–" if value is None else f"{value:.8g}" for value in (before, now))
        table.add_row(name, *told, relative)
    if len(shown) > MOST_ROWS:
        table.add_row(f"and {len(shown) - MOST_ROWS} more", "", "", "")
    return table


def _changes(found: "Repetition") -> Table:
    table = Table(**COMPACT)
    table.add_column("")
    for column in ("original", "rerun"):
        table.add_column(column, overflow="fold")
    for change in found.changes[:MOST_ROWS]:
        table.add_row(*map(escape, change))
    if len(found.changes) > MOST_ROWS:
        table.add_row(f"and {len(found.changes) - MOST_ROWS} more", "", "")
    return table


def comparison(original: "Mapping[str, float]", outcome: "Outcome") -> None:
    """A rerun's figures beside those of the run that it repeats."""
    table = _table(f"Run {outcome.run_id[:8]} beside its original")
    for column in ("metric", "original", "rerun", "ratio"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    for name in sorted(outcome.metrics):
        if name.startswith(("test/", "val/")) and "_sem" not in name and name in original:
            before, now = original[name], outcome.metrics[name]
            ratio = fixed(now / before, 3) if before else "–"
            table.add_row(name, f"{before:.6g}", f"{now:.6g}", ratio)
    console.print(table)
    console.print(f"In {outcome.folder}; figures: peslab ui")
