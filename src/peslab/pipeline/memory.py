"""What a machine cannot hold is told before anything is made; what turns out so, in one sentence.

Linux promises memory that it does not have, and ends who then uses it without a word.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import torch

from peslab.errors import OUT_OF_MEMORY, PeslabError
from peslab.learning import MultiLayerPerceptron, Trainer
from peslab.problems import Problem

LESS_DATA = (
    "database.size, database.test_size, lattice.n_particles, lattice.dimension or "
    "database.test_n_particles"
)
COPIES = 4  # of each weight: itself, its gradient, and two moments
LAYER, REPLICA = 10_000, 3_000  # bytes of Python's own for each of them
GIGABYTE = 1e9
WIDEST = 10**15  # units that are counted; numbers without end could not be told


def check_memory(
    problem: Problem, network: MultiLayerPerceptron, trainer: Trainer, replicas: int
) -> None:
    """Refuse what takes more memory than there is, by estimates from below.

    Raises:
        PeslabError: If the data, or the networks, are larger than the memory of this machine.
    """
    _check(problem.least_memory, "The data", LESS_DATA)
    n_layers, n_weights = _shape(network)
    each = COPIES * trainer.dtype.itemsize * n_weights + LAYER * n_layers + REPLICA
    _check(
        replicas * each,
        f"{replicas} replicas of a network of {_told(n_weights)} weights or more",
        "network.width, network.widths, network.depth or replicas",
    )


@contextmanager
def memory_told() -> Iterator[None]:
    """Turn every way in which memory runs out into one sentence.

    Raises:
        PeslabError: If it did.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise PeslabError(OUT_OF_MEMORY) from error
    except RuntimeError as error:  # what PyTorch raises on the CPU has no class of its own
        if "can't allocate memory" not in str(error):
            raise
        raise PeslabError(OUT_OF_MEMORY) from error


def _shape(network: MultiLayerPerceptron) -> tuple[int, int]:
    """Hidden layers and weights, counted for one input, without building a list of layers."""
    if network.widths is not None:
        widths = [math.ceil(min(width, WIDEST)) for width in network.widths]
        return len(widths), sum(a * b for a, b in pairwise([1, *widths, 1]))
    width, depth = math.ceil(min(network.width, WIDEST)), network.depth
    return depth, 2 * width + (depth - 1) * width**2 if depth else 1


def _check(needed: int, what: str, lower: str) -> None:
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise PeslabError(
            f"{what} would take {_told(needed / GIGABYTE)} GB of memory, and this machine has "
            f"{_told(there / GIGABYTE)}: lower {lower}."
        )


def _told(number: float) -> str:
    """A number that may be absurdly large, in few letters."""
    return f"{number:.3g}"
