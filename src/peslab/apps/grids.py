"""What a grid shows at its end: a table of its runs, and their errors over what was swept."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from peslab.apps.present import with_sem
from peslab.configuration.folders import home
from peslab.errors import PeslabError
from peslab.pipeline import Grid, read_grid
from peslab.pipeline.grid_figure import GRADIENT, ROWS, draw
from peslab.study.results.report import COMPACT, short, short_names
from peslab.tracking import sweep_log

WIDTH = 80  # columns of the narrowest terminal
ENDLESS = 10_000
FIGURE = "sweep.png"
EPOCHS = "trainer.max_epochs"


class Column(NamedTuple):
    """A column of a table: its heading, a text for each run, and whether it may be left out."""

    heading: str
    texts: list[str]
    is_spare: bool = True


def conclude(folder: Path, console: Console) -> None:
    """Show the runs of a grid that has ended, draw them, and say which failed.

    Args:
        folder: Of the sweep.
        console: Where.

    Raises:
        PeslabError: If some of the runs failed.
    """
    grid = read_grid(folder)
    console.print()
    console.print(grid_table(grid, console))
    if grid.task is None:
        console.print("The runs differ in what they predict, or in its unit: compare their skills.")
    for reason in dict.fromkeys(grid.failures.values()):
        numbers = _listed(number for number, why in grid.failures.items() if why == reason)
        console.print(f"{numbers} failed: {escape(reason)}", soft_wrap=True)
    if grid.best is not None:
        _conclude_best(grid, grid.best, console)
    if grid.failures:
        raise PeslabError(
            f"{len(grid.failures)} of the runs failed: {_listed(grid.failures).lower()}; "
            "why is said under the table."
        )


def grid_table(grid: Grid, console: Console) -> Table:
    """The runs in the order of their numbers, in 80 columns, the best of them in bold."""
    columns = _columns(grid)
    table = _table(grid, columns)
    unbounded = console.options.update(max_width=ENDLESS)
    while console.measure(table, options=unbounded).maximum > WIDTH:
        spare = [column for column in columns if column.is_spare]
        if not spare:
            table.width = WIDTH
            break
        columns.remove(spare[-1])
        table = _table(grid, columns)
    return table


def _columns(grid: Grid) -> list[Column]:
    """From the most to the least important one."""
    rows = grid.runs.to_dicts()
    columns = [Column("run", [str(row["run"]) for row in rows], is_spare=False)]
    for key, name in zip(grid.keys, short_names(list(grid.keys)), strict=True):
        values = [escape(short(row[key])) for row in rows]
        columns.append(Column(name.replace("_", "\n"), values, is_spare=False))
    if grid.task is not None:
        error = grid.task.test_error
        texts = ["[red]failed[/]" if row["failure"] else with_sem(row, error) for row in rows]
        columns.append(Column(f"test MAE\n({grid.task.unit})", texts, is_spare=False))
        if grid.has(GRADIENT):
            texts = ["" if row["failure"] else with_sem(row, GRADIENT) for row in rows]
            columns.append(Column(f"gradient\n({grid.task.gradient_unit})", texts))
    for heading, metric, digits in (
        ("skill", "skill", 4),
        ("fit\n(s)", "seconds/fit", 1),
        ("µs", "prediction_microseconds", 1),
    ):
        if grid.has(metric):
            texts = ["" if row["failure"] else f"{row[metric]:.{digits}f}" for row in rows]
            columns.append(Column(heading, texts))
    return columns


def _listed(numbers: Iterable[int]) -> str:
    told = [str(number) for number in numbers]
    return f"Run{'s' if len(told) > 1 else ''} {', '.join(told)}"


def _table(grid: Grid, columns: list[Column]) -> Table:
    table = Table(**COMPACT)
    for column in columns:
        table.add_column(column.heading, justify="right", overflow="fold")
    for number, *texts in zip(*(column.texts for column in columns), strict=True):
        table.add_row(number, *texts, style="bold" if number == str(grid.best) else None)
    return table


def _most_steps(grid: Grid) -> int:
    """Of the run with most training configurations."""
    trainer, n_train = grid.plan.trainer, int(max(grid.finished[ROWS]))
    return trainer.epochs(n_train) * -(-n_train // trainer.batch_size)


def _conclude_best(grid: Grid, best: int, console: Console) -> None:
    """Which run is the best, the figure of all, where they are, and what comes next."""
    console.print(f"Bold: run {best}, the best on the validation part; errors: the test part.")
    tracking, name = grid.plan.tracking, grid.folder.name
    log = sweep_log(tracking, home(), name, grid.plan.problem.name)
    tree = Tree(f"[bold]{escape(str(grid.folder))}[/]")
    if drawing := draw(grid):
        for curve, law in drawing.laws.items():
            console.print(f"{escape(curve)}: test MAE ∝ n^−α of n training configurations, {law}")
            log.metrics({f"alpha/{curve}": law.exponent, f"alpha/{curve}_sem": law.exponent_sem})
        if any(law.misfit is not None for law in drawing.laws.values()):
            console.print("Points that are errors off follow no power law; ± is larger by as much.")
        if drawing.laws and EPOCHS not in grid.keys and grid.plan.trainer.max_steps is None:
            console.print(
                "Fewer configurations were trained in fewer steps; for equal ones add\n"
                f"{EPOCHS}=null trainer.max_steps={_most_steps(grid)}"
            )
        partial = grid.folder / f".{FIGURE}"
        drawing.figure.savefig(partial)
        partial.replace(grid.folder / FIGURE)
        log.figure(drawing.figure, FIGURE)
        tree.add(f"{FIGURE:<12} [dim]errors over {' and '.join(grid.keys)}[/]")
    elif grid.keys:
        console.print(f"Without a figure: it shows one or two swept keys, not {len(grid.keys)}.")
    tree.add(f"{'0/, 1/, …':<12} [dim]network.pt, metrics.json and .hydra/ of each run[/]")
    console.print(tree, soft_wrap=True)
    run_id = tracking.of_study(home(), name, best).run_id
    console.print(f"Next:  peslab ui\n       peslab rerun {run_id[:8]} trainer.max_epochs=400")
