"""Runs as plain files: nothing is lost, nothing comes twice, and no store is touched by a run."""

import json
import os

import pytest

from peslab.errors import PrunedError
from peslab.tracking import Tracking, import_spool, spool_import, track_run
from peslab.tracking.spool import ENDED, METRICS, SPOOL

LOCAL = Tracking(uri=None, experiment="peslab")
SPOOLING = Tracking(uri=None, experiment="peslab", spool=True)
TAGS = {"problem": "lattice_pes", "study": "orders", "trial": "3"}


def spooled(home, **values):
    with track_run(SPOOLING, home, "orders/3", TAGS, parent="orders") as log:
        log.metrics(values or {"skill": 0.5})
        log.text("text", "config/a.yaml")
    return home / SPOOL / log.run_id


def runs(home):
    client = LOCAL.client(home)
    found = client.search_runs([LOCAL.experiment_id(client)])
    return [run for run in found if run.data.tags.get("role") != "parent"]


def test_a_run_touches_no_store(tmp_path):
    """Many machines may write many runs; one process brings them in."""
    folder = spooled(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SPOOL]
    assert (folder / ENDED).is_file()


def test_what_was_brought_in_is_gone_from_the_spool(tmp_path):
    """And a second import has nothing to do."""
    spooled(tmp_path)
    assert import_spool(LOCAL, tmp_path) == 1
    assert list((tmp_path / SPOOL).iterdir()) == []
    assert import_spool(LOCAL, tmp_path) == 0
    (run,) = runs(tmp_path)
    assert run.info.status == "FINISHED"
    assert run.info.end_time >= run.info.start_time


@pytest.mark.parametrize("moment", ["_log_values", "shutil"])
def test_an_interrupted_import_is_done_again_and_once(tmp_path, monkeypatch, moment):
    """Half a run is thrown away; a whole one whose folder stayed is not doubled."""
    folder = spooled(tmp_path)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if moment == "shutil":
            patched.setattr(spool_import.shutil, "rmtree", killed)
        else:
            patched.setattr(spool_import, moment, killed)
        with pytest.raises(KeyboardInterrupt):
            import_spool(LOCAL, tmp_path)
    assert folder.is_dir()
    import_spool(LOCAL, tmp_path)
    (run,) = runs(tmp_path)
    assert run.data.metrics == {"skill": 0.5}
    assert not folder.exists()


def test_a_run_that_goes_on_stays(tmp_path):
    """It is brought in when it has ended."""
    with track_run(SPOOLING, tmp_path, "orders/3", TAGS) as log:
        log.metrics({"skill": 0.5})
        assert import_spool(LOCAL, tmp_path) == 0
    assert import_spool(LOCAL, tmp_path) == 1


def test_a_dead_workers_run_is_closed_by_who_takes_its_trial(tmp_path):
    """Killed in the middle of a line: what was written before is there."""
    folder = spooled(tmp_path, skill=0.5, error=0.1)
    (folder / ENDED).unlink()
    os.truncate(folder / METRICS, (folder / METRICS).stat().st_size - 3)
    SPOOLING.close_lost(tmp_path, "orders", 4)
    assert import_spool(LOCAL, tmp_path) == 0
    SPOOLING.close_lost(tmp_path, "orders", 3)
    assert import_spool(LOCAL, tmp_path) == 1
    (run,) = runs(tmp_path)
    assert run.info.status == "KILLED"
    assert run.data.metrics == {"skill": 0.5}


def test_hundreds_of_points_and_params_pass(tmp_path):
    """More than MLflow takes at once, in their order."""
    with track_run(SPOOLING, tmp_path, "many", {"problem": "p"}) as log:
        log.params({f"key_{number}": number for number in range(150)})
        for epoch in range(2500):
            log.epoch(epoch, {"train/loss": 1 / (epoch + 1)})
    import_spool(LOCAL, tmp_path)
    (run,) = runs(tmp_path)
    history = LOCAL.client(tmp_path).get_metric_history(run.info.run_id, "train/loss")
    assert [(point.step, point.value) for point in history] == [
        (step, 1 / (step + 1)) for step in range(2500)
    ]
    assert len(run.data.params) == 150


def test_numbers_that_are_none_are_left_out(tmp_path):
    """As in the store itself."""
    folder = spooled(tmp_path, skill=0.5, broken=float("nan"))
    lines = (folder / METRICS).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)[0] for line in lines] == ["skill"]


def test_a_failed_run_says_why(tmp_path):
    """As one that is written into the store at once."""
    with pytest.raises(ValueError, match="too"), track_run(SPOOLING, tmp_path, "orders/3", TAGS):
        raise ValueError("too small")
    assert import_spool(LOCAL, tmp_path) == 1
    (run,) = runs(tmp_path)
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "too small")


def test_a_pruned_run_is_killed_and_says_so(tmp_path):
    """As one that is written into the store at once."""
    with pytest.raises(PrunedError), track_run(SPOOLING, tmp_path, "orders/3", TAGS) as log:
        log.epoch(0, {"val/mae": 0.5})
        raise PrunedError("pruned after epoch 1.")
    assert import_spool(LOCAL, tmp_path) == 1
    (run,) = runs(tmp_path)
    assert (run.info.status, run.data.tags["pruned"]) == ("KILLED", "pruned after epoch 1.")
    assert run.data.metrics == {"val/mae": 0.5}
