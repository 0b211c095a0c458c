"""The law that makes hand-batched replicas trustworthy: together is the same as alone."""

import numpy as np
import pytest

from peslab.learning import Huber, MeanAbsoluteError, MeanSquaredError, MultiLayerPerceptron

SEEDS = (3, 0, 8)

# Layers whose widths fill whole vector registers agree bit for bit (seen on x86 with MKL); in
# others the last elements of a tensor go through scalar instructions that round differently.
# Some 40 steps amplify this rounding, of 6e-8 and 1e-16, about a thousandfold.
TOLERANCES = {"32-true": 1e-4, "64-true": 1e-12}


@pytest.mark.parametrize(
    "network",
    [
        MultiLayerPerceptron(width=32, depth=2, widths=None, activation="gelu"),
        MultiLayerPerceptron(width=1, depth=0, widths=None, activation="softplus"),
        MultiLayerPerceptron(width=1, depth=1, widths=[17, 5], activation="tanh"),
        MultiLayerPerceptron(width=32, depth=2, widths=None, activation="gelu", dropout=0.1),
    ],
    ids=["2x32", "linear", "17-5", "dropout"],
)
@pytest.mark.parametrize("precision", TOLERANCES)
def test_a_replica_trained_among_others_equals_the_same_replica_trained_alone(
    experiment, network, precision
):
    """Neither its weights nor its history tell whether it had company."""
    tolerance = TOLERANCES[precision]
    chosen = experiment.but(network=network, precision=precision)
    together = chosen.but(seeds=SEEDS).run()
    for replica, seed in enumerate(SEEDS):
        alone = chosen.but(seeds=(seed,)).run()
        for name, curves in alone.history.items():
            np.testing.assert_allclose(together.history[name][replica], curves[0], rtol=tolerance)
        assert together.best_epoch[replica] == alone.best_epoch[0]
        for batched, own in zip(
            together.model.network.parameters(), alone.model.network.parameters(), strict=True
        ):
            np.testing.assert_allclose(
                batched[replica].detach(), own[0].detach(), rtol=tolerance, atol=tolerance
            )


@pytest.mark.parametrize("loss", [MeanAbsoluteError(), MeanSquaredError(), Huber(delta=0.1)])
def test_the_order_of_replicas_does_not_matter(experiment, loss):
    """Seeds in another order give the same replicas in that order."""
    chosen = experiment.but(loss=loss, precision="64-true")
    forward = chosen.but(seeds=SEEDS).run().history["train/loss"]
    backward = chosen.but(seeds=SEEDS[::-1]).run().history["train/loss"]
    np.testing.assert_allclose(forward, backward[::-1], rtol=TOLERANCES["64-true"])


def test_replicas_differ(experiment):
    """Other seeds are other trainings, or their scatter would mean nothing."""
    curves = experiment.but(seeds=SEEDS).run().history["val/mae"]
    assert len(np.unique(curves[:, -1])) == len(SEEDS)
