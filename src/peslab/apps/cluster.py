"""Workers of a study on a cluster: a launcher of Hydra is called once, with a job for each."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from omegaconf import DictConfig

from peslab.apps.spaces import merged
from peslab.children import end_with, guarded, sign_of_life
from peslab.configuration.compose import parse, without_hydra
from peslab.configuration.folders import home
from peslab.errors import PeslabError
from peslab.pipeline import plan
from peslab.study.settings import FELLOW

BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
LAUNCHER = ("hydra/launcher", "hydra.launcher")
ON_THIS_MACHINE = ("LocalLauncher",)
GRACE_SECONDS = 30.0

MakeLauncher = Callable[[Callable[[DictConfig], int], DictConfig], Any]
"""Makes a launcher for a task and a config."""


def is_elsewhere(config: DictConfig) -> bool:
    """Whether another launcher than Hydra's own was chosen, such as hydra/launcher=submitit_slurm.

    Args:
        config: Composed by Hydra for the whole sweep.
    """
    return str(config.hydra.launcher._target_) != BASIC


def start_workers(config: DictConfig, overrides: Sequence[str], make: MakeLauncher) -> None:
    """Start `study.workers` workers by a launcher, and wait until all have ended.

    Each is the same command again, on whatever machine the launcher finds. Launchers wait for all
    their jobs, so single trials are never launched. Workers on this machine end with this process;
    those in a queue go on without it, as a login node may end it any time.

    Args:
        config: Composed by Hydra for the whole sweep.
        overrides: As typed.
        make: Makes the launcher.

    Raises:
        PeslabError: If the study has no place that all machines share, or a worker failed.
    """
    base = plan(without_hydra(config))
    if base.study is None:
        raise PeslabError("hydra/launcher starts workers of a study: add study=quickstart.")
    settings = merged(base.study, parse(list(overrides)), config)
    launcher = str(config.hydra.launcher._target_).rpartition(".")[2]
    if settings.storage is None and launcher not in ON_THIS_MACHINE:
        raise PeslabError(
            f"{launcher} starts workers on several machines: keep the study where all see it, "
            "study.storage=shared (a folder of a shared file system), or a PostgreSQL database."
        )
    words = [*config.hydra.overrides.hydra, *overrides]
    words = [word for word in words if not word.lstrip("+~").startswith(LAUNCHER)]
    folder = settings.folder(home())
    places = [  # of what Hydra writes for each job; numbers alone are trials
        f"hydra.sweep.dir='{folder}'",
        "hydra.sweep.subdir=workers/${hydra.job.num}",
    ]
    with sign_of_life() as port:
        ours = port if launcher in ON_THIS_MACHINE else None
        task = partial(work_here, [*words, "study.workers=1"], str(home()), ours)
        returned = make(task, config).launch([places] * settings.workers, initial_job_idx=0)
    statuses = [job._return_value for job in returned]  # noqa: SLF001  # the public one prints
    failed = [status for status in statuses if status != 0]
    if failed:
        raise PeslabError(
            f"{len(failed)} of {len(statuses)} workers ended before the study ({failed[0]}): see "
            f"{folder}; the same command goes on."
        )


def work_here(words: Sequence[str], home_folder: str, port: int | None, config: DictConfig) -> int:
    """One job of a launcher: a worker of the study, which is asked to end when the job is.

    Args:
        words: Of the command.
        home_folder: The folder of results.
        port: The sign of life of the command that started this job; None where it lives on without.
        config: Hydra's for this job; all that is needed is in the words.

    Returns:
        The worker's exit status.
    """
    del config
    command = [sys.executable, "-m", "peslab", "train", "-m", *words]
    environment = {**os.environ, "PESLAB_HOME": home_folder, FELLOW: "1"}
    with guarded(signal.SIGTERM) as guard:
        worker = subprocess.Popen(command, env=environment)
        guard(worker.pid)
        try:
            if port is not None:
                end_with(port, worker)
            return worker.wait()
        except BaseException:
            worker.terminate()
            worker.wait(GRACE_SECONDS)
            raise
