"""The life of one MLflow run, from its first line to FINISHED, FAILED or KILLED."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peslab.errors import InfrastructureError, PrunedError
from peslab.tracking.entries import (
    key_of,
    network_options,
    param_of,
    polars_dataset,
    quiet,
    why,
)
from peslab.tracking.reaching import reaching, why_lost, without_retries
from peslab.tracking.spool import SpooledRun, spool_run
from peslab.tracking.store import Tracking

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from matplotlib.figure import Figure
    from mlflow import MlflowClient
    from torch import nn

FLUSH_SECONDS = 2.0
"""Losses reach the store this often: writing each epoch by itself costs more than small epochs."""


class RunLog:
    """What a run writes: params, metrics, texts, figures, its data and its network."""

    def __init__(self, client: "MlflowClient", run_id: str) -> None:
        self.run_id = run_id
        self.status = "FINISHED"  # if no error ends it
        self._client = client
        self._pending: list[Any] = []
        self._flushed = time.monotonic()

    def params(self, values: Mapping[str, object]) -> None:
        """Log the chosen values."""
        from mlflow.entities import Param

        params = [Param(key_of(key), param_of(value)) for key, value in values.items()]
        self._client.log_batch(self.run_id, params=params)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Log metrics; those that are not finite are left out, as no store can compare them."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._pending.extend(
            Metric(key_of(key), float(value), now, step)
            for key, value in values.items()
            if math.isfinite(value)
        )
        self.flush()

    def epoch(self, step: int, values: Mapping[str, float]) -> None:
        """Log the losses of an epoch, written together every few seconds."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._pending.extend(Metric(key_of(k), float(v), now, step) for k, v in values.items())
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is pending, at most 1,000 points at a time (MLflow's limit)."""
        while self._pending:
            batch, self._pending = self._pending[:1000], self._pending[1000:]
            self._client.log_batch(self.run_id, metrics=batch)
        self._flushed = time.monotonic()

    def tags(self, values: Mapping[str, str]) -> None:
        """Log tags, by which runs are searched."""
        from mlflow.entities import RunTag

        tags = [RunTag(key_of(key), value) for key, value in values.items()]
        self._client.log_batch(self.run_id, tags=tags)

    def failed(self, reason: str) -> None:
        """Let the run be a failed one at its end, though no error ends it."""
        self.tags({"failure": reason})
        self.status = "FAILED"

    def text(self, text: str, artifact: str) -> None:
        """Log a text as an artifact."""
        self._client.log_text(self.run_id, text, artifact)

    def figure(self, figure: "Figure", artifact: str) -> None:
        """Log a figure as an artifact."""
        self._client.log_figure(self.run_id, figure, artifact)

    def file(self, path: Path) -> None:
        """Log a file as an artifact, under its own name."""
        self._client.log_artifact(self.run_id, str(path))

    def folder(self, path: Path) -> None:
        """Log all that is in a folder, under the names that it has there."""
        self._client.log_artifacts(self.run_id, str(path))

    def dataset(self, frame: "pl.DataFrame", source: Path, name: str, fingerprint: str) -> None:
        """Log a database as the run's input, under its own fingerprint (MLflow's is not stable)."""
        import mlflow

        dataset = polars_dataset(frame, source, name, fingerprint)
        mlflow.log_input(dataset, context=name, tags={"fingerprint": fingerprint})

    def network(self, network: "nn.Module", example: "np.ndarray") -> None:
        """Log a network as an exported program (no pickle), with its signature."""
        import mlflow

        with quiet("mlflow", "torch.export", "torch.fx"):
            mlflow.pytorch.log_model(network, name="network", **network_options(network, example))


@contextmanager
def track_run(
    tracking: Tracking,
    home: Path,
    name: str,
    tags: Mapping[str, str],
    parent: str | None = None,
) -> Iterator[RunLog | SpooledRun]:
    """Open a run, close it as it ended: FINISHED, FAILED by an error, KILLED by an interruption.

    A pruned run is KILLED too, with the tag `pruned`; its epochs stay. The tag `failure` of a
    failed one has the error's sentence, or the reason that the run gave itself.

    Args:
        tracking: The store.
        home: The folder of results.
        name: The run's name in the UI.
        tags: `problem`, and `study` and `trial` where there is a study.
        parent: The name of the study whose parent run this one is nested under; the parent is
            created by the first run that names it.
    """
    if tracking.spool:
        with spool_run(home, tracking.experiment, name, tags, parent) as spooled_run:
            yield spooled_run
        return
    import mlflow

    client = tracking.client(home)
    mlflow.set_tracking_uri(tracking.address(home))
    with reaching(tracking.address(home)):
        experiment_id = tracking.experiment_id(client)
        if parent is not None:
            parent_id = parent_run(tracking, client, home, parent, tags["problem"])
            tags = {**tags, "mlflow.parentRunId": parent_id}
        run_id = client.create_run(experiment_id, run_name=name, tags=dict(tags)).info.run_id
        log = RunLog(client, run_id)
        mlflow.start_run(run_id=run_id)
        try:
            yield log
            log.flush()
        except BaseException as error:
            _end(log, error)
            raise
        mlflow.end_run(log.status)


def _end(log: RunLog, error: BaseException) -> None:
    """Close a run that an error ended.

    Nothing is learned from asking a lost store again and again, and who is told to end must not be
    held: both are tried once. A run that cannot be closed is closed by who repeats it.
    """
    import mlflow

    if not isinstance(error, Exception) or is_infrastructure(error):
        with without_retries(), suppress(Exception):
            if not isinstance(error, Exception):
                log.flush()
        with without_retries(), suppress(Exception):
            mlflow.end_run("KILLED")
        return
    try:
        log.flush()
        log.tags(why(error))
    finally:
        # KILLED: whoever filters by FINISHED wants runs with all metrics. The tag tells what was
        # pruned from an interruption.
        mlflow.end_run("KILLED" if isinstance(error, PrunedError) else "FAILED")


def is_infrastructure(error: BaseException) -> bool:
    """Whether an error is none of a run's own, so that the same run may end well another time."""
    return isinstance(error, InfrastructureError | OSError) or why_lost(error) is not None


@contextmanager
def reopened(tracking: Tracking, home: Path, run_id: str) -> Iterator[RunLog]:
    """Add to a run that has ended; its status and its end stay what they were."""
    import mlflow

    client = tracking.client(home)
    mlflow.set_tracking_uri(tracking.address(home))
    before = client.get_run(run_id).info
    try:
        with mlflow.start_run(run_id=run_id):
            yield RunLog(client, run_id)
    finally:
        client.set_terminated(run_id, before.status, before.end_time)


def sweep_log(tracking: Tracking, home: Path, name: str, problem: str) -> RunLog:
    """The run that the runs of a grid are nested under, for what is seen of them together.

    Args:
        tracking: The store.
        home: The folder of results.
        name: Of the sweep, as its runs know it; the run gets it as the tag `sweep`.
        problem: The problem of its runs.
    """
    client = tracking.client(home)
    run_id = parent_run(tracking, client, home, name, problem)
    client.set_tag(run_id, "sweep", name)
    return RunLog(client, run_id)


def study_log(tracking: Tracking, home: Path, study: str) -> RunLog | None:
    """The run that the trials of a study are nested under; None where none was logged.

    Args:
        tracking: The store.
        home: The folder of results.
        study: Its name.
    """
    client = tracking.client(home)
    found = _find_parent(client, tracking.experiment_id(client), study)
    return RunLog(client, found) if found else None


def _find_parent(client: "MlflowClient", experiment_id: str, study: str) -> str | None:
    query = f"tags.study = '{study}' and tags.role = 'parent'"
    found = client.search_runs([experiment_id], query, max_results=1)
    return str(found[0].info.run_id) if found else None


def parent_run(
    tracking: Tracking, client: "MlflowClient", home: Path, study: str, problem: str
) -> str:
    """The id of the run that those of a study or a sweep are nested under, found or made."""
    experiment_id = tracking.experiment_id(client)
    with tracking.lock(home):
        if found := _find_parent(client, experiment_id, study):
            return found
        tags = {"study": study, "problem": problem, "role": "parent"}
        run = client.create_run(experiment_id, run_name=study, tags=tags)
        client.set_terminated(run.info.run_id)
        return str(run.info.run_id)
