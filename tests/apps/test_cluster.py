"""A launcher of Hydra starts workers of a study: the same command, once for each."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from peslab.apps import cluster
from peslab.apps.signals import stopped_by_signals
from peslab.configuration.compose import compose
from peslab.errors import PeslabError, Stopped
from waiting import wait_for

STUDY = ("study=quickstart", "study.name=far", "study.workers=3", "debug=fast")


def composed(*overrides, launcher="hydra_plugins.x.SlurmLauncher"):
    config = compose([*STUDY, *overrides])
    OmegaConf.set_readonly(config.hydra, False)
    config.hydra.launcher._target_ = launcher
    return config


class Launcher:
    """Notes what it is to launch, and returns what its workers are said to return."""

    def __init__(self, *statuses):
        self.statuses, self.task, self.jobs = statuses, None, None

    def __call__(self, task, config):
        self.task, self.config = task, config
        return self

    def launch(self, jobs, initial_job_idx):
        assert initial_job_idx == 0
        self.jobs = jobs
        return [SimpleNamespace(_return_value=status) for status in self.statuses]


def test_hydras_own_launcher_is_no_cluster():
    """Trials then run in this process, one after the other."""
    assert not cluster.is_elsewhere(compose(list(STUDY)))
    assert cluster.is_elsewhere(composed())


def test_a_job_is_the_same_command_again(home):
    """But for the launcher, and as one worker; Hydra's own files stay away from the trials'."""
    typed = ["study.storage=shared", "hydra.launcher.timeout_min=5", "hydra/launcher=x"]
    typed += ["+hydra.launcher.ray.init.num_cpus=2", "~hydra.launcher.gres"]
    launcher = Launcher(0, 0, 0)
    cluster.start_workers(
        composed("study.storage=shared"), [*STUDY, *typed, "network.width=8"], launcher
    )
    words, folder, port = launcher.task.args
    assert port is None  # a login node may end the command, and jobs in a queue go on
    assert words == [*STUDY, "study.storage=shared", "network.width=8", "study.workers=1"]
    assert folder == str(home)
    assert len(launcher.jobs) == 3
    assert launcher.jobs[0] == [
        f"hydra.sweep.dir='{home}/studies/far'",
        "hydra.sweep.subdir=workers/${hydra.job.num}",
    ]


def test_machines_need_a_place_that_all_see(home):
    """Locks of one machine say nothing to others."""
    with pytest.raises(PeslabError, match=r"several machines.*study\.storage=shared"):
        cluster.start_workers(composed(), STUDY, Launcher())
    cluster.start_workers(composed(launcher="x.LocalLauncher"), STUDY, Launcher(0, 0, 0))


def test_workers_that_end_before_the_study_are_told(home):
    """With what is known of the first one, and that the same command goes on."""
    launcher = Launcher(0, 2, RuntimeError("no memory"))
    with pytest.raises(PeslabError, match=r"2 of 3 workers ended before.*\(2\).*same command"):
        cluster.start_workers(composed(launcher="x.LocalLauncher"), STUDY, launcher)


def test_a_launcher_without_a_study_is_refused(home):
    """Single runs and grids go to clusters by Hydra's own sweeper."""
    config = compose(["debug=fast"])
    with pytest.raises(PeslabError, match="workers of a study: add study="):
        cluster.start_workers(config, [], Launcher())


@pytest.fixture
def started(monkeypatch):
    """What jobs start in place of workers: programs that sleep; and what they were started with."""
    real, found = subprocess.Popen, []

    def start(command, env=None, **options):
        if "peslab" not in command:  # a guard
            return real(command, env=env, **options)
        worker = real([sys.executable, "-c", "import time; time.sleep(600)"])
        found.append((command[1:], env["PESLAB_HOME"], worker))
        return worker

    monkeypatch.setattr(subprocess, "Popen", start)
    return found


def test_a_job_that_is_asked_to_end_asks_its_worker(started, tmp_path):
    """So that it hands its trial back before the walltime ends."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with pytest.raises(Stopped), stopped_by_signals():
        cluster.work_here(["study=quickstart"], str(tmp_path), None, None)
    ((command, folder, worker),) = started
    assert command == ["-m", "peslab", "train", "-m", "study=quickstart"]
    assert folder == str(tmp_path)
    assert worker.wait() == -signal.SIGTERM


def test_jobs_on_this_machine_end_with_the_command(started, home):
    """Submitit's would outlive it: what they follow is there as long as the launcher waits."""

    class Waiting(Launcher):
        def launch(self, jobs, initial_job_idx):
            del jobs, initial_job_idx
            self.job = threading.Thread(target=lambda: said.append(self.task(None)))
            self.job.start()
            wait_for(lambda: started)
            assert not said
            raise Stopped(15)

    said, launcher = [], Waiting()
    with pytest.raises(Stopped):
        cluster.start_workers(composed(launcher="x.LocalLauncher"), STUDY, launcher)
    launcher.job.join()
    assert said == [-signal.SIGTERM]


def test_submitit_starts_workers_on_this_machine(home, repository):
    """Two of them share a study on a shared file system; its runs are spooled, and brought in."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    small = ["study.n_trials=2", "study.confirm=0", "study.storage=shared", "study.workers=2"]
    command = ["train", "-m", "study=quickstart", "study.name=far", "debug=fast", *small]
    done = subprocess.run(
        [sys.executable, "-m", "peslab", *command, "hydra/launcher=submitit_local"],
        cwd=repository, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = home / "studies" / "far"
    assert {"0", "1", "workers"} <= {path.name for path in folder.iterdir()}
    assert all((folder / number / "metrics.json").is_file() for number in "01")
    assert len(list((home / "spool").iterdir())) == 2
    assert not (home / "mlflow.db").exists()


@pytest.mark.timeout(600)  # Ray takes half a minute to start, and several on busy cores
def test_ray_starts_workers_of_a_study(home, repository, monkeypatch):
    """A local Ray, without a network: two workers make exactly the trials, and leave no process."""
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # or it writes a token into the home folder
    small = ["study.n_trials=2", "study.confirm=0", "study.storage=shared", "study.workers=2"]
    name = f"far-{uuid.uuid4().hex}"  # others may test on this machine, too
    command = ["train", "-m", "study=quickstart", f"study.name={name}", "debug=fast", *small]
    init = "+hydra.launcher.ray.init"
    ray = ["hydra/launcher=ray", f"{init}.num_cpus=2", f"{init}.include_dashboard=false"]
    done = subprocess.run(
        [sys.executable, "-m", "peslab", *command, *ray],
        cwd=repository, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = home / "studies" / name
    assert all((folder / number / "metrics.json").is_file() for number in "01")
    assert len(list((home / "spool").iterdir())) == 2
    assert name not in processes()


def processes() -> str:
    """The command lines of all processes of this machine."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return "\n".join(found)
