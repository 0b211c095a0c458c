"""What a problem answers: its tables, its task, its baselines, its probes, how to have new data."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from peslab.features import Descriptor

Array = NDArray[np.float64]

Progress = Callable[[int, int], None]
"""Told how many configurations of how many are done."""


@dataclass(frozen=True)
class Table:
    """Labeled data in rows.

    Attributes:
        inputs: What descriptors are called with, each of n rows; the first one are the coordinates
            that gradients refer to, e.g. (positions (n, N, d), cell_width (n,)), which are NaN
            in places without a particle, as gradients are there.
        targets: Shape (n,), in the task's unit.
        gradients: Of the targets with respect to the coordinates, the same shape as those; None
            where a problem has none.
    """

    inputs: tuple[Array, ...]
    targets: Array
    gradients: Array | None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.targets)

    def rows(self, selection: slice) -> "Table":
        """Some of the rows."""
        gradients = None if self.gradients is None else self.gradients[selection]
        inputs = tuple(array[selection] for array in self.inputs)
        return Table(inputs, self.targets[selection], gradients)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the inputs and targets: rows of equal tables can be compared one by one."""
        content = hashlib.sha256()
        for array in (*self.inputs, self.targets):
            content.update(f"{array.shape} {array.dtype}".encode())
            content.update(np.ascontiguousarray(array).data)
        return content.hexdigest()


class Source(NamedTuple):
    """Where a table came from, for the run's record: the frame, its file, its fingerprint."""

    frame: "pl.DataFrame"
    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Tables:
    """The parts of the data.

    Attributes:
        train: What networks are fitted to.
        validation: Held out; selects weights and trials.
        test: Generated apart and never selected by.
        sources: The databases behind them by their role, for the record.
    """

    train: Table
    validation: Table
    test: Table
    sources: dict[str, Source]


@dataclass(frozen=True)
class Task:
    """What a model of the problem is for.

    Attributes:
        target: The word before `_mae` in metrics.
        unit: Of the target.
        objective: The metric that trials are selected by, minimized.
        reference: What others reached on this problem, a sentence for the report.
        gradient_unit: Of the targets' gradients, whose error is `gradient_mae` in metrics; empty
            where a problem has none.
    """

    target: str
    unit: str
    objective: str
    reference: str
    gradient_unit: str = ""

    @property
    def test_error(self) -> str:
        """The metric that tables show; it never selects."""
        return f"test/{self.target}_mae"


class Surrogate(Protocol):
    """A trained model as a function of a problem's inputs, for each of k replicas."""

    @property
    def features(self) -> "Descriptor":
        """What the network sees; without a Jacobian there are no gradients."""

    def predict(self, *inputs: Array) -> Array:
        """Targets, shape (k, n)."""

    def predict_with_gradient(self, *inputs: Array) -> tuple[Array, Array]:
        """Targets, shape (k, n), and gradients with respect to the first input, (k, *its shape)."""

    def predict_places(self, *inputs: Array) -> Array | None:
        """What each particle gives to the mean, (k, n, N); None where it is not told apart."""


class Prediction(NamedTuple):
    """What a model says of a table.

    Attributes:
        targets: Of each replica, shape (k, n).
        gradients: Shape (k, *coordinates); None where the descriptor or the table has none.
    """

    targets: Array
    gradients: Array | None

    @classmethod
    def of(cls, table: Table, surrogate: Surrogate) -> Self:
        """Predict a table, with gradients where they can be compared."""
        if surrogate.features.has_jacobian and table.gradients is not None:
            return cls(*surrogate.predict_with_gradient(*table.inputs))
        return cls(surrogate.predict(*table.inputs), None)

    def replica(self, index: int) -> "Prediction":
        """What one replica says, by its number from 0."""
        one = slice(index, index + 1)
        return Prediction(
            self.targets[one], None if self.gradients is None else self.gradients[one]
        )


@dataclass(frozen=True)
class Probe:
    """A look at a trained model beyond its errors.

    Attributes:
        name: Of the figure's file, and before the numbers in metrics.
        numbers: What was measured, per replica, each of shape (k,).
        draw: Makes the figure, which takes longer than the numbers.
        common: What was measured of all replicas together.
    """

    name: str
    numbers: dict[str, Array]
    draw: Callable[[], "Figure"]
    common: dict[str, float] = field(default_factory=dict)


FRESH_SEEDS = 10**6
"""Seeds of fresh data and of trainings on them lie so far above those that are typed."""


class FreshData(NamedTuple):
    """How to have data of the same kind that no run of this problem has seen.

    Attributes:
        changes: Keys of the config, and their new values.
        told: Where these data are from, to go on after "tested on".
        is_alike: Whether the test part is of the same kind as the validation part, so that errors
            on one can be promised by errors on the other.
        is_new: Whether no trial has seen any of them.
    """

    changes: Mapping[str, object]
    told: str
    is_alike: bool = True
    is_new: bool = True


class Problem(ABC):
    """A source of labeled data, and how a model of it is judged."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def task(self) -> Task:
        """What a model of it is for."""

    def pinned(self) -> dict[str, Any]:
        """Settings that a run records in place of those typed, so that a rerun has the same data.

        Nothing, for data that follow from the config alone.
        """
        return {}

    @property
    def least_memory(self) -> int:
        """Bytes that its tables take at least; 0 where that is not known before they are made."""
        return 0

    @property
    def training_rows(self) -> int | None:
        """Rows of the training part; None where they are not counted before they are made."""
        return None

    def remark(self) -> str | None:
        """What should be known of the targets before a model learns them; None for nothing.

        It may take seconds.
        """
        return None

    @property
    def selectable(self) -> tuple[str, ...]:
        """Metrics of its models that trials may be selected by; none if they are not told here."""
        return ()

    @abstractmethod
    def fresh_data(self) -> FreshData:
        """How to have new data, for those who were chosen by their errors on these."""

    @abstractmethod
    def check(self, features: "Descriptor") -> None:
        """Refuse a descriptor that does not fit the data, before any are made.

        Raises:
            InvalidInputError: Where it does not.
        """

    @abstractmethod
    def warm_up(self, features: "Descriptor") -> None:
        """Compile what data and features need, so that their seconds can be told apart."""

    @abstractmethod
    def tables(self, folder: Path, progress: Progress | None = None) -> Tables:
        """The parts of the data, made on demand and kept in a folder.

        Args:
            folder: Where databases are kept.
            progress: Told of each database that has to be made how far it is.
        """

    @abstractmethod
    def errors(self, table: Table, predicted: Prediction) -> dict[str, Array]:
        """Each error of each replica on a table, shape (k,)."""

    def row_errors(self, table: Table, predicted: Prediction) -> dict[str, Array]:
        """Those errors that are means over rows: of each replica on each row, shape (k, n)."""
        return {f"{self.task.target}_mae": np.abs(predicted.targets - table.targets)}

    @abstractmethod
    def baselines(self, train: tuple[Array, Array], test: tuple[Array, Array]) -> dict[str, float]:
        """Errors on the test part without a network, from (features, targets) of both parts."""

    def drag(self, surrogate: Surrogate, tables: Tables) -> "Figure | None":  # noqa: ARG002
        """A particle dragged through an unseen cell, where exact energies can be had for that."""
        return None

    @abstractmethod
    def probes(
        self, surrogate: Surrogate, tables: Tables, predicted: Prediction
    ) -> Iterator[Probe]:
        """Looks at a trained model, one after the other.

        Args:
            surrogate: The model.
            tables: The data.
            predicted: What the model says of the test part.
        """
