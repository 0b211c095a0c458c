"""SOAP of hand-batched replicas goes the way of pytorch-optimizer's with each of them alone."""

import pytest
import torch
from pytorch_optimizer.optimizer.soap import SOAP as LoneSOAP  # noqa: N811

from peslab.learning import SOAP, MultiLayerPerceptron

NETWORK = MultiLayerPerceptron(width=5, depth=2, widths=None, activation="tanh")
SEEDS = (3, 0, 7)

# In the eigenbasis of the first gradient most of it is rounding, beside which stands ε = 1e-8.
ROUNDING = 1e-7


def losses_of(network):
    """Of each replica, on a bowl with a bent floor."""
    inputs = torch.randn(1, 60, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = inputs[..., 0] * inputs[..., 1] + inputs[..., 2] - inputs[..., 3] ** 2
    return (network(inputs) - targets).square().mean(dim=1)


def together(soap, steps):
    """The weights of all replicas after some steps."""
    network = NETWORK.build(4, SEEDS).double()
    descent = soap.build(network)

    def closure():
        network.zero_grad()
        losses = losses_of(network)
        losses.sum().backward()
        return losses.detach()

    for _ in range(steps):
        descent.step(closure)
    return [weights.detach() for weights in network.parameters()]


def alone(soap, rate, seed, steps):
    """Those of one, by the library, which wants rows as vectors."""
    network = NETWORK.build(4, [seed]).double()
    shapes = {name: weights.shape for name, weights in network.named_parameters()}
    own = {
        name: torch.nn.Parameter(weights.detach().squeeze(0).squeeze(0))
        for name, weights in network.named_parameters()
    }
    descent = LoneSOAP(
        own.values(), lr=rate, betas=(soap.beta, soap.beta), weight_decay=soap.weight_decay,
        precondition_frequency=soap.precondition_frequency,
    )  # fmt: skip

    def evaluated(inputs):
        placed = {name: weights.view(shapes[name]) for name, weights in own.items()}
        return torch.func.functional_call(network, placed, inputs)

    for _ in range(steps):
        descent.zero_grad()
        losses_of(evaluated).sum().backward()
        descent.step()
    return [weights.detach().view(shapes[name]) for name, weights in own.items()]


@pytest.mark.parametrize(
    ("change", "steps", "rounding"),
    [
        ({}, 11, ROUNDING),  # the eigenvectors turn in the end
        ({"weight_decay": 0.1}, 10, ROUNDING),
        ({"beta": 0.8}, 10, ROUNDING),
        # The library decomposes in 24 bits, which each turn brings in.
        ({}, 40, 1e-4),
        ({"precondition_frequency": 1}, 12, 1e-4),
    ],
)
def test_each_replica_goes_the_way_of_the_librarys_lone_one(change, steps, rounding):
    """With whatever settings, before and after its eigenvectors are turned."""
    usual = {"beta": 0.95, "weight_decay": 0.0, "precondition_frequency": 10}
    soap = SOAP(3e-2, **(usual | change))
    several = together(soap, steps)
    for replica, seed in enumerate(SEEDS):
        for weights, own in zip(several, alone(soap, 3e-2, seed, steps), strict=True):
            torch.testing.assert_close(weights[replica], own[0], rtol=rounding, atol=rounding)


def test_replicas_have_rates_of_their_own_in_one_pass():
    """As many settings as replicas, in the same products."""
    soap = SOAP((3e-2, 1e-3, 1e-2), beta=0.95, weight_decay=0.1, precondition_frequency=10)
    several = together(soap, 8)
    for replica, (seed, rate) in enumerate(zip(SEEDS, soap.learning_rate, strict=True)):
        for weights, own in zip(several, alone(soap, rate, seed, 8), strict=True):
            torch.testing.assert_close(weights[replica], own[0], rtol=ROUNDING, atol=ROUNDING)


def test_the_first_step_only_looks():
    """There is no eigenbasis before there is a gradient."""
    soap = SOAP(3e-2, beta=0.95, weight_decay=0.5, precondition_frequency=10)
    for moved, before in zip(together(soap, 1), together(soap, 0), strict=True):
        assert torch.equal(moved, before)
    assert not torch.equal(together(soap, 2)[0], together(soap, 0)[0])


def test_eigenvectors_stay_orthogonal():
    """Whatever was turned: Qᵀ Q = 1, to rounding."""
    network = NETWORK.build(4, SEEDS).double()
    descent = SOAP(3e-2, beta=0.95, weight_decay=0.0, precondition_frequency=1).build(network)

    def closure():
        network.zero_grad()
        losses = losses_of(network)
        losses.sum().backward()
        return losses.detach()

    for _ in range(50):
        descent.step(closure)
    bases = [
        basis for state in descent.state.values() for name, basis in state.items() if "_" in name
    ]
    assert len(bases) == 4  # two sides of two matrices
    for basis in bases:
        product = basis.mT @ basis
        torch.testing.assert_close(product, torch.eye(basis.shape[1]).expand_as(product).double())
