"""The one place where the floors meet: problem → features → fit → evaluate → log."""

from peslab.pipeline.grid import Grid, read_grid
from peslab.pipeline.plan import Plan, plan
from peslab.pipeline.repetition import Repetition, compare, marks
from peslab.pipeline.run import Origin, Outcome, Watcher, run

__all__ = [
    "Grid",
    "Origin",
    "Outcome",
    "Plan",
    "Repetition",
    "Watcher",
    "compare",
    "marks",
    "plan",
    "read_grid",
    "run",
]
