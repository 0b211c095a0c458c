"""Trainings and predictions where samples differ in their number of places."""

import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.features import Standardize, SymmetryFunctions
from peslab.learning import (
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    MultiLayerPerceptron,
    RootMeanSquaredError,
    Samples,
    TrainedModel,
    networks,
)
from peslab.learning.data import ResidentSamples
from peslab.toymodel import Lattice, ModifiedLennardJones, RandomMoves

POTENTIAL = ModifiedLennardJones()
FEATURES = SymmetryFunctions(cutoff=3.0, n_radial=4, etas=[0.3], zetas=[1])
LOSSES = [MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError, lambda **w: Huber(0.1, **w)]
NAN = np.nan


def samples(n, seed, numbers, *, absent=0):
    """Relaxed cells of several numbers of particles with their gradients, padded still more."""
    lattice = Lattice(numbers, 2, 4.0)
    starts = lattice.sample(n, seed)
    positions = RandomMoves(30, 0.1).relax(POTENTIAL, starts, 4.0, seed, n_threads=1).positions
    positions = np.pad(positions, ((0, 0), (0, absent), (0, 0)), constant_values=NAN)
    energies, forces = POTENTIAL.energy_and_forces(positions, 4.0, n_threads=1)
    gradients = -forces / np.resize(lattice.numbers(n), (1, 1, n)).T
    return Samples(*swapped(FEATURES.with_jacobian(positions, 4.0), energies), gradients)


def swapped(described, energies):
    features, jacobian = described
    return features, energies, jacobian


@pytest.fixture
def chosen(experiment):
    return experiment.but(
        train=samples(90, 1, (2, 3)), validation=samples(60, 2, (2, 3)), batch_size=16,
        precision="64-true", loss=MeanAbsoluteError(gradient_weight=0.2),
    )  # fmt: skip


def a_model(precision=torch.float64):
    data = samples(20, 0, (2, 3, 5))
    network = MultiLayerPerceptron(8, 2, None, "gelu").build(data.inputs.shape[-1], (0, 1))
    scaling = Standardize().fit(data.inputs)
    return TrainedModel(scaling, network.to(precision), target_shift=-2.5, target_scale=0.8)


@pytest.mark.parametrize("weight", [0.0, 0.3])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_padded_training_is_the_training(experiment, loss, weight):
    """Three particles in four places, but for the rounding of another sum of three and a zero."""
    parts = {"loss": loss(gradient_weight=weight), "precision": "64-true", "max_epochs": 3}
    plain, padded = (
        experiment.but(
            train=samples(90, 1, 3, absent=absent),
            validation=samples(60, 2, 3, absent=absent),
            batch_size=16,
            **parts,
        ).run()
        for absent in (0, 1)
    )
    for name, curve in plain.history.items():
        np.testing.assert_allclose(padded.history[name], curve, rtol=1e-10)
    unseen = samples(40, 3, 3, absent=1)
    np.testing.assert_allclose(
        padded.model.predict(unseen.inputs), plain.model.predict(unseen.inputs[:, :3]), rtol=1e-9
    )


def test_a_replica_of_a_mixed_training_equals_its_lone_twin(chosen):
    """Others' orders put other numbers of particles into their batches."""
    together = chosen.but(seeds=(3, 0)).run()
    for replica, seed in enumerate((3, 0)):
        alone = chosen.but(seeds=(seed,)).run()
        for name, curves in alone.history.items():
            np.testing.assert_allclose(together.history[name][replica], curves[0], rtol=1e-10)


def test_mixed_cells_are_learned(chosen):
    """Ten epochs beat the best constant three times."""
    fitted = chosen.but(max_epochs=60).run()
    test = samples(100, 7, (2, 3))
    constant = np.abs(test.targets - np.median(test.targets)).mean()
    assert np.abs(fitted.model.predict(test.inputs) - test.targets).mean() < constant / 3


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_count_present_components_only(loss):
    """A mean over all particles of the batch: absent ones add neither error nor number."""
    random = np.random.default_rng(0)
    prediction, target = (torch.tensor(random.normal(size=(2, 5, 6))) for _ in range(2))
    counted = torch.tensor(random.integers(0, 2, (2, 5, 6))).double()
    found = loss()(prediction, target, counted)
    for k in range(2):
        there = counted[k] == 1
        alone = loss()(prediction[k][there][None], target[k][there][None])
        torch.testing.assert_close(found[k], alone[0])


def test_what_waits_on_the_device_is_finite():
    """Zeros in absent places, with the weight 0; 1/N for those that are there."""
    data = samples(12, 0, (2, 3, 5))
    resident = ResidentSamples(data, Standardize().fit(data.inputs), 0.0, torch.float64)
    numbers = Lattice((2, 3, 5), 2, 4.0).numbers(12)
    for buffer in resident.buffers():
        assert torch.isfinite(buffer).all()
    assert resident.weights.sum(dim=1).numpy() == pytest.approx(np.ones(12))
    assert (resident.weights > 0).sum(dim=1).tolist() == numbers.tolist()
    assert resident.components.sum(dim=1).tolist() == (2 * numbers).tolist()
    (batch,) = resident.shuffled([torch.Generator().manual_seed(0)], 12)
    assert torch.equal((batch.weights > 0).sum(-1) * 2, batch.components.sum(-1))
    ((_, _, weights),) = resident.in_order(12)
    assert torch.equal(weights[0], resident.weights)


def test_full_places_need_no_weights():
    """The usual training does not know of them."""
    data = samples(12, 0, 3)
    resident = ResidentSamples(data, Standardize().fit(data.inputs), 0.0, torch.float64)
    assert resident.weights is resident.components is None
    assert len(list(resident.buffers())) == 4


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_predictions_are_those_of_each_number_alone(precision):
    """Energies, slopes, and energies of particles; NaN where there is nobody."""
    model, data = a_model(precision), samples(20, 1, (2, 3, 5))
    close = {"rtol": 1e-5, "atol": 1e-5} if precision == torch.float32 else {"rtol": 1e-11}
    energies, slopes = model.predict_with_gradient(data.inputs)
    places = model.predict_places(data.inputs)
    np.testing.assert_array_equal(model.predict(data.inputs), energies)
    for row, number in enumerate(Lattice((2, 3, 5), 2, 4.0).numbers(20)):
        alone = data.inputs[row : row + 1, :number]
        energy, slope = model.predict_with_gradient(alone)
        np.testing.assert_allclose(energies[:, row], energy[:, 0], **close)
        np.testing.assert_allclose(slopes[:, row, :number], slope[:, 0], **close)
        np.testing.assert_allclose(
            places[:, row, :number], model.predict_places(alone)[:, 0], **close
        )
        assert np.isnan(slopes[:, row, number:]).all()
        assert np.isnan(places[:, row, number:]).all()


def test_chunks_of_several_numbers_leave_no_seam(monkeypatch):
    """Some may be full, others not."""
    model, data = a_model(), samples(20, 1, (2, 3, 5))
    whole = model.predict_with_gradient(data.inputs)
    units = 2 * model.network.n_replicas * max(model.network.sizes) * data.inputs.shape[1]
    monkeypatch.setitem(networks.UNITS_AT_ONCE, "cpu", units)
    assert model.network.samples_at_once(data.inputs.shape[1]) == 2
    for one, other in zip(whole, model.predict_with_gradient(data.inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("place", [(0, 0, 1), (0, 0)])
def test_nan_of_a_particle_is_not_hidden(place):
    """It makes a prediction that is none."""
    model, data = a_model(), samples(20, 1, (2, 3, 5))
    data.inputs[place] = NAN
    assert np.isnan(model.predict(data.inputs)[:, 0]).all()
    assert np.isfinite(model.predict(data.inputs)[:, 1:]).all()


def test_the_exported_program_takes_rows_of_nan():
    """Of any number of configurations, and as the model itself predicts."""
    model, data = a_model().eval(), samples(20, 1, (2, 3, 5))
    rows = torch.tensor(data.inputs)
    program = torch.export.export(
        model, (rows[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},)
    ).module()
    for n in (1, 2, 20):
        found = program(rows[:n]).detach().numpy().T
        np.testing.assert_allclose(found, model.predict(data.inputs[:n]), rtol=1e-12)
    some = rows.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(program(some)[:, 1].sum(), some)
    there = ~np.isnan(data.inputs)
    _, expected = model.predict_with_gradient(data.inputs)
    np.testing.assert_allclose(slopes.numpy()[there], expected[1][there], rtol=1e-10, atol=1e-13)


BROKEN = {
    "one feature": ("inputs", (0, 1, 0), "coincident"),
    "a gap": ("inputs", (0, 0), "coincident"),
    "a slope of a feature": ("jacobian", (0, 1, 0, 0, 0), "coincident"),
    "a component": ("gradients", (0, 1, 0), "coincident"),
    "a gradient of the last particle": ("gradients", (0, 1), "other particles"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_other_nan_are_refused(name):
    """The first configuration has two particles."""
    array, place, words = BROKEN[name]
    data = samples(12, 0, (2, 3))
    getattr(data, array)[place] = NAN
    with pytest.raises(InvalidInputError, match=f"training samples.*{words}"):
        data.check("training")


def test_gradients_of_nobody_are_refused():
    """Zeros would make the error of a force seem smaller."""
    data = samples(12, 0, (2, 3))
    data.check("training")
    with pytest.raises(InvalidInputError, match="NaN for other particles"):
        data._replace(gradients=np.nan_to_num(data.gradients)).check("training")


def test_whole_configurations_know_their_particles_by_the_gradients():
    """Where features do not differ with the number of particles, nothing depends on absent ones."""
    data = samples(12, 0, (2, 3))
    inputs, jacobian = np.nan_to_num(data.inputs).sum(1), np.nan_to_num(data.jacobian).sum(1)
    whole = replace_arrays(data, inputs, jacobian)
    whole.check("training")
    resident = ResidentSamples(whole, Standardize().fit(inputs), 0.0, torch.float64)
    assert resident.weights is None
    assert resident.components.sum(dim=1).tolist() == [4.0, 6.0] * 6
    jacobian[0, 0, 2, 0] = 1.0
    with pytest.raises(InvalidInputError, match="NaN for other particles"):
        whole.check("training")


def replace_arrays(data, inputs, jacobian):
    return data._replace(inputs=inputs, jacobian=jacobian)
