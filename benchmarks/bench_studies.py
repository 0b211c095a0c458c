"""What a study itself costs: opened when it is large, shared by workers, over many trials.

Trainings are pretended, their metrics are as many as those of a run with three replicas.

Run: python benchmarks/bench_studies.py
"""

import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from peslab.study import TPE, Random, Study
from peslab.study.about import About
from peslab.study.search.samplers import Sampler
from peslab.study.storage.study import OpenStudy, load, work_on
from peslab.study.sweeper import TrialResult, work

SPACE = {
    "optimizer.learning_rate": "tag(log, interval(1e-4, 1e-1))",
    "network.width": "int(interval(8, 128))",
    "network.depth": "int(interval(1, 4))",
    "features.orders": "choice([-2], [-2,-3], [-2,-4,-6])",
    "features.cutoff": "interval(2.0, 5.0)",
}
DEFAULTS = {
    "optimizer.learning_rate": 1e-3,
    "network.width": 16,
    "network.depth": 2,
    "features.orders": [-2],
    "features.cutoff": 3.0,
}
OBJECTIVE = "val/energy_mae"
NAMES = [OBJECTIVE, "test/energy_mae", *(f"part_{k // 10}/quantity_{k}" for k in range(60))]
RANDOM = Random()
LARGE, SLEEP, N_WORKERS = 10_000, 0.2, 4


def pretended(seconds: float, sizes: list[float] | None = None):
    """A task that waits, and writes down how large its process was."""

    def run_trial(number: int, _: list[str]) -> TrialResult:
        time.sleep(seconds)
        if sizes is not None:
            sizes.append(resident())
        metrics = {name: hash((number, name)) / 2**61 for name in NAMES}
        metrics |= {f"{name}_sem": value / 10 for name, value in metrics.items()}
        metrics |= {f"replica_{k}/{name}": metrics[name] for k in range(3) for name in NAMES}
        return TrialResult(metrics[OBJECTIVE], metrics, f"{number:032x}")

    return run_trial


def study(n_trials: int, storage: str | None = None, sampler: Sampler = RANDOM) -> Study:
    return Study(
        "bench",
        n_trials,
        10,
        0,
        1,
        SPACE,
        sampler=sampler,
        storage=storage,
        objectives=(OBJECTIVE,),
    )


def do(home: Path, n_trials: int, run_trial, storage: str | None = None) -> None:
    settings = study(n_trials, storage)
    work(settings, home, run_trial, defaults=DEFAULTS, recipe={}, about=About())


def sleeper(home: Path, n_trials: int, storage: str | None) -> None:
    do(home, n_trials, pretended(SLEEP), storage)


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def opened(home: Path) -> tuple[OpenStudy, float, float]:
    """Seconds until a study is open, and until it has proposed a trial."""
    by_tpe = study(LARGE + 1, sampler=TPE())
    load(by_tpe.name, home).set_user_attr("search", by_tpe.search)  # as if it always had been
    began = time.perf_counter()
    with work_on(by_tpe, home, {}, {}, About()) as joined:
        is_open = time.perf_counter() - began
        joined.claim()
        return is_open, time.perf_counter() - began


def main() -> None:
    with TemporaryDirectory() as folder:
        sizes: list[float] = []
        began = time.perf_counter()
        do(Path(folder), LARGE, pretended(0.0, sizes))
        each = (time.perf_counter() - began) / LARGE
        print(f"a trial beside its training: {1e3 * each:.1f} ms")
        print(f"memory after 100, 1,000, {LARGE:,} trials: ", end="")
        print(", ".join(f"{sizes[n - 1]:.0f}" for n in (100, 1000, LARGE)), "MB")
        size = next(Path(folder).glob("studies/*/journal.log")).stat().st_size
        is_open, proposed = opened(Path(folder))
        print(f"{LARGE:,} trials, {size / 2**20:.0f} MB: open after {is_open:.2f} s, ", end="")
        print(f"a trial proposed by TPE after {proposed:.2f} s")
    for storage in (None, "shared"):
        with TemporaryDirectory() as folder:
            n_trials = 40 * N_WORKERS
            with multiprocessing.get_context("spawn").Pool(N_WORKERS) as pool:
                pool.map(json.dumps, range(8 * N_WORKERS))  # all have started
                began = time.perf_counter()
                pool.starmap(sleeper, [(Path(folder), n_trials, storage)] * N_WORKERS, chunksize=1)
                ratio = (time.perf_counter() - began) / (n_trials / N_WORKERS * SLEEP)
            told = storage or "one machine"
            print(f"{N_WORKERS} workers, trials of {SLEEP} s, {told}: {ratio:.3f} times", end=" ")
            print("as long as without a study")


if __name__ == "__main__":
    sys.exit(main())
