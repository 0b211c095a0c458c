"""Whether a run repeated another bit by bit, and if not, what was different around it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from peslab.problems.contract import Table, Tables

MARKS = ("fingerprint.", "data.")
"""How the tags begin that tell which data a run had: their recipes, and their bits."""

Change = tuple[str, str, str]
"""What it is, in the original, in its repetition."""

ABSENT = "–"


@dataclass(frozen=True)
class Repetition:
    """A run beside the one that it repeats.

    Attributes:
        same: Metrics that are equal in every bit.
        different: The others, by their names: before and now, None where one was not measured.
        changes: What is recorded to differ in code, libraries, machine and data.
    """

    same: tuple[str, ...]
    different: dict[str, tuple[float | None, float | None]]
    changes: tuple[Change, ...]

    @property
    def is_identical(self) -> bool:
        """Whether there is nothing to tell apart."""
        return not self.different


def compare(
    metrics: tuple[Mapping[str, float], Mapping[str, float]],
    surroundings: tuple[Mapping[str, str], Mapping[str, str]],
) -> Repetition:
    """Compare two runs, each with its original first.

    Times are left out: no clock repeats itself.

    Args:
        metrics: Of both runs.
        surroundings: Facts about both; one that either did not record is not compared, but for
            distributions, which one of them may not have had.
    """
    before, now = ({name: v for name, v in each.items() if not is_time(name)} for each in metrics)
    names = sorted({*before, *now})
    same = tuple(name for name in names if _bits(before.get(name)) == _bits(now.get(name)))
    return Repetition(
        same,
        {name: (before.get(name), now.get(name)) for name in names if name not in same},
        tuple(_changes(*surroundings)),
    )


def is_time(name: str) -> bool:
    """Whether a metric was measured with a clock."""
    return "seconds" in name


def marks(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of a run's tags that tell which data it had."""
    return {name: value for name, value in tags.items() if name.startswith(MARKS)}


def data_marks(tables: Tables) -> dict[str, str]:
    """Tags that tell which data these are: fingerprints of their recipes, digests of their bits.

    The same recipe may give other last bits on another processor.
    """
    parts = {"train": tables.train, "validation": tables.validation, "test": tables.test}
    fingerprints = {f"fingerprint.{k}": source.fingerprint for k, source in tables.sources.items()}
    return fingerprints | {f"data.{name}": _digest(table) for name, table in parts.items()}


def _digest(table: Table) -> str:
    content = hashlib.sha256()
    gradients = () if table.gradients is None else (table.gradients,)
    for array in (*table.inputs, table.targets, *gradients):
        content.update(array.tobytes())
    return content.hexdigest()[:16]


def _bits(value: float | None) -> str:
    return ABSENT if value is None else float(value).hex()


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    complete = "installed" in before and "installed" in now
    names = dict.fromkeys([*before, *now]) if complete else [n for n in before if n in now]
    return [
        (name, before.get(name, ABSENT), now.get(name, ABSENT))
        for name in names
        if before.get(name) != now.get(name) and name != "installed"  # its lines are told
    ]
