"""Seconds that dscribe's SineMatrix takes for a configuration of four particles.

Run by bench_toy_model.py with the interpreter of an environment that has dscribe and ase < 3.23.
"""

import time

import numpy as np
from ase import Atoms
from dscribe.descriptors import SineMatrix

positions = np.random.default_rng(0).uniform(0.0, 5.0, (300, 4, 3))
structures = [Atoms("H4", positions=cell, cell=[5.0] * 3, pbc=True) for cell in positions]
descriptor = SineMatrix(n_atoms_max=4, permutation="eigenspectrum")
seconds = []
for _ in range(6):
    began = time.perf_counter()
    descriptor.create(structures)
    seconds.append(time.perf_counter() - began)
print(min(seconds) / len(structures))
