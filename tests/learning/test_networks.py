from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from torch import nn

from peslab.errors import InvalidInputError
from peslab.learning import MultiLayerPerceptron, ReplicaMLP

ACTIVATIONS = {
    "softplus": nn.Softplus,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
}


def mlp(width=8, depth=2, widths=None, activation="gelu"):
    return MultiLayerPerceptron(width, depth, widths, activation)


def lone_twin(network: ReplicaMLP, replica: int) -> nn.Sequential:
    """The same replica out of PyTorch's own layers."""
    layers: list[nn.Module] = []
    for layer in network.hidden:
        linear = nn.Linear(*layer.weight.shape[1:])
        linear.weight.data = layer.weight[replica].T
        linear.bias.data = layer.bias[replica, 0]
        layers += [linear, ACTIVATIONS[network.activation]()]
    last = nn.Linear(network.readout.weight.shape[-1], 1)
    last.weight.data, last.bias.data = (
        network.readout.weight[replica],
        network.readout.bias[replica],
    )
    return nn.Sequential(*layers, last)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [[], [5], [7, 3, 6]])
def test_every_replica_is_an_ordinary_network(activation, widths):
    """Hand-batched layers compute what PyTorch's layers compute one replica at a time."""
    network = mlp(widths=widths, activation=activation).build(4, seeds=[3, 1, 2])
    inputs = torch.randn(11, 4)
    outputs = network(inputs[None])
    for replica in range(3):
        expected = lone_twin(network, replica)(inputs).squeeze(-1)
        # Sums of at most 7 float32 products of order 1, in another order.
        torch.testing.assert_close(outputs[replica], expected, rtol=1e-5, atol=1e-6)


def test_depth_zero_is_the_linear_network_of_the_thesis():
    """f(x + y) − f(x) − f(y) + f(0) vanishes for an affine map, and for no hidden layer else."""
    x, y = torch.randn(2, 1, 5, 4, dtype=torch.float64)
    for depth, is_affine in ((0, True), (1, False)):
        network = mlp(depth=depth).build(4, [0]).double()
        bend = network(x + y) - network(x) - network(y) + network(0 * x)
        # Rounding of float64 sums of order 1; the bend of a GELU is of order 0.1.
        assert bool((bend.abs() < 1e-12).all()) is is_affine


def test_replicas_may_be_shown_the_same_inputs_or_each_its_own():
    """Inputs of shape (1, batch, F) are shared; of shape (k, batch, F) they are not."""
    network = mlp().build(4, seeds=[0, 1])
    inputs = torch.randn(1, 9, 4)
    own = torch.cat([inputs, inputs.flip(1)])
    torch.testing.assert_close(network(inputs)[0], network(own)[0], rtol=0, atol=0)
    # Rows at other places of a batch may be summed by other instructions.
    torch.testing.assert_close(network(inputs)[1].flip(0), network(own)[1], rtol=1e-5, atol=1e-6)


def test_energies_of_places_are_averaged_with_shared_weights():
    """A sample of several places has the mean of their outputs, in whatever order they come."""
    network = mlp().build(4, seeds=[0, 1]).double()
    inputs = torch.randn(1, 9, 5, 4, dtype=torch.float64)
    each = torch.stack([network(inputs[:, :, place]) for place in range(5)], dim=-1)
    torch.testing.assert_close(network.at_places(inputs), each)
    torch.testing.assert_close(network(inputs), each.mean(dim=-1))
    torch.testing.assert_close(network(inputs), network(inputs.flip(2)))


def test_a_replica_does_not_feel_the_others():
    """The output of one replica has no gradient in the weights of another."""
    network = mlp().build(4, seeds=[0, 1, 2])
    network(torch.randn(1, 9, 4))[1].sum().backward()
    for parameter in network.parameters():
        assert parameter.grad[1].abs().sum() > 0
        assert parameter.grad[[0, 2]].abs().sum() == 0


@given(seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=4, unique=True))
def test_initial_weights_depend_on_the_own_seed_only(seeds):
    """A replica starts with the same bits alone as among others."""
    together = mlp().build(4, seeds)
    for index, seed in enumerate(seeds):
        alone = mlp().build(4, [seed])
        for batched, own in zip(together.parameters(), alone.parameters(), strict=True):
            assert torch.equal(batched[index], own[0])


def test_initial_weights_ignore_the_global_generator():
    """Building a network neither draws from PyTorch's global generator nor listens to it."""
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = mlp().build(4, [5])
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = mlp().build(4, [5])
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_initial_weights_are_uniform_within_one_over_root_fan_in():
    """The bound keeps units of order one whatever the width (as `torch.nn.Linear`)."""
    network = mlp(width=400, depth=2).build(100, [0])
    for layer, bound in zip(network.hidden, (0.1, 0.05), strict=True):
        assert layer.weight.abs().max() <= bound
        # 40,000 uniform draws: their deviation is within 1 % of bound/√3.
        assert layer.weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.01)


def test_widths_stand_in_for_width_and_depth():
    """Unequal layers are given one by one."""
    assert mlp(width=8, depth=3).hidden_widths(4) == (8, 8, 8)
    assert mlp(width=8, depth=3, widths=[128, 64]).hidden_widths(4) == (128, 64)
    assert mlp(widths=OmegaConf.create([5, 4])).hidden_widths(4) == (5, 4)


def test_widths_may_be_multiples_of_the_inputs():
    """As the thesis tells them: 2 and 0.5 times 7 inputs are 14 and, rounded up, 4 units."""
    in_inputs = replace(mlp(width=2, depth=1), width_unit="inputs")
    assert in_inputs.hidden_widths(7) == (14,)
    assert replace(in_inputs, widths=[2, 0.5]).hidden_widths(7) == (14, 4)
    assert in_inputs.build(7, [0]).sizes == (7, 14, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 2.5}, "whole number of units.*width_unit=inputs"),
        ({"widths": [8, 0.5]}, "whole number of units"),
        ({"width": 0.0, "width_unit": "inputs"}, "at least 1 unit"),
        ({"width": float("inf"), "width_unit": "inputs"}, "at least 1 unit"),
        ({"width": float("nan")}, "whole number of units"),
        ({"width_unit": "layers"}, "width_unit 'layers' is not known; choose one of units, inputs"),
    ],
)
def test_widths_have_to_make_layers(changes, words):
    """Half a unit is refused, half of the inputs is not."""
    with pytest.raises(InvalidInputError, match=words):
        replace(mlp(), **changes)


def test_parameters_are_counted_for_one_replica():
    """4 → 8 → 8 → 1 has 4·8 + 8 + 8·8 + 8 + 8 + 1 = 121 weights and biases."""
    assert mlp().build(4, [0, 1, 2]).n_parameters == 121


def test_one_replica_can_be_taken_out():
    """The copy gives the same bits and shares no memory."""
    network = mlp().build(4, [0, 1, 2]).double()
    inputs = torch.randn(1, 6, 4, dtype=torch.float64)
    alone = network.replica(2)
    assert alone.n_replicas == 1
    assert torch.equal(alone(inputs)[0], network(inputs)[2])
    alone.readout.bias.data += 1
    assert not torch.equal(alone(inputs)[0], network(inputs)[2])


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"width": 0}, "at least 1: change"),
        ({"widths": [4, 0]}, "at least 1: change"),
        ({"depth": -1}, "0 is the linear network"),
        ({"activation": "sine"}, "softplus, gelu, silu, tanh, relu"),
    ],
)
def test_impossible_networks_are_refused(choice, message):
    """The sentence says what is wrong and what there is to choose from."""
    with pytest.raises(InvalidInputError, match=message):
        mlp(**choice)
