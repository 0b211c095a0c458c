"""What looks at validation errors looks at each replica's own: together is as alone."""

import numpy as np
import pytest

from peslab.learning import (
    SGD,
    SOAP,
    Adam,
    Constant,
    MeanSquaredError,
    Plateau,
    Schedule,
)

SEEDS = (3, 0, 8, 5)
ROUNDING = 1e-7  # of float64, amplified over some hundred steps


def twins(chosen):
    """Replicas trained together, and each of them alone."""
    together = chosen.but(seeds=SEEDS).run()
    return together, [chosen.but(seeds=(seed,)).run() for seed in SEEDS]


def assert_equal_weights(together, lone, replica):
    for batched, own in zip(
        together.model.network.parameters(), lone.model.network.parameters(), strict=True
    ):
        np.testing.assert_allclose(
            batched[replica].detach(), own[0].detach(), rtol=ROUNDING, atol=ROUNDING
        )


@pytest.fixture
def restless(experiment):
    """A training whose validation error goes up and down, of each replica at other times."""
    return experiment.but(
        optimizer=Adam(3e-2, weight_decay=0.0),
        schedule=Constant(),
        precision="64-true",
        batch_size=100,
        max_epochs=25,
    )


@pytest.mark.parametrize(
    "optimizer",
    [
        Adam(3e-2, weight_decay=0.0),
        SOAP(1e-2, beta=0.95, weight_decay=0.0, precondition_frequency=5),
    ],
    ids=["Adam", "SOAP"],
)
def test_a_plateau_is_each_replicas_own(restless, optimizer):
    """Its rate falls when its own error stays, not when the mean of all does."""
    schedule = Plateau(reduction=0.3, patience=1)
    chosen = restless.but(optimizer=optimizer, schedule=schedule, max_epochs=12)
    together, alone = twins(chosen)
    falls = [schedule.epoch_factor(errors) for errors in together.history["val/mae"].tolist()]
    assert len(set(falls)) > 1  # replicas have come to different rates
    for replica, lone in enumerate(alone):
        for name, curves in lone.history.items():
            np.testing.assert_allclose(together.history[name][replica], curves[0], rtol=ROUNDING)
        assert_equal_weights(together, lone, replica)


def test_patience_is_each_replicas_own(restless):
    """Weights come from before the end of its lone twin, however long others go on."""
    together, alone = twins(restless.but(patience=2))
    lengths = [lone.history["val/mae"].shape[1] for lone in alone]
    assert len(set(lengths)) > 1
    assert together.history["val/mae"].shape[1] == max(lengths)
    for replica, (lone, length) in enumerate(zip(alone, lengths, strict=True)):
        assert together.best_epoch[replica] == lone.best_epoch[0]
        assert_equal_weights(together, lone, replica)
        for name, curves in lone.history.items():
            found = together.history[name][replica]
            np.testing.assert_allclose(found[:length], curves[0], rtol=ROUNDING)
            assert (found[length:] == found[length - 1]).all()


class Late(Schedule):
    """A rate that grows a millionfold when two thirds are over."""

    def factor(self, progress: float) -> float:
        return 1.0 if progress < 2 / 3 else 1e6


def test_a_replica_that_is_done_cannot_end_the_others(restless):
    """It would have stopped before it diverged."""
    chosen = restless.but(loss=MeanSquaredError(), schedule=Late(), seeds=(0, 1))
    rates = SGD((1e-8, 0.3), momentum=0.9, nesterov=False)
    assert set(chosen.but(optimizer=rates).run().diverged) == {1}
    found = chosen.but(optimizer=rates, patience=2).run()
    assert found.diverged == {}
    assert found.best_epoch[1] < 14
    assert found.best_epoch[0] > 14


@pytest.mark.parametrize("every", [10, 24])
def test_patience_outlives_a_checkpoint(restless, every, tmp_path):
    """Who was done before an interruption is done after it, all of them in the second case."""
    chosen = restless.but(patience=2, seeds=SEEDS, checkpoint_every=every)
    whole = chosen.run(folder=tmp_path)
    resumed = chosen.but(resume_from=str(tmp_path / "checkpoint.ckpt")).run(folder=tmp_path)
    assert whole.history["val/mae"].shape[1] == 24
    np.testing.assert_array_equal(whole.history["val/mae"], resumed.history["val/mae"])
    assert (whole.best_epoch == resumed.best_epoch).all()
