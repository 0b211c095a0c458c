"""A worker of a study whose trainings are curves that are known, to be pruned and killed.

python pruned_worker.py HOME PRUNER N_TRIALS hangs|shares NUMBER

One that hangs stops for good in the middle of the first trial from NUMBER on; those that share wait
in their first trial until NUMBER of them have one.
"""

import os
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


def curves(seen=lambda *_: None):
    """Trainings, each epoch of which is shown."""

    def run_trial(number, overrides):
        x = float(dict(item.split("=", 1) for item in overrides)["x"])
        for epoch in range(EPOCHS):
            seen(number, epoch)
            report(epoch, EPOCHS, error_after(epoch, x))
        error = error_after(EPOCHS - 1, x)
        return TrialResult(error, {"val/energy_mae": error}, f"run-{number}")

    return run_trial


def hanging(home, first):
    """Stop in the fifth epoch, before anybody is pruned, and say so."""

    def seen(number, epoch):
        if number >= first and epoch == 4:
            (home / "hangs").touch()
            time.sleep(600)

    return seen


def sharing(home, workers):
    """Wait until all workers have a trial."""
    folder = home / "workers"

    def seen(_number, _epoch):
        folder.mkdir(exist_ok=True)
        (folder / str(os.getpid())).touch()
        end = time.monotonic() + 120
        while len(list(folder.iterdir())) < workers:
            assert time.monotonic() < end, "nobody else came"
            time.sleep(0.01)

    return seen


def main(home, pruner, n_trials, seen=lambda *_: None):
    told = []
    work(
        study(pruner, n_trials),
        home,
        curves(seen),
        defaults=DEFAULTS,
        recipe={},
        about=About(),
        on_trial=told.append,
    )
    return told


if __name__ == "__main__":
    place, kind, total, habit, count = sys.argv[1:]
    habits = {"hangs": hanging, "shares": sharing}
    main(Path(place), kind, int(total), habits[habit](Path(place), int(count)))
