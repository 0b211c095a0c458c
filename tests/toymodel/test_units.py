"""Numbers are told in one unit, whatever E_c and R_c are typed as."""

import numpy as np
import pytest

from peslab.toymodel import Lattice, LennardJones, ModifiedLennardJones
from peslab.toymodel.units import units_of


@pytest.mark.parametrize(
    ("potential", "told"),
    [
        (ModifiedLennardJones(), ("E_c", "R_c")),
        (ModifiedLennardJones(characteristic_energy=27.2), ("E_c/27.2", "R_c")),
        (ModifiedLennardJones(characteristic_distance=2.5), ("E_c", "R_c/2.5")),
        (ModifiedLennardJones(characteristic_energy=2e6), ("E_c/2e06", "R_c")),
        (LennardJones(well_depth=3.0), ("E_c", "R_c")),
    ],
)
def test_units_are_those_that_numbers_are_in(potential, told):
    """A depth of a well is a number of E_c itself."""
    assert units_of(potential) == told


def test_a_number_times_its_unit_is_the_same_energy():
    """27.2 times the number, in a unit of 1/27.2."""
    starts = Lattice(4, 2, 5.0).sample(20, seed=0)
    plain, other = (
        ModifiedLennardJones(characteristic_energy=size).energy_per_particle(starts, 5.0)
        for size in (1.0, 27.2)
    )
    _, _, size = units_of(ModifiedLennardJones(characteristic_energy=27.2)).energy.partition("/")
    np.testing.assert_allclose(other / float(size), plain, rtol=1e-12)
