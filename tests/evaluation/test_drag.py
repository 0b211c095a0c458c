import numpy as np
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
    """At w = 5 R_c no particle comes closer than 0.9 R_c, where a pair begins to repel."""
    assert nearest_approach(thesis_path(WIDTH, 401)) > 0.9


def wells(positions):
    """An energy that rises along x to 5 E_c, and only waves between −1 and 0 E_c along y."""
    return positions[..., 0].mean(axis=1) - np.sin(positions[..., 1]).mean(axis=1) ** 2


def test_the_path_stays_where_training_data_are():
    """Of all paths that with most points below the highest energy is taken, even a dull one."""
    configurations = np.array([[[1.0, 0.0]], [[4.0, 0.0]], [[0.5, 0.0]]])
    path = drag_path(configurations, WIDTH, 301, wells, highest=2.0)
    assert (path.particle, path.axis) == (0, 1)
    assert (wells(path.positions) <= 2.0).all()
    assert len(path.positions) == 301


def test_of_equal_paths_that_with_most_to_see_is_taken():
    """A flat path below the highest energy would tell nothing."""
    configurations = np.array([[[1.0, 2.0], [1.0, 3.0]]])

    def flat_but_for_one(positions):
        return np.sin(positions[:, 1, 0])

    path = drag_path(configurations, WIDTH, 51, flat_but_for_one, highest=9.0)
    assert (path.particle, path.axis) == (1, 0)


def test_what_lies_above_the_highest_energy_does_not_attract():
    """A hard core spans most of all, and tells nothing."""
    configurations = np.zeros((1, 2, 2))

    def core_along_x(positions):
        core = np.where(np.abs(positions[:, 0, 0] - 2.5) < 1, 1e6, 0.0)
        return core + np.sin(positions[:, 1, 1])

    assert drag_path(configurations, WIDTH, 51, core_along_x, highest=2.0).axis == 1


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
