"""A tracking server that goes away in the middle of a study, and comes back."""

import json
from importlib import import_module

import pytest

from mlflow_server import MlflowServer
from peslab.tracking import Tracking

pytestmark = pytest.mark.usefixtures("unrendered")

STUDY = ("train", "-m", "study=quickstart", "study.name=far", "debug=fast", "replicas=1")
SMALL = ("study.n_trials=3", "study.confirm=0")


@pytest.fixture
def server(tmp_path):
    """A real one, stopped at the end."""
    server = MlflowServer(tmp_path / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def lost_in_trial_1(server, monkeypatch):
    """The server stops when the second trial is trained, the first time."""
    runs = import_module("peslab.pipeline.run")  # its package has a function of this name
    fit, started = runs._fit, []

    def stops(*arguments):
        started.append(1)
        if len(started) == 2:
            server.stop()
        return fit(*arguments)

    monkeypatch.setattr(runs, "_fit", stops)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def test_a_study_goes_on_when_its_server_is_back(server, lost_in_trial_1, peslab, home):
    """No trial failed, none is lost, none twice; the run that was cut is closed and its retry told.

    While the server is away the same command says so again, and takes no trial with it.
    """
    command = (*STUDY, *SMALL, f"tracking.uri={server.address}")
    for _ in range(2):
        answer = peslab(*command)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert f"{server.address} cannot be used (Connection refused)" in answer.err
        assert "the same command goes on" in answer.err
    server.start()
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    trials = json.loads(peslab("report", "far", "--json").out)
    assert [trial["rank"] for trial in trials] == [1, 2, 3]
    tracking = Tracking(server.address, "peslab")
    client = tracking.client(home)
    found = client.search_runs([tracking.experiment_id(client)], "tags.study = 'far'")
    ended = {run.data.tags.get("trial"): run for run in found}
    numbers = {str(trial["trial"]) for trial in trials}
    assert set(ended) == {None, "1", *numbers}
    assert {ended[number].info.status for number in numbers} == {"FINISHED"}
    assert ended["1"].info.status == "KILLED"
    (retry,) = [run for run in found if run.data.tags.get("retry_of") == "1"]
    assert retry.data.tags["trial"] in numbers
