"""What trials are judged by: one metric or several, each minimized, or maximized after a minus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import optuna
from numpy.typing import NDArray

from peslab.errors import PeslabError


@dataclass(frozen=True)
class Objective:
    """A metric that a study minimizes or maximizes.

    Attributes:
        metric: Its name, as runs log it.
        maximized: Whether more is better.
    """

    metric: str
    maximized: bool

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """Optuna's word."""
        return "maximize" if self.maximized else "minimize"


def parse_objectives(texts: Sequence[str]) -> tuple[Objective, ...]:
    """Read objectives.

    Args:
        texts: Names of metrics; one after a minus is maximized.

    Raises:
        PeslabError: If there is none, or one twice.
    """
    objectives = tuple(Objective(text.removeprefix("-"), text.startswith("-")) for text in texts)
    names = [objective.metric for objective in objectives]
    if not names or not all(names) or len(set(names)) < len(names):
        raise PeslabError(
            f"objectives=[{','.join(texts)}] is not clear: name one metric or several different "
            "ones, each after a minus if it is to be maximized."
        )
    return objectives


def objectives_of(study: optuna.Study) -> list[str]:
    """The metrics of a study; one that does not name them is about the validation error."""
    others = [f"objective {number}" for number in range(1, len(study.directions))]
    return list(study.metric_names or ["val/energy_mae", *others])


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row beats: none is as good in all columns and better in one.

    Args:
        values: Shape (n, m), all to be minimized.

    Returns:
        Shape (n,); equal rows are on the front together.
    """
    return np.array([not is_beaten(row, values) for row in values], dtype=bool)


def is_beaten(row: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether any of the other rows is as good in all columns and better in one."""
    return bool(((others <= row).all(axis=1) & (others < row).any(axis=1)).any())
