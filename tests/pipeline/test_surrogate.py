"""A descriptor and a network together are a function of positions with the right slope."""

import numpy as np
import pytest
import torch

from peslab.features import ProximityEigenvalues, Standardize
from peslab.learning import MultiLayerPerceptron, TrainedModel
from peslab.pipeline import surrogate as module
from peslab.pipeline.surrogate import DescribedModel


@pytest.fixture
def positions():
    return np.random.default_rng(3).uniform(0, 5, (7, 4, 2))


@pytest.fixture
def described(positions):
    """Two untrained replicas in float64, so that finite differences can be trusted."""
    features = ProximityEigenvalues([-2, -3], 4.0)
    network = MultiLayerPerceptron(width=8, depth=2, widths=None, activation="gelu")
    scaling = Standardize().fit(features(positions, 5.0))
    return DescribedModel(
        features, TrainedModel(scaling, network.build(8, [0, 1]).double(), -1.0, 2.0)
    )


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
    monkeypatch.setattr(module, "CHUNK", 3)
    parts = described.predict_with_gradient(positions, widths)
    for one, other in zip(whole, parts, strict=True):
        assert other == pytest.approx(one, abs=1e-12)


def test_it_can_be_differentiated_on_any_thread(described, positions):
    """Gradients work while somebody else has switched them off."""
    with torch.no_grad():
        energy = described.predict(positions, np.full(7, 5.0))
    assert np.isfinite(energy).all()
