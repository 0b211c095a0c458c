"""The exact potential as a calculator of ASE, the reference for its optimizers and dynamics.

Not a part of `peslab.toymodel` itself, which is imported without ASE:

    from peslab.toymodel.calculator import PotentialCalculator
"""

from collections.abc import Sequence
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from peslab.errors import InvalidInputError
from peslab.kernels.inputs import positive
from peslab.toymodel.atoms import from_ase, in_three_dimensions, one_element
from peslab.toymodel.potential import Potential


class PotentialCalculator(Calculator):
    """Energies E = N v of the whole cell and forces −∂E/∂r, equation (9), of ASE's atoms.

    The first d axes are periodic, d = 1 to 3, and the cell is cubic along them; along the others
    all particles have the same coordinate and feel no force. With E_c and R_c as units and masses
    m, times are in R_c √(m/E_c), and k_B T in E_c.

    There are no energies of single atoms, which are no part of the model: how a triangle's energy
    is divided among its corners is a convention, as in `Potential.particle_energies`.

    Example:
        >>> from ase.optimize import FIRE
        >>> from peslab.toymodel import Lattice, ModifiedLennardJones
        >>> from peslab.toymodel.atoms import to_ase
        >>> from peslab.toymodel.calculator import PotentialCalculator
        >>> (positions,) = Lattice(n_particles=2, dimension=2, cell_width=5.0).sample(1, seed=0)
        >>> atoms = to_ase(positions, cell_width=5.0, element="X")
        >>> atoms.calc = PotentialCalculator(ModifiedLennardJones())
        >>> bool(FIRE(atoms, logfile=None).run(fmax=1e-3, steps=500))
        True

    Args:
        potential: Any.
        energy_unit: E_c in the unit of energy that ASE shall see, such as eV.
        length_unit: R_c in the unit of length of the atoms' positions, such as Å.

    Raises:
        InvalidInputError: Where there is no potential, or a unit is not above 0; in a calculation
            where atoms are of two elements, their cell is none of ours, or the potential refuses
            them.
    """

    implemented_properties: list[str] = ["energy", "free_energy", "forces"]  # noqa: RUF012  # ASE's

    def __init__(
        self, potential: Potential, energy_unit: float = 1.0, length_unit: float = 1.0
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if not isinstance(potential, Potential):
            raise InvalidInputError(
                "potential must be a potential that is built, such as ModifiedLennardJones(), not "
                f"{potential!r}."
            )
        self.potential = potential
        self.energy_unit = positive("energy_unit", energy_unit)
        self.length_unit = positive("length_unit", length_unit)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Fill `results` with the energy and the forces; both come from one pass."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        held: Any = self.atoms
        try:
            one_element(held.get_chemical_symbols())
            configuration = from_ase(held.positions, held.cell.array, held.pbc)
        except InvalidInputError as error:
            raise InvalidInputError(f"The configuration {error}") from error
        energies, forces = self.potential.energy_and_forces(
            configuration.positions / self.length_unit,
            configuration.cell_width / self.length_unit,
            n_threads=1,
        )
        energy = float(energies[0]) * len(configuration.positions) * self.energy_unit
        slopes = in_three_dimensions(forces[0]) * (self.energy_unit / self.length_unit)
        results: dict[str, Any] = {"energy": energy, "free_energy": energy, "forces": slopes}
        self.results = results
