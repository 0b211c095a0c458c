"""Looks at any surface: which there are, what they show, and of how many configurations."""

import numpy as np
import pytest

from peslab.features import ProximityEigenvalues
from peslab.problems import Prediction, Table
from peslab.problems import probes as module
from peslab.problems.probes import surface_probes

RANDOM = np.random.default_rng(0)
UNITS = ("E_c", "R_c")


def table(n=60, n_particles=4, dimension=2, widths=(5.0,), *, with_gradients=True):
    positions = 5.0 * RANDOM.random((n, n_particles, dimension))
    gradients = RANDOM.normal(size=positions.shape) if with_gradients else None
    return Table((positions, np.resize(widths, n)), RANDOM.normal(size=n), gradients)


class Wrong:
    """Replicas that err by 0.1, 0.2, … E_c, and whose gradients err by 0.5 E_c/R_c."""

    features = ProximityEigenvalues(orders=(-2,), cutoff=3.0)

    def __init__(self, known, n_replicas=3):
        self.known, self.shifts = known, 0.1 * np.arange(1, n_replicas + 1)

    def predict(self, positions, widths):
        return self.predict_with_gradient(positions, widths)[0]

    def predict_with_gradient(self, positions, widths):
        assert np.array_equal(positions, self.known.inputs[0])
        assert np.array_equal(widths, self.known.inputs[1])
        slopes = 0.0 if self.known.gradients is None else self.known.gradients
        gradient = np.zeros(positions.shape) + slopes + 0.5
        energies = self.known.targets + self.shifts[:, None]
        return energies, np.stack([gradient] * len(self.shifts))


def probes_of(known, n_replicas=3):
    found = surface_probes(Prediction.of(known, Wrong(known, n_replicas)), known, UNITS)
    return {probe.name: probe for probe in found}


def test_there_are_four_of_them():
    """And each has numbers of all replicas, or of all together."""
    probes = probes_of(table())
    assert list(probes) == ["forces", "errors", "ensemble", "lattices"]
    assert probes["errors"].numbers["median"] == pytest.approx([0.1, 0.2, 0.3])
    assert probes["errors"].numbers["percentile_95"] == pytest.approx([0.1, 0.2, 0.3])
    common = probes["ensemble"].common
    assert (common["mae"], common["spread"]) == pytest.approx((0.2, 0.1))


def test_forces_are_minus_n_times_the_gradients():
    """Their parity shows every component, with N times the error."""
    known = table()
    upper = probes_of(known)["forces"].draw().axes[0]
    assert upper.get_title(loc="left").startswith("MAE 2 $E_c/R_c$")
    assert upper.collections[0].get_array().sum() == 3 * known.gradients.size
    exact = -4 * known.gradients
    assert list(upper.lines[0].get_xdata()) == [exact.min(), exact.max()]


def test_one_replica_is_no_ensemble():
    """And without known gradients there is no parity of forces."""
    assert "ensemble" not in probes_of(table(), n_replicas=1)
    assert "forces" not in probes_of(table(with_gradients=False))


@pytest.mark.parametrize(("n_particles", "dimension"), [(4, 1), (4, 4), (300, 2)])
def test_what_could_not_be_recognized_is_not_drawn(n_particles, dimension):
    """On a line, in four dimensions, in a crowd."""
    assert "lattices" not in probes_of(table(4, n_particles, dimension))


def test_errors_are_drawn_over_the_width_where_there_are_several():
    """And always over energy and shortest distance."""
    labels = [
        [axes.get_xlabel() for axes in probes_of(table(widths=widths))["errors"].draw().axes]
        for widths in ((5.0,), (5.0, 6.0))
    ]
    both = ["exact energy per particle ($E_c$)", "shortest distance ($R_c$)"]
    assert labels == [both, [*both, "cell width ($R_c$)"]]


def test_distances_of_large_cells_are_taken_of_some_configurations(monkeypatch):
    """Or they would take longer than all else."""
    monkeypatch.setattr(module, "MOST_PAIRS", 10 * 4**2)
    errors = probes_of(table())["errors"].draw().axes[0]
    assert errors.collections[0].get_array().sum() == 3 * 10
