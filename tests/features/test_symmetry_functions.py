"""Symmetry functions against their formulas, written out image by image."""

import doctest
from itertools import combinations, product

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import SymmetryFunctions, symmetry_functions

FUNCTIONS = SymmetryFunctions(cutoff=2.4, n_radial=3, etas=[0.0, 0.5], zetas=[1, 2, 5])


def envelope(r):
    """f_c(r) = (1 − r²/r_c²)³ within the cutoff."""
    return (1.0 - (r / 2.4) ** 2) ** 3 if r < 2.4 else 0.0


def explicit(positions, width):
    """The functions of each particle, by their definitions."""
    dimension = positions.shape[1]
    depth = int(2.4 / width) + 1
    shifts = width * np.array(list(product(range(-depth, depth + 1), repeat=dimension)))
    rows = []
    for origin in positions:
        images = (positions[None] + shifts[:, None]).reshape(-1, dimension) - origin
        distances = np.linalg.norm(images, axis=1)
        near = images[(distances > 0.0) & (distances < 2.4)]
        radial = [
            sum(
                np.exp(-0.5 * ((r - center) / 0.6) ** 2) * envelope(r)
                for r in np.linalg.norm(near, axis=1)
            )
            for center in (0.6, 1.2, 1.8)
        ]
        angular = [
            sum(one_angle(a, b, *choice) for a, b in combinations(near, 2))
            for choice in product((0.0, 0.5), (1, 2, 5), (1, -1))
        ]
        rows.append(radial + angular)
    return np.array(rows)


def one_angle(a, b, eta, zeta, sign):
    sides = [np.linalg.norm(a), np.linalg.norm(b), np.linalg.norm(a - b)]
    cosine = a @ b / (sides[0] * sides[1])
    fading = np.exp(-eta * np.square(sides).sum()) * np.prod([envelope(r) for r in sides])
    return 2.0 ** (1 - zeta) * (1.0 + sign * cosine) ** zeta * fading


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("width", [1.3, 2.7, 5.5])
def test_values_of_the_definitions(dimension, width):
    """In cells below and above the cutoff, images of the particle itself included."""
    positions = np.random.default_rng(dimension).uniform(0.0, width, (3, dimension))
    expected = explicit(positions, width)
    np.testing.assert_allclose(FUNCTIONS(positions, width)[0], expected, rtol=1e-11, atol=1e-13)


def test_three_particles_by_hand():
    """A right angle with sides 1: cos θ = 0 at the corner and √½ at the ends."""
    corner = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    functions = SymmetryFunctions(cutoff=2.0, n_radial=0, etas=[0.1], zetas=[2])
    fading = np.exp(-0.1 * 4.0) * 0.75**6 * 0.5**3
    above, below = (
        0.5 * (1.0 + np.sqrt(0.5)) ** 2 * fading,
        0.5 * (1.0 - np.sqrt(0.5)) ** 2 * fading,
    )
    expected = [[0.5 * fading, 0.5 * fading], [above, below], [above, below]]
    np.testing.assert_allclose(functions(corner, 8.0)[0], expected, rtol=1e-13)


def test_names_say_what_each_function_is():
    """Radial ones by their center, angular ones by η, ζ and λ, in the sequence of the features."""
    names = FUNCTIONS.names(7)
    assert names[:4] == ["G2 at 0.6", "G2 at 1.2", "G2 at 1.8", "G4 η=0 ζ=1 λ=+1"]
    assert names[-1] == "G4 η=0.5 ζ=5 λ=−1"
    assert len(names) == FUNCTIONS([[0.0], [1.0]], 5.0).shape[-1]


def test_what_is_out_of_sight_is_nothing():
    """Beyond the cutoff functions and slopes are exactly zero, not small numbers."""
    features, jacobian = FUNCTIONS.with_jacobian([[0.0, 0.0], [2.4, 0.0]], 4.8)
    assert not features.any()
    assert not jacobian.any()


def test_neighbors_of_a_neighbor_are_not_seen():
    """The Jacobian of a place has no entry of a particle beyond the cutoff of it."""
    row = np.array([[0.0, 0.0], [1.5, 0.1], [3.0, 0.0]])
    _, jacobian = FUNCTIONS.with_jacobian(row, 12.0)
    assert not jacobian[0, 0, :, 2].any()
    assert jacobian[0, 1, :, 2].any()


@pytest.mark.parametrize("far", [False, True])
def test_second_derivatives_end_smoothly(far):
    """Where a neighbor comes into sight, slopes begin with a slope of zero: forces have no kink."""
    third = [[1.0, 0.8]] if far else [[5.0, 5.0]]
    slopes = []
    for steps in (1e-4, 2e-4):
        path = np.array([[[0.0, 0.0], [2.4 - steps, 0.0], *third]])
        base = np.array([[[0.0, 0.0], [2.4, 0.0], *third]])
        inside, outside = (FUNCTIONS.with_jacobian(at, 11.0)[1] for at in (path, base))
        slopes.append(np.abs((inside - outside)[0, 0, :, 1, 0]).max())
    # Of second order in the distance from the cutoff: twice as far in, four times as steep.
    assert slopes[1] / slopes[0] == pytest.approx(4.0, rel=0.01)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cutoff", 0.0),
        ("cutoff", None),
        ("n_radial", -1),
        ("n_radial", 2.5),
        ("etas", [-0.1]),
        ("etas", [0.1, 0.1]),
        ("etas", 0.1),
        ("etas", "0.1"),
        ("etas", [float("nan")]),
        ("zetas", [0]),
        ("zetas", [1, 1]),
        ("zetas", [1.5]),
        ("zetas", [129]),
        ("zetas", 1),
    ],
)
def test_impossible_settings_are_named(setting, value):
    """Each with the reason."""
    settings = {"cutoff": 3.0, "n_radial": 4, "etas": [0.1], "zetas": [1]}
    with pytest.raises(InvalidInputError, match=setting):
        SymmetryFunctions(**settings | {setting: value})


@pytest.mark.parametrize("missing", ["etas", "zetas"])
def test_etas_and_zetas_come_together(missing):
    """One without the other makes no function, which nobody means."""
    settings = {"cutoff": 3.0, "n_radial": 4, "etas": [0.1], "zetas": [1]}
    with pytest.raises(InvalidInputError, match="together"):
        SymmetryFunctions(**settings | {missing: []})


def test_no_functions_are_refused():
    """A descriptor without features."""
    with pytest.raises(InvalidInputError, match="no functions"):
        SymmetryFunctions(cutoff=3.0, n_radial=0, etas=[], zetas=[])


def test_many_images_are_refused():
    """All pairs of neighbors are summed over: the cost is told before it is paid."""
    with pytest.raises(InvalidInputError, match="widen the cell or lower the cutoff"):
        FUNCTIONS([[0.0, 0.0]], 0.1)


def test_example_in_the_documentation_runs():
    """What a reader copies works."""
    assert doctest.testmod(symmetry_functions).failed == 0
