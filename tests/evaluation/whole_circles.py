"""Particles are drawn whole, wherever cells are drawn."""

import numpy as np


def assert_whole(axes):
    """Circles of particles and of images lie within their panel, to half a pixel."""
    panel = axes.get_window_extent()
    for circles in axes.collections[1:3]:
        centers = axes.transData.transform(circles.get_offsets())
        radii = np.sqrt(circles.get_sizes() / np.pi) * axes.figure.dpi / 72
        assert (centers - radii[:, None] >= panel.min - 0.5).all()
        assert (centers + radii[:, None] <= panel.max + 0.5).all()
