"""Predicted and exact energies of particles, up to what networks are free in."""

import numpy as np
import pytest

from peslab.evaluation import sharing, sharing_errors, sharing_figure

RANDOM = np.random.default_rng(0)
EXACT = RANDOM.normal(size=(200, 4))


def test_a_shift_of_all_particles_is_no_error():
    """Energies that differ from the exact ones by a number for each configuration."""
    shifted = EXACT + RANDOM.normal(size=(200, 1))
    found = sharing_errors(np.stack([EXACT, shifted]), EXACT)
    assert found["mae"] == pytest.approx([0.0, 0.0], abs=1e-14)
    assert found["correlation"] == pytest.approx([1.0, 1.0])
    assert sharing(shifted).sum(axis=1) == pytest.approx(np.zeros(200), abs=1e-12)


def test_another_way_of_sharing_is_told():
    """0.2 E_c moved from two particles to two others; all shares the wrong way round; none."""
    moved = EXACT + np.array([0.2, 0.2, -0.2, -0.2])
    found = sharing_errors(np.stack([moved, -EXACT, np.zeros_like(EXACT)]), EXACT)
    assert found["mae"][0] == pytest.approx(0.2)
    assert found["correlation"][0] < 1.0
    assert found["correlation"][1] == pytest.approx(-1.0)
    assert np.isnan(found["correlation"][2])


def test_the_figure_shows_what_exceeds_the_mean():
    """All particles of all replicas, with error and correlation above."""
    predicted = EXACT + RANDOM.normal(size=(3, 200, 4)) * 0.1
    figure = sharing_figure(predicted, EXACT, "E_c")
    upper, lower, _ = figure.axes
    assert upper.collections[0].get_array().sum() == 3 * 200 * 4
    assert list(upper.lines[0].get_xdata()) == [sharing(EXACT).min(), sharing(EXACT).max()]
    found = sharing_errors(predicted, EXACT)
    title = upper.get_title(loc="left")
    assert f"correlation {found['correlation'].mean():.3f}" in title
    assert f"MAE {found['mae'].mean():.2f}" in title
    assert upper.get_title(loc="center") == ""
    assert "less its configuration's mean" in lower.get_xlabel()
