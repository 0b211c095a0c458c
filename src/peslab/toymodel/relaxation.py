"""Bringing random starts down to energies that matter."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peslab.kernels.arrays import FloatArray
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


@dataclass(frozen=True)
class RandomMoves:
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
    ) -> tuple[FloatArray, FloatArray]:
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

        Returns:
            Positions inside the cell, shape (n, N, d), and the part of the moves of the last ten
            epochs that was accepted, shape (n,); NaN without epochs.

        Raises:
            InvalidInputError: Where an input makes no sense or particles coincide.
        """
        relaxed, cell_widths = checked_configurations(
            positions, cell_width, REACH * potential.cutoff + self.max_displacement, MOST_IMAGES
        )
        moving = (
            self.epochs,
            self.max_displacement,
            seed_of_streams("seed", seed),
            whole("first_index", first_index, minimum=0),
        )
        acceptance_rates = np.empty(len(relaxed))
        interaction = potential.interaction()
        in_slices(
            lambda start, stop: relax(
                relaxed, cell_widths, *interaction, *moving, acceptance_rates, start, stop
            ),
            len(relaxed),
            n_threads,
        )
        return relaxed, acceptance_rates
