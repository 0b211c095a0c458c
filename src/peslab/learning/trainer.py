"""How long, in what steps and on what a network is trained."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import torch

from peslab.errors import InvalidInputError

Accelerator = Literal["auto", "cpu", "gpu"]
Precision = Literal["32-true", "64-true", "bf16-mixed"]


@dataclass(frozen=True)
class Trainer:
    """The settings of a training, whatever is trained.

    Attributes:
        max_epochs: Passes over the training part; None where `max_steps` alone counts.
        batch_size: Samples in a step.
        accelerator: auto is CUDA where there is a GPU, else the CPU.
        devices: Devices of one fit. It is 1, since all replicas share the device that holds the
            data; a study uses several by several workers.
        precision: Of the network; the scalings around it are float64 in any case. In bf16-mixed the
            products of layers have 8 bits, everything else 24: for GPUs, and large errors.
        gradient_clip_val: The longest gradient of a replica's loss, in the norm of all its weights;
            longer ones are shortened. None takes them as they are.
        patience: Epochs without a better validation error after which a replica is done; training
            ends with the last of them. None runs all epochs.
        averaging: How much of an average of the weights over steps each step keeps, e.g. 0.999; the
            average is what is validated and kept. None keeps the weights themselves.
        checkpoint_every: Epochs from one checkpoint to the next; None writes none.
        resume_from: The checkpoint.ckpt of a training that was interrupted, which is continued;
            made absolute.
        max_steps: Steps, rounded up to whole passes, after which training ends, if that is sooner;
            None counts passes only. With it, few samples are trained as long as many.
    """

    max_epochs: int | None
    batch_size: int
    accelerator: Accelerator
    devices: int
    precision: Precision
    gradient_clip_val: float | None = None
    patience: int | None = None
    averaging: float | None = None
    checkpoint_every: int | None = None
    resume_from: str | None = None
    max_steps: int | None = None

    def __post_init__(self) -> None:
        self._check_counts()
        if self.resume_from is not None:
            path = Path(self.resume_from).expanduser().absolute()
            object.__setattr__(self, "resume_from", str(path))
        if self.averaging is not None and not 0.0 < self.averaging < 1.0:
            raise InvalidInputError(
                "trainer.averaging must lie between 0 and 1, or be null for none, not "
                f"{self.averaging}; try 0.999."
            )
        clip = self.gradient_clip_val
        if clip is not None and not 0.0 < clip < math.inf:
            raise InvalidInputError(
                f"trainer.gradient_clip_val must be above 0, or null for none, not {clip}."
            )
        if self.devices > 1:
            raise InvalidInputError(
                f"One fit runs on one device, where its data reside, not on {self.devices}; set "
                "trainer.devices=1 and use more devices by more workers (study.workers)."
            )
        for name, choices in (("accelerator", Accelerator), ("precision", Precision)):
            if getattr(self, name) not in get_args(choices):
                raise InvalidInputError(
                    f"trainer.{name} is one of {', '.join(get_args(choices))}, "
                    f"not {getattr(self, name)!r}."
                )

    def _check_counts(self) -> None:
        for name in ("max_epochs", "max_steps", "batch_size", "devices"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise InvalidInputError(f"trainer.{name} must be 1 or more, not {value}.")
        for name in ("patience", "checkpoint_every"):
            if (epochs := getattr(self, name)) is not None and epochs < 1:
                raise InvalidInputError(
                    f"trainer.{name} counts epochs and must be 1 or more, or null, not {epochs}."
                )
        if self.max_epochs is None and self.max_steps is None:
            raise InvalidInputError(
                "Training would have no end: set trainer.max_epochs or trainer.max_steps."
            )

    def check_batch_size(self, n_samples: int) -> None:
        """Refuse steps of more samples than there are.

        Args:
            n_samples: Of the training part.

        Raises:
            InvalidInputError: If there are too few.
        """
        if self.batch_size > n_samples:
            raise InvalidInputError(
                f"trainer.batch_size={self.batch_size} is more than the {n_samples} training "
                "samples: lower it, or use more data."
            )

    def epochs(self, n_samples: int) -> int:
        """How many passes over so many samples end the training, if nothing else does."""
        steps = -(-n_samples // self.batch_size)
        limits = [self.max_epochs, self.max_steps and -(-self.max_steps // steps)]
        return min(limit for limit in limits if limit is not None)

    def pinned(self) -> dict[str, str]:
        """Settings that a run records in place of those typed, wherever it is repeated from."""
        return {} if self.resume_from is None else {"resume_from": self.resume_from}

    def uninterrupted(self) -> "Trainer":
        """The same training without its checkpoints, which do not change what comes out."""
        return replace(self, checkpoint_every=None, resume_from=None)

    @property
    def device_kind(self) -> Literal["cpu", "cuda"]:
        """What `accelerator` comes to on this machine.

        Raises:
            InvalidInputError: If a GPU is asked for where there is none.
        """
        available = torch.cuda.is_available()
        if self.accelerator == "gpu" and not available:
            raise InvalidInputError(
                "PyTorch finds no CUDA GPU on this machine; set trainer.accelerator=cpu (or auto)."
            )
        return "cuda" if available and self.accelerator != "cpu" else "cpu"

    @property
    def is_mixed(self) -> bool:
        """Whether networks are evaluated with fewer bits than their weights have."""
        return self.precision == "bf16-mixed"

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the network."""
        return torch.float64 if self.precision == "64-true" else torch.float32
