from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from peslab.features.scaling import Standardize
from peslab.learning import (
    Adam,
    Cosine,
    Fit,
    Loss,
    MeanAbsoluteError,
    MultiLayerPerceptron,
    Optimizer,
    Samples,
    Schedule,
    Settings,
    Trainer,
    fit,
)


@pytest.fixture(autouse=True)
def _one_thread():
    """More threads than idle cores make small tensors up to 200 times slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def smooth_samples(n: int, seed: int) -> Samples:
    """A smooth function of three features of very different sizes, away from mean zero."""
    features = np.random.default_rng(seed).uniform(-1, 1, size=(n, 3))
    targets = -2.5 + np.sin(2 * features[:, 0]) * features[:, 1] + 0.5 * features[:, 2] ** 2
    return Samples(features * [1.0, 1e3, 1e6] + [0.0, 5e3, 1e6], targets)


@dataclass(frozen=True)
class Experiment:
    """A small training whose parts a test replaces one at a time."""

    network: MultiLayerPerceptron
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    trainer: Trainer
    train: Samples
    validation: Samples
    seeds: tuple[int, ...]

    def but(self, **changes) -> "Experiment":
        """The same, but for some changes; those of the trainer are given by their own names."""
        settings = {name: changes.pop(name) for name in vars(self.trainer) if name in changes}
        return replace(self, trainer=replace(self.trainer, **settings), **changes)

    def run(self, scaling=None, **options) -> Fit:
        return fit(
            Settings(self.network, self.loss, self.optimizer, self.schedule, self.trainer),
            scaling or Standardize().fit(self.train.inputs),
            self.train,
            self.validation,
            self.seeds,
            **options,
        )


@pytest.fixture
def experiment():
    return Experiment(
        network=MultiLayerPerceptron(width=16, depth=2, widths=None, activation="gelu"),
        loss=MeanAbsoluteError(),
        optimizer=Adam(learning_rate=1e-2, weight_decay=0.0),
        schedule=Cosine(),
        trainer=Trainer(
            max_epochs=4, batch_size=40, accelerator="cpu", devices=1, precision="32-true"
        ),
        train=smooth_samples(410, seed=1),
        validation=smooth_samples(100, seed=2),
        seeds=(0,),
    )
