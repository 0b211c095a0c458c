"""The life of one MLflow run, from its first line to FINISHED, FAILED or KILLED."""

import json
import logging
import math
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from peslab.passwords import masked
from peslab.tracking.checkout import shortened, uncommitted
from peslab.tracking.provenance import installed, provenance
from peslab.tracking.store import ENVIRONMENT, INSTALLED, Tracking

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from matplotlib.figure import Figure
    from mlflow import MlflowClient
    from torch import nn

FLUSH_SECONDS = 2.0
"""Losses reach the store this often: writing each epoch by itself costs more than small epochs."""

MAX_PARAM_LENGTH = 250
"""Beyond this MLflow shortens or refuses params; the whole config is an artifact."""


class RunLog:
    """What a run writes: params, metrics, texts, figures, its data and its network."""

    def __init__(self, client: "MlflowClient", run_id: str) -> None:
        self.run_id = run_id
        self._client = client
        self._pending: list[Any] = []
        self._flushed = time.monotonic()

    def params(self, values: Mapping[str, object]) -> None:
        """Log the chosen values."""
        from mlflow.entities import Param

        texts = {key: masked(str(value))[:MAX_PARAM_LENGTH] for key, value in values.items()}
        params = [Param(_key(key), text) for key, text in texts.items()]
        self._client.log_batch(self.run_id, params=params)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Log metrics; those that are not finite are left out, as no store can compare them."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._pending.extend(
            Metric(_key(key), float(value), now, step)
            for key, value in values.items()
            if math.isfinite(value)
        )
        self.flush()

    def epoch(self, step: int, values: Mapping[str, float]) -> None:
        """Log the losses of an epoch, written together every few seconds."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._pending.extend(Metric(_key(k), float(v), now, step) for k, v in values.items())
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
        for key, value in values.items():
            self._client.set_tag(self.run_id, _key(key), value)

    def environment(self, home: Path, others: Mapping[str, str]) -> None:
        """Log what the run's numbers depend on beside its config.

        Args:
            home: The folder of results.
            others: Facts beside those of code, libraries and machine, such as the seeds.
        """
        facts = {**provenance(home), **others}
        quoted = {name: json.dumps(fact, ensure_ascii=False) for name, fact in facts.items()}
        self.text("".join(f"{name}: {fact}\n" for name, fact in quoted.items()), ENVIRONMENT)
        self.text(installed(), INSTALLED)
        if difference := uncommitted(home):
            self.text(shortened(difference), "uncommitted.diff")

    def text(self, text: str, artifact: str) -> None:
        """Log a text as an artifact."""
        self._client.log_text(self.run_id, text, artifact)

    def figure(self, figure: "Figure", artifact: str) -> None:
        """Log a figure as an artifact."""
        self._client.log_figure(self.run_id, figure, artifact)

    def file(self, path: Path) -> None:
        """Log a file as an artifact, under its own name."""
        self._client.log_artifact(self.run_id, str(path))

    def dataset(self, frame: "pl.DataFrame", source: Path, name: str, fingerprint: str) -> None:
        """Log a database as the run's input, under its own fingerprint (MLflow's is not stable)."""
        import mlflow
        from mlflow.data.polars_dataset import from_polars

        with warnings.catch_warnings():
            # A local path may be two kinds of source to MLflow; either is read the same.
            warnings.filterwarnings("ignore", message="The specified dataset source")
            dataset = from_polars(frame, source=str(source), name=name, digest=fingerprint[:16])
        mlflow.log_input(dataset, context=name, tags={"fingerprint": fingerprint})

    def network(self, network: "nn.Module", example: "np.ndarray") -> None:
        """Log a network as an exported program (no pickle), with its signature."""
        import mlflow
        import torch
        from mlflow.models import infer_signature

        with torch.no_grad():
            output = network(torch.as_tensor(example)).numpy()
        with _quiet("mlflow", "torch.export", "torch.fx"):
            mlflow.pytorch.log_model(
                network,
                name="network",
                signature=infer_signature(example, output),
                input_example=example,
                serialization_format="pt2",
                pip_requirements=[f"torch=={torch.__version__.split('+')[0]}"],
            )


@contextmanager
def track_run(
    tracking: Tracking,
    home: Path,
    name: str,
    tags: Mapping[str, str],
    parent: str | None = None,
) -> Iterator[RunLog]:
    """Open a run, close it as it ended: FINISHED, FAILED by an error, KILLED by an interruption.

    Args:
        tracking: The store.
        home: The folder of results.
        name: The run's name in the UI.
        tags: `problem`, and `study` and `trial` where there is a study.
        parent: The name of the study whose parent run this one is nested under; the parent is
            created by the first run that names it.
    """
    import mlflow

    client = tracking.client(home)
    mlflow.set_tracking_uri(tracking.address(home))
    experiment_id = tracking.experiment_id(client)
    if parent is not None:
        parent_id = _parent(tracking, client, home, parent, tags["problem"])
        tags = {**tags, "mlflow.parentRunId": parent_id}
    run_id = client.create_run(experiment_id, run_name=name, tags=dict(tags)).info.run_id
    log = RunLog(client, run_id)
    try:
        with mlflow.start_run(run_id=run_id):
            try:
                yield log
            finally:
                log.flush()
    except Exception:
        client.set_terminated(run_id, "FAILED")
        raise
    except BaseException:
        client.set_terminated(run_id, "KILLED")
        raise


def sweep_log(tracking: Tracking, home: Path, name: str, problem: str) -> RunLog:
    """The run that the runs of a grid are nested under, for what is seen of them together.

    Args:
        tracking: The store.
        home: The folder of results.
        name: Of the sweep, as its runs know it; the run gets it as the tag `sweep`.
        problem: The problem of its runs.
    """
    client = tracking.client(home)
    run_id = _parent(tracking, client, home, name, problem)
    client.set_tag(run_id, "sweep", name)
    return RunLog(client, run_id)


def _parent(
    tracking: Tracking, client: "MlflowClient", home: Path, study: str, problem: str
) -> str:
    """The id of a study's parent run, found or made."""
    experiment_id = tracking.experiment_id(client)
    query = f"tags.study = '{study}' and tags.role = 'parent'"
    with FileLock(home / "mlflow.lock"):
        found = client.search_runs([experiment_id], query, max_results=1)
        if found:
            return str(found[0].info.run_id)
        tags = {"study": study, "problem": problem, "role": "parent"}
        run = client.create_run(experiment_id, run_name=study, tags=tags)
        client.set_terminated(run.info.run_id)
        return str(run.info.run_id)


def _key(key: str) -> str:
    """A key in the letters that every store of MLflow takes."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in key)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
