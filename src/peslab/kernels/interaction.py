"""What interacts and how it is counted: the arguments that every energy kernel takes."""

from typing import NamedTuple

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    NUMBER,
    NUMBERS,
    PAIR_FUNCTION,
    TRIPLET_FUNCTION,
    PairFunction,
    TripletFunction,
    subroutine,
)

# A triangle interacts where its mean side is below the cutoff. Its longest side is less than half
# its perimeter, so all its corners lie within 1.5 cutoffs of each other.
REACH = 1.5

# Most images of a particle within reach that are summed: they make 5e7 triangles, some 0.3 s.
MOST_IMAGES = 10**4

INTERACTION = (PAIR_FUNCTION, TRIPLET_FUNCTION, NUMBERS, NUMBER, NUMBERS, NUMBERS)


class Interaction(NamedTuple):
    """The potentials of pairs and triangles, and their weights in equation (9).

    Pairs and triangles that a lattice vector takes into one another count once, as a class, which
    weighs by the number of distinct cells that its corners lie in. So a way of counting is five
    numbers, which contain equation (9)'s factors of 1/4 and 3/4.
    """

    pair: PairFunction
    triplet: TripletFunction
    parameters: FloatArray
    cutoff: float
    pair_weights: FloatArray  # (2,) with both corners in one cell, in two
    triangle_weights: FloatArray  # (3,) with all corners in one cell, in two, in three


@subroutine
def cells_of_pair(cell: int) -> int:
    """Which of the pair weights holds for corners in cell 0 and in `cell`."""
    return 1 if cell != 0 else 0


@subroutine
def cells_of_triangle(first: int, second: int) -> int:
    """Which of the triangle weights holds for corners in cell 0, in `first` and in `second`."""
    return (first != 0) + (second != 0) * (second != first)
