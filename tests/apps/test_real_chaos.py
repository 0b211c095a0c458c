"""Real trainings of two workers that are killed at random moments: no trial is lost or doubled."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from optuna.trial import TrialState

from peslab.study.storage.study import WORKER, load
from peslab.tracking import Tracking

pytestmark = pytest.mark.timeout(600)

N_KILLS, N_TRIALS = 3, 5
COMMAND = (
    *(sys.executable, "-m", "peslab", "train", "-m", "study=quickstart", "study.name=chaos"),
    *("debug=fast", "replicas=1", f"study.n_trials={N_TRIALS}", "study.confirm=0"),
)


def start(folder, number):
    """A worker: the command, in a process of its own."""
    with (folder / f"worker_{number}.txt").open("wb") as said:
        return subprocess.Popen(COMMAND, stdout=said, stderr=said)


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    """The folder of results of a study whose workers were killed, then left alone."""
    folder = tmp_path_factory.mktemp("chaos")
    home = folder / "runs"
    draws = random.Random(7)  # noqa: S311  # moments, not secrets
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PESLAB_HOME", str(home))
        workers = [start(folder, number) for number in range(2)]
        for number in range(N_KILLS):
            wait_for_trial(home, number, workers)
            time.sleep(draws.uniform(0, 1.5))
            victim = next_victim(home, workers)
            victim.send_signal(signal.SIGKILL)
            victim.wait(30)
            workers.remove(victim)
            workers.append(start(folder, 2 + number))
        workers.append(start(folder, 2 + N_KILLS))
        statuses = [worker.wait(300) for worker in workers]
        said = [file.read_text(encoding="utf-8") for file in folder.glob("worker_*.txt")]
        assert statuses == [0, 0, 0], "\n".join(said)
        yield home


def wait_for_trial(home, number, workers):
    """Until a trial of at least this number has begun."""
    end = time.monotonic() + 200
    while not any(int(each.name) >= number for each in home.glob("studies/chaos/[0-9]*")):
        assert time.monotonic() < end, "no trial began"
        assert all(worker.poll() in {None, 0} for worker in workers)
        time.sleep(0.01)


def next_victim(home, workers):
    """Who is in the middle of a trial; to kill one that still starts would interrupt nothing."""
    end = time.monotonic() + 200
    while time.monotonic() < end:
        running = load("chaos", home).get_trials(states=(TrialState.RUNNING,))
        holders = [str(trial.user_attrs.get(WORKER)) for trial in running]
        for worker in workers:
            if any(f"-{worker.pid}-" in holder for holder in holders):
                return worker
        time.sleep(0.01)
    raise AssertionError("nobody runs a trial")


@pytest.fixture
def trials(survived, peslab, monkeypatch):
    """The trials that the report knows."""
    monkeypatch.setenv("PESLAB_HOME", str(survived))
    return json.loads(peslab("report", "chaos", "--json").out)


def runs(home):
    store = Tracking(uri=None, experiment="peslab")
    client = store.client(home)
    return client.search_runs([store.experiment_id(client)], "tags.study = 'chaos'")


def test_exactly_the_planned_trials_are_finished(trials):
    """None failed, however many were killed; no two have the same values."""
    assert [trial["rank"] for trial in trials] == list(range(1, N_TRIALS + 1))
    assert len({json.dumps(trial["values"]) for trial in trials}) == N_TRIALS


def test_each_trial_has_its_folder_with_its_own_config(survived, trials):
    """Named by its number, written once, with what was measured and what was trained."""
    for trial in trials:
        folder = survived / "studies" / "chaos" / str(trial["trial"])
        overrides = (folder / ".hydra" / "overrides.yaml").read_text(encoding="utf-8")
        assert f"optimizer.learning_rate={trial['values']['optimizer.learning_rate']}" in overrides
        assert (folder / ".hydra" / "config.yaml").is_file()
        assert (folder / "network.pt").is_file()
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["val/energy_mae"] == trial["metrics"]["val/energy_mae"]


def test_mlflow_agrees_with_the_study(survived, trials):
    """One good run for each trial, the killed ones closed; retries know what they make good."""
    found = runs(survived)
    numbers = {str(trial["trial"]) for trial in trials}
    ended = [(run.data.tags.get("trial"), run.info.status) for run in found]
    good = [trial for trial, status in ended if status == "FINISHED" and trial is not None]
    assert sorted(good) == sorted(numbers)
    assert {status for _, status in ended} <= {"FINISHED", "KILLED"}
    assert {trial for trial, status in ended if status == "KILLED"}.isdisjoint(numbers)
    assert {run.info.run_id for run in found} >= {trial["run_id"] for trial in trials}
    retried = {run.data.tags.get("retry_of") for run in found} - {None}
    assert retried, "kills in the middle of trainings interrupt at least one"
    assert retried.isdisjoint(numbers)


def test_one_parent_binds_all_runs(survived):
    """Made by two workers at once."""
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs(survived)} - {None}
    assert len(parents) == 1
