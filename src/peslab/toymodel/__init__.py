"""The toy model: exact energies and forces of particles in periodic cells."""

from peslab.kernels.own import pair_function, triplet_function
from peslab.toymodel.descent import Descent
from peslab.toymodel.lattice import Lattice
from peslab.toymodel.modified_lennard_jones import ModifiedLennardJones
from peslab.toymodel.own import normalized
from peslab.toymodel.pairs import LennardJones, Morse
from peslab.toymodel.potential import Potential
from peslab.toymodel.relaxation import (
    Metropolis,
    NoRelaxation,
    RandomMoves,
    Relaxation,
    Relaxed,
)
from peslab.toymodel.triplets import AreaAndCircumference, AreaTimesPairs, PairsAndArea

__all__ = [
    "AreaAndCircumference",
    "AreaTimesPairs",
    "Descent",
    "Lattice",
    "LennardJones",
    "Metropolis",
    "ModifiedLennardJones",
    "Morse",
    "NoRelaxation",
    "PairsAndArea",
    "Potential",
    "RandomMoves",
    "Relaxation",
    "Relaxed",
    "normalized",
    "pair_function",
    "triplet_function",
]
