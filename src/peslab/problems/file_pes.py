"""Labeled configurations from elsewhere: the potential energy surface behind a file."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from peslab.database import Database, read_database
from peslab.database.parquet import digest
from peslab.errors import InvalidInputError
from peslab.features import Descriptor
from peslab.kernels.arrays import IntArray
from peslab.kernels.inputs import positive, seed_of_streams
from peslab.places import numbers
from peslab.problems.contract import (
    FRESH_SEEDS,
    FreshData,
    Progress,
    Source,
    Table,
    Tables,
    Task,
)
from peslab.problems.surface import EnergySurface

PARTS = ("test", "validation", "train")


class _Content(NamedTuple):
    database: Database
    fingerprint: str


@dataclass(frozen=True)
class FilePES(EnergySurface):
    """Energies per particle of a file's configurations, DFT's or anybody's, in its own units.

    Rows go to the parts at random, copies of one configuration to the same part. Neighboring frames
    of a trajectory are not copies but nearly so: take every n-th, or errors on the test part say
    little of configurations that are new. Nothing is cut off at the top of the energies.

    Args:
        path: In any format that `read_database` reads; made absolute.
        validation_fraction: Of the rows: selects weights and trials.
        test_fraction: Of the rows: measured, never selects.
        seed: Draws which rows go where; the same seed gives the same parts.
        fingerprint: What the file has to hold, as a recorded run tells it; None takes any content.

    Raises:
        InvalidInputError: Where the file cannot be read, holds something else than recorded, or a
            part would have no row.
    """

    path: str
    validation_fraction: float
    test_fraction: float
    seed: int
    fingerprint: str | None

    name: ClassVar[str] = "file_pes"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", str(Path(self.path).expanduser().absolute()))
        object.__setattr__(self, "seed", seed_of_streams("seed", self.seed))
        for name in ("validation_fraction", "test_fraction"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        content = self._content()
        if self.fingerprint not in {None, content.fingerprint}:
            raise InvalidInputError(
                f"{self.path} is not what it was: its fingerprint is {content.fingerprint[:16]}, "
                f"where {str(self.fingerprint)[:16]} was recorded: bring the file back, or take "
                "today's with problem.fingerprint=null."
            )
        rows = self._rows()
        if not all(len(rows[part]) for part in PARTS):
            raise InvalidInputError(
                f"validation_fraction={self.validation_fraction} and "
                f"test_fraction={self.test_fraction} of {len(content.database.frame)} rows do not "
                "leave rows for each of training, validation and test: change them."
            )

    @property
    def task(self) -> Task:
        """Energies per particle, in the file's unit."""
        return Task(
            target="energy",
            unit=self.units[0],
            objective="val/energy_mae",
            reference="",
            gradient_unit="/".join(self.units),
        )

    @property
    def units(self) -> tuple[str, str]:
        """The file's own."""
        units = self._content().database.units
        return units.energy, units.length

    @property
    def particle_numbers(self) -> tuple[int, ...]:
        """All that occur in the file."""
        return tuple(np.unique(numbers(self._content().database.positions)).tolist())

    @property
    def training_rows(self) -> int:
        """Those of the file that are in no other part."""
        return len(self._rows()["train"])

    def pinned(self) -> dict[str, Any]:
        """Where the file is, wherever a rerun is started, and what it holds."""
        return {"path": self.path, "fingerprint": self._content().fingerprint}

    def fresh_data(self) -> FreshData:
        """The same rows in other parts: a file holds no more."""
        told = "the same file, divided anew: it holds no rows that no trial has seen"
        return FreshData({"problem.seed": self.seed + FRESH_SEEDS}, told, is_new=False)

    def warm_up(self, features: Descriptor) -> None:
        """Run the descriptor on two configurations."""
        inputs = tuple(array[:2] for array in _table(self._content().database).inputs)
        features(*inputs)
        if features.has_jacobian:
            features.with_jacobian(*inputs)

    def tables(
        self,
        folder: Path,  # noqa: ARG002  # nothing is made
        progress: Progress | None = None,  # noqa: ARG002
    ) -> Tables:
        """Divide the file's rows; in each part they keep their order."""
        database, fingerprint = self._content()
        whole = _table(database)
        parts = {
            part: Table(
                tuple(array[rows] for array in whole.inputs),
                whole.targets[rows],
                None if whole.gradients is None else whole.gradients[rows],
            )
            for part, rows in self._rows().items()
        }
        return Tables(
            **parts, sources={"file": Source(database.frame, Path(self.path), fingerprint)}
        )

    def _content(self) -> _Content:
        try:
            state = Path(self.path).stat()
        except OSError as error:
            raise InvalidInputError(
                f"there is no file {self.path}: bring it back, or say where it is with "
                "problem.path=…"
            ) from error
        return _read(self.path, state.st_mtime_ns, state.st_size)

    def _rows(self) -> dict[str, IntArray]:
        """The numbers of each part's rows, ascending."""
        database = self._content().database
        n = len(database.frame)
        coordinates = np.column_stack(
            [database.positions.reshape(n, -1), database.array("cell_width")]
        )
        coordinates[np.isnan(coordinates)] = np.inf  # no particle; NaN is no copy of NaN
        _, copies, counts = np.unique(coordinates, axis=0, return_inverse=True, return_counts=True)
        order = np.random.default_rng(self.seed).permutation(len(counts))
        ends = np.cumsum([round(self.test_fraction * n), round(self.validation_fraction * n)])
        part = np.empty(len(counts), dtype=np.int64)
        part[order] = np.searchsorted(ends, np.cumsum(counts[order]))
        return {name: np.flatnonzero(part[copies] == k) for k, name in enumerate(PARTS)}


@lru_cache(maxsize=2)
def _read(path: str, modified: int, size: int) -> _Content:  # noqa: ARG001  # they tell when to read
    """A file's content, read once for all trials of a study that run in this process."""
    database = read_database(Path(path))
    units = f"{database.units.energy} {database.units.length} {database.element}"
    content = f"{digest([database.frame])} {units}"
    return _Content(database, hashlib.sha256(content.encode()).hexdigest())


def _table(database: Database) -> Table:
    positions, forces = database.positions, database.forces
    particles = numbers(positions)[:, None, None]
    gradients = None if forces is None else -forces / particles
    energies = np.array(database.array("energy_per_particle"))
    inputs = (np.array(positions), np.array(database.array("cell_width")))
    return Table(inputs, energies, gradients)
