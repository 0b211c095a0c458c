"""Descriptors of one's own: ten lines, named in configs, and what is wrong with them told."""

import doctest
from pathlib import Path

import numpy as np
import pytest

from peslab.errors import InvalidInputError
from peslab.features import Descriptor, ProximityEigenvalues, SymmetryFunctions, descriptor

EXAMPLE = Path(__file__).parents[1] / "example_package"
POSITIONS = np.random.default_rng(3).uniform(0.0, 4.0, (50, 4, 2))


class Pull(Descriptor):
    """Σ_ij cos(k (r_j − r_i)) along each axis, with a Jacobian."""

    def feature_names(self, n_particles):  # noqa: ARG002  # as all are called
        return ["pull"]

    def describe(self, positions, cell_widths):
        return self.describe_with_jacobian(positions, cell_widths)[0]

    def describe_with_jacobian(self, positions, cell_widths):
        wave = 2.0 * np.pi / cell_widths[:, None, None, None]
        offsets = wave * (positions[:, None] - positions[:, :, None])
        slopes = -2.0 * wave[:, :, 0] * np.sin(offsets).sum(axis=1)
        return np.cos(offsets).sum(axis=(1, 2, 3))[:, None], slopes[:, None]


def test_a_jacobian_of_ones_own():
    """It is asked for by the one method that gives it."""
    pull = Pull()
    assert pull.has_jacobian
    features, jacobian = pull.with_jacobian(POSITIONS, 4.0)
    step = 1e-6
    moved = POSITIONS.copy()
    moved[:, 1, 0] += step
    rise = (pull(moved, 4.0) - features) / step
    np.testing.assert_allclose(jacobian[:, :, 1, 0], rise, atol=1e-4)


@pytest.mark.parametrize("factor", [-1.0, 0.5, 1.05])
def test_wrong_slopes_are_noticed(factor):
    """A sign, a factor: no force comes of it."""

    class Wrong(Pull):
        def describe_with_jacobian(self, positions, cell_widths):
            features, jacobian = super().describe_with_jacobian(positions, cell_widths)
            return features, factor * jacobian

    with pytest.raises(InvalidInputError, match=r"Jacobian of Wrong.*feature 0"):
        Wrong().with_jacobian(POSITIONS, 4.0)
    with pytest.raises(InvalidInputError, match=r"Jacobian of Wrong.*feature 0"):
        Wrong(with_cell_width=True).with_jacobian(POSITIONS[0], 4.0)


@pytest.mark.parametrize("width", [1.5, 4.0])
def test_right_slopes_pass(width):
    """Of places as of whole cells, also where sorted eigenvalues are equal."""

    class Places(SymmetryFunctions):
        pass

    class Spectra(ProximityEigenvalues):
        pass

    square = np.array([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [0.5, 0.5]]) * width
    for positions in (POSITIONS / 4.0 * width, square):
        Places(3.0, 4, [0.1], [1, 3]).with_jacobian(positions, width)
        Spectra([-2, -4], 3.0, with_cell_width=True).with_jacobian(positions, width)


@pytest.mark.parametrize("offset", [0.0, 1e-7, -1e-7])
def test_kinks_and_jumps_are_no_wrong_slopes(offset):
    """Where features bend or jump within a step, one cannot tell, and says nothing."""

    class Bent(Descriptor):
        def feature_names(self, n_particles):  # noqa: ARG002
            return ["bend", "jump"]

        def describe(self, positions, cell_widths):  # noqa: ARG002
            away = positions[:, 0, 0] - 2.0
            return np.stack([np.abs(away) + away, np.sign(away)], axis=1)

        def describe_with_jacobian(self, positions, cell_widths):
            return self.describe(positions, cell_widths), np.zeros((len(positions), 2, 4, 2))

    at_the_bend = POSITIONS[:1].copy()
    with pytest.raises(InvalidInputError, match="Jacobian of Bent"):
        Bent().with_jacobian([[3.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 2.0]], 4.0)
    at_the_bend[0, 0, 0] = 2.0 + offset
    _, jacobian = Bent().with_jacobian(at_the_bend, 4.0)
    assert not jacobian.any()


def described_as(values, names=("one", "two"), *, jacobian=None, per_particle=False):
    """A descriptor that gives what is told."""

    class Told(Descriptor):
        def feature_names(self, n_particles):  # noqa: ARG002  # as all are called
            return list(names)

        def describe(self, positions, cell_widths):  # noqa: ARG002
            return values(positions)

        if jacobian is not None:

            def describe_with_jacobian(self, positions, cell_widths):  # noqa: ARG002
                return values(positions), jacobian(positions)

    Told.per_particle = per_particle
    return Told()


@pytest.mark.parametrize(
    "values",
    [
        lambda positions: np.zeros((len(positions), 3)),
        lambda positions: np.zeros(len(positions)),
        lambda positions: np.zeros((*positions.shape[:2], 2)),
        lambda _: np.zeros((1, 2)),
    ],
)
def test_a_shape_that_does_not_fit_is_told(values):
    """One value for each name, in a row for each configuration, and nothing is broadcast."""
    with pytest.raises(InvalidInputError, match=r"Told gave an array of shape .*\(50, 2\)"):
        described_as(values)(POSITIONS, 4.0, n_threads=1)


def test_a_jacobian_that_does_not_fit_is_told():
    """One derivative for each feature, particle and axis."""
    wrong = described_as(
        lambda positions: np.zeros((len(positions), 2)),
        jacobian=lambda positions: np.zeros((len(positions), 2, 3, 2)),
    )
    with pytest.raises(InvalidInputError, match=r"Told gave an array of shape \(50, 2, 3, 2\)"):
        wrong.with_jacobian(POSITIONS, 4.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("per_particle", [False, True])
def test_features_that_are_no_numbers_are_told(bad, per_particle):
    """Which configuration it is, whatever slice it is in."""

    def values(positions):
        shape = positions.shape[:2] if per_particle else positions.shape[:1]
        features = np.zeros((*shape, 2))
        features[positions[..., 0, 0] > 3.9] = bad
        return features

    positions = POSITIONS.copy()
    positions[:, 0, 0] = 1.0
    positions[31, 0, 0] = 3.95
    with pytest.raises(InvalidInputError, match="configuration 31 is not finite"):
        described_as(values, per_particle=per_particle)(positions, 4.0)


def test_a_descriptor_without_a_way_to_describe_is_none():
    """Both methods are asked for when it is made."""

    class Nothing(Descriptor):
        pass

    with pytest.raises(TypeError, match="describe"):
        Nothing()


def test_example_in_the_documentation_runs():
    """What a reader copies works."""
    assert doctest.testmod(descriptor).failed == 0


CHOSEN = ("features=structure_factors", f"hydra.searchpath=[file://{EXAMPLE / 'conf'}]")


@pytest.mark.usefixtures("example_package", "home")
def test_an_installed_descriptor_is_named_in_configs(peslab):
    """It composes like those of peslab, and its settings are checked like theirs."""
    answer = peslab("train", *CHOSEN, "features.with_cell_width=true", "debug=compose")
    assert answer.status == 0, answer.err
    answer = peslab("train", *CHOSEN, "+features.waves=3", "debug=compose")
    assert answer.status == 2
    assert "features.waves is not a setting" in answer.err


@pytest.mark.usefixtures("example_package")
def test_an_installed_descriptor_trains_on_energies_alone(peslab, home):
    """Without a Jacobian there are errors of energies only; gradients are refused beforehand."""
    answer = peslab("train", *CHOSEN, "debug=fast", "loss.gradient_weight=0.1")
    assert answer.status == 2
    assert "StructureFactors has no Jacobian" in answer.err
    assert "loss.gradient_weight=0" in answer.err
    assert not (home / "databases").exists()
    answer = peslab("train", *CHOSEN, "debug=fast")
    assert (answer.status, answer.err) == (0, "")
    assert "energy_mae" in answer.out
    assert "gradient_mae" not in answer.out


@pytest.mark.usefixtures("example_package")
def test_the_installed_descriptor_describes():
    """Its waves do not see where the cell begins."""
    from soft_triangles import StructureFactors

    factors = StructureFactors()
    assert not factors.has_jacobian
    assert factors.names(4) == ["wave 1", "wave 2", "wave 3"]
    np.testing.assert_allclose(factors(POSITIONS + 1.7, 4.0), factors(POSITIONS, 4.0), atol=1e-12)


@pytest.mark.usefixtures("home")
def test_a_descriptor_that_is_not_installed_is_refused(peslab):
    """What stands in a file is not trusted."""
    answer = peslab("train", *CHOSEN, "debug=compose")
    assert answer.status == 2
    assert "soft_triangles.StructureFactors is not allowed" in answer.err
