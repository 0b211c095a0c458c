"""The toy model: exact energies and forces of particles in periodic cells."""

from peslab.kernels.compilation import pair_function, triplet_function
from peslab.toymodel.lattice import Lattice
from peslab.toymodel.modified_lennard_jones import ModifiedLennardJones
from peslab.toymodel.potential import Potential
from peslab.toymodel.relaxation import RandomMoves, Relaxation, Relaxed

__all__ = [
    "Lattice",
    "ModifiedLennardJones",
    "Potential",
    "RandomMoves",
    "Relaxation",
    "Relaxed",
    "pair_function",
    "triplet_function",
]
