"""A second process that compiles kernels while this one compiles others."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np

import peslab.features
from peslab.features import Descriptor
from peslab.kernels.compilation import compiled_anew
from peslab.toymodel import ModifiedLennardJones, Potential


@contextmanager
def compiled_meanwhile(
    descriptor: Descriptor,
    potential: Potential,
    n_particles: int,
    dimension: int,
    cell_width: float,
) -> Iterator[None]:
    """Let another process compile what a descriptor and energies need, and wait for it in the end.

    Numba compiles one kernel at a time in a process. What comes of it lies on the disk, where
    kernels are looked for first; what does not come about is compiled when it is called, as ever,
    and what both come to at once by one of them. Where this process has found all of its kernels
    on the disk so far, nothing is started.

    Args:
        descriptor: Whose kernels to compile; those of other packages are left as they are.
        potential: Whose energies are to be summed; kernels depend on how it counts, not on what.
        n_particles: Of the configurations.
        dimension: Of their positions.
        cell_width: Of their cells, in R_c.
    """
    process = None
    is_ours = getattr(peslab.features, type(descriptor).__name__, None) is type(descriptor)
    if is_ours and compiled_anew():
        process = _started(descriptor, potential, n_particles, dimension, cell_width)
    try:
        yield
        if process is not None:
            process.wait()
    finally:
        if process is not None:
            process.kill()
            process.wait()


def _started(
    descriptor: Descriptor, potential: Potential, *shape: float
) -> "subprocess.Popen[bytes] | None":
    sums = {"counting": potential.counting, "depth": None if potential.depth is None else 0}
    job = json.dumps([type(descriptor).__name__, asdict(descriptor), sums, *shape])
    nowhere = subprocess.DEVNULL
    # -P: the folder that a command is typed in is no place to import from.
    command = [sys.executable, "-P", "-m", __name__, job]
    try:
        return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    except OSError:  # a machine that starts no further process
        return None


def main(job: str) -> None:
    """Describe two configurations and sum energies, by which all kernels are compiled and kept."""
    name, parameters, sums, n_particles, dimension, cell_width = json.loads(job)
    descriptor: Descriptor = getattr(peslab.features, name)(**parameters)
    draw = np.random.default_rng(0).uniform
    positions = draw(0.0, cell_width, (2, n_particles, dimension))
    descriptor(positions, cell_width)
    if descriptor.has_jacobian:
        descriptor.with_jacobian(positions, cell_width)
    ModifiedLennardJones(**sums).energy_and_forces(positions, cell_width)


if __name__ == "__main__":
    main(sys.argv[1])
