"""A rerun gives the same bits, or says what was different."""

import os
import shutil
import sys

import pytest

from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")
RUN = ("train", "debug=fast", "replicas=2", "loss.gradient_weight=0.1")


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    """A folder of results with one run in it."""
    from peslab.apps.main import main

    folder = tmp_path_factory.mktemp("repeated") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PESLAB_HOME", str(folder))
        with pytest.raises(SystemExit) as ended:
            main(RUN)
    assert not ended.value.code
    return folder


@pytest.fixture
def in_repeated(repeated, monkeypatch):
    monkeypatch.setenv("PESLAB_HOME", str(repeated))
    return repeated


def original(home):
    """The run that all others repeat, with its tags of now."""
    client = LOCAL.client(home)
    runs = client.search_runs([LOCAL.experiment_id(client)])
    (first,) = [run for run in runs if "repeats" not in run.data.tags]
    return first


def test_it_is_identical_with_new_data_and_on_one_core(in_repeated, peslab):
    """Nothing depends on how many threads made the data, or on data that lay there."""
    first = original(in_repeated)
    shutil.rmtree(in_repeated / "databases")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        answer = peslab("rerun", first.info.run_id[:8])
    finally:
        os.sched_setaffinity(0, cores)
    assert (answer.status, answer.err) == (0, "")
    measured = [name for name in first.data.metrics if "seconds" not in name]
    assert len(measured) > 80
    assert f"identical: {len(measured)} metrics, bit by bit" in answer.out


def test_both_runs_know_of_each_other(in_repeated, peslab):
    """With overrides too; the original lists all that repeat it, each one its original."""
    first = original(in_repeated)
    before = first.data.tags.get("repeated_by", "").split()
    answer = peslab("rerun", first.info.run_id, "seed=5")
    assert (answer.status, answer.err) == (0, "")
    assert "identical" not in answer.out
    assert "seed: 0 → 5\n" in answer.out
    (again,) = set(original(in_repeated).data.tags["repeated_by"].split()) - set(before)
    assert LOCAL.find(in_repeated, run_id=again).tags["repeats"] == first.info.run_id
    assert LOCAL.find(in_repeated, run_id=again).tags["data.test"] == first.data.tags["data.test"]


def test_what_changed_is_told_where_it_is_not(in_repeated, peslab, monkeypatch):
    """Which metrics, by how much, and the commit, versions, hardware and data that differ."""
    first = original(in_repeated)
    client = LOCAL.client(in_repeated)
    client.log_metric(first.info.run_id, "test/energy_mae", first.data.metrics["test/energy_mae"])
    wrong = first.data.metrics["val/energy_mae"] * (1 + 1e-12)
    client.log_metric(first.info.run_id, "val/energy_mae", wrong)
    module = sys.modules["peslab.tracking.provenance"]  # its name is a function of the package
    monkeypatch.setattr(module, "_usable_cores", lambda: 77)
    monkeypatch.setattr(module, "installed", lambda: "numpy==0.0.1\n")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    answer = peslab("rerun", first.info.run_id)
    client.log_metric(first.info.run_id, "val/energy_mae", first.data.metrics["val/energy_mae"])
    assert (answer.status, answer.err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in answer.out.splitlines() if line.split()}
    measured = [name for name in first.data.metrics if "seconds" not in name]
    assert f"1 of {len(measured)} metrics differ:" in answer.out
    assert rows["val/energy_mae"][-1] == "-1.0e-12"
    assert rows["cores"] == [str(len(os.sched_getaffinity(0))), "77"]
    assert rows["OMP_NUM_THREADS"] == ["1", "3"]
    assert rows["numpy"][-1] == "0.0.1"


def test_what_a_run_depended_on_is_recorded(in_repeated):
    """Code, lock, hardware, threads, seeds; the data as tags."""
    first = original(in_repeated)
    facts = LOCAL.environment(in_repeated, first.info.run_id)
    assert facts["seeds"] == "0, 1"
    assert {"processor", "instructions", "cores", "threads", "GPU", "installed"} <= set(facts)
    assert facts["pytest"] == pytest.__version__
    marks = {"fingerprint.train", "fingerprint.test", "data.train", "data.validation", "data.test"}
    assert marks <= set(first.data.tags)


def test_a_checkpoint_to_go_on_from_is_recorded_where_it_is(home, peslab, tmp_path, monkeypatch):
    """A rerun is started from another folder than the run was."""
    monkeypatch.chdir(tmp_path)
    # A value that waits for the data makes the config be settled a second time.
    waiting = ("loss=huber", "loss.delta=${data:target_std,0.01}")
    long = ("debug=fast", "replicas=1", "trainer.max_epochs=2", "trainer.checkpoint_every=1")
    assert peslab("train", *long, *waiting).status == 0
    (checkpoint,) = home.glob("single/*/checkpoint.ckpt")
    checkpoint.rename(tmp_path / "here.ckpt")
    longer = (*long, *waiting, "trainer.resume_from=here.ckpt")
    answer = peslab("train", *longer)
    assert (answer.status, answer.err) == (0, "")
    client = LOCAL.client(home)
    runs = client.search_runs([LOCAL.experiment_id(client)], order_by=["start_time DESC"])
    for form in ("resolved", "unresolved"):
        text = LOCAL.read_text(home, runs[0].info.run_id, f"config/{form}.yaml")
        assert f"resume_from: {tmp_path}/here.ckpt\n" in text
    assert runs[0].data.params["trainer.resume_from"] == str(tmp_path / "here.ckpt")
    monkeypatch.chdir(home)
    answer = peslab("rerun", runs[0].info.run_id)
    assert (answer.status, answer.err) == (0, "")
    assert "is identical" in answer.out
