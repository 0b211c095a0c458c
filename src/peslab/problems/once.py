"""What follows from the data alone: all trials of a study ask for it, and one works it out."""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import TypeVar

Found = TypeVar("Found")

MOST = 16
"""Answers that are kept: those of the data and the features that a study compares."""


def once(question: Hashable, answer: Callable[[], Found]) -> Found:
    """What a question was answered in this process, or the answer.

    Args:
        question: All that the answer depends on; one that cannot be hashed is answered each time.
        answer: Works it out; it is small, and nobody changes it.
    """
    try:
        known: list[Found] = _known(question)
    except TypeError:
        return answer()
    if not known:
        known.append(answer())
    return known[0]


@lru_cache(maxsize=MOST)
def _known(question: Hashable) -> list[Found]:  # noqa: ARG001  # its answer, once there is one
    return []
