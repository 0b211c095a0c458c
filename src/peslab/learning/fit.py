"""From labeled samples to trained replicas, in one call."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from peslab.errors import InvalidInputError
from peslab.features.scaling import LinearMap
from peslab.learning.checkpoint import check_checkpoint
from peslab.learning.data import ResidentSamples, Samples
from peslab.learning.model import TrainedModel
from peslab.learning.quiet import quiet_lightning, without_signals
from peslab.learning.settings import Settings
from peslab.learning.trainer import Trainer

if TYPE_CHECKING:
    from peslab.learning.module import ReplicaTraining

EpochObserver = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True, eq=False)
class Fit:
    """The outcome of a training of k replicas.

    Attributes:
        model: The replicas, each with the weights of its best epoch, on the CPU.
        history: "train/loss" (in units of the loss) and "val/mae" (in E_c) of every replica after
            every epoch, shape (k, epochs); those of a replica whose patience ran out stay as they
            were, and of several settings one that diverged has infinite ones from then on.
        best_epoch: The epoch of each replica's lowest "val/mae", counted from 0, shape (k,).
        seconds: The time that the training took.
    """

    model: TrainedModel
    history: dict[str, NDArray[np.float64]]
    best_epoch: NDArray[np.int64]
    seconds: float

    @property
    def diverged(self) -> dict[int, int]:
        """The epoch in which a replica diverged, of each that did while other settings went on."""
        infinite = np.isinf(self.history["val/mae"])
        return {k: int(of.argmax()) for k, of in enumerate(infinite) if of.any()}

    @property
    def best_replica(self) -> int:
        """The replica with the lowest validation error."""
        return int(self.history["val/mae"].min(axis=1).argmin())


def fit(
    settings: Settings,
    scaling: LinearMap,
    train: Samples,
    validation: Samples,
    seeds: Sequence[int],
    on_epoch: EpochObserver = lambda *_: None,
    folder: Path | None = None,
) -> Fit:
    """Train one replica of a network for each seed, all in one pass.

    Targets are learned less their mean and in units of their standard deviation over the training
    part; losses and errors are told in E_c.

    Args:
        settings: What is trained and how.
        scaling: The map from features to inputs, fitted on the training part.
        train: The training part.
        validation: The held-out part that chooses each replica's best weights.
        seeds: The seed of each replica's initial weights and orders of the samples.
        on_epoch: Told, after every epoch, its number from 0 on and the means of "train/loss" and
            "val/mae" over the replicas, or, where these are several settings, those of the best;
            what it raises ends the training.
        folder: Where checkpoint.ckpt is written, if the trainer asks for one.

    Returns:
        The trained replicas and how they came about.

    Raises:
        InvalidInputError: If the samples, seeds or settings do not fit together.
        TrainingDivergedError: If a loss becomes NaN or infinite; if replicas are several settings,
            if all do.
    """
    with without_signals():
        from peslab.learning.module import Parts, ReplicaTraining  # Lightning: 2 s

    trainer = settings.trainer
    started = time.perf_counter()  # imports and compilation are not part of a fit
    settings.check(train, validation, seeds, folder)
    target_shift, target_scale = _target_scaling(train.targets)
    replicas = settings.network.build(scaling.matrix.shape[1], seeds).to(trainer.dtype)

    known, held_out = (
        ResidentSamples(part, scaling, target_shift, trainer.dtype)
        for part in (train, Samples(validation.inputs, validation.targets))
    )
    parts = Parts(known, held_out, target_scale)
    module = ReplicaTraining(replicas, settings, parts, seeds, on_epoch, folder)
    if trainer.resume_from is not None:
        check_checkpoint(trainer.resume_from, module.recipe)
    _run(module, trainer)
    train_loss, val_mae = np.array(module.history).transpose(1, 2, 0)
    return Fit(
        model=TrainedModel(scaling, replicas, target_shift, target_scale).cpu(),
        history={"train/loss": train_loss, "val/mae": val_mae},
        best_epoch=val_mae.argmin(axis=1),
        seconds=time.perf_counter() - started,
    )


def _run(module: "ReplicaTraining", trainer: Trainer) -> None:
    """Let Lightning train the module, without its logs, files and bars."""
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    with quiet_lightning(), _honest_interrupt():
        pl.Trainer(
            max_epochs=module.max_epochs,
            accelerator=trainer.device_kind,
            devices=trainer.devices,
            precision="32-true" if trainer.is_mixed else trainer.precision,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            num_sanity_val_steps=0,
            plugins=[LightningEnvironment()],  # SLURM's would take its signals, and restart jobs
        ).fit(module, ckpt_path=trainer.resume_from, weights_only=True)


@contextmanager
def _honest_interrupt() -> Iterator[None]:
    """Raise Ctrl+C as it came: Lightning exits with status 1 instead, and leaves Ctrl+C ignored."""
    try:
        yield
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from exit_
        raise


def _target_scaling(targets: NDArray[np.float64]) -> tuple[float, float]:
    """The mean and the standard deviation of the targets, in E_c."""
    shift, scale = float(targets.mean()), float(targets.std())
    if scale == 0:
        raise InvalidInputError(
            f"All {len(targets)} training targets are {shift}: there is nothing to learn; use data "
            "whose energies differ, of the toy model in a smaller cell or with a longer cutoff."
        )
    return shift, scale
