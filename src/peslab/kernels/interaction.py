"""What interacts and how it is counted: the arguments that every energy kernel takes."""

from typing import NamedTuple

from numba import types

from peslab.kernels.arrays import FloatArray
from peslab.kernels.compilation import (
    INTERACTION_FUNCTION,
    NUMBER,
    NUMBERS,
    InteractionFunction,
    subroutine,
)

# Most images of a particle within reach that are summed: they make 5e7 triangles, some 0.3 s.
MOST_IMAGES = 10**4

# What stands at the depth itself is beyond it, however sums of sides are rounded: three in a line
# from a particle to its own image have a perimeter of just twice the depth, wherever they stand.
WITHIN = 1.0 - 1e-12

# Kernels take an interaction as a plain tuple, whose first item may not be a function: Numba takes
# that for a tuple of functions.
INTERACTION = types.Tuple(  # type: ignore[no-untyped-call]
    (
        NUMBERS, NUMBERS, NUMBER, NUMBER, NUMBER, NUMBERS, NUMBERS,
        INTERACTION_FUNCTION, INTERACTION_FUNCTION,
    )
)  # fmt: skip


class Interaction(NamedTuple):
    """The potentials of pairs and triangles, and their weights in equation (9).

    Pairs and triangles that a lattice vector takes into one another count once, as a class, which
    weighs by the number of distinct cells that its corners lie in. So a way of counting is five
    numbers, which contain equation (9)'s factors of 1/4 and 3/4.
    """

    pair_parameters: FloatArray
    triplet_parameters: FloatArray
    pair_cutoff: float  # pairs interact below this distance; 0 if they do not interact
    triplet_cutoff: float  # triangles interact below this mean side; 0 if they do not interact
    depth: (
        float  # d_s: in a cell of width w_c nothing beyond d_s w_c interacts; infinite if all does
    )
    pair_weights: FloatArray  # (2,) with both corners in one cell, in two
    triangle_weights: FloatArray  # (3,) with all corners in one cell, in two, in three
    pair: InteractionFunction
    triplet: InteractionFunction


@subroutine
def longest_distance(interaction: Interaction, cell_width: float) -> float:
    """Below which pairs interact."""
    return min(interaction.pair_cutoff, WITHIN * interaction.depth * cell_width)


@subroutine
def longest_perimeter(interaction: Interaction, cell_width: float) -> float:
    """Below which triangles interact: of a side at the depth, twice that depth at least."""
    return min(3.0 * interaction.triplet_cutoff, 2.0 * WITHIN * interaction.depth * cell_width)


@subroutine
def reach_of(interaction: Interaction, cell_width: float) -> float:
    """How far a particle sees: the longest side of a triangle is less than half its perimeter."""
    return max(
        longest_distance(interaction, cell_width), 0.5 * longest_perimeter(interaction, cell_width)
    )


@subroutine
def cells_of_pair(cell: float) -> int:
    """Which of the pair weights holds for corners in cell 0 and in `cell`."""
    return 1 if cell != 0.0 else 0


@subroutine
def cells_of_triangle(first: float, second: float) -> int:
    """Which of the triangle weights holds for corners in cell 0, in `first` and in `second`."""
    return (first != 0.0) + (second != 0.0) * (second != first)


@subroutine
def weighs_by_cells(interaction: Interaction) -> bool:
    """Whether it matters in which cells corners lie."""
    pairs, triangles = interaction.pair_weights, interaction.triangle_weights
    return not (pairs[0] == pairs[1] and triangles[0] == triangles[1] == triangles[2])
