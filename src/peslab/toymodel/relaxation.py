"""Bringing random starts down to energies that matter."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.frozen import relax_against_frozen_images
from peslab.kernels.inputs import (
    Configurations,
    check_images,
    checked_configurations,
    finite,
    indices_of,
    positive,
    seed_of_streams,
    whole,
)
from peslab.kernels.interaction import MOST_IMAGES, Interaction
from peslab.kernels.parallel import in_slices
from peslab.kernels.relaxation import NOT_RUN, RATED_EPOCHS, WORTH_A_THREAD, Moving, relax
from peslab.places import groups, some_absent
from peslab.toymodel.parts import LOWER_THE_DEPTH, check_reach, reach_without_depth
from peslab.toymodel.potential import Potential

Steps = Literal["along_axes", "any_direction"]
Scaled = Literal["nothing", "epochs", "max_displacement"]
Images = Literal["moving", "frozen"]


class Relaxed(NamedTuple):
    """Configurations after their relaxation, and what it took.

    Attributes:
        positions: Inside the cell, shape (n, N, d), NaN where no particle is.
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
        first_index: int | IntArray = 0,
        *,
        n_threads: int | None = None,
    ) -> Relaxed:
        """Relax configurations.

        Configuration k depends only on its start, the seed and first_index + k, whatever the number
        of threads.

        Args:
            potential: Whose energy falls.
            positions: Shape (n, N, d), or (N, d) for one configuration; they are not changed. NaN
                in places without a particle, which come last.
            cell_width: w_c, a number or shape (n,).
            seed: 0 is a seed as good as any.
            first_index: Where in the sequence of this seed to begin, or the place of each
                configuration in it, shape (n,).
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


def relaxed_by_number(
    relaxation: Relaxation,
    potential: Potential,
    positions: npt.ArrayLike,
    cell_width: npt.ArrayLike,
    seed: int,
    first_index: int | IntArray,
    n_threads: int | None,
) -> Relaxed:
    """Relax the configurations of each number of particles by themselves, and join them.

    Arguments are those of `Relaxation.relax`; each configuration keeps its place in the sequence.
    """
    inside, widths = checked_configurations(positions, cell_width, with_absent=True)
    indices = indices_of(first_index, len(inside))
    parts = []
    for number, rows in groups(inside):
        of_number = inside[rows, :number], widths[rows], seed, indices[rows]
        parts.append((rows, relaxation.relax(potential, *of_number, n_threads=n_threads)))
    epochs = max(part.accepted.shape[1] for _, part in parts)  # wider cells may take more
    rates, accepted = np.empty(len(inside)), np.full((len(inside), epochs), NOT_RUN)
    for rows, part in parts:
        inside[rows, : part.positions.shape[1]] = part.positions
        rates[rows] = part.acceptance_rates
        accepted[rows, : part.accepted.shape[1]] = part.accepted
    return Relaxed(inside, rates, accepted)


@dataclass(frozen=True)
class NoRelaxation(Relaxation):
    """Random starts as they are: particles anywhere, energies up to 1e11 E_c and more."""

    def relax(
        self,
        potential: Potential,  # noqa: ARG002
        positions: npt.ArrayLike,
        cell_width: npt.ArrayLike,
        seed: int,  # noqa: ARG002
        first_index: int | IntArray = 0,  # noqa: ARG002
        *,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> Relaxed:
        """Leave configurations as they are: see `Relaxation.relax`."""
        inside, _ = checked_configurations(positions, cell_width, with_absent=True)
        accepted = np.empty((len(inside), 0), np.int64)
        return Relaxed(inside, rated(accepted, inside.shape[1]), accepted)


@dataclass(frozen=True)
class RandomMoves(Relaxation):
    """Moves of one particle at a time, kept where the energy does not rise (section 3.2).

    In each epoch every particle in turn, with all its images, tries one step. Energies are summed
    over classes of pairs and triangles, also where the labels are to be those of a block of cells.

    Attributes:
        epochs: 0 leaves the configurations as they are.
        max_displacement: The longest step, an absolute length; with `steps="along_axes"` the
            longest along each axis.
        steps: `along_axes` draws each component uniform up to the longest, as the thesis's program
            did; `any_direction` a direction and a length uniform up to the longest, as its text
            says.
        scaled: Whether `epochs` or `max_displacement` grow with the cell width (section 4.2.1);
            `nothing` keeps them.
        reference_width: The cell width in which they are what is said here.
        target_acceptance_rate: A configuration is done where its last ten epochs accepted no larger
            part of its moves; None runs all epochs.
        depth: d_s for the relaxation alone, where a potential without a cutoff may be summed less
            far than for its final energy; None takes that of the potential.
        images: Whether the images of a particle are `moving` with it, or `frozen` where they were
            at the start, as in the thesis's program: there energies rise again after many epochs.
    """

    epochs: int
    max_displacement: float
    steps: Steps = "along_axes"
    scaled: Scaled = "nothing"
    reference_width: float = 5.0
    target_acceptance_rate: float | None = None
    depth: int | None = None
    images: Images = "moving"

    def __post_init__(self) -> None:
        object.__setattr__(self, "epochs", whole("epochs", self.epochs, minimum=0))
        for name in ("max_displacement", "reference_width"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        for name, kind in (("steps", Steps), ("scaled", Scaled), ("images", Images)):
            choices = get_args(kind)
            if getattr(self, name) not in choices:
                raise InvalidInputError(
                    f"{name} must be {' or '.join(choices)}, not {getattr(self, name)!r}."
                )
        rate = self.target_acceptance_rate
        if rate is not None and not 0.0 <= finite("target_acceptance_rate", rate) < 1.0:
            raise InvalidInputError(
                f"target_acceptance_rate must be a part of the moves, 0 to below 1, not {rate}."
            )
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
        """Relax configurations: see `Relaxation.relax`."""
        if some_absent(positions):
            return relaxed_by_number(
                self, potential, positions, cell_width, seed, first_index, n_threads
            )
        configurations = checked_configurations(positions, cell_width)
        relaxed, cell_widths = configurations
        shallower = potential if self.depth is None else replace(potential, depth=self.depth)
        interaction = shallower.interaction()
        moving = self._moving(configurations, seed, first_index)
        accepted = np.empty((len(relaxed), moving.epochs.max()), np.int64)
        axes = tuple(range(relaxed.shape[2]))
        if self.images == "frozen":
            cells = depth_of_block(shallower, configurations)
            frozen = as_if_frozen(shallower, interaction)

            def run(start: int, stop: int) -> None:
                relax_against_frozen_images(
                    relaxed, cell_widths, frozen, moving, cells, accepted, start, stop, axes
                )
        else:
            check_reach(shallower, configurations, moving.longest_steps)

            def run(start: int, stop: int) -> None:
                relax(relaxed, cell_widths, interaction, moving, accepted, start, stop, axes)

        in_slices(run, len(relaxed), n_threads, smallest_slice=WORTH_A_THREAD)
        return Relaxed(relaxed, rated(accepted, relaxed.shape[1]), accepted)

    @property
    def _energy_of_heat(self) -> float:
        """k_B T of steps uphill: none are taken."""
        return 0.0

    def _moving(
        self, configurations: Configurations, seed: int, first_index: int | IntArray
    ) -> Moving:
        """How far and how long the particles of each configuration move."""
        relaxed, cell_widths = configurations
        scale = cell_widths / self.reference_width
        ones = np.ones_like(scale)
        epochs = self.epochs * (scale if self.scaled == "epochs" else ones)
        longest = self.max_displacement * (scale if self.scaled == "max_displacement" else ones)
        along_axes = self.steps == "along_axes"
        rate = self.target_acceptance_rate
        return Moving(
            epochs=np.rint(epochs).astype(np.int64),
            max_displacements=longest,
            longest_steps=longest * math.sqrt(relaxed.shape[2]) if along_axes else longest,
            along_axes=along_axes,
            temperature=self._energy_of_heat,
            target_rate=-1.0 if rate is None else rate,
            seed=seed_of_streams("seed", seed),
            indices=indices_of(first_index, len(relaxed)),
        )


@dataclass(frozen=True)
class Metropolis(RandomMoves):
    """Random moves at a temperature: also moves uphill, of ΔE, with probability exp(−ΔE/k_B T).

    After many epochs the configurations are those of thermal equilibrium (Metropolis et al. 1953),
    where ΔE is the energy of the whole cell.

    Attributes:
        temperature: k_B T, in E_c.
    """

    temperature: float = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "temperature", positive("temperature", self.temperature))

    @property
    def _energy_of_heat(self) -> float:
        """k_B T of steps uphill."""
        return self.temperature


def depth_of_block(potential: Potential, configurations: Configurations) -> int:
    """d_s of the block of frozen images: as far as the potential says, or as it reaches."""
    if potential.depth is None:
        check_reach(potential, configurations)
    narrowest = configurations.cell_widths.min()
    reaches = reach_without_depth(potential.interaction())
    depth = math.ceil(reaches / narrowest) if potential.depth is None else potential.depth
    check_images(configurations, depth * configurations.cell_widths, MOST_IMAGES, LOWER_THE_DEPTH)
    return depth


def as_if_frozen(potential: Potential, interaction: Interaction) -> Interaction:
    """The interaction with the weights of equation (9) where images do not move along.

    As printed it visits pairs in the cell 2 times and those with an image once; triangles in the
    cell 6 times, and twice those that one or two particles of the cell make with images.
    """
    return interaction._replace(
        depth=math.inf,
        pair_weights=np.multiply(potential.pair_weight, (2.0, 1.0)),
        triangle_weights=np.multiply(potential.triplet_weight, (6.0, 2.0, 2.0)),
    )
