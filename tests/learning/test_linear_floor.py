"""The linear network against what is known of it: the best affine function in closed form."""

import numpy as np
import pytest

from peslab.evaluation import least_absolute_mae, least_squares_mae
from peslab.features.scaling import Whiten
from peslab.learning import (
    LBFGS,
    SOAP,
    Adam,
    Cosine,
    MeanAbsoluteError,
    MeanSquaredError,
    MultiLayerPerceptron,
    Samples,
    Settings,
    Trainer,
    fit,
)

LINEAR = MultiLayerPerceptron(width=1, depth=0, widths=None, activation="gelu")
ADAM = Adam(3e-2, weight_decay=0.0)
SOAP_ = SOAP(3e-2, beta=0.95, weight_decay=0.0, precondition_frequency=10)
LBFGS_ = LBFGS(1.0, history_size=10, max_iter=20)


def heavy_tailed(n=1500, seed=0):
    """Affine targets with rare large errors, where absolute and squared errors differ."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 4)) * [1.0, 1e3, 1e-2, 1e5]
    targets = inputs @ [0.5, 1e-3, -30.0, 2e-5] + 3.0 + rng.standard_t(1.5, size=n) ** 2
    return Samples(inputs, targets)


def trained(samples, loss, optimizer, batch_size):
    trainer = Trainer(
        max_epochs=120, batch_size=batch_size, accelerator="cpu", devices=1, precision="64-true"
    )
    scaling = Whiten().fit(samples.inputs)
    found = fit(
        Settings(LINEAR, loss, optimizer, Cosine(), trainer), scaling, samples, samples, [0]
    )
    return found.model.predict(samples.inputs)[0]


@pytest.mark.parametrize("optimizer", [ADAM, SOAP_], ids=["Adam", "SOAP"])
def test_a_linear_network_reaches_the_least_absolute_deviations(optimizer):
    """Trained on absolute errors it comes within 0.2 % of the linear program's, never below."""
    samples = heavy_tailed()
    floor = least_absolute_mae(samples.inputs, samples.targets, samples.inputs, samples.targets)
    error = np.abs(trained(samples, MeanAbsoluteError(), optimizer, 50) - samples.targets).mean()
    assert floor * (1 - 1e-9) <= error <= 1.002 * floor
    squares = least_squares_mae(samples.inputs, samples.targets, samples.inputs, samples.targets)
    assert floor < 0.95 * squares  # these two floors can be told apart here


def test_a_linear_network_reaches_the_least_squares():
    """Trained on squared errors by L-BFGS it is the least-squares solution itself."""
    samples = heavy_tailed()
    found = trained(samples, MeanSquaredError(), LBFGS_, len(samples.targets))
    table = np.column_stack([samples.inputs, np.ones(len(samples.targets))])
    scale = np.abs(table).max(axis=0)
    best = table / scale @ np.linalg.lstsq(table / scale, samples.targets, rcond=None)[0]
    # What 120 steps of up to 20 iterations leave of a parabola: rounding of targets of order 10.
    np.testing.assert_allclose(found, best, atol=1e-6)
