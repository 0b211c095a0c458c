"""A learning rate for each replica: several trainings of one architecture in one pass."""

import math
from dataclasses import dataclass, replace

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
    MeanSquaredError,
    NAdam,
    RMSprop,
    Schedule,
    TrainingDivergedError,
)


@dataclass(frozen=True)
class Exploding(Schedule):
    """Rates that one replica endures for a part of the training only."""

    at: float

    def factor(self, progress):
        return 1.0 if progress < self.at else 1e6


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


@pytest.mark.parametrize("patience", [None, 2])
def test_a_setting_that_diverges_leaves_the_others_alone(experiment, patience):
    """They learn as without it; it is over, with the weights of the epochs before."""
    chosen = experiment.but(precision="64-true", max_epochs=6, patience=patience)
    together = chosen.but(optimizer=Adam((1e-2, 1e300, 3e-3), 0.0), seeds=(0, 1, 2)).run()
    for replica, rate in ((0, 1e-2), (2, 3e-3)):
        alone = chosen.but(optimizer=Adam(rate, 0.0), seeds=(replica,)).run()
        np.testing.assert_allclose(
            together.history["val/mae"][replica], alone.history["val/mae"][0], rtol=1e-9
        )
    assert np.isinf(together.history["val/mae"][1]).all()
    assert np.isinf(together.history["train/loss"][1]).all()
    assert together.diverged == {1: 0}
    assert together.best_replica == 0
    assert np.isfinite(together.model.predict(experiment.validation.inputs)).all()


def test_a_setting_that_diverges_late_keeps_what_it_had_learned(experiment):
    """The weights of its best epoch, as the same replica alone would have until then."""
    chosen = experiment.but(
        optimizer=SGD((0.1, 1e-9), momentum=0.9, nesterov=False),
        loss=MeanSquaredError(),
        schedule=Exploding(at=0.5),
        precision="64-true",
        max_epochs=12,
        seeds=(0, 1),
    )
    found = chosen.run()
    ((replica, epoch),) = found.diverged.items()
    assert replica == 0
    assert epoch in {6, 7}
    errors = found.history["val/mae"][0]
    assert np.isfinite(errors[:epoch]).all()
    predicted = found.model.predict(experiment.validation.inputs)[0]
    kept = np.abs(predicted - experiment.validation.targets).mean()
    assert kept == pytest.approx(errors.min(), rel=1e-9)


def test_settings_that_all_diverge_are_told_as_one_that_does(experiment):
    """There is nothing to choose from."""
    chosen = experiment.but(optimizer=Adam((1e300, 1e301), 0.0), seeds=(0, 1))
    with pytest.raises(TrainingDivergedError, match=r"replica\(s\) 0, 1"):
        chosen.run()


def test_a_setting_that_diverged_is_over_after_a_checkpoint_too(experiment, tmp_path):
    """The continued training has the same figures, bit by bit."""
    chosen = experiment.but(
        optimizer=Adam((1e-2, 1e300), 0.0), seeds=(0, 1), max_epochs=5, checkpoint_every=2
    )
    whole = chosen.run(folder=tmp_path)
    continued = chosen.but(resume_from=str(tmp_path / "checkpoint.ckpt")).run(folder=tmp_path)
    for name, curves in whole.history.items():
        assert np.array_equal(continued.history[name], curves)
