"""The store remembers runs, finds them again, and is created safely by several at once."""

import multiprocessing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from matplotlib.figure import Figure

from peslab.errors import PeslabError
from peslab.tracking import Tracking, import_spool, track_run

LOCAL = Tracking(uri=None, experiment="peslab")
TAGS = {"problem": "lattice_pes", "study": "orders", "trial": "3"}


SPOOLING = Tracking(uri=None, experiment="peslab", spool=True)


@pytest.fixture(scope="module", params=[LOCAL, SPOOLING], ids=["at once", "by the spool"])
def store(request, tmp_path_factory):
    """A store with one full run, a failed and an interrupted one."""
    home = tmp_path_factory.mktemp("runs")
    with track_run(request.param, home, "orders/3", TAGS, parent="orders") as log:
        log.params({"network.width": 64, "features.orders": [-2, -3], "long": "x" * 1000})
        for epoch in range(1200):
            log.epoch(epoch, {"train/loss": 1.0 / (epoch + 1)})
        log.metrics({"test/energy_mae": 0.01, "skill": 0.99, "broken": float("nan")})
        log.text("network: {width: 64}\n", "config/unresolved.yaml")
        log.figure(Figure(), "figures/empty.png")
        frame = pl.DataFrame({"energy_per_particle": [0.0, 1.0]})
        log.dataset(frame, home / "databases" / "x.parquet", "train", "ab" * 32)
        log.network(torch.nn.Linear(3, 2).double(), np.zeros((2, 3)))
        run_id = log.run_id
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), track_run(request.param, home, "x", {"problem": "p"}):
            raise error
    assert import_spool(LOCAL, home) == (3 if request.param.spool else 0)
    return home, LOCAL.find(home, run_id=run_id).run_id


def test_a_run_is_read_back_as_it_was_written(store):
    """Params as text, metrics by their last value, tags."""
    home, run_id = store
    run = LOCAL.find(home, run_id=run_id)
    assert run.params["network.width"] == "64"
    assert run.params["features.orders"] == "[-2, -3]"
    assert len(run.params["long"]) == 250
    assert run.metrics["test/energy_mae"] == 0.01
    assert run.metrics["train/loss"] == 1.0 / 1200
    assert "broken" not in run.metrics
    assert TAGS.items() <= run.tags.items()


def test_a_curve_keeps_every_epoch(store):
    """Losses are written in batches, and none is lost."""
    home, run_id = store
    history = LOCAL.client(home).get_metric_history(run_id, "train/loss")
    assert [point.step for point in history] == list(range(1200))


def test_a_run_is_found_by_the_beginning_of_its_id(store):
    """An ambiguous or unknown beginning is told."""
    home, run_id = store
    assert LOCAL.find(home, run_id=run_id[:8]).run_id == run_id
    assert LOCAL.of_study(home, "orders", 3).run_id == run_id
    with pytest.raises(PeslabError, match="no run begins with 'zzz'"):
        LOCAL.find(home, run_id="zzz")
    with pytest.raises(PeslabError, match=r"\d+ runs begin with ''"):
        LOCAL.find(home, run_id="")
    with pytest.raises(PeslabError, match="no run of trial 4"):
        LOCAL.of_study(home, "orders", 4)


def test_what_only_belongs_to_a_trial_is_not_the_trial(store):
    """A run with a role, as a confirmation, has the trial's number but other data."""
    home, run_id = store
    with track_run(LOCAL, home, "orders/3 confirmation", {**TAGS, "role": "confirmation"}):
        pass
    assert LOCAL.of_study(home, "orders", 3).run_id == run_id


def test_a_run_ends_as_it_ended(store):
    """Finished, failed by an error, killed by an interruption."""
    home, run_id = store
    client = LOCAL.client(home)
    runs = client.search_runs([LOCAL.experiment_id(client)])
    status = {run.info.run_id: run.info.status for run in runs}
    assert status[run_id] == "FINISHED"
    assert {"FAILED", "FINISHED", "KILLED"} == set(status.values())


def test_a_failed_run_keeps_its_curve(store):
    """The losses up to the failure tell most about it."""
    home, _ = store
    with pytest.raises(ValueError, match="diverged"), track_run(LOCAL, home, "x", TAGS) as log:
        log.epoch(0, {"train/loss": 1e9})
        raise ValueError("diverged")
    assert LOCAL.find(home, run_id=log.run_id).metrics["train/loss"] == 1e9


def test_the_run_of_a_trial_is_nested_under_its_study(store):
    """One parent per study, found again by its second trial."""
    home, run_id = store
    client = LOCAL.client(home)
    parent = client.get_run(run_id).data.tags["mlflow.parentRunId"]
    with track_run(LOCAL, home, "orders/4", {**TAGS, "trial": "4"}, parent="orders") as log:
        pass
    assert client.get_run(log.run_id).data.tags["mlflow.parentRunId"] == parent
    assert client.get_run(parent).info.run_name == "orders"


def test_artifacts_and_inputs_are_there(store):
    """The config as text, figures, the database as an input under its own fingerprint."""
    home, run_id = store
    assert LOCAL.read_text(home, run_id, "config/unresolved.yaml") == "network: {width: 64}\n"
    with pytest.raises(PeslabError, match=r"has no config/other\.yaml"):
        LOCAL.read_text(home, run_id, "config/other.yaml")
    client = LOCAL.client(home)
    assert [item.path for item in client.list_artifacts(run_id, "figures")] == ["figures/empty.png"]
    (data,) = client.get_run(run_id).inputs.dataset_inputs
    assert data.dataset.digest == ("ab" * 32)[:16]


def test_the_network_is_an_exported_program_without_pickle(store):
    """It takes any number of rows, and nothing in its folder is a pickle."""
    import mlflow

    home, run_id = store
    mlflow.set_tracking_uri(LOCAL.address(home))
    network = mlflow.pytorch.load_model(f"runs:/{run_id}/network")
    assert network(torch.zeros(7, 3, dtype=torch.float64)).shape == (7, 2)
    files = [path.name for path in (home / "artifacts").rglob("*") if path.is_file()]
    assert "model.pt2" in files
    assert not [name for name in files if name.endswith((".pkl", ".pth", ".pickle"))]


def _create(home: Path) -> None:
    Tracking(uri=None, experiment="peslab").client(home)


def test_several_processes_may_create_the_store(tmp_path):
    """Creating one schema at once crashed three of four processes without the lock."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_create, args=(tmp_path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]


@pytest.mark.parametrize("uri", ["runs", "ftp://host", "file:///runs"])
def test_a_uri_that_is_no_store_is_refused(uri):
    """MLflow would make a folder of that name instead."""
    with pytest.raises(PeslabError, match="is not a tracking store"):
        Tracking(uri=uri, experiment="peslab")


def test_a_server_or_database_is_taken_as_it_is(tmp_path):
    """The folder of results matters for the local store alone."""
    server = Tracking(uri="http://127.0.0.1:5000", experiment="x")
    assert server.address(tmp_path) == "http://127.0.0.1:5000"
    assert LOCAL.address(tmp_path) == f"sqlite:///{tmp_path / 'mlflow.db'}"
