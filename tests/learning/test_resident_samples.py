import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap
from peslab.learning import Samples
from peslab.learning.data import ResidentSamples

SAME = LinearMap(np.zeros(1), np.eye(1))


@pytest.fixture
def resident():
    """Ten samples whose target is ten times their only input."""
    inputs = np.arange(10.0)[:, None]
    return ResidentSamples(Samples(inputs, 10 * inputs[:, 0]), SAME, 0.0, torch.float32)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def epoch(samples, *seeds, size=10):
    """All batches of an epoch together, and their sizes."""
    parts = list(samples.shuffled(generators(*seeds), size))
    together = [
        torch.cat(arrays, dim=1) for arrays in zip(*[part[:2] for part in parts], strict=True)
    ]
    return *together, [part.targets.shape[1] for part in parts]


def test_shuffling_keeps_every_sample_once_and_with_its_target(resident):
    """A new order is a permutation, and labels move with their inputs."""
    inputs, targets, _ = epoch(resident, 0, 1, size=4)
    assert inputs.shape == (2, 10, 1)
    assert torch.equal(targets, 10 * inputs[..., 0])
    assert torch.equal(inputs.sort(dim=1).values, resident.inputs.expand(2, 10, 1))


def test_each_replica_has_its_own_order(resident):
    """It depends on the replica's generator alone, and changes from epoch to epoch."""
    together = generators(5, 6)
    first, second = (next(resident.shuffled(together, 10)).inputs for _ in range(2))
    alone = next(resident.shuffled(generators(6), 10)).inputs
    assert torch.equal(first[1], alone[0])
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("size", "sizes"), [(5, [5, 5]), (4, [4, 4, 2]), (10, [10])])
def test_batches_leave_nothing_out(resident, size, sizes):
    """The last one may be smaller; shuffled or not."""
    assert epoch(resident, 0, size=size)[-1] == sizes
    in_order = list(resident.in_order(size))
    assert [targets.shape[1] for _, targets, _ in in_order] == sizes
    assert torch.equal(torch.cat([inputs[0] for inputs, _, _ in in_order]), resident.inputs)
    assert all(weights is None for _, _, weights in in_order)


@pytest.mark.parametrize("places", [(), (3,)])
def test_jacobians_and_gradients_go_with_their_samples(places):
    """Scaled as the inputs are: where those are mixed, so are their derivatives."""
    random = np.random.default_rng(0)
    features = random.normal(size=(7, *places, 2))
    jacobian = random.normal(size=(7, *places, 2, 4, 3))
    gradients = random.normal(size=(7, 4, 3))
    scaling = LinearMap(np.array([1.0, 2.0]), np.array([[2.0, 0.5, 1.0], [0.0, 1.0, 3.0]]))
    samples = Samples(features, np.arange(7.0), jacobian, gradients)
    resident = ResidentSamples(samples, scaling, 3.0, torch.float64)
    part = next(resident.shuffled(generators(0, 1), 5))
    rows = (part.targets + 3.0).long().numpy()
    mixed = np.einsum("...fnd,fi->...ind", jacobian, scaling.matrix).reshape(7, *places, 3, 12)
    np.testing.assert_allclose(part.inputs, scaling.apply(features)[rows])
    np.testing.assert_allclose(part.jacobian, mixed[rows])
    np.testing.assert_allclose(part.gradients, gradients.reshape(7, 12)[rows])


def test_samples_move_with_the_module_but_are_not_saved_with_it(resident):
    """They are buffers, so `.to` moves them, and checkpoints do not carry the data."""
    assert len(resident) == 10
    assert resident.to(torch.float64).inputs.dtype == torch.float64
    assert resident.state_dict() == {}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((3, 2)), np.ones(4)], "must be"),
        ([np.ones(3), np.ones(3)], "must be"),
        ([np.ones((3, 2)), np.ones((3, 1))], "must be"),
        ([np.ones((3, 1, 2, 2)), np.ones(3)], "must be"),
        ([np.ones((0, 2)), np.ones(0)], "no held-out samples"),
        ([np.full((3, 2), np.nan), np.ones(3)], "coincident"),
        ([np.ones((3, 2)), np.array([1.0, np.inf, 0.0])], "coincident"),
        ([np.ones((3, 2)), np.ones(3), np.ones((3, 2, 4))], "or none of both"),
        ([np.ones((3, 2)), np.ones(3), None, np.ones((3, 4))], "or none of both"),
        ([np.ones((3, 2)), np.ones(3), np.ones((3, 2, 4)), np.ones((3, 5))], "or none of both"),
        ([np.ones((3, 2)), np.ones(3), np.ones((3, 2, 4)), np.full((3, 4), np.inf)], "coincident"),
    ],
)
def test_samples_that_cannot_be_learned_are_refused(arrays, message):
    """The sentence says of which part they are."""
    with pytest.raises(InvalidInputError, match=f"held-out samples.*{message}|{message}"):
        Samples(*arrays).check("held-out")
