"""Whether sums over far particles converge, and what a sum to some depth leaves out."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from peslab.errors import InvalidInputError
from peslab.kernels.arrays import FloatArray
from peslab.toymodel.parts import cutoff_of
from peslab.toymodel.potential import Potential
from peslab.toymodel.units import units_of

FAR = 1e3  # where an interaction is looked at, in R_c
STILL = 1e-6  # an exponent that is this near to 0 is 0


class Convergence(NamedTuple):
    """How the sum of a potential approaches its limit.

    Attributes:
        order: p, where the rest beyond a distance r falls as r⁻ᵖ: positive where the sum converges,
            infinite where it falls faster than any power.
        reason: Why, in words.
    """

    order: float
    reason: str

    @property
    def converges(self) -> bool:
        """Whether there is a limit."""
        return self.order > 0.0


def convergence(potential: Potential, dimension: int) -> Convergence:
    """How sums over pairs and triangles converge in d dimensions.

    Where V_2(R) falls as R⁻ᵘ, pairs leave out R^(d−u). Triangles of two close particles and a far
    one, V_3(R_c, R, R) ~ R⁻ᵠ, leave out R^(d−q), and those of three far from each other,
    V_3(R, R, R) ~ R⁻ᵐ, R^(2d−m).

    Args:
        potential: Of pairs, triangles, or both.
        dimension: d.
    """
    pairs = potential if potential.pair_part is None else potential.pair_part
    parts = []
    if pairs.pair is not None and cutoff_of(pairs) == math.inf:
        falls = exponent(*(potential.pair_values(x * FAR)[0] for x in (1.0, 2.0)))
        parts.append((falls - dimension, f"the interaction of far pairs falls {as_power(falls)}"))
    if potential.triplet is not None and cutoff_of(potential) == math.inf:
        close = exponent(*(potential.triplet_values(1.0, x * FAR, x * FAR)[0] for x in (1.0, 2.0)))
        told = "however far it is" if close <= 0.0 else f"less and less, {as_power(close)}"
        parts.append((close - dimension, f"two close particles interact with a third one {told}"))
        wide = exponent(*(potential.triplet_values(*[x * FAR] * 3)[0] for x in (1.0, 2.0)))
        told = f"the interaction of three particles far from each other falls {as_power(wide)}"
        parts.append((wide - 2 * dimension, told))
    return Convergence(*min(parts, default=(math.inf, "nothing interacts beyond the cutoff")))


def as_power(exponent: float) -> str:
    """How something falls with the distance r."""
    return "faster than any power of r" if exponent == math.inf else f"as r^{-exponent:.3g}"


def exponent(near: FloatArray, far: FloatArray) -> float:
    """P of a power r⁻ᵖ, from its values at some distance and at twice that; infinite for zeros."""
    if near == 0.0 or far == 0.0:
        return math.inf
    power = -math.log2(abs(float(far / near)))
    return 0.0 if abs(power) < STILL else round(power, 6)


def remaining_error(
    potential: Potential, positions: npt.ArrayLike, cell_width: npt.ArrayLike
) -> FloatArray:
    """What a potential's depth leaves out of its energies per particle, estimated.

    The difference to a sum twice as deep, extended to infinity by the order of convergence:
    |v(2 d_s) − v(d_s)| / (1 − 2⁻ᵖ).

    Args:
        potential: With a depth.
        positions: Shape (n, N, d), or (N, d) for one configuration.
        cell_width: w_c, a number or shape (n,).

    Returns:
        Shape (n,), in E_c; infinite where the sum does not converge.

    Raises:
        InvalidInputError: Where the potential has no depth, or an input makes no sense.
    """
    if potential.depth is None:
        raise InvalidInputError("a sum without a depth leaves nothing out: give a depth.")
    energies = potential.energy_per_particle(positions, cell_width)
    order = convergence(potential, np.shape(positions)[-1]).order
    if order <= 0.0:
        return np.full_like(energies, np.inf)
    deeper = replace(potential, depth=2 * potential.depth)
    change = np.abs(deeper.energy_per_particle(positions, cell_width) - energies)
    return np.asarray(change / (1.0 - 2.0**-order))


class LeftOut(NamedTuple):
    """What a sum to a depth leaves out of energies per particle.

    Attributes:
        depth: d_s of the sum.
        dimension: d.
        convergence: How the sum approaches its limit.
        error: What is left out; infinite where there is no limit.
        unit: Of the error.
    """

    depth: int
    dimension: int
    convergence: Convergence
    error: float
    unit: str

    @property
    def told(self) -> str:
        """A sentence."""
        order, reason = self.convergence
        if not self.convergence.converges:
            return (
                f"Energies are summed to the depth {self.depth}, though the sum does not converge "
                f"in {self.dimension}D: {reason}."
            )
        return (
            f"Energies are summed to the depth {self.depth}, which leaves out {self.error:.2g} "
            f"{self.unit} per particle (the rest falls {as_power(order)})."
        )


def left_out(
    potential: Potential, positions: npt.ArrayLike, cell_width: npt.ArrayLike
) -> LeftOut | None:
    """What a potential's depth leaves out of some energies, their median; None if nothing.

    Args:
        potential: With or without a depth.
        positions: Shape (n, N, d).
        cell_width: w_c, a number or shape (n,).

    Raises:
        InvalidInputError: Where an input makes no sense.
    """
    dimension = np.shape(positions)[-1]
    approach = convergence(potential, dimension)
    if potential.depth is None or approach.order == math.inf:
        return None
    error = math.inf
    if approach.converges:
        error = float(np.median(remaining_error(potential, positions, cell_width)))
    return LeftOut(potential.depth, dimension, approach, error, units_of(potential).energy)


def no_exact_sum(potential: Potential, dimension: int) -> str:
    """Why a potential without a cutoff and without a depth has no energy."""
    pairs = potential if potential.pair_part is None else potential.pair_part
    endless = {
        type(part).__name__: None
        for part, function in ((potential, potential.triplet), (pairs, pairs.pair))
        if function is not None and cutoff_of(part) == math.inf
    }
    name = " with ".join(endless)
    order, reason = convergence(potential, dimension)
    if order <= 0.0:
        return (
            f"{name} has no exact energy in {dimension}D, for its sum does not converge: {reason}. "
            "Set depth=3 to sum that far nevertheless."
        )
    return (
        f"{name} has no cutoff, so that no depth is exact: {reason}, and what a depth leaves out "
        f"falls {as_power(order)}. Set depth=3, or more."
    )
