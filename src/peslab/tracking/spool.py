"""Runs as plain files, for machines that must not write MLflow's store themselves.

On a cluster's shared file system a SQLite file of many writers is soon a broken one. Each run has
a folder of its own instead, which `peslab ui`, `report` and `rerun` bring into the store when it
has ended:

```
spool/<id>/run.json         name, tags, study, when it began
          /params.json      the chosen values
          /metrics.jsonl    a line for each point
          /inputs.jsonl     a line for each database
          /artifacts/…
          /ended.json       how it ended, and when; written last
```
"""

import json
import math
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peslab.damage import told_if_damaged
from peslab.errors import InfrastructureError, PrunedError
from peslab.tracking.entries import dataset_of, key_of, param_of, save_network, why

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from matplotlib.figure import Figure
    from torch import nn

SPOOL = "spool"
RUN, PARAMS, METRICS, INPUTS, ENDED = (
    "run.json", "params.json", "metrics.jsonl", "inputs.jsonl", "ended.json",
)  # fmt: skip
FLUSH_SECONDS = 10.0
"""Losses are written this often: many runs share the file system."""


class SpooledRun:
    """What a run writes, as `RunLog` has it, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.run_id = folder.name
        self.status = "FINISHED"  # if no error ends it
        self._folder = folder
        self._pending: list[str] = []
        self._flushed = time.monotonic()

    def params(self, values: Mapping[str, object]) -> None:
        """Keep the chosen values."""
        path = self._folder / PARAMS
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known |= {key_of(key): param_of(value) for key, value in values.items()}
        write_whole(path, known)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Keep metrics; those that are not finite are left out."""
        self._add(step, values)
        self.flush()

    def epoch(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the losses of an epoch, written together every few seconds."""
        self._add(step, values)
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if self._pending:
            self._append(METRICS, self._pending)
        self._pending = []
        self._flushed = time.monotonic()

    def tags(self, values: Mapping[str, str]) -> None:
        """Keep tags, by which runs are searched."""
        tag(self._folder, {key_of(key): value for key, value in values.items()})

    def failed(self, reason: str) -> None:
        """Let the run be a failed one at its end, though no error ends it."""
        self.tags({"failure": reason})
        self.status = "FAILED"

    def text(self, text: str, artifact: str) -> None:
        """Keep a text as an artifact."""
        self._place(artifact).write_text(text, encoding="utf-8")

    def figure(self, figure: "Figure", artifact: str) -> None:
        """Keep a figure as an artifact."""
        figure.savefig(self._place(artifact))

    def file(self, path: Path) -> None:
        """Keep a file as an artifact, under its own name."""
        shutil.copyfile(path, self._place(path.name))

    def dataset(self, frame: "pl.DataFrame", source: Path, name: str, fingerprint: str) -> None:
        """Keep what a database was, as the run's input."""
        entity = dict(dataset_of(frame, source, name, fingerprint))
        line = {"dataset": entity, "context": name, "fingerprint": fingerprint}
        self._append(INPUTS, [json.dumps(line)])

    def network(self, network: "nn.Module", example: "np.ndarray") -> None:
        """Keep a network as an exported program, with its signature."""
        save_network(network, example, self._place("network"))

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        self._pending.extend(
            json.dumps([key_of(key), float(value), now, step])
            for key, value in values.items()
            if math.isfinite(value)
        )

    def _append(self, name: str, lines: list[str]) -> None:
        with (self._folder / name).open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def _place(self, artifact: str) -> Path:
        path = self._folder / "artifacts" / artifact
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@contextmanager
def spool_run(
    home: Path, experiment: str, name: str, tags: Mapping[str, str], parent: str | None
) -> Iterator[SpooledRun]:
    """Open a run in a folder, and close it as it ended."""
    folder = home / SPOOL / uuid.uuid4().hex
    folder.mkdir(parents=True)
    about = {
        "experiment": experiment,
        "name": name,
        "tags": dict(tags),
        "parent": parent,
        "began": int(time.time() * 1000),
    }
    write_whole(folder / RUN, about)
    run = SpooledRun(folder)
    try:
        try:
            yield run
        finally:
            run.flush()
    except PrunedError as pruned:
        tag(folder, why(pruned))
        end(folder, "KILLED")
        raise
    except (InfrastructureError, OSError):
        with suppress(OSError):  # then who repeats it closes it
            end(folder, "KILLED")
        raise
    except Exception as error:
        tag(folder, why(error))
        end(folder, "FAILED")
        raise
    except BaseException:
        with suppress(OSError):
            end(folder, "KILLED")
        raise
    end(folder, run.status)


def end(folder: Path, status: str) -> None:
    """Say how a run ended."""
    write_whole(folder / ENDED, {"status": status, "ended": int(time.time() * 1000)})


def status(folder: Path) -> str:
    """How a run ended, or that it runs."""
    ended = folder / ENDED
    return str(read(ended)["status"]) if ended.exists() else "RUNNING"


def tag(folder: Path, tags: Mapping[str, str]) -> None:
    """Put tags on a spooled run."""
    about = read(folder / RUN)
    write_whole(folder / RUN, about | {"tags": about["tags"] | dict(tags)})


def spooled(home: Path) -> list[Path]:
    """The folders of spooled runs."""
    return sorted(path.parent for path in (home / SPOOL).glob(f"*/{RUN}"))


def read(path: Path) -> dict[str, Any]:
    """A file of a spooled run."""
    with told_if_damaged(path):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise TypeError(type(content))
        return content


def write_whole(path: Path, content: object) -> None:
    """Write a file that others see whole or not at all."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
