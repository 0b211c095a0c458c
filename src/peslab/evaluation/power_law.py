"""How fast errors fall with the number of training configurations."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_SIZES = 3  # two points lie on a power law, whatever they are


@dataclass(frozen=True)
class PowerLaw:
    """An error c · n^−α after n training configurations.

    Attributes:
        factor: c, in the unit of the error.
        exponent: α.
        exponent_sem: Its standard error.
    """

    factor: float
    exponent: float
    exponent_sem: float

    def __str__(self) -> str:
        """The exponent with its standard error, both to the second digit of the error."""
        decimals = 2
        if 0.0 < self.exponent_sem < 1.0:
            decimals = min(4, 1 - math.floor(math.log10(self.exponent_sem)))
        exponent, sem = (f"{x:.{decimals}f}" for x in (self.exponent, self.exponent_sem))
        return f"α = {exponent.replace('-', '−')} ± {sem}"

    def __call__(self, sizes: Array) -> Array:
        """The errors at some sizes."""
        return self.factor * sizes**-self.exponent


def power_law(sizes: Array, errors: Array) -> PowerLaw | None:
    """Fit log ε = log c − α log n by least squares over sizes and replicas.

    The replicas of one size learn from the same data, so it is their mean logarithm that scatters
    about the line, not each for itself. Its variance is that which the line leaves, or, where the
    sizes happen to lie closer to the line than replicas scatter, that of the replicas over k.

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
    variance = float(left @ left) / (len(sizes) - 2)
    if k > 1:
        variance = max(variance, float(logs.var(axis=1, ddof=1).mean()) / k)
    factor = float(np.exp(means.mean() - slope * center))
    return PowerLaw(factor, -slope, float(np.sqrt(variance / (along @ along))))
