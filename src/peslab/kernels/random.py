"""SplitMix64 (Steele, Lea & Flood 2014): a random stream of its own for every configuration.

A stream is known by (seed, index, purpose), never by the thread or the chunk that draws from it: so
the same seed gives the same bits on any number of threads. A generator is an array of one uint64.
"""

import numpy as np

from peslab.kernels.arrays import FloatArray, UIntArray
from peslab.kernels.compilation import Axes, room, subroutine

POSITIONS = 1  # purposes: what a configuration's stream is drawn for
MOVES = 2

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)


@subroutine
def mix(word: np.uint64) -> np.uint64:
    """Scramble 64 bits: neighboring words become unrelated ones."""
    word = (word ^ (word >> np.uint64(30))) * MIX_1
    word = (word ^ (word >> np.uint64(27))) * MIX_2
    return word ^ (word >> np.uint64(31))


@room
def stream(seed: int, index: int, purpose: int) -> UIntArray:
    """The generator of configuration `index` of `seed`, for one purpose."""
    generator = np.empty(1, np.uint64)
    generator[0] = mix(
        mix(mix(np.uint64(seed)) + np.uint64(purpose) * GOLDEN) + np.uint64(index) * GOLDEN
    )
    return generator


@subroutine
def uniform(generator: UIntArray) -> float:
    """A double in [0, 1), of 53 random bits."""
    generator[0] += GOLDEN
    return float(mix(generator[0]) >> np.uint64(11)) * 2.0**-53


@subroutine
def random_direction(generator: UIntArray, direction: FloatArray, axes: Axes) -> None:
    """Fill a unit vector, uniform on the sphere: points of a cube until one lies in the ball.

    In 2D and 3D that takes a fifth of the time of normal deviates.
    """
    square = 0.0
    while not 0.0 < square < 1.0:
        square = 0.0
        for axis in range(len(axes)):
            direction[axis] = 2.0 * uniform(generator) - 1.0
            square += direction[axis] * direction[axis]
    scale = 1.0 / np.sqrt(square)
    for axis in range(len(axes)):
        direction[axis] *= scale
