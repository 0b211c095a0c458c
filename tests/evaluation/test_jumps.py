"""Jumps of a function along a path are found, whatever else it does, and nothing else is."""

import numpy as np
import pytest

from peslab.evaluation.smoothness_laws import largest_jump


@pytest.mark.parametrize("place", [0.013, 0.5, 0.987])
@pytest.mark.parametrize("slope", [0.0, 1.0, -1.0, 300.0])
def test_a_jump_is_found_on_any_slope(place, slope):
    """A jump of 0.1 against slopes by which a function changes a hundred times as much."""
    grid = np.linspace(0.0, 1.0, 51)

    def function(x):
        return slope * np.exp(2.0 * x) - 0.1 * (x > place)

    assert largest_jump(function, grid, 10.0).size == pytest.approx(0.1, rel=1e-6)


@pytest.mark.parametrize("place", [0.65, 0.8, 0.987])
def test_a_jump_is_found_beside_a_hard_core(place):
    """A jump of 1e-3 where values bend a million times as much, elsewhere on the path."""
    grid = np.linspace(0.0, 1.0, 161)

    def function(x):
        return 1e-12 * ((x - 0.25) ** 2 + 0.05) ** -12 - 1e-3 * (x > place)

    jump = largest_jump(function, grid, 10.0, 1e-4)
    assert jump.size == pytest.approx(1e-3, rel=0.1)
    assert jump.size > jump.allowed(1e-4)


@pytest.mark.parametrize("slope", [1.0, 300.0])
def test_smooth_functions_do_not_jump(slope):
    """However steep: what remains is rounding."""
    grid = np.linspace(0.0, 1.0, 51)
    jump = largest_jump(lambda x: slope * np.sin(9 * x), grid, 0.3)
    assert jump.size < 1e-12 * slope
    assert jump.value <= slope


def test_where_nothing_is_asked_nothing_jumps():
    """Gaps of a path are left out, and a path of gaps has no jump."""
    grid = np.linspace(0.0, 1.0, 51)
    gap = np.where(np.abs(grid - 0.5) < 0.1, np.nan, grid)
    assert largest_jump(lambda x: 1.0 * (x > 0.5), gap, 10.0).size == 0.0
    assert largest_jump(lambda x: 1.0 * (x > 0.2), gap, 10.0).size == pytest.approx(1.0)
    alone = np.where(np.arange(51) % 2, grid, np.nan)
    assert largest_jump(lambda x: 1.0 * (x > 0.2), alone, 10.0).size == 0.0
