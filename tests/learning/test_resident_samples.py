import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.learning import Samples
from peslab.learning.data import ResidentSamples, batches


@pytest.fixture
def resident():
    """Ten samples whose target is ten times their only input."""
    inputs = np.arange(10.0)[:, None]
    return ResidentSamples(inputs, 10 * inputs[:, 0], torch.float32)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_shuffling_keeps_every_sample_once_and_with_its_target(resident):
    """A new order is a permutation, and labels move with their inputs."""
    inputs, targets = resident.shuffled(generators(0, 1))
    assert inputs.shape == (2, 10, 1)
    assert torch.equal(targets, 10 * inputs[..., 0])
    assert torch.equal(inputs.sort(dim=1).values, resident.inputs.expand(2, 10, 1))


def test_each_replica_has_its_own_order(resident):
    """It depends on the replica's generator alone, and changes from epoch to epoch."""
    together = generators(5, 6)
    first, second = resident.shuffled(together)[0], resident.shuffled(together)[0]
    alone = resident.shuffled(generators(6))[0]
    assert torch.equal(first[1], alone[0])
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("size", "sizes"), [(5, [5, 5]), (4, [4, 4, 2]), (10, [10])])
def test_batches_are_slices_that_leave_nothing_out(resident, size, sizes):
    """The last one may be smaller; none is a copy."""
    inputs, targets = resident.shuffled(generators(0))
    slices = list(batches(inputs, targets, size))
    assert [len(wanted[0]) for _, wanted in slices] == sizes
    assert torch.equal(torch.cat([some for some, _ in slices], dim=1), inputs)
    assert slices[0][0].data_ptr() == inputs.data_ptr()


def test_samples_move_with_the_module_but_are_not_saved_with_it(resident):
    """They are buffers, so `.to` moves them, and checkpoints do not carry the data."""
    assert len(resident) == 10
    assert resident.to(torch.float64).inputs.dtype == torch.float64
    assert resident.state_dict() == {}


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.ones((3, 2)), np.ones(4), "must be"),
        (np.ones(3), np.ones(3), "must be"),
        (np.ones((3, 2)), np.ones((3, 1)), "must be"),
        (np.ones((0, 2)), np.ones(0), "no held-out samples"),
        (np.full((3, 2), np.nan), np.ones(3), "coincident"),
        (np.ones((3, 2)), np.array([1.0, np.inf, 0.0]), "coincident"),
    ],
)
def test_samples_that_cannot_be_learned_are_refused(inputs, targets, message):
    """The sentence says of which part they are."""
    with pytest.raises(InvalidInputError, match=f"held-out samples.*{message}|{message}"):
        Samples(inputs, targets).check("held-out")
