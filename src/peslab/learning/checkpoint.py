"""Trainings that are written down on the way, and continued bit by bit."""

import pickle
from dataclasses import replace
from pathlib import Path

import torch

from peslab.errors import InvalidInputError
from peslab.learning.trainer import Trainer

NAME = "checkpoint.ckpt"


def recipe_of(trainer: Trainer, *others: object) -> str:
    """What a training must have in common with the one that it continues, as a text."""
    return repr((replace(trainer, resume_from=None, checkpoint_every=None), *others))


def check_checkpoint(path: str, recipe: str) -> None:
    """Make sure that a training can go on from a file; nothing in it is executed.

    Args:
        path: The file.
        recipe: Of the training that is to go on.

    Raises:
        InvalidInputError: If there is no such file, or it was not written by this training.
    """
    if not Path(path).is_file():
        raise InvalidInputError(f"There is no checkpoint {path}: correct trainer.resume_from.")
    try:
        found = torch.load(path, weights_only=True, map_location="cpu")["replicas"]["recipe"]
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{path} is no checkpoint of peslab, or damaged: start without trainer.resume_from."
        ) from error
    if found != recipe:
        raise InvalidInputError(
            f"{path} was written by another training: its recipe is {found}, this one's {recipe}; "
            "repeat the settings of that one, or start without trainer.resume_from."
        )
