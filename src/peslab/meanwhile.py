"""Other processes that compile kernels while this one compiles others."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

import numpy as np

import peslab.features
from peslab.features import Descriptor
from peslab.kernels.compilation import compiled_anew
from peslab.toymodel import ModifiedLennardJones, Potential

_given: set[str] = set()  # jobs that others have had: what they left is on the disk, or never is


@contextmanager
def compiled_meanwhile(
    descriptor: Descriptor,
    potential: Potential,
    n_particles: int,
    dimension: int,
    cell_width: float,
) -> Iterator[None]:
    """Let others compile what a descriptor and energies need, and wait for them in the end.

    Numba compiles one kernel at a time in a process. What comes of it lies on the disk, where
    kernels are looked for first; what does not come about is compiled when it is called, as ever,
    and what several come to at once by one of them. Where this process has found all of its kernels
    on the disk so far, nothing is started.

    Args:
        descriptor: Whose kernels to compile; those of other packages are left as they are.
        potential: Whose energies are to be summed; kernels depend on how it counts, not on what.
        n_particles: Of the configurations.
        dimension: Of their positions.
        cell_width: Of their cells, in R_c.
    """
    shape = (n_particles, dimension, cell_width)
    sums = {"counting": potential.counting, "depth": None if potential.depth is None else 0}
    jobs = [json.dumps([ModifiedLennardJones.__name__, sums, *shape])]
    if getattr(peslab.features, type(descriptor).__name__, None) is type(descriptor):
        jobs.append(json.dumps([type(descriptor).__name__, asdict(descriptor), *shape]))
    with ExitStack() as ended:
        processes = []
        for job in jobs if compiled_anew() else ():
            if job not in _given and (process := _started(job)):
                processes.append(process)
                ended.callback(process.wait)
                ended.callback(process.kill)
            _given.add(job)
        yield
        for process in processes:
            process.wait()


def _started(job: str) -> "subprocess.Popen[bytes] | None":
    nowhere = subprocess.DEVNULL
    # -P: the folder that a command is typed in is no place to import from.
    command = [sys.executable, "-P", "-m", __name__, job]
    try:
        return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    except OSError:  # a machine that starts no further process
        return None


def main(job: str) -> None:
    """Describe two configurations or sum their energies: all kernels are compiled and kept."""
    name, parameters, n_particles, dimension, cell_width = json.loads(job)
    draw = np.random.default_rng(0).uniform
    positions = draw(0.0, cell_width, (2, n_particles, dimension))
    if name == ModifiedLennardJones.__name__:
        ModifiedLennardJones(**parameters).energy_and_forces(positions, cell_width)
        return
    descriptor: Descriptor = getattr(peslab.features, name)(**parameters)
    descriptor(positions, cell_width)
    if descriptor.has_jacobian:
        descriptor.with_jacobian(positions, cell_width)


if __name__ == "__main__":
    main(sys.argv[1])
