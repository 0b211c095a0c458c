"""Closest particles, their images included."""

import numpy as np
import pytest

from peslab.evaluation import shortest_distances, subject


def test_the_closest_two_are_found_across_the_border():
    """0.2 apart at the edges of a cell, 0.5 apart within one."""
    positions = np.array([[[0.1, 1.0], [4.9, 1.0], [2.0, 3.0]], [[1.0, 1.0], [1.5, 1.0], [3, 3]]])
    assert shortest_distances(positions, np.array([5.0, 5.0])) == pytest.approx([0.2, 0.5])


def test_each_configuration_has_its_own_width():
    """The same positions, in a smaller cell nearer to their images."""
    positions = np.repeat([[[0.5, 0.5], [2.5, 0.5]]], 2, axis=0)
    assert shortest_distances(positions, np.array([10.0, 2.5])) == pytest.approx([2.0, 0.5])


def test_a_particle_is_a_cell_away_from_itself():
    """Also where it is alone."""
    assert shortest_distances(np.zeros((1, 1, 3)), np.array([1.5])) == pytest.approx([1.5])
    assert shortest_distances(np.array([[[0.0], [1.0]]]), np.array([0.7])) == pytest.approx([0.3])


def test_pieces_are_put_together(monkeypatch):
    """However few pairs fit into memory; widths are left as they are."""
    random = np.random.default_rng(0)
    positions, widths = random.random((50, 4, 2)), random.uniform(1.0, 2.0, 50)
    kept = widths.copy()
    expected = shortest_distances(positions, widths)
    monkeypatch.setattr(subject, "PAIRS_AT_ONCE", 33)
    assert np.array_equal(shortest_distances(positions, widths), expected)
    assert np.array_equal(widths, kept)
