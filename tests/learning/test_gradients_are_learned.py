"""Energies with their gradients: the chain rule through the Jacobian, in every step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap, Standardize
from peslab.learning import Huber, MeanAbsoluteError, MeanSquaredError, Samples

FEW = 24


def surface(n, seed, places=None):
    """Energies and gradients over four coordinates, seen through five features with a Jacobian.

    Of several places, each sees a feature of its own pair of coordinates, and the energy is their
    mean.
    """
    random = np.random.default_rng(seed)
    r = random.uniform(-1.0, 1.0, (n, 4))
    mixing = np.random.default_rng(99).normal(size=(4, 5))

    def described(x):
        return np.sin(x @ mixing), np.cos(x @ mixing)[..., None] * mixing.T

    if places is None:
        features, jacobian = described(r)
        energy = features[:, 0] * features[:, 1] + features[:, 2] ** 2
        by_features = np.zeros_like(features)
        by_features[:, 0], by_features[:, 1] = features[:, 1], features[:, 0]
        by_features[:, 2] = 2 * features[:, 2]
        return Samples(features, energy, jacobian, np.einsum("nf,nfc->nc", by_features, jacobian))
    shifts = np.random.default_rng(5).normal(size=(places, 4))
    features, jacobian = described(r[:, None] + shifts)
    energy = (features[..., 0] * features[..., 1]).mean(axis=1)
    by_features = np.zeros_like(features)
    by_features[..., 0], by_features[..., 1] = features[..., 1], features[..., 0]
    gradients = np.einsum("naf,nafc->nc", by_features / places, jacobian)
    return Samples(features, energy, jacobian, gradients)


def gradient_error(model, samples):
    """The mean absolute error of ∂E/∂r, of each replica."""
    prediction, slopes = model.predict_with_gradient(samples.inputs)
    flat = slopes.reshape(*prediction.shape, -1)
    jacobian = samples.jacobian.reshape(len(samples.jacobian), flat.shape[-1], -1)
    found = np.einsum("knf,nfc->knc", flat, jacobian)
    return np.abs(found - samples.gradients.reshape(len(jacobian), -1)).mean(axis=(1, 2))


@pytest.mark.parametrize("places", [None, 3])
def test_few_samples_are_enough_where_gradients_are_learned(experiment, places):
    """Energies with four slopes each beat energies alone, in gradients and in energies."""
    train, test = surface(FEW, 1, places), surface(400, 2, places)
    chosen = experiment.but(train=train, validation=test, max_epochs=150, batch_size=12)
    alone = chosen.run().model
    together = chosen.but(loss=MeanAbsoluteError(gradient_weight=0.3)).run().model
    assert gradient_error(together, test) < 0.7 * gradient_error(alone, test)
    errors = [np.abs(m.predict(test.inputs) - test.targets).mean() for m in (together, alone)]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("loss", [MeanAbsoluteError, MeanSquaredError, lambda **w: Huber(0.1, **w)])
@pytest.mark.parametrize("places", [None, 2])
def test_the_loss_is_that_of_energies_plus_weight_times_that_of_gradients(experiment, loss, places):
    """In E_c and E_c/R_c, whatever targets and inputs were scaled by."""
    train = surface(40, 3, places)
    weighted = loss(gradient_weight=0.7)
    still = replace(experiment.optimizer, learning_rate=1e-30)  # the weights stay as they are
    chosen = experiment.but(
        train=train, validation=train, loss=weighted, optimizer=still, max_epochs=1, batch_size=40,
        precision="64-true",
    )  # fmt: skip
    found = chosen.run()
    prediction, slopes = found.model.predict_with_gradient(train.inputs)
    flat = slopes.reshape(40, -1)
    gradients = np.einsum("nf,nfc->nc", flat, train.jacobian.reshape(40, flat.shape[1], -1))
    energies = weighted(torch.tensor(prediction), torch.tensor(train.targets[None]))
    of_gradients = weighted(torch.tensor(gradients[None]), torch.tensor(train.gradients[None]))
    expected = (energies + 0.7 * of_gradients).item()
    assert found.history["train/loss"][0, 0] == pytest.approx(expected, rel=1e-9)


def test_replicas_learn_gradients_apart(experiment):
    """Each as if it were alone."""
    chosen = experiment.but(
        train=surface(FEW, 1), validation=surface(50, 2), precision="64-true", max_epochs=3,
        batch_size=12, loss=MeanAbsoluteError(gradient_weight=0.3),
    )  # fmt: skip
    together = chosen.but(seeds=(3, 5)).run().history
    alone = chosen.but(seeds=(5,)).run().history
    for name, curves in alone.items():
        np.testing.assert_allclose(together[name][1], curves[0], rtol=1e-10)


def test_gradients_that_nobody_has_cannot_be_learned(experiment):
    """Said before any step is made, with both remedies."""
    asked = experiment.but(loss=MeanAbsoluteError(gradient_weight=0.1))
    with pytest.raises(InvalidInputError, match="the training samples have none: set it to 0"):
        asked.run()


@pytest.mark.parametrize("longest", [1e-3, 1e9])
def test_long_gradients_are_shortened_replica_by_replica(experiment, longest):
    """A step of plain descent is then no longer than the rate times that; or just as without."""
    from peslab.learning import SGD, Constant

    start = experiment.but(
        optimizer=SGD(1.0, momentum=0.0, nesterov=False), schedule=Constant(), seeds=(0, 1),
        max_epochs=1, batch_size=410, precision="64-true",
    )  # fmt: skip
    before = start.network.build(3, start.seeds).double()
    lengths = []
    for clip in (longest, None):
        run = start.but(gradient_clip_val=clip).run()
        moved = [
            (new - old).flatten(1)
            for new, old in zip(run.model.network.parameters(), before.parameters(), strict=True)
        ]
        lengths.append(torch.cat(moved, dim=1).norm(dim=1))
    shortened, whole = lengths
    torch.testing.assert_close(shortened, whole.clamp(max=longest))


def test_mixed_inputs_have_mixed_slopes(experiment):
    """A scaling that drops and mixes features changes neither energies nor gradients to learn."""
    train = surface(FEW, 1)
    plain = Standardize().fit(train.inputs)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))
    mixed = LinearMap(plain.shift, plain.matrix @ turn)
    chosen = experiment.but(
        train=train, validation=train, loss=MeanAbsoluteError(gradient_weight=0.3),
        max_epochs=120, batch_size=12,
    )  # fmt: skip
    for scaling in (plain, mixed):
        assert gradient_error(chosen.run(scaling=scaling).model, train) < 0.1
