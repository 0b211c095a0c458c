"""Units left out in training: as many as asked, of each replica its own, none afterward."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from peslab.errors import InvalidInputError
from peslab.learning import LBFGS, TrainedModel
from peslab.learning.layers import ReplicaDropout


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def dropout(part, *seeds):
    layer = ReplicaDropout(part)
    layer.draw_from(generators(*seeds))
    return layer


@pytest.fixture
def thinned(experiment):
    """The usual small training, with a fifth of its hidden units left out."""
    return experiment.but(network=replace(experiment.network, dropout=0.2))


def test_the_asked_part_is_left_out_and_the_mean_stays():
    """Of 200,000 units 30 % are 0, and the others raised so that their sum is what it was."""
    units = dropout(0.3, 0)(torch.ones(1, 1000, 200))
    assert units.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    # Five standard deviations of a part of 200,000 draws: 5 √(0.3 · 0.7 / 200,000) = 0.005.
    assert (units == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert units.mean().item() == pytest.approx(1.0, abs=0.01)


def test_all_pass_when_nothing_is_trained():
    """In evaluation, and where no dropout is asked for, units are what they were."""
    units = torch.randn(1, 5, 4)
    assert torch.equal(dropout(0.5, 0).eval()(units), units)
    assert torch.equal(dropout(0.0)(units), units)


def test_each_replica_draws_by_itself():
    """The same as alone, and different from its neighbor, again and again."""
    units = torch.randn(2, 40, 8)
    together, alone = dropout(0.5, 3, 7), dropout(0.5, 7)
    for _ in range(3):
        both = together(units)
        assert torch.equal(both[1:], alone(units[1:]))
        assert not torch.equal(both[0] == 0, both[1] == 0)


def test_gradients_are_those_of_the_units_that_were_left():
    """What is left out gets none; what stays gets the gradient raised by the same factor."""
    units = torch.ones(1, 30, 6, requires_grad=True)
    left = dropout(0.4, 1)(units)
    left.sum().backward()
    torch.testing.assert_close(units.grad, left.detach())


def test_a_trained_network_leaves_nothing_out(thinned, tmp_path):
    """Its predictions do not change from call to call, in memory, as a copy or from a file."""
    model = thinned.but(seeds=(0, 1)).run().model
    inputs = thinned.validation.inputs
    predicted = model.predict(inputs)
    assert np.array_equal(predicted, model.predict(inputs))
    model.save(tmp_path / "network.pt")
    assert np.array_equal(predicted, TrainedModel.load(tmp_path / "network.pt").predict(inputs))
    np.testing.assert_allclose(model.replica(1).predict(inputs)[0], predicted[1], rtol=1e-6)


def test_dropout_is_pytorchs_in_kind():
    """The same mean and scatter of a layer's sum as `torch.nn.Dropout`, over many draws."""
    torch.manual_seed(0)
    units = torch.ones(1, 4000, 50)
    ours = dropout(0.25, 0)(units).sum(dim=2)
    theirs = nn.Dropout(0.25)(units).sum(dim=2)
    # Each of 4,000 sums scatters by √(50 · 1/3) = 4.1: means agree to 0.3, scatter to 5 %.
    assert ours.mean().item() == pytest.approx(theirs.mean().item(), abs=0.3)
    assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.05)


def test_it_reaches_the_training(thinned, experiment):
    """The losses are other ones, and the seeds make them repeatable."""
    plain, once, again = (chosen.run().history for chosen in (experiment, thinned, thinned))
    assert not np.array_equal(plain["train/loss"], once["train/loss"])
    assert np.array_equal(once["train/loss"], again["train/loss"])


@pytest.mark.parametrize("part", [-0.1, 1.0, float("nan")])
def test_parts_lie_between_none_and_all(experiment, part):
    """All units left out would leave nothing to learn with."""
    with pytest.raises(InvalidInputError, match=r"network\.dropout.*from 0 to below 1"):
        replace(experiment.network, dropout=part)


def test_line_searches_are_refused(thinned):
    """They compare losses of the same network, which dropout never shows twice."""
    whole = thinned.but(optimizer=LBFGS(1.0, history_size=5, max_iter=3), batch_size=410)
    with pytest.raises(InvalidInputError, match=r"LBFGS.*network\.dropout=0"):
        whole.run()
