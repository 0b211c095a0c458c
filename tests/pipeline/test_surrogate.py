"""A descriptor and a network together are a function of positions with the right slope."""

import numpy as np
import pytest
import torch

from peslab.features import ProximityEigenvalues, Standardize, SymmetryFunctions
from peslab.learning import MultiLayerPerceptron, TrainedModel
from peslab.pipeline import surrogate as module
from peslab.pipeline.surrogate import DescribedModel


@pytest.fixture
def positions():
    return np.random.default_rng(3).uniform(0, 5, (7, 4, 2))


@pytest.fixture(
    params=[
        ProximityEigenvalues([-2, -3], 4.0),
        SymmetryFunctions(cutoff=4.0, n_radial=4, etas=[0.1], zetas=[1]),
    ],
    ids=["whole", "per particle"],
)
def described(positions, request):
    """Two untrained replicas in float64, so that finite differences can be trusted."""
    features = request.param
    network = MultiLayerPerceptron(width=8, depth=2, widths=None, activation="gelu")
    scaling = Standardize().fit(features(positions, 5.0))
    replicas = network.build(len(scaling.matrix), [0, 1]).double()
    return DescribedModel(features, TrainedModel(scaling, replicas, -1.0, 2.0))


def test_energies_of_particles_have_the_energy_as_their_mean(described, positions):
    """Where particles are told apart; elsewhere nothing is made up."""
    widths = np.full(7, 5.0)
    energies = described.predict_places(positions, widths)
    if not described.per_particle:
        assert energies is None
        return
    assert energies.shape == (2, 7, 4)
    np.testing.assert_allclose(energies.mean(axis=2), described.predict(positions, widths))
    assert np.ptp(energies, axis=2).min() > 1e-3


def test_the_gradient_is_that_of_the_energy(described, positions):
    """Central differences of step h err by about h² = 1e-10 times a third derivative."""
    widths, step = np.full(7, 5.0), 1e-5
    energy, gradient = described.predict_with_gradient(positions, widths)
    assert energy == pytest.approx(described.predict(positions, widths), abs=1e-12)
    for particle, axis in ((0, 0), (3, 1)):
        there, back = positions.copy(), positions.copy()
        there[:, particle, axis] += step
        back[:, particle, axis] -= step
        slope = (described.predict(there, widths) - described.predict(back, widths)) / (2 * step)
        assert gradient[:, :, particle, axis] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_moving_all_particles_costs_nothing(described, positions):
    """Inputs that are invariant to translation make gradients that sum to zero."""
    _, gradient = described.predict_with_gradient(positions, np.full(7, 5.0))
    assert gradient.shape == (2, 7, 4, 2)
    assert np.abs(gradient.sum(axis=2)).max() < 1e-9 * np.abs(gradient).max()


def test_chunks_do_not_matter(described, positions, monkeypatch):
    """Rows are predicted alone, however many go at once (up to the rounding of a longer sum)."""
    widths = np.full(7, 5.0)
    whole = described.predict_with_gradient(positions, widths)
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * 8 * 8 * 8)
    parts = described.predict_with_gradient(positions, widths)
    for one, other in zip(whole, parts, strict=True):
        assert other == pytest.approx(one, abs=1e-12)


def test_it_can_be_differentiated_on_any_thread(described, positions):
    """Gradients work while somebody else has switched them off."""
    with torch.no_grad():
        energy = described.predict(positions, np.full(7, 5.0))
    assert np.isfinite(energy).all()
