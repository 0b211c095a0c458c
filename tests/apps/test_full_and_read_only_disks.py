"""Real trainings on a disk that is full or read-only: one sentence, and it goes on later."""

import json
import shutil

import numpy as np
import pytest

from disks import fill, read_only, small_disk
from peslab.features import LinearMap
from peslab.learning import MultiLayerPerceptron, TrainedModel
from peslab.tracking import Tracking
from peslab.tracking.entries import save_network

pytestmark = pytest.mark.usefixtures("stores_made_anew")

STUDY = ("train", "-m", "study=quickstart", "study.name=x", "debug=fast", "replicas=1")
SMALL = ("study.n_trials=1", "study.confirm=0")
LOCAL = Tracking(uri=None, experiment="peslab")


@pytest.mark.parametrize("free", [0, 40, 1500, 2000])
def test_a_study_on_a_full_disk_goes_on_when_there_is_room(
    free, peslab, tmp_path, monkeypatch, request
):
    """Full in the journal, in the making of MLflow's store, in the data, in artifacts."""
    disk = tmp_path / "disk"
    monkeypatch.setenv("PESLAB_HOME", str(disk / "runs"))
    with small_disk(disk, 16):
        ballast = fill(disk, free)
        answer = peslab(*STUDY, *SMALL)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert "full: free some space" in answer.err
        assert "the same command" in answer.err
        ballast.unlink()
        request.getfixturevalue("unrendered")  # figures had their chance to fill the disk
        answer = peslab(*STUDY, *SMALL)
        assert (answer.status, answer.err) == (0, "")
        (trial,) = json.loads(peslab("report", "x", "--json").out)
        assert trial["rank"] == 1
        client = LOCAL.client(disk / "runs")
        runs = client.search_runs([LOCAL.experiment_id(client)], "tags.study = 'x'")
        ended = {run.data.tags.get("trial"): run.info.status for run in runs}
        assert ended.pop(str(trial["trial"])) == "FINISHED"
        assert ended.pop(None) == "FINISHED"  # the study's own
        assert set(ended.values()) <= {"KILLED"}


def test_weights_on_a_full_disk_are_told_as_such(tmp_path):
    """PyTorch has errors of its own for that, which say nothing of the disk."""
    network = MultiLayerPerceptron(64, 2, None, "gelu").build(3, [0])
    model = TrainedModel(LinearMap(np.zeros(3), np.eye(3)), network, 0.0, 1.0)
    disk = tmp_path / "disk"
    with small_disk(disk, 1):
        for kibibytes in (0, 4, 16):
            ballast = fill(disk, kibibytes)
            with pytest.raises(OSError, match="No space left"):
                model.save(disk / "network.pt")
            with pytest.raises(OSError, match="No space left"):
                save_network(model, np.zeros((2, 3)), disk / "exported")
            ballast.unlink()
            shutil.rmtree(disk / "exported", ignore_errors=True)


@pytest.mark.parametrize("command", [("train", "debug=fast"), (*STUDY, *SMALL)])
def test_results_that_cannot_be_written_are_told(command, peslab, home):
    """With the folder that is meant."""
    home.mkdir()
    with read_only(home):
        answer = peslab(*command)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert str(home) in answer.err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("part", ["", "journal.log"])
@pytest.mark.usefixtures("unrendered")
def test_a_study_that_cannot_be_written_is_told_and_goes_on_later(part, in_study, peslab):
    """Its folder, or its journal alone; nothing of it is changed."""
    study = in_study / "studies" / "quickstart"
    command = ("train", "-m", "study=quickstart", "debug=fast", "study.n_trials=3", "replicas=2")
    before = (study / "journal.log").read_bytes()
    with read_only(study / part):
        answer = peslab(*command, "study.extend_by=1")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert "Read-only" in answer.err or "Permission" in answer.err
        assert (study / "journal.log").read_bytes() == before
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")


def test_a_store_that_cannot_be_written_is_told(in_study, peslab):
    """Its trial is handed back, none is counted as failed."""
    with read_only(in_study / "mlflow.db"):
        answer = peslab("train", "debug=fast", "network.width=5")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "mlflow.db" in answer.err
