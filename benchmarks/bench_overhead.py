"""What a study costs beside its trainings: `peslab train -m` against a plain loop.

The plain loop is what one would write without peslab: Optuna in memory, a raw PyTorch loop over
slices of resident tensors with fused AdamW, a cosine schedule, the best weights kept, and nothing
logged, drawn or kept. Both do the same trainings: a learning rate for each trial, and in the end
the three leading ones once more. Ours does all that it does by default: its database made anew for
these, runs in MLflow, metrics of drags, figures and exported networks of the trials that lead, the
report. One thread each.

Run: python benchmarks/bench_overhead.py [TRIALS [SECONDS]]
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from peslab.configuration.compose import compose, without_hydra
from peslab.pipeline import plan

LEADING = 3
PLAIN = str(Path(__file__).with_name("plain_loop.py"))
RECIPE = [
    *("replicas=1", "network.width=64", "network.depth=2", "features.orders=[-2,-3]"),
    *("features.cutoff=4.0", f"study.confirm={LEADING}", "study.name=overhead"),
]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def prepared(home: Path) -> Path:
    """Make the database, and of it what the plain loop takes."""
    planned = plan(without_hydra(compose([each for each in RECIPE if "study." not in each])))
    tables = planned.problem.tables(home / "databases")
    inputs = planned.features(*tables.train.inputs)
    scaling = planned.scaling.fit(inputs)
    path = home / "plain.npz"
    np.savez(
        path,
        x=scaling.apply(inputs),
        y=tables.train.targets,
        vx=scaling.apply(planned.features(*tables.validation.inputs)),
        vy=tables.validation.targets,
    )
    return path


def timed(command: list[str], home: Path) -> tuple[float, float]:
    """Seconds on the clock and of computing that a command takes."""
    environment = {**os.environ, **ONE_THREAD, "PESLAB_HOME": str(home)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    passed = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return passed, used


def main() -> None:
    n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    with TemporaryDirectory() as folder:
        home = Path(folder)
        data = prepared(home)

        def loop(trials: int, epochs: int) -> tuple[float, float]:
            words = [sys.executable, PLAIN, str(data), str(trials), str(epochs), str(LEADING)]
            return timed(words, home)

        short, long = loop(1, 2)[1], loop(1, 12)[1]
        epochs = round(seconds / ((long - short) / (10 * (1 + 1))))  # the leading one once more
        rate = "optimizer.learning_rate=tag(log, interval(1e-3, 2e-2))"
        study = ["train", "-m", "study=quickstart", *RECIPE, rate]
        study += [f"study.n_trials={n_trials}", f"trainer.max_epochs={epochs}"]
        ours = timed([sys.executable, "-m", "peslab", *study], home)
        theirs = loop(n_trials, epochs)
    print(f"{n_trials} trials of {epochs} epochs: {theirs[0] / (n_trials + LEADING):.2f} s each")
    for name, ours_took, loop_took in zip(("clock", "computing"), ours, theirs, strict=True):
        ratio = ours_took / loop_took
        print(f"{name}: {ours_took:.1f} s, the plain loop {loop_took:.1f} s: {ratio:.2f} times")


if __name__ == "__main__":
    main()
