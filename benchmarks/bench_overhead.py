"""What a study costs beside its trainings: `peslab train -m` against a plain loop.

The plain loop is what one would write without peslab: Optuna in memory, a raw PyTorch loop over
slices of resident tensors with fused AdamW, a cosine schedule, the best weights kept, and nothing
logged, drawn or kept. Both do the same trainings: a learning rate for each trial, and in the end
the three leading ones once more. Ours does all that it does by default: a new database for these,
runs in MLflow, metrics of drags, figures and exported networks of the trials that lead, the report.
With three replicas, as by default, the plain loop trains them one after another, and each of its
trials takes as long as with one. One thread each.

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
    *("network.width=64", "network.depth=2", "features.orders=[-2,-3]"),
    *("features.cutoff=4.0", f"study.confirm={LEADING}", "study.name=overhead"),
    "optimizer.learning_rate=tag(log, interval(1e-3, 2e-2))",
]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def prepared(home: Path) -> Path:
    """Make the database, and of it what the plain loop takes."""
    planned = plan(
        without_hydra(
            compose([each for each in RECIPE if "study." not in each and "tag(" not in each])
        )
    )
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


def beside(n_trials: int, seconds: float, n_replicas: int) -> None:
    """Print how long a study takes, as a multiple of the plain loop."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        data = prepared(home)

        def loop(trials: int, epochs: int) -> tuple[float, float]:
            numbers = map(str, (trials, epochs, LEADING, n_replicas))
            return timed([sys.executable, PLAIN, str(data), *numbers], home)

        short, long = (min(loop(1, epochs)[1] for _ in range(3)) for epochs in (5, 35))
        epochs = round(seconds / ((long - short) / (30 * 2)))  # the only trial leads: twice
        study = ["train", "-m", "study=quickstart", *RECIPE, f"replicas={n_replicas}"]
        study += [f"study.n_trials={n_trials}", f"trainer.max_epochs={epochs}"]
        ours = timed([sys.executable, "-m", "peslab", *study], home)
        theirs = loop(n_trials, epochs)
    each = theirs[0] / (n_trials + LEADING)
    print(f"replicas={n_replicas}: {n_trials} trials of {epochs} epochs, {each:.2f} s each")
    for name, ours_took, loop_took in zip(("clock", "computing"), ours, theirs, strict=True):
        ratio = ours_took / loop_took
        print(f"{name}: {ours_took:.1f} s, the plain loop {loop_took:.1f} s: {ratio:.2f} times")


def main() -> None:
    n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    for n_replicas in (1, 3):
        beside(n_trials, seconds, n_replicas)


if __name__ == "__main__":
    main()
