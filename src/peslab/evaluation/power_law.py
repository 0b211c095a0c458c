"""How fast errors fall with the number of training configurations."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

Array = NDArray[np.float64]

FEWEST_SIZES = 3  # two points lie on a power law, whatever they are

ROUNDING = 1e-28  # the variance of logarithms that are equal but for their last digits

LEVEL = 0.05
"""How often points that follow a power law may be said not to."""


@dataclass(frozen=True)
class PowerLaw:
    """An error c · n^−α after n training configurations.

    Attributes:
        factor: c, in the unit of the error.
        exponent: α.
        exponent_sem: Its standard error.
        misfit: How many of their standard errors the points lie off the law, in the root mean
            square, if that is more than chance makes of it; else None.
    """

    factor: float
    exponent: float
    exponent_sem: float
    misfit: float | None = None

    def __str__(self) -> str:
        """The exponent with its standard error, both to the second digit of it, and a misfit."""
        decimals = 2
        if 0.0 < self.exponent_sem < 1.0:
            decimals = min(4, 1 - math.floor(math.log10(self.exponent_sem)))
        exponent, sem = (f"{x:.{decimals}f}" for x in (self.exponent, self.exponent_sem))
        off = "" if self.misfit is None else f", points {self.misfit:.1f} errors off"
        return f"α = {exponent.replace('-', '−')} ± {sem}{off}"

    def __call__(self, sizes: Array) -> Array:
        """The errors at some sizes."""
        return self.factor * sizes**-self.exponent


def power_law(sizes: Array, errors: Array) -> PowerLaw | None:
    """Fit log ε = log c − α log n by least squares over sizes and replicas.

    The replicas of one size learn from the same data, so it is their mean logarithm that scatters
    about the line, not each for itself. Its variance is that which the line leaves, or, where the
    sizes happen to lie closer to the line than replicas scatter, that of the replicas over k. So
    the standard error is that of the replicas times the Birge ratio √χ²_ν, where that is above 1,
    with χ²_ν the first variance over the second. On a power law χ²_ν has Fisher's distribution of
    n − 2 and n (k − 1) degrees of freedom: where it is larger than in 95 % of cases, it is told.

    Args:
        sizes: Numbers of training configurations, shape (n,).
        errors: Of k replicas at each size, shape (n, k).

    Returns:
        The law; None for fewer than three different sizes, or where an error is not positive.
    """
    if len(np.unique(sizes)) < FEWEST_SIZES or not np.all(errors > 0.0):
        return None
    logs = np.log(errors)
    means, k = logs.mean(axis=1), logs.shape[1]
    center = float(np.log(sizes).mean())
    along = np.log(sizes) - center
    slope = float(along @ means / (along @ along))
    left = means - means.mean() - slope * along
    freedom, misfit = len(sizes) - 2, None
    variance = float(left @ left) / freedom
    if k > 1 and (of_replicas := float(logs.var(axis=1, ddof=1).mean()) / k) > ROUNDING:
        birge_squared = variance / of_replicas
        if fdtrc(freedom, len(sizes) * (k - 1), birge_squared) < LEVEL:
            misfit = math.sqrt(birge_squared)
        variance = of_replicas * max(1.0, birge_squared)
    factor = float(np.exp(means.mean() - slope * center))
    return PowerLaw(factor, -slope, float(np.sqrt(variance / (along @ along))), misfit)
