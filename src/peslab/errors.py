"""The mistakes that a user can mend, each told in one sentence with its remedy."""

import errno

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the operating system says of a disk, a quota, a file that has no more room."""

GOES_ON = "the same command goes on"
"""What is told of whatever was stopped or interrupted and can be continued."""

OUT_OF_MEMORY = (
    "There is not enough memory for this: lower the size of the database, the epochs of its "
    "relaxation, network.width, trainer.batch_size or replicas."
)


def ended(sentence: str) -> str:
    """A sentence with a full stop, if nothing ends it yet."""
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."


class PeslabError(Exception):
    """One sentence: what is wrong and what to do. A command prints it and exits with status 2."""


class InvalidInputError(PeslabError, ValueError):
    """A value that the physics or the learning cannot take; in Python also a `ValueError`."""


class NotFiniteError(InvalidInputError):
    """A potential gave an energy or a force that is not finite.

    Attributes:
        place: Where, at which sides.
    """

    def __init__(self, sentence: str, place: str) -> None:
        super().__init__(sentence)
        self.place = place


class InfrastructureError(PeslabError):
    """The disk is full, or a server is lost: what was running can be run again."""


class PrunedError(Exception):
    """A run was ended by who watches it, as others did better: nothing is wrong with it."""


class Stopped(BaseException):
    """The process was asked to end by a signal, for example at the end of a walltime.

    Attributes:
        signal: Its number.
    """

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal
