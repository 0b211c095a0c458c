"""Every optimizer: it descends, it keeps replicas apart, and it refuses what makes no sense."""

import math

import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.learning import (
    LBFGS,
    SGD,
    SOAP,
    Adadelta,
    Adagrad,
    Adam,
    MultiLayerPerceptron,
    NAdam,
    RMSprop,
)

OPTIMIZERS = {
    "SGD": SGD(0.05, momentum=0.9, nesterov=True),
    "Adam": Adam(1e-2, weight_decay=0.0),
    "NAdam": NAdam(1e-2, weight_decay=0.0),
    "Adagrad": Adagrad(0.1),
    "RMSprop": RMSprop(3e-3, momentum=0.0),
    "Adadelta": Adadelta(1.0),
    "SOAP": SOAP(1e-2, beta=0.95, weight_decay=0.0, precondition_frequency=10),
    "LBFGS": LBFGS(1.0, history_size=10, max_iter=5),
}
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
NETWORK = MultiLayerPerceptron(width=6, depth=2, widths=None, activation="tanh")


def descended(optimizer, seeds, steps=150):
    """The losses of each step, and the network, on a bowl with a bent floor."""
    network = NETWORK.build(3, seeds).double()
    inputs = torch.randn(1, 60, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = inputs[..., 0] * inputs[..., 1] + inputs[..., 2]
    descent = optimizer.build(network)
    keeps = any(weights.grad is not None for weights in network.parameters())

    def closure():
        network.zero_grad(set_to_none=not keeps)
        losses = (network(inputs) - targets).square().mean(dim=1)
        losses.sum().backward()
        return losses.detach()

    return torch.stack([descent.step(closure) for _ in range(steps)]), network


@every_optimizer
def test_the_loss_falls(optimizer):
    """To less than a third of where it began, in 150 steps."""
    losses, _ = descended(optimizer, seeds=(0,))
    assert losses[-1] < losses[0] / 3


@every_optimizer
def test_replicas_do_not_see_each_other(optimizer):
    """Each goes its way as if it were alone, to rounding in float64."""
    together, network = descended(optimizer, seeds=(4, 1, 9), steps=40)
    alone, its_network = descended(optimizer, seeds=(1,), steps=40)
    torch.testing.assert_close(together[:, 1], alone[:, 0], rtol=1e-8, atol=0)
    for several, own in zip(network.parameters(), its_network.parameters(), strict=True):
        torch.testing.assert_close(several[1], own[0], rtol=1e-7, atol=1e-9)


def test_the_first_step_of_adam_has_the_length_of_the_learning_rate():
    """m/√v is ±1 in the first step, whatever the gradient."""
    network = NETWORK.build(3, seeds=[0])
    before = network.readout.weight.detach().clone()
    descent = Adam(learning_rate=0.01, weight_decay=0.0).build(network)
    (1e3 * network.readout.weight).sum().backward()
    descent.step()
    # Adam's ε = 1e-8 beside a gradient of 1e3, and float32.
    torch.testing.assert_close(network.readout.weight.detach(), before - 0.01, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", [Adam, NAdam])
def test_weight_decay_is_decoupled_from_the_gradient(kind):
    """Without a gradient to speak of, a step multiplies weights by 1 − η λ."""
    network = NETWORK.build(3, seeds=[0])
    before = network.readout.weight.detach().clone()
    descent = kind(learning_rate=0.1, weight_decay=0.5).build(network)
    (0 * network.readout.weight).sum().backward()
    descent.step()
    torch.testing.assert_close(network.readout.weight.detach(), 0.95 * before)


def test_quadratic_bowls_are_no_trouble_for_second_order():
    """Where Adam is still on its way, L-BFGS has arrived."""
    adam, lbfgs = (descended(OPTIMIZERS[name], (0,), 60)[0][-1] for name in ("Adam", "LBFGS"))
    assert lbfgs < adam / 100


@every_optimizer
@pytest.mark.parametrize("rate", [0.0, -1e-3, math.nan, math.inf])
def test_learning_rates_lie_above_zero(optimizer, rate):
    """The sentence names the key and a value to try."""
    settings = vars(optimizer) | {"learning_rate": rate}
    with pytest.raises(InvalidInputError, match=r"optimizer\.learning_rate.*try 1e-3"):
        type(optimizer)(**settings)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("Adam", "weight_decay", -0.1),
        ("Adam", "weight_decay", math.nan),
        ("NAdam", "weight_decay", math.inf),
        ("SOAP", "weight_decay", -1.0),
        ("SOAP", "beta", 1.0),
        ("SOAP", "precondition_frequency", 0),
        ("SGD", "momentum", 1.0),
        ("RMSprop", "momentum", -0.5),
        ("LBFGS", "history_size", 0),
        ("LBFGS", "max_iter", 0),
    ],
)
def test_impossible_settings_are_named(name, setting, value):
    """By the key that a user types."""
    optimizer = OPTIMIZERS[name]
    with pytest.raises(InvalidInputError, match=rf"optimizer\.{setting}"):
        type(optimizer)(**(vars(optimizer) | {setting: value}))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SGD", {"momentum": 0.5}),
        ("SGD", {"nesterov": False}),
        ("Adam", {"weight_decay": 0.1}),
        ("NAdam", {"weight_decay": 0.1}),
        ("RMSprop", {"momentum": 0.5}),
        ("SOAP", {"beta": 0.8}),
        ("SOAP", {"weight_decay": 0.1}),
        ("SOAP", {"precondition_frequency": 1}),
        ("LBFGS", {"history_size": 1}),
        ("LBFGS", {"max_iter": 2}),
        *((name, {"learning_rate": 1e-3}) for name in OPTIMIZERS),
    ],
)
def test_every_setting_changes_the_way(name, change):
    """None is there for nothing."""
    usual = OPTIMIZERS[name]
    other = type(usual)(**(vars(usual) | change))
    assert not torch.equal(descended(usual, (0,), 25)[0], descended(other, (0,), 25)[0])


def test_a_line_search_needs_whole_batches(experiment):
    """Curvature that changes from batch to batch misleads it; the sentence has the number."""
    asked = experiment.but(optimizer=OPTIMIZERS["LBFGS"])
    with pytest.raises(InvalidInputError, match=r"set trainer\.batch_size=410"):
        asked.run()
    errors = asked.but(batch_size=410, max_epochs=8).run().history["val/mae"][0]
    assert errors[-1] < errors[0]


def test_nesterov_needs_a_momentum():
    """Without one there is nothing to look ahead along."""
    with pytest.raises(InvalidInputError, match=r"optimizer\.momentum=0\.9"):
        SGD(0.1, momentum=0.0, nesterov=True)
