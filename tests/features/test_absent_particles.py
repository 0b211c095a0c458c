"""Descriptors and scalings of configurations with different numbers of particles."""

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import (
    Descriptor,
    PowerSums,
    ProximityEigenvalues,
    RelativeDistances,
    SineMatrixEigenvalues,
    Standardize,
    SymmetryFunctions,
    Unscaled,
    Whiten,
)
from peslab.toymodel import Lattice

LATTICE = Lattice((2, 3, 5), 2, (4.0, 5.0), n_widths=2)
N = 30
NUMBERS, WIDTHS, POSITIONS = LATTICE.numbers(N), LATTICE.widths(N), LATTICE.sample(N, 0)
EACH = [
    SymmetryFunctions(cutoff=3.0, n_radial=3, etas=[0.1, 0.5], zetas=[1, 2]),
    SymmetryFunctions(cutoff=3.0, n_radial=3, etas=[], zetas=[], with_cell_width=True),
]
WHOLE = [PowerSums((-2, -3), 3.0, (2, 3)), PowerSums((-2,), 3.0, (2,), with_cell_width=True)]


class StructureFactors(Descriptor):
    """Of the whole configuration, as many for any number of particles."""

    def feature_names(self, n_particles):  # noqa: ARG002
        return ["wave 1", "wave 2"]

    def describe(self, positions, cell_widths):
        assert np.isfinite(positions).all()
        phases = 2j * np.pi * positions[:, None] / cell_widths[:, None, None, None]
        waves = np.exp(np.array([[[1]], [[2]]]) * phases).sum(axis=2)
        return (np.abs(waves) ** 2).sum(axis=2) / positions.shape[1]


@pytest.mark.parametrize("features", EACH)
def test_each_particle_is_described_as_among_its_own_kind(features):
    """Features and Jacobian bit for bit; NaN in rows of nobody, 0 by coordinates of nobody."""
    described, jacobian = features.with_jacobian(POSITIONS, WIDTHS)
    np.testing.assert_array_equal(features(POSITIONS, WIDTHS), described)
    assert described.shape == (N, 5, len(features.names(5)))
    assert jacobian.shape == (*described.shape, 5, 2)
    for number in (2, 3, 5):
        rows = number == NUMBERS
        alone, slopes = features.with_jacobian(POSITIONS[rows, :number], WIDTHS[rows])
        assert (described[rows, :number] == alone).all()
        assert (jacobian[rows, :number, :, :number] == slopes).all()
        assert np.isnan(described[rows, number:]).all()
        assert np.isnan(jacobian[rows, number:]).all()
        assert not jacobian[rows, :number, :, number:].any()


@pytest.mark.parametrize("features", [*EACH, *WHOLE, StructureFactors()])
def test_permuted_rows_are_permuted_features(features):
    """And threads change no bit."""
    order = np.random.default_rng(0).permutation(N)
    described = features(POSITIONS, WIDTHS, n_threads=1)
    found = features(POSITIONS[order], WIDTHS[order], n_threads=3)
    np.testing.assert_array_equal(found, described[order])


@pytest.mark.parametrize("features", WHOLE)
def test_as_many_features_for_any_number_simply_work(features):
    """Configurations as wholes: no NaN, and no slope along what is not there."""
    described, jacobian = features.with_jacobian(POSITIONS, WIDTHS)
    assert np.isfinite(described).all()
    for number in (2, 3, 5):
        rows = number == NUMBERS
        alone, slopes = features.with_jacobian(POSITIONS[rows, :number], WIDTHS[rows])
        assert (described[rows] == alone).all()
        assert (jacobian[rows, :, :number] == slopes).all()
        assert not jacobian[rows, :, number:].any()


def test_a_descriptor_of_ones_own_sees_no_nan():
    """What it is given has one number of particles."""
    found = StructureFactors()(POSITIONS, WIDTHS)
    (alone,) = StructureFactors()(POSITIONS[3, :3], WIDTHS[3])
    assert (found[3] == alone).all()


@pytest.mark.parametrize(
    "features",
    [
        ProximityEigenvalues((-2,), 3.0),
        SineMatrixEigenvalues((-2,)),
        RelativeDistances(images="nearest"),
    ],
)
def test_whole_configurations_of_other_sizes_are_refused(features):
    """One sentence with the numbers and what to take instead; padded ones of one size are not."""
    for described in (features, features.with_jacobian):
        with pytest.raises(InvalidInputError, match=r"2 and of 3 .*features=symmetry_functions"):
            described(POSITIONS, WIDTHS)
    rows = NUMBERS == 3
    padded = features(POSITIONS[rows], WIDTHS[rows])
    assert (padded == features(POSITIONS[rows, :3], WIDTHS[rows])).all()


@pytest.mark.parametrize("features", [*EACH, *WHOLE])
def test_one_coordinate_alone_is_refused(features):
    """And so is a gap."""
    for place in ((0, 1, 0), (4, 1)):
        broken = POSITIONS.copy()
        broken[place] = np.nan
        with pytest.raises(InvalidInputError, match="NaN or infinity, first for particle 1"):
            features(broken, WIDTHS)


@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
def test_scalings_are_those_of_the_particles_that_are_there(scaling):
    """As of a table of their rows alone."""
    features = EACH[0](POSITIONS, WIDTHS)
    there = np.arange(5) < NUMBERS[:, None]
    found, expected = scaling.fit(features), scaling.fit(features[there])
    assert (found.shift == expected.shift).all()
    assert (found.matrix == expected.matrix).all()


@pytest.mark.parametrize("place", [(0, 0, 1), (0, 0), (0, 1, 0)])
@pytest.mark.parametrize("scaling", [Standardize(), Whiten(), Unscaled()])
def test_other_nan_are_refused_by_scalings(scaling, place):
    """One feature alone, or a row before one of a particle."""
    features = EACH[0](POSITIONS, WIDTHS)
    features[place] = np.nan
    with pytest.raises(InvalidInputError, match="hold NaN or infinity"):
        scaling.fit(features)
    with pytest.raises(InvalidInputError, match="hold NaN or infinity"):
        scaling.fit(np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 1.0]]))
