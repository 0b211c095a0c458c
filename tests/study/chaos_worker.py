"""A worker of a study whose trials take a few milliseconds, to be killed at any moment.

python chaos_worker.py HOME NAME N_TRIALS MILLISECONDS [STORAGE]
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from peslab.apps.signals import stopped_by_signals
from peslab.errors import Stopped
from peslab.study import Study
from peslab.study.about import About
from peslab.study.storage import stores
from peslab.study.sweeper import TrialResult, work

SPACE = {"x": "interval(-1, 1)", "orders": "choice([-2], [-2,-3])"}
DEFAULTS = {"x": 0.5, "orders": [-2]}


def study(name, n_trials, storage=None):
    return Study(
        name, n_trials, n_startup_trials=200, seed=3, workers=1, space=SPACE, storage=storage
    )


def slow_bowl(folder, milliseconds):
    """The distance of x from 0.3; each start is a line of a file that outlives the worker."""

    def run_trial(number, overrides):
        with (folder / "started.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{number} {os.getpid()}\n")
        end = time.monotonic() + milliseconds / 1000
        while time.monotonic() < end:  # a signal that comes just before a long sleep is not heard
            time.sleep(min(0.01, max(0.0, end - time.monotonic())))
        x = float(dict(item.split("=", 1) for item in overrides)["x"])
        return TrialResult(abs(x - 0.3), {"val/energy_mae": abs(x - 0.3)}, f"run-{number}")

    return run_trial


def main(home, name, n_trials, milliseconds, storage=None):
    return work(
        study(name, n_trials, storage),
        home,
        slow_bowl(home, milliseconds),
        defaults=DEFAULTS,
        recipe={"potential.cutoff": "2.0"},
        about=About(),
    )


if __name__ == "__main__":
    # Leases on a shared file system last two seconds here, instead of a minute, unless told.
    stores.RENEWAL_SECONDS = 0.1
    stores.LEASE_SECONDS = float(os.environ.get("LEASE_SECONDS", "2"))
    with stopped_by_signals(), suppress(Stopped):
        main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), *sys.argv[5:])
