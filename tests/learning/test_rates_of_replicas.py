"""A learning rate for each replica: several trainings of one architecture in one pass."""

import math
from dataclasses import replace

import numpy as np
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
    MeanAbsoluteError,
    NAdam,
    RMSprop,
)

OPTIMIZERS = {
    "SGD": SGD(0.05, momentum=0.9, nesterov=True),
    "Adam": Adam(1e-2, weight_decay=0.1),
    "NAdam": NAdam(1e-2, weight_decay=0.1),
    "Adagrad": Adagrad(0.1),
    "RMSprop": RMSprop(3e-3, momentum=0.5),
    "Adadelta": Adadelta(1.0),
    "SOAP": SOAP(1e-2, beta=0.95, weight_decay=0.1, precondition_frequency=5),
    "LBFGS": LBFGS(0.5, history_size=5, max_iter=3),
}
FACTORS, SEEDS = (0.3, 1.0, 2.0), (4, 1, 9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_each_replica_goes_at_its_own_rate(experiment, optimizer):
    """As its lone twin at that rate does, with the same schedule and the same decay."""
    batch_size = 410 if optimizer.whole_batches else 40
    chosen = experiment.but(precision="64-true", batch_size=batch_size)
    rates = tuple(factor * optimizer.learning_rate for factor in FACTORS)
    together = chosen.but(optimizer=replace(optimizer, learning_rate=rates), seeds=SEEDS).run()
    for replica, (rate, seed) in enumerate(zip(rates, SEEDS, strict=True)):
        alone = chosen.but(optimizer=replace(optimizer, learning_rate=rate), seeds=(seed,)).run()
        for name, curves in alone.history.items():
            # Rounding of float64 over 40 steps, amplified by optimizers with a curvature.
            np.testing.assert_allclose(together.history[name][replica], curves[0], rtol=1e-7)


def test_equal_rates_are_one_rate(experiment):
    """Written once or for each replica."""
    chosen = experiment.but(seeds=(0, 1), precision="64-true", loss=MeanAbsoluteError())
    one, each = (
        chosen.but(optimizer=Adam(rate, weight_decay=0.0)).run().history["val/mae"]
        for rate in (1e-2, (1e-2, 1e-2))
    )
    np.testing.assert_allclose(one, each, rtol=1e-12)  # rounding


def test_rates_outlive_a_checkpoint(experiment, tmp_path):
    """A continued training goes on at each replica's rate, bit by bit."""
    chosen = experiment.but(
        optimizer=Adam((1e-3, 1e-2), weight_decay=0.0),
        seeds=(0, 1), max_epochs=5, checkpoint_every=2,
    )  # fmt: skip
    whole = chosen.run(folder=tmp_path)
    continued = chosen.but(resume_from=str(tmp_path / "checkpoint.ckpt")).run(folder=tmp_path)
    assert np.array_equal(whole.history["val/mae"], continued.history["val/mae"])
    for one, other in zip(
        whole.model.network.parameters(), continued.model.network.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_there_is_one_rate_for_each_replica(experiment):
    """Three rates for two replicas are refused before anything is trained."""
    three = Adam((1e-3, 2e-3, 3e-3), weight_decay=0.0)
    with pytest.raises(InvalidInputError, match="3 values for 2 replicas: set replicas=3"):
        experiment.but(optimizer=three, seeds=(0, 1)).run()


@pytest.mark.parametrize("rates", [(), (1e-3, 0.0), (1e-3, math.nan), [1e-3, -1.0]])
def test_all_rates_lie_above_zero(rates):
    """One that does not is enough."""
    with pytest.raises(InvalidInputError, match=r"optimizer\.learning_rate must be above 0"):
        Adam(rates, weight_decay=0.0)


@pytest.mark.parametrize(
    ("rate", "differ"), [(1e-2, False), ((1e-2, 1e-2), False), ((1e-2, 1e-3), True)]
)
def test_replicas_differ_where_their_rates_do(rate, differ):
    """Equal ones are seeds of one setting, however they are written."""
    assert Adam(rate, weight_decay=0.0).replicas_differ is differ
