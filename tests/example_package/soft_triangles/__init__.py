"""A potential in four lines, a descriptor in ten, and a trainer."""

import numpy as np

from peslab.features import Descriptor
from peslab.toymodel import normalized


@normalized
def SoftTriangles(a, b, c):  # noqa: N802  # it becomes a class
    """A soft core that depends on the product of the sides, attraction by the perimeter."""
    return (a * b * c) ** -3 - (a + b + c) ** -6


class StructureFactors(Descriptor):
    """|Σ_j exp(i k·r_j)|²/N of three waves that fit into the cell, over all axes."""

    def feature_names(self, n_particles):  # noqa: ARG002  # as many for all
        """One for each wave."""
        return [f"wave {m}" for m in (1, 2, 3)]

    def describe(self, positions, cell_widths):
        """Shape (n, 3) of positions (n, N, d) and cell widths (n,)."""
        phases = 2j * np.pi * positions[:, None] / cell_widths[:, None, None, None]
        waves = np.exp(np.array([[[1]], [[2]], [[3]]]) * phases).sum(axis=2)
        return (np.abs(waves) ** 2).sum(axis=2) / positions.shape[1]


def fit_parabola(values, seed, folder):
    """What `study.command=entry:parabola` calls: a fit to noise, one draw of it for each seed."""
    x = np.linspace(-1, 1, 50)
    noise = np.random.default_rng(seed).normal(0, 0.01, (2, 50))
    weights = np.polyfit(x, x**2 + noise[0], values["degree"])
    np.save(folder / "weights.npy", weights)
    print(f"degree {values['degree']}")  # noqa: T201
    return {"val/error": float(np.abs(np.polyval(weights, x) - x**2 - noise[1]).mean())}
