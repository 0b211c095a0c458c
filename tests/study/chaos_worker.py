"""A worker of a study whose trials take a few milliseconds, to be killed at any moment.

python chaos_worker.py HOME NAME N_TRIALS MILLISECONDS
"""

import os
import sys
import time
from pathlib import Path

from optuna.storages.journal import JournalFileSymlinkLock

from peslab.study import Study
from peslab.study.sweeper import TrialResult, work

SPACE = {"x": "interval(-1, 1)", "orders": "choice([-2], [-2,-3])"}
DEFAULTS = {"x": 0.5, "orders": [-2]}


def study(name, n_trials):
    return Study(name, n_trials, n_startup_trials=200, seed=3, workers=1, space=SPACE)


def slow_bowl(folder, milliseconds):
    """The distance of x from 0.3; each start is a line of a file that outlives the worker."""

    def run_trial(number, overrides):
        with (folder / "started.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{number} {os.getpid()}\n")
        time.sleep(milliseconds / 1000)
        x = float(dict(item.split("=", 1) for item in overrides)["x"])
        return TrialResult(abs(x - 0.3), {"val/energy_mae": abs(x - 0.3)}, f"run-{number}")

    return run_trial


def main(home, name, n_trials, milliseconds):
    work(
        study(name, n_trials),
        home,
        slow_bowl(home, milliseconds),
        defaults=DEFAULTS,
        recipe={"potential.cutoff": "2.0"},
        reference="",
    )


if __name__ == "__main__":
    # Optuna takes over the lock of a worker that was killed while it wrote after 30 s.
    JournalFileSymlinkLock.__init__.__defaults__ = (1,)
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
