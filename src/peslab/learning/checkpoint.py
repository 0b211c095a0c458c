"""Trainings that are written down on the way, and continued bit by bit."""

import hashlib
import pickle
from pathlib import Path

import torch

from peslab.errors import InvalidInputError
from peslab.learning.data import ResidentSamples

NAME = "checkpoint.ckpt"


def digest(*parts: ResidentSamples) -> str:
    """SHA-256 of scaled samples, by which other data are noticed."""
    content = hashlib.sha256()
    for part in parts:
        for values in part.buffers():
            content.update(values.cpu().numpy().tobytes())
    return content.hexdigest()


def check_checkpoint(path: str, recipe: dict[str, str]) -> None:
    """Make sure that a training can go on from a file; nothing in it is executed.

    Args:
        path: The file.
        recipe: Of the training that is to go on, as its module tells it.

    Raises:
        InvalidInputError: If there is no such file, or it was not written by this training.
    """
    if not Path(path).is_file():
        raise InvalidInputError(f"There is no checkpoint {path}: correct trainer.resume_from.")
    try:
        found = dict(torch.load(path, weights_only=True, map_location="cpu")["replicas"]["recipe"])
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{path} is no checkpoint of peslab, or damaged: start without trainer.resume_from."
        ) from error
    others = [name for name, value in recipe.items() if found.get(name) != value]
    # Of another class, the fields are others too.
    different = [name for name in others if name.partition(".")[0] not in {*others} - {name}]
    if different:
        told = "; ".join(f"{name} was {found.get(name)}, now {recipe[name]}" for name in different)
        raise InvalidInputError(
            f"{path} was written by another training ({told}): repeat its settings, or start "
            "without trainer.resume_from."
        )
