"""A worker of a study whose trainings are curves that are known, to be pruned and killed.

python pruned_worker.py HOME N_TRIALS MILLISECONDS
"""

import sys
import time
from pathlib import Path

from peslab.study import Median, Study, SuccessiveHalving
from peslab.study.about import About
from peslab.study.search.pruning import report
from peslab.study.sweeper import TrialResult, work

SPACE = {"x": "interval(-1, 1)", "n": "int(interval(1, 9))"}
DEFAULTS = {"x": 0.7, "n": 4}
EPOCHS = 60
PRUNERS = {
    "median": Median(checks=10, first_check=2, n_startup_trials=2),
    "asha": SuccessiveHalving(checks=9, first_check=1, reduction_factor=3),
}


def study(pruner, n_trials):
    return Study("curves", n_trials, 3, seed=2, workers=1, space=SPACE, pruner=PRUNERS[pruner])


def error_after(epoch, x):
    """A training that gets to the distance of x from 0.3."""
    return abs(x - 0.3) + 1.0 / (epoch + 1)


def curves(milliseconds, seen=lambda *_: None):
    """Trainings, each epoch of which takes so long, and is shown."""

    def run_trial(number, overrides):
        x = float(dict(item.split("=", 1) for item in overrides)["x"])
        for epoch in range(EPOCHS):
            seen(number, epoch)
            time.sleep(milliseconds / 1000)
            report(epoch, EPOCHS, error_after(epoch, x))
        error = error_after(EPOCHS - 1, x)
        return TrialResult(error, {"val/energy_mae": error}, f"run-{number}")

    return run_trial


def main(home, pruner, n_trials, milliseconds=0.0, seen=lambda *_: None):
    told = []
    work(
        study(pruner, n_trials),
        home,
        curves(milliseconds, seen),
        defaults=DEFAULTS,
        recipe={},
        about=About(),
        on_trial=told.append,
    )
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
