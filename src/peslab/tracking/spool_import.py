"""Spooled runs on their way into the store: each once, also when this is interrupted."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from peslab.damage import told_if_damaged
from peslab.tracking.mlflow_run import parent_run
from peslab.tracking.spool import ENDED, INPUTS, METRICS, PARAMS, RUN, SPOOL, read, spooled
from peslab.tracking.store import SPOOLED, Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

MOST_POINTS, MOST_PARAMS = 1000, 100  # that MLflow takes at once
DONE = "imported"


def import_spool(tracking: Tracking, home: Path) -> int:
    """Bring the runs that have ended into the store, and remove their folders.

    Args:
        tracking: The store.
        home: The folder of results.

    Returns:
        How many there were.
    """
    ready = [folder for folder in spooled(home) if (folder / ENDED).is_file()]
    if not ready:
        return 0
    client = tracking.client(home)
    with FileLock(home / f"{SPOOL}.lock"):
        ready = [folder for folder in ready if (folder / ENDED).is_file()]
        for folder in sorted(ready, key=_began):
            with told_if_damaged(folder):
                _import(tracking, client, home, folder)
    return len(ready)


def _began(folder: Path) -> int:
    with told_if_damaged(folder / RUN):
        return int(read(folder / RUN)["began"])


def _import(tracking: Tracking, client: "MlflowClient", home: Path, folder: Path) -> None:
    experiment_id = tracking.experiment_id(client)
    query = f"tags.{SPOOLED} = '{folder.name}'"
    for run in client.search_runs([experiment_id], query):
        if run.data.tags.get(DONE) == "yes":
            shutil.rmtree(folder)
            return
        client.delete_run(run.info.run_id)  # half of it, from an import that was interrupted
    about, ended = read(folder / RUN), read(folder / ENDED)
    tags = {**about["tags"], SPOOLED: folder.name}
    if about["parent"] is not None:
        parent = parent_run(tracking, client, home, about["parent"], tags["problem"])
        tags["mlflow.parentRunId"] = parent
    run_id = client.create_run(
        experiment_id, start_time=about["began"], run_name=about["name"], tags=tags
    ).info.run_id
    _log_values(client, run_id, folder)
    if (folder / "artifacts").is_dir():
        client.log_artifacts(run_id, str(folder / "artifacts"))
    client.set_tag(run_id, DONE, "yes")
    client.set_terminated(run_id, ended["status"], ended["ended"])
    shutil.rmtree(folder)


def _log_values(client: "MlflowClient", run_id: str, folder: Path) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    if (folder / PARAMS).is_file():
        params = [Param(key, value) for key, value in read(folder / PARAMS).items()]
        for start in range(0, len(params), MOST_PARAMS):
            client.log_batch(run_id, params=params[start : start + MOST_PARAMS])
    points = [Metric(*line) for line in _lines(folder / METRICS)]
    for start in range(0, len(points), MOST_POINTS):
        client.log_batch(run_id, metrics=points[start : start + MOST_POINTS])
    inputs = [
        DatasetInput(
            Dataset(**line["dataset"]),
            [
                InputTag("mlflow.data.context", line["context"]),
                InputTag("fingerprint", line["fingerprint"]),
            ],
        )
        for line in _lines(folder / INPUTS)
    ]
    if inputs:
        client.log_inputs(run_id, inputs)


def _lines(path: Path) -> list[Any]:
    """The records of a file; a last line that was cut by a kill is left out."""
    if not path.is_file():
        return []
    with told_if_damaged(path):
        text = path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
