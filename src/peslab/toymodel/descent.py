"""Relaxation along the forces: the thesis's alternative method (section 6.2)."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from peslab.kernels.arrays import IntArray
from peslab.kernels.descent import descend
from peslab.kernels.inputs import checked_configurations, positive, whole
from peslab.kernels.parallel import in_slices
from peslab.places import some_absent
from peslab.toymodel.parts import check_reach
from peslab.toymodel.potential import Potential
from peslab.toymodel.relaxation import Relaxation, Relaxed, relaxed_by_number


@dataclass(frozen=True)
class Descent(Relaxation):
    """Descent along the forces by FIRE: down to a local minimum, in some hundred steps.

    The fast inertial relaxation engine lets particles slide downhill and stops them where they
    would climb (Bitzek et al. 2006, as in ASE). Random numbers play no part in it. Few steps leave
    configurations on the way; many leave minima only, which are few: a poor database.

    Attributes:
        steps: The most.
        largest_force: A configuration is done where no component of a force is larger, in E_c/R_c.
        max_displacement: The farthest that all particles together move in one step, in R_c.
        depth: d_s for the relaxation alone; None takes that of the potential.
    """

    steps: int
    largest_force: float = 0.01
    max_displacement: float = 0.2
    depth: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", whole("steps", self.steps, minimum=0))
        for name in ("largest_force", "max_displacement"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        if self.depth is not None:
            whole("depth", self.depth, minimum=1)

    def relax(
        self,
        potential: Potential,
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        seed: int,
        first_index: int | IntArray = 0,
        *,
        n_threads: int | None = None,
    ) -> Relaxed:
        """Relax configurations: see `Relaxation.relax`. Nothing is tried, so nothing is rated."""
        if some_absent(positions):
            return relaxed_by_number(
                self, potential, positions, cell_width, seed, first_index, n_threads
            )
        configurations = checked_configurations(positions, cell_width)
        shallower = potential if self.depth is None else replace(potential, depth=self.depth)
        interaction = shallower.interaction()
        check_reach(shallower, configurations)
        relaxed, cell_widths = configurations
        descending = (self.steps, self.largest_force, self.max_displacement)
        taken = np.empty(len(relaxed), np.int64)
        axes = tuple(range(relaxed.shape[2]))
        in_slices(
            lambda start, stop: descend(
                relaxed, cell_widths, interaction, *descending, taken, start, stop, axes
            ),
            len(relaxed),
            n_threads,
            smallest_slice=1,
        )
        no_rates = np.full(len(relaxed), np.nan)
        return Relaxed(relaxed, no_rates, np.empty((len(relaxed), 0), np.int64))
