"""Bringing random starts down to energies that matter."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.inputs import (
    checked_configurations,
    positive,
    seed_of_streams,
    whole,
)
from peslab.kernels.interaction import MOST_IMAGES, REACH
from peslab.kernels.parallel import in_slices
from peslab.kernels.relaxation import relax
from peslab.toymodel.potential import Potential

RATED_EPOCHS = 10  # the acceptance rate is that of the last ten epochs, as in the thesis
NOT_RUN = -1  # in place of the accepted moves of an epoch that was not needed


class Relaxed(NamedTuple):
    """Configurations after their relaxation, and what it took.

    Attributes:
        positions: Inside the cell, shape (n, N, d).
        acceptance_rates: The part of the moves of the last ten epochs that was accepted, shape
            (n,); NaN where nothing was tried.
        accepted: The number of moves that were accepted in each epoch, shape (n, epochs), of N in
            an epoch; −1 for an epoch that was not run. No columns where nothing was tried.
    """

    positions: FloatArray
    acceptance_rates: FloatArray
    accepted: IntArray


class Relaxation(ABC):
    """A way of bringing random starts down to energies that matter."""

    @abstractmethod
    def relax(
        self,
        potential: Potential,
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        seed: int,
        first_index: int = 0,
        *,
        n_threads: int | None = None,
    ) -> Relaxed:
        """Relax configurations.

        Configuration k depends only on its start, the seed and first_index + k, whatever the number
        of threads.

        Args:
            potential: Whose energy falls.
            positions: Shape (n, N, d), or (N, d) for one configuration; they are not changed.
            cell_width: w_c, a number or shape (n,).
            seed: 0 is a seed as good as any.
            first_index: Where in the sequence of this seed to begin.
            n_threads: None takes all usable cores.

        Raises:
            InvalidInputError: Where an input makes no sense or particles coincide.
        """


def rated(accepted: IntArray, n_particles: int) -> FloatArray:
    """Acceptance rates (n,) over the last ten epochs that were run; NaN where none was."""
    epochs = (accepted != NOT_RUN).sum(axis=1, keepdims=True)
    index = np.arange(accepted.shape[1])
    counted = (index >= epochs - RATED_EPOCHS) & (index < epochs)
    moves = n_particles * counted.sum(axis=1)
    kept = np.where(counted, accepted, 0).sum(axis=1)
    rates = np.full(len(moves), np.nan)
    np.divide(kept, moves, out=rates, where=moves > 0)
    return rates


@dataclass(frozen=True)
class RandomMoves(Relaxation):
    """Moves of one particle at a time, kept where the energy does not rise (section 3.2).

    In each epoch every particle in turn, with all its images, tries one step in a random direction,
    of a length uniform up to the longest. The thesis's program left the images where they had been
    at the start: so its energies rise again after many epochs; these fall.

    Attributes:
        epochs: 0 leaves the configurations as they are.
        max_displacement: The longest step, an absolute length.
    """

    epochs: int
    max_displacement: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "epochs", whole("epochs", self.epochs, minimum=0))
        longest = positive("max_displacement", self.max_displacement)
        object.__setattr__(self, "max_displacement", longest)

    def relax(
        self,
        potential: Potential,
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        seed: int,
        first_index: int = 0,
        *,
        n_threads: int | None = None,
    ) -> Relaxed:
        """Relax configurations: see `Relaxation.relax`."""
        relaxed, cell_widths = checked_configurations(
            positions, cell_width, REACH * potential.cutoff + self.max_displacement, MOST_IMAGES
        )
        moving = (
            self.max_displacement,
            seed_of_streams("seed", seed),
            whole("first_index", first_index, minimum=0),
        )
        accepted = np.empty((len(relaxed), self.epochs), np.int64)
        interaction = potential.interaction()
        in_slices(
            lambda start, stop: relax(
                relaxed, cell_widths, *interaction, *moving, accepted, start, stop
            ),
            len(relaxed),
            n_threads,
        )
        return Relaxed(relaxed, rated(accepted, relaxed.shape[1]), accepted)
