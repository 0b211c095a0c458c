"""All that a study found, on one page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from peslab.pages.document import Block, Code, Document, Paragraph, Picture, Section, Table
from peslab.pages.html import as_html
from peslab.pages.latex import as_latex
from peslab.pages.markdown import as_markdown
from peslab.pages.study_pictures import StudyPictures
from peslab.pages.words import MICROSECONDS, metric_words
from peslab.study.results.fresh import FreshResult, Verdict, fresh_results, verdict
from peslab.study.results.paired import LEVEL
from peslab.study.results.ranking import ranking
from peslab.study.results.report import (
    NOTHING,
    ON_FRONT,
    curse,
    fresh_rows,
    promise,
    promiser,
    rank_told,
    short,
    short_names,
    ties,
    with_sem,
)
from peslab.study.results.searched import Asked, asked, objective_values, searched_keys
from peslab.study.results.shown import Shown

if TYPE_CHECKING:
    import optuna

TITLES = {
    "forest": "Errors with their intervals",
    "importances": "Importances",
    "history": "History",
    "slices": "Slices",
    "parallel": "Parallel coordinates",
    "pareto": "Accuracy and cost",
}
"""In their order on the page."""


@dataclass(frozen=True)
class Recorded:
    """What stands in the folders of a study and in MLflow, as far as it could be found.

    Attributes:
        settings: Of the study itself, such as `n_trials`.
        environment: Versions and machine of its best run.
        command: That trains its best trial again, to be pasted.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


def study_files(study: "optuna.Study", recorded: Recorded) -> dict[str, bytes | str]:
    """Everything that a study's report is made of, by its name in the folder.

    Args:
        study: Any; one without a finished trial has a page that says so.
        recorded: What is known of it elsewhere.
    """
    drawn = StudyPictures(study)
    pictures = {picture.name: picture for picture in drawn}
    page = study_document(study, recorded, pictures, drawn)
    footer = f"Made by peslab from the study {study.study_name}; the same is in report.md."
    files: dict[str, bytes | str] = {
        "report.html": as_html(page, footer),
        "report.md": as_markdown(page),
        "ranking.csv": drawn.frame.write_csv(),
        "ranking.tex": as_latex(ranking_table(study, drawn.frame)),
    }
    for picture in page.pictures():
        files[f"figures/{picture.name}.png"] = picture.png
        if picture.pdf is not None:
            files[f"figures/{picture.name}.pdf"] = picture.pdf
    return files


def study_document(
    study: "optuna.Study",
    recorded: Recorded,
    pictures: Mapping[str, Picture],
    drawn: StudyPictures,
) -> Document:
    """The page of a study."""
    what, frame = asked(study), drawn.frame
    sections = [Section("What was asked", tuple(_asked(what, frame, recorded)))]
    if recorded.command:
        blocks = tuple(_repetition(study.study_name, recorded.command))
        sections.append(Section("The best, to paste", blocks))
    if len(frame):
        told = f"{what.shown.told[0].upper()}{what.shown.told[1:]}"
        note = f"{told}. ± is the standard error of the mean over replicas."
        if len(what.objectives) > 1:
            note += f" {ON_FRONT} {', '.join(map(metric_words, what.objectives))}."
        ranked = Paragraph(note), ranking_table(study, frame)
        sections.append(Section("Ranking", ranked))
    fresh, found = fresh_results(study), verdict(study)
    if fresh or found is not None:
        first = next((trial.trial for trial in ranking(study) if trial.rank == 1), None)
        blocks = tuple(_confirmation(fresh, found, first, what.shown))
        where = " on fresh data" if what.shown.has_new_data else ", trained again"
        sections.append(Section(f"The leading trials{where}", blocks))
    for name, title in TITLES.items():
        if name in pictures:
            sections.append(Section(title, (pictures[name],)))
        elif name in drawn.refused:
            sections.append(Section(title, (Paragraph(drawn.refused[name]),)))
    if (ended := frame.filter(pl.col("state") != "complete")).height:
        sections.append(Section("Failed and pruned", (_failures(study, ended),)))
    sections.append(Section("The record", tuple(_record(what, recorded))))
    return Document(f"Study {study.study_name}", tuple(sections))


def ranking_table(study: "optuna.Study", frame: pl.DataFrame) -> Table:
    """The trials, the best first, those without a rank last; what is tied for best stands out."""
    what, keys, values = asked(study), searched_keys(study), objective_values(study)
    error = what.shown.error if what.shown.error in {*frame.columns} - {*what.objectives} else None
    has_fresh = not frame["fresh_error"].is_null().all()
    has_cost = MICROSECONDS in frame.columns and MICROSECONDS not in what.objectives
    header = ["rank", "trial", *(_heading(name, what) for name in what.objectives)]
    header += [_heading(error, what)] if error else []
    alike = what.shown.fresh == (error or what.objectives[0])
    again = "on fresh data" if what.shown.has_new_data else "trained again"
    header += [again if alike else what.shown.fresh_label, "verdict"] if has_fresh else []
    header += ["µs"] if has_cost else []
    header += short_names([key.key for key in keys])
    ranks = {each.trial: rank_told(each, len(what.objectives)) for each in ranking(study)}
    rows: list[tuple[str, ...]] = []
    bold = set()
    for row in frame.sort(pl.col("rank").fill_null(len(frame) + 1), "trial").to_dicts():
        found = values.get(row["trial"], [None] * len(what.objectives))
        cells = [ranks[row["trial"]], str(row["trial"]), *map(_number, found)]
        cells += [with_sem(row[error], row.get(f"{error}_sem"))] if error else []
        if has_fresh:
            fresh = with_sem(row["fresh_error"], row["fresh_error_sem"])
            cells += [fresh, row["verdict"] or ""]
        cells += [_rounded(row[MICROSECONDS])] if has_cost else []
        if row["tied"] or (row["rank"] == 1 and not has_fresh):
            bold.add(len(rows))
        rows.append((*cells, *(_value(row[key.column]) for key in keys)))
    return Table(tuple(header), tuple(rows), frozenset(bold))


def _rounded(microseconds: float | None) -> str:
    return NOTHING if microseconds is None else f"{microseconds:.1f}"


def _repetition(name: str, command: str) -> Iterator[Block]:
    yield Code(command)
    yield Paragraph("Again from its record, or with a change, such as more epochs:")
    yield Code(f"peslab rerun {name}/best\npeslab rerun {name}/best trainer.max_epochs=200")


def _asked(what: Asked, frame: pl.DataFrame, recorded: Recorded) -> Iterator[Block]:
    """How many trials, what they minimized, and in which space."""
    counts = dict(frame["state"].value_counts().iter_rows())
    told = ", ".join(f"{counts[state]} {state}" for state in sorted(counts)) or "none yet"
    texts = [recorded.settings.get(key, "") for key in ("n_trials", "extend_by")]
    planned = sum(int(text) for text in texts if text.isdecimal())
    of = f" of {planned}" if planned >= len(frame) else ""  # fewer may be asked for later
    yield Paragraph(f"{len(frame)}{of} trials are finished: {told}. {_goals(what)}")
    if {"seed", "replicas"} <= set(what.recipe):
        seeds = f"seed {what.recipe['seed']} and the {what.recipe['replicas']} replicas from it on"
        proposals = recorded.settings.get("seed")
        drawn = f"; proposals were drawn with seed {proposals}" if proposals is not None else ""
        yield Paragraph(f"Every trial was trained with {seeds}{drawn}.")
    if what.about.reference:
        yield Paragraph(f"For comparison, {what.about.reference}.")
    if what.space:
        yield Table(("key", "searched in"), tuple(what.space.items()), n_left=2)


def _goals(what: Asked) -> str:
    """What was minimized, and what was maximized."""
    named = [_heading(metric, what) for metric in what.objectives]
    goals = {
        verb: [name for name, each in zip(named, what.signs, strict=True) if each == sign]
        for verb, sign in (("Minimized", 1.0), ("Maximized", -1.0))
    }
    return " ".join(f"{verb}: {' and '.join(goal)}." for verb, goal in goals.items() if goal)


def _confirmation(
    fresh: Mapping[int, FreshResult], found: Verdict | None, first: int | None, shown: Shown
) -> Iterator[Block]:
    """What validation promised, what came out when trained again, and who is tied."""
    if fresh:
        yield from _trained_again(fresh, found, shown)
    if found is not None:
        yield Paragraph(ties(found, shown.best))
    winner = None if first is None else fresh.get(first)
    if winner is not None and winner.error is not None:
        yield Paragraph(curse(winner))


def _trained_again(
    fresh: Mapping[int, FreshResult], found: Verdict | None, shown: Shown
) -> Iterator[Block]:
    whence = next((f" and tested on {each.told}" for each in fresh.values() if each.told), "")
    led = "leading trials" if shown.best == "best" else "trials that lead in the first objective"
    yield Paragraph(
        f"The {led} were trained again with fresh seeds{whence}. What is "
        f"compared is their {metric_words(shown.fresh)}."
    )
    given = [each for each in fresh.values() if each.error is not None]
    given.sort(key=lambda each: each.sign * (each.error or 0.0))
    if given:
        yield from _compared(given, found, shown)
    for each in fresh.values():
        if each.error is None:
            yield Paragraph(promise(each))


def _compared(given: Sequence[FreshResult], found: Verdict | None, shown: Shown) -> Iterator[Block]:
    """As the terminal tells it."""
    unit = f" ({shown.fresh_unit})" if shown.fresh_unit else ""
    header = ["trial", f"{promiser(shown.fresh)} promised{unit}", f"trained again{unit}", "ratio"]
    is_tested = found is not None and bool(found.pairs)
    header += [f"worse than trial {given[0].trial}{unit}", "p"] if is_tested else []
    header += [] if found is None else ["verdict"]
    rows = tuple(fresh_rows(given, found))
    tied = [row for row, each in enumerate(given) if found and found.is_tied(each.trial)]
    yield Table(tuple(header), rows, frozenset(tied))
    if is_tested:
        yield Paragraph(
            "p: the probability that two equally good trials differ as much, corrected for the "
            f"number of pairs; below {LEVEL:g} one is called worse."
        )


def _failures(study: "optuna.Study", ended: pl.DataFrame) -> Table:
    keys = searched_keys(study)
    names = short_names([key.key for key in keys])
    rows = [
        (
            str(row["trial"]),
            row["state"],
            row["reason"] or NOTHING,
            ", ".join(
                f"{name}={_value(row[key.column])}"
                for name, key in zip(names, keys, strict=True)
                if row[key.column] is not None
            ),
        )
        for row in ended.to_dicts()
    ]
    return Table(("trial", "state", "reason", "values"), tuple(rows), n_left=4)


def _record(what: Asked, recorded: Recorded) -> Iterator[Block]:
    """Of what the numbers depend on, everything that is known."""
    if recorded.environment:
        yield Paragraph("Code, libraries and machine of the best run:")
        yield Code(_lines(recorded.environment))
    if what.recipe:
        yield Paragraph("What all trials shared:")
        yield Code(_lines(what.recipe))
    yield Paragraph(
        "Beside this page: ranking.csv with every metric of every trial, ranking.tex for a paper, "
        "and each figure in figures/ as pixels and as a drawing."
    )


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in values.items())


def _heading(metric: str, what: Asked) -> str:
    unit = what.about.units.get(metric, "")
    return f"{metric_words(metric)} ({unit})" if unit else metric_words(metric)


def _number(value: float | None) -> str:
    return with_sem(value, None)


def _value(value: object) -> str:
    return NOTHING if value is None else short(value)
