"""What is trained and how, and whether it can be with what it is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from peslab.errors import InvalidInputError
from peslab.learning.data import Samples
from peslab.learning.losses import Loss
from peslab.learning.networks import MultiLayerPerceptron
from peslab.learning.optimizers import Optimizer
from peslab.learning.schedules import Schedule
from peslab.learning.trainer import Trainer


@dataclass(frozen=True)
class Settings:
    """What is trained and how.

    Attributes:
        network: The shape of the network.
        loss: What the replicas descend, of energies in E_c.
        optimizer: How they descend it.
        schedule: How the learning rate changes.
        trainer: How long, in what steps and on what.
    """

    network: MultiLayerPerceptron
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    trainer: Trainer

    def described(self) -> dict[str, str]:
        """What a training must share with one that it continues, by what it is called."""
        values = vars(self) | {"trainer": self.trainer.uninterrupted()}
        told = {}
        for name, value in values.items():
            told[name] = type(value).__name__ if is_dataclass(value) else repr(value)
            for field in fields(value) if is_dataclass(value) else ():
                told[f"{name}.{field.name}"] = repr(getattr(value, field.name))
        return told

    def check(
        self, train: Samples, validation: Samples, seeds: Sequence[int], folder: Path | None
    ) -> None:
        """Refuse what cannot be trained with these samples and seeds.

        Args:
            train: The training part.
            validation: The held-out part.
            seeds: The seed of each replica.
            folder: Of checkpoints.

        Raises:
            InvalidInputError: If something does not fit.
        """
        train.check("training")
        validation.check("validation")
        if self.trainer.checkpoint_every is not None and folder is None:
            raise InvalidInputError(
                "Checkpoints need a folder: leave trainer.checkpoint_every out."
            )
        weight = self.loss.gradient_weight
        if weight > 0.0 and train.gradients is None:
            raise InvalidInputError(
                f"loss.gradient_weight={weight} asks for gradients, and the training samples have "
                "none: set it to 0, or choose data and features that have them."
            )
        self._check_batches(len(train.targets))
        if len(seeds) == 0 or min(seeds) < 0 or len(set(seeds)) < len(seeds):
            raise InvalidInputError(
                f"Each replica needs a seed of its own, an integer from 0 on, not {list(seeds)}."
            )
        self.optimizer.check_replicas(len(seeds))

    def _check_batches(self, n_samples: int) -> None:
        """Refuse steps that the samples, or the optimizer, do not allow."""
        batch_size, optimizer = self.trainer.batch_size, type(self.optimizer).__name__
        self.trainer.check_batch_size(n_samples)
        if not self.optimizer.whole_batches:
            return
        if batch_size < n_samples:
            raise InvalidInputError(
                f"{optimizer} needs the whole training part in every step: set "
                f"trainer.batch_size={n_samples}, or choose another optimizer."
            )
        if self.network.dropout > 0.0:
            raise InvalidInputError(
                f"{optimizer} compares losses of one network, which dropout changes at every look: "
                "set network.dropout=0, or choose another optimizer."
            )
        if self.trainer.gradient_clip_val is not None:
            raise InvalidInputError(
                f"{optimizer} measures slopes along its steps, which shortened gradients falsify: "
                "set trainer.gradient_clip_val=null, or choose another optimizer."
            )
