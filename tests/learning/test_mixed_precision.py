"""bf16-mixed: fewer bits in the products of layers, and nowhere else."""

import numpy as np
import pytest
import torch

from peslab.learning import SOAP, Adam, Constant, MeanAbsoluteError

OPTIMIZERS = {
    "Adam": Adam(1e-2, weight_decay=0.0),
    "SOAP": SOAP(1e-2, beta=0.95, weight_decay=0.0, precondition_frequency=5),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_mixed_training_arrives_about_where_an_exact_one_does(experiment, optimizer):
    """The same curve to the 8 bits that products have; the weights themselves have 24."""
    chosen = experiment.but(optimizer=optimizer, max_epochs=12, seeds=(0, 1))
    exact, mixed = (
        chosen.but(precision=precision).run() for precision in ("32-true", "bf16-mixed")
    )
    assert not np.array_equal(exact.history["val/mae"], mixed.history["val/mae"])
    best = [run.history["val/mae"].min(axis=1) for run in (exact, mixed)]
    assert (best[1] < 1.5 * best[0] + 0.01).all()
    assert (best[1] < 0.5 * mixed.history["val/mae"][:, 0]).all()  # it did learn
    assert mixed.model.network.dtype == torch.float32


def test_gradients_are_learned_in_mixed_precision_too(experiment):
    """The Jacobian is multiplied in 24 bits: losses begin within 1 % of the exact ones."""
    rng = np.random.default_rng(0)
    n, components = len(experiment.train.targets), 4
    jacobian = rng.normal(size=(n, 3, components)) * experiment.train.inputs.std(axis=0)[:, None]
    gradients = rng.normal(size=(n, components))
    train = experiment.train._replace(jacobian=jacobian, gradients=gradients)
    chosen = experiment.but(
        train=train, loss=MeanAbsoluteError(gradient_weight=1.0), schedule=Constant(),
        optimizer=Adam(1e-9, weight_decay=0.0), max_epochs=1,
    )  # fmt: skip
    exact, mixed = (
        chosen.but(precision=precision).run().history["train/loss"]
        for precision in ("64-true", "bf16-mixed")
    )
    np.testing.assert_allclose(mixed, exact, rtol=0.01)
