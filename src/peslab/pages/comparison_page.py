"""Two runs side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peslab.pages.document import Block, Code, Document, Paragraph, Picture, Row, Section, Table
from peslab.study.results.report import fixed, with_sem

SHOWN = ("parity", "drag", "drag_lines", "errors", "forces", "learning_curves")
"""The figures that are worth a comparison, as far as both runs have them."""

REAL = 2.0  # standard errors, beyond which a difference stands out


@dataclass(frozen=True)
class Compared:
    """One of two runs.

    Attributes:
        name: As it was asked for.
        run_id: In MLflow.
        metrics: As logged at its end.
        figures: As PNG, by their names.
    """

    name: str
    run_id: str
    metrics: Mapping[str, float]
    figures: Mapping[str, bytes]


def comparison_document(first: Compared, second: Compared, difference: Sequence[str]) -> Document:
    """The page of two runs.

    Args:
        first: The one.
        second: The other.
        difference: The settings that differ, a line for each.
    """
    runs = f"{first.name} is run {first.run_id}, {second.name} is run {second.run_id}."
    config = Code("\n".join(difference)) if difference else Paragraph("They have the same config.")
    changes: tuple[Block, ...] = (Paragraph(runs), config)
    told = (
        f"± is the standard error over replicas, of differences that of independent runs. Bold: "
        f"beyond {REAL:g} standard errors."
    )
    sections = [
        Section("What differs in the config", changes),
        Section("Metrics", (metrics_table(first, second), Paragraph(told))),
    ]
    for name in SHOWN:
        if name in first.figures and name in second.figures:
            pictures = tuple(
                Picture(f"{name}_{number}", f"{run.name}: {name.replace('_', ' ')}", found)
                for number, run in enumerate((first, second))
                if (found := run.figures[name])
            )
            sections.append(Section(name.replace("_", " ").capitalize(), (Row(pictures),)))
    return Document(f"{first.name} beside {second.name}", tuple(sections))


def metrics_table(first: Compared, second: Compared) -> Table:
    """Each metric that both have, and how much more the second one has of it."""
    header = ("metric", first.name, second.name, "difference", "ratio")
    rows: list[tuple[str, ...]] = []
    bold = set()
    for name in sorted(set(first.metrics) & set(second.metrics), key=_importance):
        if name.startswith("replica_") or name.endswith("_sem"):
            continue
        (a, a_sem), (b, b_sem) = (
            (run.metrics[name], run.metrics.get(f"{name}_sem")) for run in (first, second)
        )
        sem = None if a_sem is None or b_sem is None else math.hypot(a_sem, b_sem)
        if sem is not None and abs(b - a) > REAL * sem:
            bold.add(len(rows))
        ratio = fixed(b / a, 3) if a else "–"
        rows.append((name, with_sem(a, a_sem), with_sem(b, b_sem), with_sem(b - a, sem), ratio))
    return Table(header, tuple(rows), frozenset(bold), n_left=1)


def _importance(metric: str) -> tuple[int, str]:
    """What is measured on the test part stands first."""
    first = metric.partition("/")[0]
    order = ("test", "val", "skill", "baseline", "prediction_microseconds")
    return (order.index(first) if first in order else len(order), metric)
