import numpy as np
import pytest
import torch

from peslab.features.scaling import LinearMap
from peslab.learning import MultiLayerPerceptron, TrainedModel, networks


def a_model(precision=torch.float64, seeds=(0, 1, 2), activation="gelu"):
    """Three replicas behind a map from four features to three inputs."""
    generator = np.random.default_rng(3)
    linear_map = LinearMap(generator.normal(size=4), generator.normal(size=(4, 3)))
    network = MultiLayerPerceptron(12, 2, None, activation).build(3, seeds).to(precision)
    return TrainedModel(linear_map, network, target_shift=-2.5, target_scale=0.8)


@pytest.fixture
def features():
    return np.random.default_rng(4).normal(size=(21, 4))


def test_energies_are_scaled_back(features):
    """E = shift + scale · network((features − shift) · matrix), in float64."""
    model = a_model()
    inputs = (features - model.feature_shift.numpy()) @ model.feature_matrix.numpy()
    expected = -2.5 + 0.8 * model.network(torch.tensor(inputs)[None]).detach().numpy()
    energies = model.predict(features)
    assert energies.shape == (3, 21)
    assert energies.dtype == np.float64
    np.testing.assert_allclose(energies, expected, rtol=1e-13)


@pytest.mark.parametrize("activation", ["softplus", "gelu", "silu", "tanh"])
def test_gradients_agree_with_finite_differences(features, activation):
    """dE/dfeature of every replica, in the unscaled features."""
    model = a_model(activation=activation)
    energies, gradients = model.predict_with_gradient(features)
    assert gradients.shape == (3, 21, 4)
    np.testing.assert_allclose(energies, model.predict(features), rtol=1e-13)
    step = 1e-5
    for feature in range(4):
        shift = step * np.eye(4)[feature]
        difference = model.predict(features + shift) - model.predict(features - shift)
        # Central differences: h² = 1e-10 of truncation and 1e-16/h = 1e-11 of rounding.
        np.testing.assert_allclose(gradients[..., feature], difference / (2 * step), atol=1e-8)


def test_samples_of_several_places():
    """The energy is the mean over places, and every place has its slopes."""
    model = a_model()
    features = np.random.default_rng(5).normal(size=(21, 3, 4))
    each = np.stack([model.predict(features[:, place]) for place in range(3)])
    energies, gradients = model.predict_with_gradient(features)
    np.testing.assert_allclose(model.predict(features), each.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(energies, each.mean(axis=0), rtol=1e-12)
    for place in range(3):
        _, alone = model.predict_with_gradient(features[:, place])
        np.testing.assert_allclose(gradients[:, :, place], alone / 3, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_chunks_leave_no_seam(monkeypatch, features, precision):
    """Many rows are evaluated in pieces, with the same results."""
    model = a_model(precision)
    whole = [model.predict(features), *model.predict_with_gradient(features)]
    units = 4 * model.network.n_replicas * max(model.network.sizes)
    monkeypatch.setitem(networks.UNITS_AT_ONCE, "cpu", units)
    assert model.network.samples_at_once() == 4
    assert model.network.samples_at_once(places=3) == 1
    pieces = [model.predict(features), *model.predict_with_gradient(features)]
    # Rows at the edge of a chunk may be summed by other instructions.
    tolerance = 1e-5 if precision == torch.float32 else 1e-12
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def test_the_module_gives_a_column_for_each_replica(features):
    """`forward` has the batch first, as exported programs and their users expect."""
    model = a_model()
    outputs = model(torch.tensor(features))
    assert outputs.shape == (21, 3)
    np.testing.assert_array_equal(outputs.detach().numpy().T, model.predict(features))
    assert model(torch.tensor(features, dtype=torch.float32)).dtype == torch.float64


def test_predictions_belong_to_the_caller(features):
    """They can be written to, and features are left alone, even where they are read-only."""
    features.flags.writeable = False
    model = a_model()
    energies, gradients = model.predict_with_gradient(features)
    for result in (model.predict(features), energies, gradients):
        np.add(result, 1.0, out=result)


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_a_saved_model_comes_back_bit_for_bit(features, tmp_path, precision):
    """Shape, scalings and weights are all in the file."""
    model = a_model(precision, seeds=(5, 6), activation="tanh")
    model.save(tmp_path / "model.pt")
    again = TrainedModel.load(tmp_path / "model.pt")
    np.testing.assert_array_equal(again.predict(features), model.predict(features))
    assert again.network.sizes == (3, 12, 12, 1)
    assert again.network.dtype == precision


def test_a_saved_model_holds_no_code(tmp_path):
    """PyTorch reads the file with `weights_only`: plain containers and tensors."""
    a_model().save(tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert content["shape"] == {"sizes": [3, 12, 12, 1], "activation": "gelu", "n_replicas": 3}


def test_one_replica_is_a_model_of_its_own(features):
    """It predicts what it predicted among the others."""
    model = a_model()
    alone = model.replica(1)
    np.testing.assert_array_equal(alone.predict(features)[0], model.predict(features)[1])


def test_the_model_can_be_exported(features):
    """The exported program takes any number of configurations and can be differentiated."""
    model = a_model().eval()
    rows = torch.tensor(features)
    program = torch.export.export(
        model, (rows,), dynamic_shapes=({0: torch.export.Dim("batch")},)
    ).module()
    for n in (1, 2, 21):
        some = rows[:n].clone().requires_grad_()
        outputs = program(some)
        np.testing.assert_allclose(outputs.detach().numpy().T, model.predict(features[:n]))
        (slopes,) = torch.autograd.grad(outputs[:, 2].sum(), some)
        _, gradients = model.predict_with_gradient(features[:n])
        np.testing.assert_allclose(slopes.numpy(), gradients[2], rtol=1e-12, atol=1e-12)
