"""Pictures of cells: every particle, its images, and which configurations are shown."""

from itertools import pairwise

import numpy as np
import pytest
from whole_circles import assert_whole

from peslab.evaluation.lattice_figures import sample_lattices
from peslab.evaluation.style import BLUE

RANDOM = np.random.default_rng(0)


def lattices(n=50, n_particles=4, dimension=2, widths=(5.0,)):
    cell_widths = np.resize(np.array(widths), n)
    positions = RANDOM.random((n, n_particles, dimension)) * cell_widths[:, None, None]
    return positions, cell_widths, RANDOM.normal(size=n)


def scattered(axes):
    """Positions of images and of the particles themselves."""
    images, particles = axes.collections[1:3]
    return images.get_offsets(), particles.get_offsets()


def shown_energies(figure):
    titles = [axes.get_title("center").split("\n")[-1] for axes in figure.axes]
    return [float(title.split()[0].replace("−", "-")) for title in titles]


def test_particles_are_those_of_the_configuration(tmp_path):
    """Blue dots where the particles are, in a frame of the width of the cell."""
    positions, widths, energies = lattices()
    figure = sample_lattices(positions, widths, energies, 1.2)
    assert len(figure.axes) == 6
    for axes, energy in zip(figure.axes, shown_energies(figure), strict=True):
        k = np.abs(energies - energy).argmin()
        assert np.array_equal(scattered(axes)[1], positions[k])
        assert axes.patches[0].get_bbox().size.tolist() == [5.0, 5.0]
    figure.savefig(tmp_path / "a.png")


def test_images_are_a_cell_width_away():
    """Each of them is a particle moved by whole cells, outside the frame."""
    figure = sample_lattices(*lattices(), 1.2)
    for axes in figure.axes:
        images, particles = scattered(axes)
        shifts = (images[:, None] - particles[None]) / 5.0
        assert (np.abs(shifts - shifts.round()).max(axis=2).min(axis=1) < 1e-12).all()
        assert ((images < 0) | (images >= 5)).any(axis=1).all()
        assert len(images) > 0


def test_energies_rise_from_left_to_right():
    """Low, median, high; two rows of neighboring quantiles."""
    positions, widths, energies = lattices(n=1000)
    figure = sample_lattices(positions, widths, energies, 1.2)
    told = np.reshape(shown_energies(figure), (2, 3))
    assert (np.diff(told, axis=1) > 0).all()
    ranks = np.searchsorted(np.sort(energies), told.ravel()) / 1000
    assert ranks == pytest.approx([0.005, 0.495, 0.97, 0.02, 0.505, 0.99], abs=0.02)
    titles = [axes.get_title("center") for axes in figure.axes[:3]]
    assert [title.split()[0] for title in titles] == ["low", "median", "high"]


def test_of_many_widths_three_are_shown():
    """The smallest, one in the middle, the largest: a row each, with its label."""
    positions, widths, energies = lattices(n=860, widths=np.linspace(1.5, 10.0, 86))
    figure = sample_lattices(positions, widths, energies, 1.2)
    assert len(figure.axes) == 9
    labels = [axes.get_ylabel() for axes in figure.axes[::3]]
    assert labels == ["cell width 1.5 $R_c$", "cell width 5.7 $R_c$", "cell width 10 $R_c$"]
    for row, width in enumerate((1.5, 5.7, 10.0)):
        for axes in figure.axes[3 * row : 3 * row + 3]:
            assert axes.patches[0].get_width() == pytest.approx(width)


def test_two_widths_are_two_rows():
    """And one configuration of each is enough."""
    positions, widths, energies = lattices(n=2, widths=(1.5, 3.0))
    assert len(sample_lattices(positions, widths, energies, 1.2).axes) == 6


def test_neighbors_are_joined():
    """Also with an image: two particles at the edges of a cell are near each other."""
    positions = np.array([[[0.1, 2.5], [4.9, 2.5]]])
    figure = sample_lattices(positions, np.array([5.0]), np.zeros(1), 0.5)
    bonds = figure.axes[0].collections[0].get_segments()
    lengths = [np.linalg.norm(bond[0] - bond[1]) for bond in bonds]
    assert lengths == pytest.approx([0.2, 0.2])  # at the left edge and at the right one
    assert (
        not sample_lattices(positions, np.array([5.0]), np.zeros(1), 0.1)
        .axes[0]
        .collections[0]
        .get_segments()
    )


def test_in_space_what_is_near_is_large_and_dark(tmp_path):
    """One looks along the third axis; images in front of the cell are left out."""
    positions, widths, energies = lattices(n=1, n_particles=8, dimension=3, widths=(2.5,))
    figure = sample_lattices(positions, widths, energies, 1.2)
    particles = figure.axes[0].collections[2]
    assert np.array_equal(particles.get_offsets(), positions[0, :, :2])
    order = positions[0, :, 2].argsort()
    assert (np.diff(particles.get_sizes()[order]) > 0).all()
    colors = particles.get_facecolors()
    assert (np.diff(colors[order, 3]) > 0).all()
    figure.savefig(tmp_path / "a.png")


def test_in_the_plane_all_particles_are_alike():
    """Blue and of one size."""
    figure = sample_lattices(*lattices(), 1.2)
    particles = figure.axes[0].collections[2]
    assert len(set(particles.get_sizes())) == 1
    assert {tuple(color) for color in particles.get_facecolors()} == {
        (*(int(BLUE[k : k + 2], 16) / 255 for k in (1, 3, 5)), 1.0)
    }


def test_predictions_stand_below_what_is_exact():
    """Mean ± standard deviation of the replicas, and the exact energy in these digits or more."""
    positions, widths, _ = lattices(n=3)
    energies = np.array([-2.34567, -1.0, 0.5])
    prediction = energies + np.array([[0.01], [0.03]])
    figure = sample_lattices(positions, widths, energies, 1.2, prediction, ("eV", "Å"))
    titles = [axes.get_title("center") for axes in figure.axes]
    assert titles[0] == "low energy\nexact −2.35\npredicted −2.33 ± 0.01 eV"
    assert titles[3] == "exact −2.35\npredicted −2.33 ± 0.01 eV"
    assert figure.axes[0].get_ylabel() == "cell width 5 Å"


@pytest.mark.parametrize("prediction", [np.full((1, 3), -1.25), np.full((3, 3), -1.25)])
def test_replicas_that_agree_have_no_spread(prediction):
    """Nor has one alone."""
    positions, widths, _ = lattices(n=3)
    figure = sample_lattices(positions, widths, np.full(3, -1.5), 1.2, prediction)
    assert figure.axes[3].get_title("center") == "exact −1.500\npredicted −1.250 $E_c$"


@pytest.mark.parametrize("dimension", [2, 3])
def test_no_particle_is_cut_by_the_edge(dimension):
    """Circles lie within their panel, whole; in space it is said how one looks."""
    figure = sample_lattices(*lattices(dimension=dimension), 1.2)
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert_whole(axes)
    assert figure.get_supxlabel().startswith(
        "Cubes, seen along their third" if dimension > 2 else ""
    )


def test_an_exact_energy_is_exact_however_far_replicas_are_apart():
    """Replicas that scatter by 2 E_c say nothing of its digits; what ± is stands in the figure."""
    positions, widths, _ = lattices(n=3)
    energies = np.array([-8.0134, -0.00321, 51.26])
    prediction = energies + np.array([[1.0], [4.0]])
    figure = sample_lattices(positions, widths, energies, 1.2, prediction)
    titles = [axes.get_title("center").split("\n") for axes in figure.axes[:3]]
    assert [title[1] for title in titles] == ["exact −8.01", "exact −0.0032", "exact 51.3"]
    assert titles[0][2] == "predicted −6 ± 2 $E_c$"
    assert figure.get_supxlabel() == "±: standard deviation over the 2 replicas"
    assert not sample_lattices(positions, widths, energies, 1.2, prediction[:1]).get_supxlabel()
    in_space = lattices(n=3, dimension=3)
    notes = sample_lattices(*in_space, 1.2, in_space[2] + prediction[:2] * 0.1).get_supxlabel()
    assert [note.split()[0] for note in notes.split("\n")] == ["Cubes,", "±:"]


def test_of_widths_that_differ_in_every_cell_a_third_is_a_row():
    """A file's, of a molecular dynamics at constant pressure: nine cells, no one of them twice."""
    positions, widths, energies = lattices(n=60, widths=np.linspace(4.0, 5.0, 60))
    figure = sample_lattices(positions, widths, energies, 1.2)
    told = np.reshape(shown_energies(figure), (3, 3))
    assert (np.diff(told, axis=1) > 0).all()
    shown = [axes.patches[0].get_width() for axes in figure.axes]
    assert len(set(shown)) == 9
    for row, (lowest, highest) in enumerate(((4.0, 4.33), (4.33, 4.67), (4.67, 5.0))):
        of_row = shown[3 * row : 3 * row + 3]
        assert lowest - 0.01 < min(of_row) < max(of_row) < highest + 0.01
        label = f"cell width {min(of_row):.3g} to {max(of_row):.3g} $R_c$"
        assert figure.axes[3 * row].get_ylabel() == label


def test_titles_of_many_digits_leave_each_other_alone():
    """Energies of DFT have large offsets: titles are written smaller, not over each other."""
    positions, widths, energies = lattices(n=6, dimension=3)
    prediction = energies - 15778.0 + np.array([[0.0002], [0.0004]])
    figure = sample_lattices(positions, widths, energies - 15778.0, 1.2, prediction, ("eV", "Å"))
    figure.draw_without_rendering()
    boxes = [axes.title.get_window_extent() for axes in figure.axes[:3]]
    assert figure.bbox.x0 <= boxes[0].x0
    assert boxes[-1].x1 <= figure.bbox.x1
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_particles_that_have_left_their_cell_are_drawn_in_it():
    """Dynamics count positions on through all cells, and a picture of them would be empty."""
    positions, widths, energies = lattices(n=3)
    far = positions + 5.0 * RANDOM.integers(-6, 7, positions.shape)
    for here, there in zip(
        sample_lattices(positions, widths, energies, 1.2).axes,
        sample_lattices(far, widths, energies, 1.2).axes,
        strict=True,
    ):
        assert np.allclose(scattered(there)[1], scattered(here)[1])
        assert len(scattered(there)[0]) == len(scattered(here)[0])
