"""What can go wrong while a network learns."""

from peslab.errors import PeslabError


class TrainingDivergedError(PeslabError):
    """The loss is no longer a finite number: the learning rate or the inputs are too large."""
