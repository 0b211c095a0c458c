import math

import torch

from peslab.learning import MultiLayerPerceptron
from peslab.learning.best import BestWeights


def at(network, value):
    """Set every weight to a value, one for each replica."""
    with torch.no_grad():
        for parameter in network.parameters():
            shape = (-1, *[1] * (parameter.dim() - 1))
            parameter.copy_(torch.tensor(value).view(shape).expand_as(parameter))


def levels(network):
    """The value of each replica's weights."""
    found = [parameter.detach().flatten(1).unique(dim=1) for parameter in network.parameters()]
    assert all(torch.equal(level, found[0]) for level in found)
    return found[0].flatten().tolist()


def test_each_replica_keeps_the_weights_of_its_own_best_epoch():
    """Replica 0 is best in the second epoch, replica 1 in the first; NaN is never better."""
    network = MultiLayerPerceptron(4, 2, None, "gelu").build(3, seeds=[0, 1])
    best = BestWeights(network)
    for weights, errors in (
        ([1.0, 10.0], [0.5, 0.2]),
        ([2.0, 20.0], [0.4, 0.2]),
        ([3.0, 30.0], [math.nan, 0.9]),
    ):
        at(network, weights)
        best.update(torch.tensor(errors))
    best.restore()
    assert levels(network) == [2.0, 10.0]


def test_kept_weights_are_copies():
    """Training on does not change what was kept."""
    network = MultiLayerPerceptron(4, 1, None, "gelu").build(3, seeds=[0, 1])
    best = BestWeights(network)
    at(network, [1.0, 1.0])
    best.update(torch.tensor([0.1, 0.1]))
    at(network, [5.0, 6.0])
    assert levels(network) == [5.0, 6.0]
    best.restore()
    assert levels(network) == [1.0, 1.0]
