"""Descriptors that the laws are tried on: all of ours, and two of one's own."""

from dataclasses import dataclass

import numpy as np

from peslab.features import (
    Descriptor,
    PowerSums,
    ProximityEigenvalues,
    RelativeDistances,
    SineMatrixEigenvalues,
    SortedDistances,
    SymmetryFunctions,
)


@dataclass(frozen=True)
class Positions(Descriptor):
    """The positions themselves, which obey nothing."""

    @property
    def obeys(self):
        return frozenset()

    def feature_names(self, n_particles):
        return [f"particle {i} along {axis}" for i in range(n_particles) for axis in "xy"]

    def describe(self, positions, cell_widths):  # noqa: ARG002  # as all are called
        return positions.reshape(len(positions), -1)

    def describe_with_jacobian(self, positions, cell_widths):
        n, n_particles, dimension = positions.shape
        slopes = np.eye(n_particles * dimension).reshape(1, -1, n_particles, dimension)
        return self.describe(positions, cell_widths), np.repeat(slopes, n, axis=0)


@dataclass(frozen=True)
class LocalWaves(Descriptor):
    """Σ_j Π_a cos(k (r_j − r_i)_a) at each place i: one's own, without a Jacobian."""

    per_particle = True

    def feature_names(self, n_particles):  # noqa: ARG002  # as all are called
        return ["wave 1", "wave 2"]

    def describe(self, positions, cell_widths):
        offsets = positions[:, None] - positions[:, :, None]
        phases = 2.0 * np.pi * offsets / cell_widths[:, None, None, None]
        waves = [np.cos(m * phases).prod(axis=-1).sum(axis=-1) for m in (1, 2)]
        return np.stack(waves, axis=-1)


DESCRIPTORS = {
    "eigenvalues, far": ProximityEigenvalues(orders=[-2, -3], cutoff=20.0),
    "eigenvalues, near": ProximityEigenvalues(orders=[-2, -4, -6], cutoff=3.0),
    "eigenvalues, odd": ProximityEigenvalues(orders=[-5, -3], cutoff=1.5),
    "eigenvalues, two cutoffs": ProximityEigenvalues(orders=[-2, -3], cutoff=(2.0, 3.5)),
    "eigenvalues and width": ProximityEigenvalues(orders=[-2], cutoff=3.0, with_cell_width=True),
    "power sums": PowerSums(orders=[-2, -3], cutoff=2.5, powers=[2, 3, 4]),
    "power sums, two cutoffs": PowerSums(orders=[-4], cutoff=(1.5, 3.0), powers=[3]),
    "sine matrix": SineMatrixEigenvalues(orders=[-1, -2]),
    "distances": RelativeDistances(images="nearest"),
    "distances in the cell": RelativeDistances(images="none"),
    "sorted distances": SortedDistances(images="nearest"),
    "sorted distances in the cell": SortedDistances(images="none"),
    "symmetry functions": SymmetryFunctions(
        cutoff=2.5, n_radial=4, etas=[0.05, 0.6], zetas=[1, 2, 7]
    ),
    "radial functions": SymmetryFunctions(cutoff=1.5, n_radial=3, etas=[], zetas=[]),
    "angular functions and width": SymmetryFunctions(
        cutoff=2.0, n_radial=0, etas=[0.0], zetas=[3], with_cell_width=True
    ),
    "own, with a Jacobian": Positions(),
    "own, without a Jacobian": LocalWaves(),
}
