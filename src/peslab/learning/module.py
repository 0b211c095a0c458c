"""The training loop, inside Lightning and nearly as fast as outside."""

from collections.abc import Callable, Sequence

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from peslab.learning.best import BestWeights
from peslab.learning.data import ResidentSamples, batches
from peslab.learning.errors import TrainingDivergedError
from peslab.learning.losses import Loss
from peslab.learning.networks import ReplicaMLP
from peslab.learning.optimizers import Optimizer
from peslab.learning.schedules import Schedule
from peslab.learning.trainer import Trainer

# A replica draws its orders of the samples apart from its initial weights, which have its seed.
_SHUFFLE_STREAM = 0x9E3779B9
# Validation samples evaluated at a time.
_CHUNK = 8192


class ReplicaTraining(pl.LightningModule):
    """Trains k replicas at once; Lightning sees an epoch as one batch.

    Lightning's work for every batch doubles the time of a small step. Here it happens once in an
    epoch: the epoch is handed over as a single batch, and `training_step` loops over slices of
    tensors that already are on the device. The replicas' losses are summed, so that each gets
    exactly the gradient that it would get alone.

    Args:
        network: The replicas.
        loss: What they descend, of energies in E_c.
        optimizer: How.
        schedule: How the learning rate changes.
        trainer: How long and in what steps.
        train: The training part.
        validation: The part that chooses the best weights.
        target_scale: What one unit of the network's output is, in E_c.
        seeds: The seed of each replica.
        on_epoch: Told each epoch's number and the means over the replicas.
    """

    def __init__(
        self,
        network: ReplicaMLP,
        loss: Loss,
        optimizer: Optimizer,
        schedule: Schedule,
        trainer: Trainer,
        train: ResidentSamples,
        validation: ResidentSamples,
        target_scale: float,
        seeds: Sequence[int],
        on_epoch: Callable[[int, dict[str, float]], None],
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.train_samples = train
        self.validation_samples = validation
        self.history: list[list[list[float]]] = []  # (epochs, 2, k)
        self._loss = loss
        self._optimizer = optimizer
        self._schedule = schedule
        self._settings = trainer
        self._target_scale = target_scale
        self._seeds = seeds
        self._on_epoch = on_epoch

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Build the optimizer and the scheduler from their choices."""
        self._descent = self._optimizer.build(self.network.parameters())
        self._rate = self._schedule.build(self._descent, self._settings.max_epochs)
        return self._descent

    def train_dataloader(self) -> range:
        """Hand an epoch over as one batch."""
        return range(1)

    def val_dataloader(self) -> range:
        """Hand the validation part over as one batch."""
        return range(1)

    def on_fit_start(self) -> None:
        """Set up what lives on the device."""
        self._best = BestWeights(self.network)
        k = self.network.n_replicas
        self._one = torch.ones(k, device=self.device, dtype=self.network.dtype)
        self._generators = [
            torch.Generator(self.device).manual_seed(seed ^ _SHUFFLE_STREAM) for seed in self._seeds
        ]

    def training_step(self, batch: int, batch_index: int) -> None:
        """Take every step of one epoch."""
        del batch, batch_index
        shuffled = self.train_samples.shuffled(self._generators)
        total = torch.zeros_like(self._one)
        for inputs, targets in batches(*shuffled, self._settings.batch_size):
            losses = self._loss(self._energies(inputs), targets).mean(dim=1)
            self._descent.zero_grad()
            torch.autograd.backward(losses, self._one)  # the gradient of their sum
            self._descent.step()
            total.add_(losses.detach(), alpha=targets.shape[1])
        self._train_loss = total / len(self.train_samples)

    def validation_step(self, batch: int, batch_index: int) -> None:
        """Measure the mean absolute error of each replica and keep the best weights."""
        del batch, batch_index
        samples = self.validation_samples
        total = torch.zeros_like(self._one)
        for inputs, targets in batches(samples.inputs[None], samples.targets[None], _CHUNK):
            total += (self._energies(inputs) - targets).abs().sum(dim=1)
        self._val_mae = total / len(samples)
        self._best.update(self._val_mae)

    def on_train_epoch_end(self) -> None:
        """Read the epoch's figures: the one time that the host waits for the device."""
        figures = torch.stack([self._train_loss, self._val_mae]).double().cpu()
        self._check_finite(figures)
        self.history.append(figures.tolist())
        self._rate.step()
        train_loss, val_mae = figures.mean(dim=1).tolist()
        self._on_epoch(self.current_epoch, {"train/loss": train_loss, "val/mae": val_mae})

    def on_fit_end(self) -> None:
        """Give every replica its best weights back."""
        self._best.restore()

    def _energies(self, inputs: Tensor) -> Tensor:
        """Energies less their mean in E_c, shape (k, batch)."""
        outputs: Tensor = self.network(inputs)
        return outputs * self._target_scale

    def _check_finite(self, figures: Tensor) -> None:
        diverged = ~torch.isfinite(figures).all(dim=0)
        if diverged.any():
            replicas = ", ".join(str(replica) for replica in diverged.nonzero().flatten().tolist())
            raise TrainingDivergedError(
                f"The loss of replica(s) {replicas} became NaN or infinite in epoch "
                f"{self.current_epoch}; lower optimizer.learning_rate, or scale the inputs "
                "(scaling=standardize)."
            )
