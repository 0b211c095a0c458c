"""The thesis's potential: values, shape and validation."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import InvalidInputError
from peslab.toymodel import ModifiedLennardJones

VALUES = json.loads((Path(__file__).parents[1] / "reference/thesis_values.json").read_text())


def pair_energy(potential, r):
    """V_2(r)."""
    return potential.pair_values(r)[0]


def triplet_energy(potential, a, b, c):
    """V_3(a, b, c)."""
    return potential.triplet_values(a, b, c)[0]


@pytest.mark.parametrize("case", VALUES["potential"], ids=lambda case: str(case["sides"]))
def test_values_of_equation_10(case):
    """Pairs and triangles have the energies of the thesis's program."""
    sides = [float(side) for side in case["sides"]]
    interaction = pair_energy if len(sides) == 1 else triplet_energy
    assert interaction(ModifiedLennardJones(), *sides) == pytest.approx(case["value"], abs=1e-10)


@pytest.mark.parametrize("counting", ["translation_invariant", "published"])
@pytest.mark.parametrize("case", VALUES["configurations"])
def test_values_of_equation_9(case, counting):
    """Both countings give the energies per particle of the thesis's program and its repair."""
    potential = ModifiedLennardJones(counting=counting)
    energy = potential.energy_per_particle(case["positions"], case["width"])
    assert energy[0] == pytest.approx(case[f"energy_per_particle_{counting}"], abs=1e-10)


def test_minimum_lies_at_the_characteristic_distance():
    """The depth is 0.88 E_c for n = 6 and R_0 = 2 R_c, at a distance just below R_c."""
    potential = ModifiedLennardJones()
    r = np.linspace(0.9, 1.1, 2001)
    energies = pair_energy(potential, r)
    assert r[np.argmin(energies)] == pytest.approx(1.0, abs=0.01)
    assert min(energies) == pytest.approx(-0.88, abs=0.005)


@pytest.mark.parametrize("exponent", [1, 2, 5, 6, 12])
def test_long_cutoff_gives_lennard_jones(exponent):
    """Without a cutoff in sight equation (10) is E_c ((R_c/s)²ⁿ − 2 (R_c/s)ⁿ)."""
    potential = ModifiedLennardJones(exponent=exponent, cutoff=1e9)
    x = 1.3**-exponent
    assert pair_energy(potential, 1.3) == pytest.approx(x * x - 2.0 * x, abs=1e-8)


@pytest.mark.parametrize("distance", [0.5, 1.0, 1.7])
def test_correction_has_the_dimension_of_an_energy(distance):
    """Value and slope vanish at R_0 for any R_c, which the printed equation gives only for 1."""
    potential = ModifiedLennardJones(cutoff=2.5, characteristic_distance=distance)
    value, slope = potential.pair_values(2.5 - 1e-9)
    assert abs(value) < 1e-12
    assert abs(slope) < 1e-6 * max(1.0, distance**6)


@given(
    s=st.floats(0.5, 2.5),
    exponent=st.integers(1, 12),
    cutoff=st.floats(0.6, 3.0),
)
def test_slope(s, exponent, cutoff):
    """dV/ds against central differences."""
    potential = ModifiedLennardJones(exponent=exponent, cutoff=cutoff)
    step = 1e-6
    numerical = (potential.pair_values(s + step)[0] - potential.pair_values(s - step)[0]) / (
        2.0 * step
    )
    # Their error is step² times the third derivative, of the size of n³ R_c²ⁿ/s²ⁿ⁺³.
    tolerance = 1e-6 * (1.0 + exponent**3 * s ** (-2 * exponent - 3))
    assert potential.pair_values(s)[1] == pytest.approx(numerical, abs=tolerance)


def test_triangle_feels_its_mean_side():
    """V_3 depends on the perimeter alone, and each side pulls with a third of the slope."""
    potential = ModifiedLennardJones()
    value, slopes = potential.triplet_values(0.9, 1.1, 1.3)
    pair_value, pair_slope = potential.pair_values(1.1)
    assert value == pytest.approx(pair_value, rel=1e-12)
    assert slopes == pytest.approx([pair_slope / 3.0] * 3, rel=1e-12)


def test_numbers_are_made_plain():
    """Whole cutoffs and NumPy numbers give the same potential, and so the same fingerprint."""
    potential = ModifiedLennardJones(exponent=np.int64(6), cutoff=2)
    assert potential == ModifiedLennardJones()
    assert type(potential.cutoff) is float
    assert type(potential.exponent) is int


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exponent", 0),
        ("exponent", 6.0),
        ("exponent", True),
        ("cutoff", 0.0),
        ("cutoff", -1.0),
        ("cutoff", float("nan")),
        ("cutoff", "2"),
        ("characteristic_energy", 0),
        ("characteristic_distance", float("inf")),
        ("counting", "invariant"),
        ("counting", None),
        ("counting", ["published"]),
    ],
)
def test_impossible_values_are_named(field, value):
    """A value without a meaning is refused with the name of its field."""
    with pytest.raises(InvalidInputError, match=field):
        ModifiedLennardJones(**{field: value})


def test_overflow_is_refused():
    """A short cutoff and a high exponent would overflow inside the kernels."""
    with pytest.raises(InvalidInputError, match="exponent"):
        ModifiedLennardJones(exponent=3000, cutoff=0.5)
