"""Cells of different numbers of particles, from positions to gradients and through a whole run."""

import mlflow
import numpy as np
import pytest

from peslab.configuration.compose import compose, without_hydra
from peslab.errors import PeslabError
from peslab.features import PowerSums, Standardize, SymmetryFunctions
from peslab.learning import MultiLayerPerceptron, TrainedModel
from peslab.pipeline import Origin, plan, run
from peslab.pipeline import surrogate as module
from peslab.pipeline.surrogate import DescribedModel
from peslab.toymodel import Lattice

LATTICE = Lattice((2, 3, 5), 2, 5.0)
POSITIONS, NUMBERS, WIDTHS = LATTICE.sample(21, 3), LATTICE.numbers(21), np.full(21, 5.0)
MIXED = (
    *("debug=fast", "features=symmetry_functions", "scaling=standardize"),
    *("lattice.n_particles=[2,3]", "database.size=80", "database.test_size=40"),
    *("trainer.batch_size=16", "trainer.max_epochs=2", "network.width=4"),
)


@pytest.fixture(
    params=[
        SymmetryFunctions(cutoff=4.0, n_radial=4, etas=[0.1], zetas=[1]),
        PowerSums((-2, -3), 4.0, (2, 3)),
    ],
    ids=["per particle", "whole"],
)
def described(request):
    """Two untrained replicas in float64, so that finite differences can be trusted."""
    features = request.param
    network = MultiLayerPerceptron(width=8, depth=2, widths=None, activation="gelu")
    scaling = Standardize().fit(features(POSITIONS, 5.0))
    replicas = network.build(len(scaling.matrix), [0, 1]).double()
    return DescribedModel(features, TrainedModel(scaling, replicas, -1.0, 2.0))


def test_gradients_of_a_mixture_are_those_of_its_energies(described):
    """Central differences, for particles that all cells have and for one that few have."""
    energy, gradient = described.predict_with_gradient(POSITIONS, WIDTHS)
    assert energy == pytest.approx(described.predict(POSITIONS, WIDTHS), abs=1e-12)
    for particle, axis in ((1, 0), (2, 1), (4, 0)):
        rows = particle < NUMBERS
        step = np.zeros_like(POSITIONS)
        step[:, particle, axis] = 1e-5
        there, back = (described.predict(POSITIONS + sign * step, WIDTHS) for sign in (1, -1))
        slope = (there - back) / 2e-5
        assert gradient[:, rows, particle, axis] == pytest.approx(
            slope[:, rows], rel=1e-4, abs=1e-7
        )
        assert np.isnan(gradient[:, ~rows, particle]).all()


def test_a_mixture_is_predicted_as_each_number_alone(described):
    """But for the rounding of longer sums."""
    energy, gradient = described.predict_with_gradient(POSITIONS, WIDTHS)
    for number in (2, 3, 5):
        rows = number == NUMBERS
        alone = described.predict_with_gradient(POSITIONS[rows, :number], WIDTHS[rows])
        np.testing.assert_allclose(energy[:, rows], alone[0], rtol=1e-12)
        np.testing.assert_allclose(gradient[:, rows, :number], alone[1], rtol=1e-9, atol=1e-12)


def test_chunks_of_a_mixture_leave_no_seam(described, monkeypatch):
    """A chunk may hold one number only."""
    whole = described.predict_with_gradient(POSITIONS, WIDTHS)
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    for one, other in zip(described.predict_with_gradient(POSITIONS, WIDTHS), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_a_mistake_of_a_network_is_not_hidden(described):
    """Weights that are NaN make every number NaN."""
    described.model.network.readout.weight.data[0] = np.nan
    energy, gradient = described.predict_with_gradient(POSITIONS, WIDTHS)
    assert np.isnan(energy[0]).all()
    assert np.isnan(gradient[0]).all()
    assert np.isfinite(energy[1]).all()
    if described.per_particle:
        assert np.isnan(described.predict_places(POSITIONS, WIDTHS)[0]).all()


def outcome_of(home, *overrides):
    config = without_hydra(compose([*MIXED, *overrides]))
    (home / "one").mkdir(parents=True)
    return run(plan(config), Origin(folder=home / "one", home=home, config=config))


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_run_of_two_numbers_measures_everything(tmp_path, weight):
    """Errors, drags, particle energies, the exported network; and no number is missing."""
    outcome = outcome_of(tmp_path, f"loss.gradient_weight={weight}")
    for name in (
        *("test/energy_mae", "val/gradient_mae", "test/force_mae", "baseline/least_squares_mae"),
        *("drag/gradient_mae", "drag_lines/roughness", "particle_energies/mae", "errors/median"),
    ):
        assert np.isfinite(outcome.metrics[name]), name
    ratio = outcome.metrics["test/force_mae"] / outcome.metrics["test/gradient_mae"]
    assert 2.0 < ratio < 3.0
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    network = mlflow.pyfunc.load_model(f"runs:/{outcome.run_id}/network")
    features = np.random.default_rng(0).normal(size=(5, 3, 30))
    features[::2, 2:] = np.nan
    model = TrainedModel.load(outcome.folder / "network.pt")
    for n in (1, 5):
        np.testing.assert_allclose(
            network.predict(features[:n]).T, model.predict(features[:n]), rtol=1e-5
        )


def test_features_of_whole_configurations_are_refused_in_the_plan():
    """Before a database or a run is begun."""
    config = without_hydra(compose([*MIXED, "features=proximity_eigenvalues"]))
    with pytest.raises(PeslabError, match="2 and of 3 particles different features"):
        plan(config)
