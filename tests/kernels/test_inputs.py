"""Conversion and wrapping of configurations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from peslab.errors import InvalidInputError
from peslab.kernels.inputs import check_images, checked_configurations, positive, whole, wrapped
from peslab.kernels.wrapping import wrap as compiled_wrap


@njit
def wrap(coordinate, width):
    """Subroutines are called by compiled functions only."""
    return compiled_wrap(coordinate, width)


@given(coordinate=st.floats(-1e6, 1e6), width=st.floats(0.01, 100.0))
def test_wrapping_ends_in_the_cell(coordinate, width):
    """Every coordinate has an image in [0, w_c), also where rounding would put it on an edge."""
    inside = wrap(coordinate, width)
    assert 0.0 <= inside < width
    cells = (coordinate - inside) / width
    assert cells == pytest.approx(round(cells), abs=1e-6)
    assert wrapped(np.array([coordinate]), np.array([width]))[0] == inside


@pytest.mark.parametrize("coordinate", [-1e-17, 5.0, -5.0, 0.0, 4.999999999999999, 1e-300])
def test_edges_of_the_cell(coordinate):
    """−1e-17 wraps to 0, not to w_c."""
    assert 0.0 <= wrap(coordinate, 5.0) < 5.0


def test_configurations_are_copied():
    """What kernels write to is never the caller's."""
    positions = np.ones((2, 1, 2))
    configurations = checked_configurations(positions, 3.0)
    configurations.positions[:] = 0.0
    assert (positions == 1.0).all()
    assert configurations.cell_widths.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("reach", "dimension", "fits"), [(4.5, 2, True), (4.6, 2, False), (3, 3, False)]
)
def test_cells_far_below_the_reach_are_refused(reach, dimension, fits):
    """Of (2 · reach / w_c + 1)^d images of each particle, 100 may be summed here."""
    positions = np.zeros((1, 1, dimension))
    configurations = checked_configurations(positions, 1.0)
    if fits:
        check_images(configurations, reach, most_images=100)
    else:
        with pytest.raises(InvalidInputError, match="cell_width=1 is so small"):
            check_images(configurations, reach, most_images=100)


def test_each_cell_has_its_own_reach():
    """The cell with most images is named, even where it is not the narrowest."""
    configurations = checked_configurations(np.zeros((3, 1, 2)), [1.0, 2.0, 3.0])
    check_images(configurations, np.array([4.5, 9.0, 13.5]), most_images=100)
    with pytest.raises(InvalidInputError, match="cell_width=2 is so small"):
        check_images(configurations, np.array([4.5, 9.2, 13.5]), most_images=100)


def test_positive():
    """A finite number above 0, as a float."""
    assert positive("length", np.float32(2)) == 2.0
    for value in (0, -1.0, np.inf, np.nan, True, "1", None, [1.0]):
        with pytest.raises(InvalidInputError, match="length must be"):
            positive("length", value)


def test_whole():
    """A whole number from a minimum on, as an int."""
    assert whole("count", np.int32(3), minimum=3) == 3
    for value in (2, 3.0, True, "3", None):
        with pytest.raises(InvalidInputError, match="count must be a whole number"):
            whole("count", value, minimum=3)
