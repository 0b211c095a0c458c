"""A cell of particles that repeats without end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray, IntArray
from peslab.kernels.inputs import positive, seed_of_streams, whole
from peslab.kernels.sampling import sample_positions

Spacing = Literal["linear", "logarithmic"]

STEPS: dict[str, Callable[..., FloatArray]] = {"linear": np.linspace, "logarithmic": np.geomspace}
ENDS = 2  # of a range


def checked_numbers(name: str, numbers: int | Sequence[int]) -> int | tuple[int, ...]:
    """One number of particles as itself, several different ones in ascending order."""
    if not isinstance(numbers, tuple | list):
        return whole(name, numbers, minimum=1)
    given = [whole(name, number, minimum=1) for number in numbers]
    if not given or len(set(given)) < len(given):
        raise InvalidInputError(f"{name} must be a number or several different ones, not {given}.")
    return given[0] if len(given) == 1 else tuple(sorted(given))


@dataclass(frozen=True)
class Lattice:
    """Particles in a square, cubic or hypercubic cell, surrounded by images of itself.

    A cell has one width, or there are cells of several widths, as in section 4.2.2: configuration k
    has the width number k mod n_widths. So every stretch of a sample holds all widths alike.
    Numbers of particles can be several too, and take turns after each round of the widths: that of
    configuration k stands at ⌊k / n_widths⌋ mod n_numbers.

    Example:
        >>> from peslab.toymodel import Lattice
        >>> Lattice(n_particles=4, dimension=2, cell_width=5.0).sample(1000, seed=0).shape
        (1000, 4, 2)
        >>> Lattice(n_particles=4, dimension=2, cell_width=(1.5, 3.5), n_widths=3).widths(5)
        array([1.5, 2.5, 3.5, 1.5, 2.5])
        >>> Lattice(n_particles=(2, 3), dimension=2, cell_width=5.0).numbers(5)
        array([2, 3, 2, 3, 2])

    Attributes:
        n_particles: N_p, in one cell; or several different numbers.
        dimension: d, 1 or more.
        cell_width: w_c, an absolute length; or the smallest and the largest of several.
        n_widths: How many widths a range has, both ends included; 1 where there is no range.
        spacing: `linear` widths differ by the same length, `logarithmic` ones by the same factor.
    """

    n_particles: int | tuple[int, ...]
    dimension: int
    cell_width: float | tuple[float, float]
    n_widths: int = 1
    spacing: Spacing = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_particles", checked_numbers("n_particles", self.n_particles))
        for name in ("dimension", "n_widths"):
            object.__setattr__(self, name, whole(name, getattr(self, name), minimum=1))
        if self.spacing not in list(STEPS):
            raise InvalidInputError(f"spacing must be {' or '.join(STEPS)}, not {self.spacing!r}.")
        if isinstance(self.cell_width, tuple | list):
            object.__setattr__(self, "cell_width", self._checked_range(tuple(self.cell_width)))
        else:
            object.__setattr__(self, "cell_width", positive("cell_width", self.cell_width))
            if self.n_widths > 1:
                raise InvalidInputError(
                    f"n_widths={self.n_widths} takes a range of widths: give cell_width as two "
                    f"numbers, [low, high], instead of {self.cell_width:g}."
                )

    def _checked_range(self, ends: tuple[float, ...]) -> tuple[float, float]:
        if len(ends) != ENDS:
            raise InvalidInputError(
                f"cell_width must be a number or two, [low, high], not {list(ends)}."
            )
        low, high = (positive("cell_width", end) for end in ends)
        if low >= high:
            raise InvalidInputError(
                f"cell_width must begin with the smallest width, which [{low:g}, {high:g}] does "
                "not: give two different numbers, [low, high], or one."
            )
        if self.n_widths == 1:
            raise InvalidInputError(
                f"cell_width=[{low:g}, {high:g}] is a range: set n_widths to 2 or more, or give "
                "one number."
            )
        return low, high

    @property
    def cell_widths(self) -> FloatArray:
        """All widths w_c from the smallest to the largest, shape (n_widths,)."""
        if isinstance(self.cell_width, tuple):
            return STEPS[self.spacing](*self.cell_width, self.n_widths)
        return np.array([self.cell_width])

    @property
    def particle_numbers(self) -> tuple[int, ...]:
        """All numbers of particles from the smallest to the largest."""
        one = self.n_particles
        return one if isinstance(one, tuple) else (one,)

    @property
    def n_kinds(self) -> int:
        """How many kinds of cells take turns: each width with each number of particles.

        Kind q has the width number q mod n_widths and the number of particles at ⌊q / n_widths⌋.
        """
        return self.n_widths * len(self.particle_numbers)

    def numbers(self, n: int, first_index: int = 0) -> IntArray:
        """How many particles configurations have, whatever their seed.

        Args:
            n: Number of configurations.
            first_index: Where in the sequence to begin.

        Returns:
            Shape (n,).

        Raises:
            InvalidInputError: Where a number is negative or not whole.
        """
        first = whole("first_index", first_index, minimum=0)
        turns = np.arange(first, first + whole("n", n, minimum=0)) // self.n_widths
        return np.array(self.particle_numbers)[turns % len(self.particle_numbers)]

    def widths(self, n: int, first_index: int = 0) -> FloatArray:
        """The widths of configurations, whatever their seed.

        Args:
            n: Number of configurations.
            first_index: Where in the sequence to begin.

        Returns:
            Shape (n,).

        Raises:
            InvalidInputError: Where a number is negative or not whole.
        """
        first = whole("first_index", first_index, minimum=0)
        numbers = np.arange(first, first + whole("n", n, minimum=0)) % self.n_widths
        return self.cell_widths[numbers]

    def sample(self, n: int, seed: int, first_index: int = 0) -> FloatArray:
        """Draw configurations with every particle uniform in the cell.

        Configuration k depends only on the seed and on first_index + k: a long sample begins with
        a short one, and can be drawn piece by piece.

        Args:
            n: Number of configurations.
            seed: 0 is a seed as good as any.
            first_index: Where in the sequence of this seed to begin.

        Returns:
            Positions, shape (n, N, d), in cells of `widths(n, first_index)`; where there are
            several numbers of particles N is the largest, and places without one hold NaN.

        Raises:
            InvalidInputError: Where a number is negative or not whole.
        """
        widths = self.widths(n, first_index)
        most = self.particle_numbers[-1]
        positions = np.empty((n, most, self.dimension))
        sample_positions(positions, widths, seed_of_streams("seed", seed), first_index)
        if len(self.particle_numbers) > 1:
            positions[np.arange(most) >= self.numbers(n, first_index)[:, None]] = np.nan
        return positions
