"""In which units energies and lengths of a potential are numbers."""

from typing import NamedTuple

from peslab.toymodel.potential import Potential


class ToyUnits(NamedTuple):
    """Units by their names.

    Attributes:
        energy: Such as "E_c".
        length: Such as "R_c".
    """

    energy: str
    length: str


def units_of(potential: Potential) -> ToyUnits:
    """The units of what a potential gives and takes: E_c and R_c where these are 1.

    Else the same numbers are in the unit that E_c, or R_c, is typed in: "E_c/27.2" where it is
    27.2 of them, as an electronvolt is of a characteristic energy of one hartree.

    Example:
        >>> from peslab.toymodel import ModifiedLennardJones
        >>> units_of(ModifiedLennardJones(characteristic_energy=27.2))
        ToyUnits(energy='E_c/27.2', length='R_c')
    """
    names = {"E_c": "characteristic_energy", "R_c": "characteristic_distance"}
    sizes = {symbol: float(getattr(potential, name, 1.0)) for symbol, name in names.items()}
    return ToyUnits(*(_part(symbol, size) for symbol, size in sizes.items()))


def _part(symbol: str, size: float) -> str:
    return symbol if size == 1.0 else f"{symbol}/{size:.6g}".replace("+", "")
