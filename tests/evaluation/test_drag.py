import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peslab.evaluation import drag_path, drag_test, straight_path, thesis_path

WIDTH = 5.0


def wave(positions):
    """A periodic energy, Σ sin(2π x_ia / w), and its gradient."""
    phase = 2 * np.pi * positions / WIDTH
    return np.sin(phase).sum(axis=(1, 2)), 2 * np.pi / WIDTH * np.cos(phase)


def shifted_waves(positions):
    """Two replicas that are wrong by 0.1 and −0.3 E_c, with gradients wrong by 0 and 0.2."""
    energy, gradient = wave(positions)
    return np.stack([energy + 0.1, energy - 0.3]), np.stack([gradient, gradient + 0.2])


def nearest_approach(path):
    """The smallest distance between the dragged particle and the images of the others."""
    positions = path.positions
    others = np.delete(positions, path.particle, axis=1)
    separations = others - positions[:, path.particle, None]
    separations -= path.cell_width * np.round(separations / path.cell_width)
    return np.linalg.norm(separations, axis=-1).min()


@given(
    positions=arrays(np.float64, (4, 3), elements=st.floats(0, WIDTH)),
    particle=st.integers(0, 3),
    axis=st.integers(0, 2),
)
def test_one_coordinate_runs_once_through_the_cell(positions, particle, axis):
    """From 0 to the cell width in equal steps, and nothing else moves."""
    path = straight_path(positions, WIDTH, 11, particle, axis)
    np.testing.assert_allclose(path.coordinate, np.arange(11) * WIDTH / 10, atol=1e-14)
    rest = np.delete(path.positions.reshape(11, 12), 3 * particle + axis, axis=1)
    assert (rest == np.delete(positions.ravel(), 3 * particle + axis)).all()


def test_the_start_is_left_alone():
    """The path is a copy of the configuration that it starts from."""
    positions = np.ones((4, 2))
    straight_path(positions, WIDTH, 11, 0, 0)
    assert (positions == 1.0).all()


def test_the_path_of_the_thesis():
    """Figure 10: the fourth of four particles goes from bottom to top at x = w/2."""
    path = thesis_path(WIDTH, 101)
    assert path.positions.shape == (101, 4, 2)
    assert (path.particle, path.axis) == (3, 1)
    assert (path.positions[:, 3, 0] == WIDTH / 2).all()
    assert path.coordinate[0] == 0.0
    assert path.coordinate[-1] == WIDTH


def test_the_thesis_path_keeps_clear_of_hard_cores():
    """At w = 5 R_c no particle comes closer than 1 R_c, where a pair is at its minimum."""
    assert nearest_approach(thesis_path(WIDTH, 401)) > 1.0


@pytest.mark.parametrize("shape", [(4, 2), (5, 3)])
def test_the_path_through_a_configuration_is_its_clearest(shape):
    """None of the other particles and axes keeps farther from the others."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        positions = generator.uniform(0, WIDTH, shape)
        chosen = drag_path(positions, WIDTH, 301)
        candidates = [
            straight_path(positions, WIDTH, 301, particle, axis)
            for particle in range(shape[0])
            for axis in range(shape[1])
        ]
        best = max(nearest_approach(path) for path in candidates)
        # Along a path of 301 points the closest one is missed by up to w/600.
        assert nearest_approach(chosen) >= best - WIDTH / 600


def test_images_count_as_others():
    """A neighbor across the boundary is as much in the way as one inside."""
    positions = np.array([[0.1, 0.0], [4.9, 2.5]])
    path = drag_path(positions, WIDTH, 11)
    assert path.axis == 0, "along y the particles would meet within 0.2 R_c"


def test_a_particle_alone_can_be_dragged():
    """There is nothing in its way."""
    assert drag_path(np.zeros((1, 2)), WIDTH, 5).positions.shape == (5, 1, 2)


def test_the_gradient_is_taken_along_the_path():
    """It is the derivative of the energy by the coordinate, also of the predictions."""
    path = thesis_path(WIDTH, 4001)
    result = drag_test(path, wave, shifted_waves)
    slope = np.gradient(result.energy, result.coordinate, edge_order=2)
    # Steps of 1/800 R_c: h²/6 times a third derivative of 2, and twice that at the ends.
    np.testing.assert_allclose(result.gradient, slope, atol=2e-6)
    assert result.predicted_energy.shape == (2, 4001)
    assert result.predicted_gradient.shape == (2, 4001)


def test_errors_are_told_for_each_replica():
    """Means over the path of |ΔE| in E_c and |ΔE'| in E_c/R_c."""
    errors = drag_test(thesis_path(WIDTH, 51), wave, shifted_waves).errors()
    np.testing.assert_allclose(errors["energy_mae"], [0.1, 0.3], rtol=1e-12)
    np.testing.assert_allclose(errors["gradient_mae"], [0.0, 0.2], atol=1e-14)
