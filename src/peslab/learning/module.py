"""The training loop, inside Lightning and nearly as fast as outside."""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from peslab.learning.average import AveragedWeights
from peslab.learning.best import BestWeights
from peslab.learning.checkpoint import NAME, digest
from peslab.learning.data import Batch, ResidentSamples
from peslab.learning.errors import TrainingDivergedError
from peslab.learning.networks import ReplicaMLP
from peslab.learning.settings import Settings
from peslab.learning.steps import RecordedSteps, Steps

# A replica draws its orders of the samples apart from its initial weights, which have its seed.
_SHUFFLE_STREAM = 0x9E3779B9
# So does it draw what dropout leaves out.
_DROPOUT_STREAM = 0x7F4A7C15

LARGE_INPUT = 5.0
"""Root mean square beyond which inputs are not scaled; of those that are it is 1."""


class Parts(NamedTuple):
    """The data of a training, on its device.

    Attributes:
        train: What is descended.
        validation: What chooses the best weights.
        target_scale: What one unit of the network's output is, in E_c.
    """

    train: ResidentSamples
    validation: ResidentSamples
    target_scale: float


class ReplicaTraining(pl.LightningModule):
    """Trains k replicas at once; Lightning sees an epoch as one batch.

    Lightning's work for every batch doubles the time of a small step. Here it happens once in an
    epoch: the epoch is handed over as a single batch, and `training_step` loops over slices of
    tensors that already are on the device. The replicas' losses are summed, so that each gets
    exactly the gradient that it would get alone.

    Args:
        network: The replicas.
        settings: How they are trained.
        parts: What on.
        seeds: The seed of each replica.
        on_epoch: Told each epoch's number and the means over the replicas, or the best's figures
            where these are several settings.
        folder: Where checkpoint.ckpt is written, if one is asked for.
    """

    def __init__(
        self,
        network: ReplicaMLP,
        settings: Settings,
        parts: Parts,
        seeds: Sequence[int],
        on_epoch: Callable[[int, dict[str, float]], None],
        folder: Path | None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.train_samples, self.validation_samples, self._target_scale = parts
        self.history: list[list[list[float]]] = []  # (epochs, 2, k)
        self._settings = settings
        self._seeds = seeds
        self._weights = list(network.parameters())
        self._saved: dict[str, Any] | None = None  # of a checkpoint
        self._on_epoch = on_epoch
        self._folder = folder
        self.max_epochs = settings.trainer.epochs(len(parts.train))
        self._n_steps = -(-len(parts.train) // settings.trainer.batch_size)  # in an epoch

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Build the optimizer from its choice."""
        optimizer = self._settings.optimizer
        if self._settings.schedule.by_replica:
            optimizer = optimizer.apart(self.network.n_replicas)
        descent = optimizer.build(self.network)
        self._steps = (
            RecordedSteps(descent, self._descend, lambda: self.network.dropout.generators)
            if optimizer.is_recordable(self.network)
            else Steps(descent, self._descend)
        )
        self._keeps_gradients = any(weights.grad is not None for weights in self._weights)
        return descent

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset gradients, in place where the optimizer's blocks share them.

        PyTorch's own looks for all modules below in every step, a tenth of a small one's time.
        """
        for weights in self._weights:
            if self._keeps_gradients and weights.grad is not None:
                weights.grad.zero_()
            elif set_to_none:
                weights.grad = None

    def train_dataloader(self) -> range:
        """Hand an epoch over as one batch."""
        return range(1)

    def on_fit_start(self) -> None:
        """Set up what lives on the device."""
        self._autocast = (
            partial(torch.autocast, self.device.type, torch.bfloat16)  # of networks, not of steps
            if self._settings.trainer.is_mixed
            else nullcontext
        )
        self._at_once = self.network.samples_at_once(self.validation_samples.places)
        self._best = BestWeights(self.network)
        averaging = self._settings.trainer.averaging
        self._average = None if averaging is None else AveragedWeights(self._weights, averaging)
        k = self.network.n_replicas
        self._one = torch.ones(k, device=self.device, dtype=self.network.dtype)
        self._losses = torch.zeros(self._n_steps, k, device=self.device, dtype=self.network.dtype)
        self._shuffles, dropouts = (
            [torch.Generator(self.device).manual_seed(seed ^ stream) for seed in self._seeds]
            for stream in (_SHUFFLE_STREAM, _DROPOUT_STREAM)
        )
        self.network.dropout.draw_from(dropouts)
        if self._saved is not None:
            self._continue(self._saved)
        self._done = self._over().to(self.device)
        self.trainer.should_stop = bool(self._done.all())

    def training_step(self, batch: int, batch_index: int) -> None:
        """Take every step of one epoch."""
        del batch, batch_index
        trainer, schedule = self._settings.trainer, self._settings.schedule
        self._steps.begin_epoch(self._epoch_factors())
        before, total = self.current_epoch * self._n_steps, self.max_epochs * self._n_steps
        parts = self.train_samples.shuffled(self._shuffles, trainer.batch_size)
        for step, part in enumerate(parts):
            factor = schedule.factor((before + step) / total)
            self._losses[step] = self._steps.take(part, factor)
            if self._average is not None:
                self._average.update()

    def _epoch_factors(self) -> list[float]:
        """The schedule's factor for this epoch: one for all replicas, or one for each."""
        schedule = self._settings.schedule
        if not schedule.by_replica:
            return [1.0]
        n_replicas = range(self.network.n_replicas)
        errors = [[val_mae[k] for _, val_mae in self.history] for k in n_replicas]
        return [schedule.epoch_factor(of_replica) for of_replica in errors]

    def _descend(self, part: Batch) -> Tensor:
        """Set the gradients of the losses, and return those, shape (k,)."""
        self.zero_grad()
        losses = self._loss(part)
        torch.autograd.backward(losses, self._one)  # the gradient of their sum
        if self._settings.trainer.gradient_clip_val is not None:
            self._clip(self._settings.trainer.gradient_clip_val)
        return losses.detach()

    def _loss(self, part: Batch) -> Tensor:
        loss = self._settings.loss
        if part.jacobian is None or part.gradients is None:
            return loss(self._energies(part.inputs, part.weights), part.targets)
        inputs = part.inputs.requires_grad_()
        energies = self._energies(inputs, part.weights)
        (slopes,) = torch.autograd.grad(energies.sum(), inputs, create_graph=True)
        gradients = (slopes.flatten(2)[:, :, None] @ part.jacobian.flatten(2, -2)).squeeze(2)
        of_gradients = loss(gradients, part.gradients, part.components)
        return loss(energies, part.targets) + loss.gradient_weight * of_gradients

    def _clip(self, longest: float) -> None:
        """Shorten the gradient of each replica that is longer."""
        gradients = [weights.grad for weights in self._weights if weights.grad is not None]
        squares = torch.stack([gradient.flatten(1).square().sum(dim=1) for gradient in gradients])
        factors = (longest / squares.sum(dim=0).sqrt()).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *[1] * (gradient.dim() - 1)))

    @torch.inference_mode()
    def _validate(self) -> None:
        """Measure the mean absolute error of each replica and keep the best weights.

        Lightning's own loop over a validation part takes as long as this does.
        """
        self.network.eval()
        with nullcontext() if self._average is None else self._average.in_place():
            total = torch.zeros_like(self._one, dtype=torch.float64)  # in whatever pieces
            for inputs, targets, weights in self.validation_samples.in_order(self._at_once):
                errors = (self._energies(inputs, weights) - targets).abs()
                total += errors.sum(dim=1, dtype=total.dtype)
            self._val_mae = (total / len(self.validation_samples)).to(self.network.dtype)
            self._best.update(self._val_mae.masked_fill(self._done, math.inf))
        self.network.train()

    def on_train_epoch_end(self) -> None:
        """Read the epoch's figures: the one time that the host waits for the device."""
        self._validate()
        sizes = torch.full((self._n_steps, 1), float(self._settings.trainer.batch_size))
        sizes[-1] -= sizes.sum() - len(self.train_samples)
        done = self._done.cpu()
        losses = self._losses.double().cpu()
        train_loss = (losses * sizes).sum(dim=0) / len(self.train_samples)
        val_mae = self._val_mae.double().cpu()
        diverged = ~torch.isfinite(torch.cat([losses, val_mae[None]])).masked_fill(done, True)
        train_loss, val_mae = (
            values.masked_fill(diverged.any(dim=0), math.inf) for values in (train_loss, val_mae)
        )
        if done.any():  # the figures of what is over stay as they were
            last_loss, last_mae = torch.tensor(self.history[-1], dtype=torch.float64)
            train_loss = torch.where(done, last_loss, train_loss)
            val_mae = torch.where(done, last_mae, val_mae)
        self._check_divergence(diverged, others_learn=bool(torch.isfinite(val_mae).any()))
        self.history.append([train_loss.tolist(), val_mae.tolist()])
        if self._settings.optimizer.replicas_differ:  # a mean over settings tells of none of them
            train_loss, val_mae = (values[val_mae.argmin()] for values in (train_loss, val_mae))
        means = {"train/loss": train_loss.mean().item(), "val/mae": val_mae.mean().item()}
        self._on_epoch(self.current_epoch, means)
        self._done = self._over().to(self.device)
        self.trainer.should_stop = bool(self._done.all())
        every = self._settings.trainer.checkpoint_every
        if every is not None and self._folder is not None and len(self.history) % every == 0:
            unfinished = self._folder / f"{NAME}.new"  # what a kill leaves half-written
            self.trainer.save_checkpoint(unfinished)
            unfinished.replace(self._folder / NAME)

    def _over(self) -> Tensor:
        """Which replicas are over, shape (k,): they diverged, or ran out of patience.

        Training goes on while another one improves; they keep what they would have alone.
        """
        if not self.history:
            return torch.zeros(self.network.n_replicas, dtype=torch.bool)
        errors = np.array([val_mae for _, val_mae in self.history])
        over = np.isinf(errors[-1])
        patience = self._settings.trainer.patience
        if patience is not None:
            over |= len(errors) - 1 - errors.argmin(axis=0) >= patience
        return torch.from_numpy(over)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning does not know: plain containers and tensors."""
        checkpoint["replicas"] = {
            "recipe": self.recipe,
            "history": self.history,
            "best": self._best.state(),
            "average": None if self._average is None else self._average.state(),
            "generators": [generator.get_state() for generator in self._all_generators()],
        }

    @cached_property
    def recipe(self) -> dict[str, str]:
        """What a training must share with one that it continues, by what it is called."""
        return {
            **self._settings.described(),
            "seeds": repr(list(self._seeds)),
            "device": self._settings.trainer.device_kind,  # whose random numbers and steps differ
            "data": digest(self.train_samples, self.validation_samples),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep it until there is where to put it."""
        self._saved = checkpoint["replicas"]

    def _continue(self, saved: dict[str, Any]) -> None:
        self.history = saved["history"]
        self._best.load(saved["best"])
        if self._average is not None:
            self._average.load(saved["average"])
        for generator, state in zip(self._all_generators(), saved["generators"], strict=True):
            generator.set_state(state)

    def _all_generators(self) -> list[torch.Generator]:
        return [*self._shuffles, *self.network.dropout.generators]

    def on_fit_end(self) -> None:
        """Give every replica its best weights back, and the device the memory of recordings."""
        self._best.restore()
        del self._steps

    def _energies(self, inputs: Tensor, weights: Tensor | None) -> Tensor:
        """Energies less their mean in E_c, shape (k, batch)."""
        with self._autocast():
            outputs: Tensor = self.network(inputs, weights)
        return outputs * self._target_scale

    def _check_divergence(self, diverged: Tensor, others_learn: bool) -> None:
        """Refuse to go on where a loss or a validation error is not finite, and say which.

        Where replicas are several settings, the others go on.
        """
        if diverged.any() and not (self._settings.optimizer.replicas_differ and others_learn):
            replicas = ", ".join(str(k) for k in diverged.any(dim=0).nonzero().flatten().tolist())
            batch = int(diverged.any(dim=1).nonzero()[0])
            where = f"batch {batch + 1}" if batch < self._n_steps else "validation"
            raise TrainingDivergedError(
                f"The loss of replica(s) {replicas} became NaN or infinite in epoch "
                f"{self.current_epoch + 1}, {where}; {self._remedies()}."
            )

    def _remedies(self) -> str:
        """What to try against divergence, by what is known of this training."""
        settings, magnitude = self._settings, self.train_samples.magnitude
        rate = settings.optimizer.learning_rate
        told = "optimizer.learning_rate" + ("" if isinstance(rate, tuple) else f"={rate:g}")
        remedies = [f"lower {told}"]
        if magnitude > LARGE_INPUT:
            size = f"whose typical size is {magnitude:.2g}"
            remedies.insert(0, f"scale the inputs, {size} (scaling=standardize)")
        clips = settings.trainer.gradient_clip_val is not None
        if not clips and not settings.optimizer.whole_batches:  # a line search takes none
            remedies.append("shorten long gradients (trainer.gradient_clip_val=1.0)")
        return ", or ".join(remedies)
