"""Figures and errors of configurations with different numbers of particles."""

import numpy as np
import pytest

from peslab.evaluation import (
    energy_by_number,
    error_figure,
    least_absolute_mae,
    least_squares_mae,
    sample_lattices,
    sharing,
    sharing_errors,
    sharing_figure,
    shortest_distances,
)

NUMBERS = np.resize([2, 3, 5], 60)
THERE = np.arange(5) < NUMBERS[:, None]


def cells(widths=(5.0,)):
    random = np.random.default_rng(0)
    cell_widths = np.resize(widths, 60)
    positions = random.random((60, 5, 2)) * cell_widths[:, None, None]
    positions[~THERE] = np.nan
    return positions, cell_widths, random.normal(size=60)


def drawn(axes):
    """The particles of a cell."""
    return axes.collections[2].get_offsets()


def test_shortest_distances_are_those_of_the_particles_that_are_there():
    """As of each configuration alone."""
    positions, widths, _ = cells()
    found = shortest_distances(positions, widths)
    for k, number in enumerate(NUMBERS):
        alone = shortest_distances(positions[k : k + 1, :number], widths[k : k + 1])
        assert found[k] == alone[0]


def test_cells_of_each_number_are_drawn_with_their_particles():
    """A row for each of three numbers, low energies on the left."""
    positions, widths, energies = cells()
    figure = sample_lattices(positions, widths, energies, 1.0)
    assert [len(drawn(axes)) for axes in figure.axes] == [2] * 3 + [3] * 3 + [5] * 3
    labels = [axes.get_ylabel() for axes in figure.axes[::3]]
    assert labels == ["2 particles", "3 particles", "5 particles"]
    figure.draw_without_rendering()


def test_cells_of_several_widths_are_drawn_by_width():
    """Whatever their numbers of particles."""
    positions, widths, energies = cells((3.0, 5.0))
    figure = sample_lattices(positions, widths, energies, 1.0)
    assert len(figure.axes) == 6
    assert "cell width 3" in figure.axes[0].get_ylabel()
    for axes in figure.axes:
        assert len(drawn(axes)) in {2, 3, 5}
        assert np.isfinite(drawn(axes)).all()


def test_energies_over_numbers_hold_their_quantiles():
    """A dot and a tick for each number."""
    _, _, energies = cells()
    (axes,) = energy_by_number(NUMBERS, energies).axes
    medians = [np.median(energies[number == NUMBERS]) for number in (2, 3, 5)]
    line = axes.lines[-1]
    assert line.get_xdata().tolist() == [2, 3, 5]
    assert line.get_ydata() == pytest.approx(medians)
    assert axes.get_xticks().tolist() == [2, 3, 5]
    assert axes.get_xlabel() == "particles in the cell"


def test_many_numbers_have_few_ticks():
    """At whole numbers."""
    numbers = np.arange(2, 42)
    figure = energy_by_number(numbers, -np.sqrt(numbers))
    figure.draw_without_rendering()
    ticks = figure.axes[0].get_xticks()
    assert len(ticks) < 13
    assert (ticks == np.round(ticks)).all()


def test_errors_over_numbers_have_whole_ticks():
    """There are no 2.5 particles."""
    errors = np.abs(np.random.default_rng(0).normal(size=(2, 60)))
    figure = error_figure({"particles": NUMBERS.astype(float)}, errors)
    assert figure.axes[0].get_xticks().tolist() == [2, 3, 5]


def shares():
    """Exact energies of particles, and those of two replicas that err by 0 and 0.1."""
    exact = np.random.default_rng(1).normal(size=(60, 5))
    exact[~THERE] = np.nan
    tilt = np.where(np.arange(5) == 0, 0.1, 0.0)
    return exact, np.stack([exact + 3.0, exact + tilt])


def test_shares_are_compared_over_particles_that_are_there():
    """As over a list of them."""
    exact, found = shares()
    errors = sharing_errors(found, exact)
    tilts = [np.where(np.arange(n) == 0, 0.1, 0.0) - 0.1 / n for n in NUMBERS]
    assert errors["mae"] == pytest.approx([0.0, np.abs(np.concatenate(tilts)).mean()], abs=1e-14)
    assert errors["correlation"][0] == pytest.approx(1.0)
    figure = sharing_figure(found, exact)
    assert figure.axes[0].collections[0].get_array().sum() == 2 * NUMBERS.sum()


def test_a_share_that_is_no_number_is_not_hidden():
    """A network that fails for one particle fails."""
    exact, found = shares()
    found[1, 0, 1] = np.nan
    errors = sharing_errors(found, exact)
    assert np.isfinite(errors["mae"][0])
    assert np.isnan(errors["mae"][1])


def test_sharing_without_absent_particles_is_as_before():
    """To the bit."""
    energies = np.random.default_rng(2).normal(size=(7, 5))
    assert (sharing(energies, np.full((7, 5), True)) == sharing(energies)).all()


def test_linear_fits_take_means_over_particles_that_are_there():
    """An energy that is linear in features of particles is found, of any number of them."""
    random = np.random.default_rng(3)
    features = random.normal(size=(60, 5, 2))
    features[~THERE] = np.nan
    means = np.array([row[:n].mean(axis=0) for row, n in zip(features, NUMBERS, strict=True)])
    energies = means @ [2.0, -1.0] + 0.5
    parts = features[:40], energies[:40], features[40:], energies[40:]
    assert least_squares_mae(*parts) < 1e-13
    assert least_absolute_mae(*parts) < 1e-9
