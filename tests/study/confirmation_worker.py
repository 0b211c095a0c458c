"""A worker of a study of a function whose leading trials are confirmed, to be killed meanwhile.

python confirmation_worker.py HOME MILLISECONDS [MILLISECONDS …]

Each confirmation takes the next time, those at the end the last one.
"""

import sys
import time
from pathlib import Path

import numpy as np
from study_of_a_bowl import DEFAULTS, SPACE, bowl

from peslab.study import Study
from peslab.study.about import About
from peslab.study.results.confirmation import Retrained, confirm
from peslab.study.sweeper import work


def settings():
    return Study("confirmed", 6, n_startup_trials=200, seed=3, workers=1, space=SPACE, confirm=3)


def again(begun=None, home=None, pauses=(0.0,)):
    """A training again whose errors scatter by what the trial's number draws."""
    left = list(pauses)

    def retrain(trial, folder):
        if begun is not None:
            begun.append(trial.trial)
        if home is not None:
            with (home / "again.txt").open("a", encoding="utf-8") as stream:
                stream.write(f"{trial.trial}\n")
        time.sleep((left.pop(0) if len(left) > 1 else left[0]) / 1000)
        random = np.random.default_rng(trial.trial)
        scatter = random.normal(0, 0.1, (3, 1)) + random.normal(0, 1, (3, 50))
        promised = trial.metrics["val/energy_mae"]
        return Retrained(np.abs(5 + scatter), "fresh", "new data", promised, f"again-{trial.trial}")

    return retrain


def main(home, study, conclude=None):
    work(
        study,
        home,
        bowl,
        defaults=DEFAULTS,
        recipe={},
        about=About(),
        conclude=conclude or (lambda _: None),
    )


if __name__ == "__main__":
    folder, waits = Path(sys.argv[1]), [float(word) for word in sys.argv[2:]]
    main(folder, settings(), lambda study: confirm(study, again(None, folder, waits)))
