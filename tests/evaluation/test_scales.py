"""Axes that show the many beside the few, and cells that count points."""

import itertools

import numpy as np
import pytest

from peslab.evaluation.scales import (
    bend,
    decades_only,
    density,
    evenly_spaced_logarithms,
    label_decades,
    label_logarithms,
    label_ticks,
    logarithmic_ticks,
    plain,
)
from peslab.evaluation.style import styled_figure

RANDOM = np.random.default_rng(0)


@pytest.fixture
def axes():
    with styled_figure(4.0, 4.0) as figure:
        yield figure.subplots()


def test_a_few_values_far_off_bend_the_axis(axes):
    """One force of 1,000 among a thousand of about 1; the other axis stays as it is."""
    bend(axes, "x", np.append(RANDOM.normal(size=1000), 1000.0))
    assert axes.get_xscale() == "asinh"
    assert axes.get_yscale() == "linear"
    bend(axes, "y", np.append(RANDOM.normal(size=1000), -1000.0))
    assert axes.get_yscale() == "asinh"


@pytest.mark.parametrize("values", [RANDOM.normal(size=1000), np.ones(5), np.zeros(1)])
def test_plain_values_leave_it_straight(axes, values):
    """Bells, and values that are all the same."""
    bend(axes, "x", values)
    assert axes.get_xscale() == "linear"


def test_labels_have_room(axes):
    """Over fourteen decades no two labels are nearer than a twelfth of the axis."""
    for linear, low, high in ((1e-3, -1e11, 1e3), (0.5, -4.0, 30.0), (3.0, 10.0, 1e6)):
        axes.set_xscale("asinh", linear_width=linear)
        label_decades(axes.xaxis, linear, low, high)
        ticks = np.array(axes.xaxis.get_major_locator()())
        places = np.arcsinh(ticks / linear)
        assert 3 <= len(ticks) <= 14
        assert np.diff(places).min() >= 0.0799 * np.ptp(np.arcsinh(np.array([low, high]) / linear))
        assert low <= ticks.min() <= ticks.max() <= high
        assert (0.0 in ticks) == (low <= 0.0 <= high)


@pytest.mark.parametrize("ends", [(-6.0, 3e6), (-3e5, 3e5), (-2e4, 10.0), (0.0, 7e9)])
def test_labels_beside_each_other_do_not_meet(ends):
    """Long numbers need more room along the x axis of a small panel, and some are left."""
    with styled_figure(3.7, 3.0) as figure:
        axes = figure.subplots()
        values = np.append(RANDOM.normal(size=1000), ends)
        bend(axes, "x", values)
        axes.set_xlim(*ends)
        figure.canvas.draw()
        shown = [text for text in axes.get_xticklabels() if text.get_text()]
        boxes = sorted((text.get_window_extent() for text in shown), key=lambda box: box.x0)
    assert len(boxes) >= 3
    for box, following in itertools.pairwise(boxes):
        assert box.x1 < following.x0


def test_one_axis_can_be_bent_as_another(axes):
    """A value far off that only one of them shows bends both in the same way."""
    plain, wild = RANDOM.normal(size=1000), np.append(RANDOM.normal(size=1000), 1e4)
    bend(axes, "x", plain, like=wild)
    bend(axes, "y", wild)
    ours, theirs = axes.xaxis.get_transform(), axes.yaxis.get_transform()
    assert ours.linear_width == theirs.linear_width
    assert max(axes.xaxis.get_major_locator()()) < 5.0
    assert max(axes.yaxis.get_major_locator()()) == 1e4


@pytest.mark.parametrize("scales", [("linear", "linear"), ("asinh", "linear"), ("log", "log")])
def test_every_point_is_counted_where_it_is(axes, scales):
    """The cells count as NumPy does between the same edges, on any scale, ends included."""
    axes.set_xscale(scales[0])
    axes.set_yscale(scales[1])
    x, y = np.exp(RANDOM.normal(size=(2, 5000)))
    cells = density(axes, x, y, (12, 9))
    edges = np.asarray(cells.get_coordinates())
    across, along = edges[0, :, 0], edges[:, 0, 1]
    expected, *_ = np.histogram2d(y, x, bins=(along, across))
    found = cells.get_array().filled(0)
    assert found.sum() == 5000
    # On the edge between two cells a point may be rounded to either.
    assert np.abs(found - expected).sum() <= 2
    assert across[[0, -1]] == pytest.approx([x.min(), x.max()], rel=1e-12)
    assert along[[0, -1]] == pytest.approx([y.min(), y.max()], rel=1e-12)
    assert across[0] <= x.min() < x.max() <= across[-1]


def test_cells_are_equal_as_they_are_seen(axes):
    """A decade has as many of them as the next one."""
    axes.set_xscale("log")
    cells = density(axes, np.array([1.0, 10.0, 100.0]), np.zeros(3), (4, 2))
    across = cells.get_coordinates()[0, :, 0]
    assert np.asarray(across) == pytest.approx(10 ** np.linspace(0.0, 2.0, 5))
    assert cells.get_array().count() == 3  # empty cells are not drawn


def test_logarithmic_axes_keep_their_decades_alone(axes):
    """Ticks between them take half of the time of a figure."""
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 1.0)
    decades_only(axes.figure)
    assert len(axes.yaxis.get_minorticklocs()) == 0
    assert len(axes.yaxis.get_majorticklocs()) >= 4


def test_numbers_have_the_sign_of_the_axes():
    """And no exponents."""
    assert [plain(value) for value in (-0.3, 0.0, 1e4)] == ["−0.3", "0", "10,000"]
    assert [plain(value) for value in (1e-4, 3e-5)] == ["0.0001", r"$3 \times 10^{-5}$"]


@pytest.mark.parametrize("ends", [(0.00108, 0.0374), (3e-7, 0.2), (0.64, 0.73), (2.0, 2.0)])
@pytest.mark.parametrize("name", ["x", "y"])
def test_a_logarithmic_axis_is_labeled_within_its_values(axes, name, ends):
    """Less than a factor of two, one value, six decades: neither empty nor full."""
    values = np.geomspace(*ends, 7)
    label_logarithms(axes, name, values)
    (axes.plot(values, np.ones(7)) if name == "x" else axes.plot(np.ones(7), values))
    axis, limits = (axes.xaxis, axes.get_xlim()) if name == "x" else (axes.yaxis, axes.get_ylim())
    assert axis.get_scale() == "log"
    seen = [tick for tick in axis.get_major_locator()() if limits[0] <= tick <= limits[1]]
    assert 1 <= len(seen) <= 13
    if ends[0] < ends[1]:
        assert len(seen) >= 3


def test_chosen_numbers_stand_at_an_axis_alone(axes):
    """As swept values do; no smaller ticks between them."""
    label_ticks(axes.xaxis, [64.0, 16.0])
    assert list(axes.xaxis.get_major_locator()()) == [16.0, 64.0]
    assert len(axes.xaxis.get_minor_locator()()) == 0


@pytest.mark.parametrize(("linear", "low", "high"), [(2.0, -7.55, 3e6), (2.0, -3e6, 7.55)])
def test_both_sides_of_zero_have_a_tick(axes, linear, low, high):
    """The short one too, where neither ±3 nor ±10 has room on it."""
    axes.set_xscale("asinh", linear_width=linear)
    label_decades(axes.xaxis, linear, low, high)
    ticks = np.array(axes.xaxis.get_major_locator()())
    assert ticks.min() < 0.0 < ticks.max()
    assert low <= ticks.min() <= ticks.max() <= high


def test_many_decades_have_few_labels(axes):
    """Powers of ten, evenly spaced, from hard cores of 1e8 to 1e32."""
    label_logarithms(axes, "x", np.array([1e8, 1e32]))
    powers = np.log10(axes.xaxis.get_major_locator()())
    assert 5 <= len(powers) <= 14
    assert np.ptp(np.diff(powers)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (np.geomspace(1.5, 10.0, 20), True),
        (np.linspace(1.5, 10.0, 20), False),
        (np.array([1.0, 2.0]), False),
        (np.array([0.0, 1.0, 2.0]), False),
    ],
)
def test_evenly_spaced_logarithms_are_seen(places, found):
    """Two places tell nothing."""
    assert evenly_spaced_logarithms(places) == found


@pytest.mark.parametrize(
    ("ticks", "told"),
    [
        ((0.9945, 0.996, 0.9975, 0.999), ["0.9945", "0.996", "0.9975", "0.999"]),
        ((0.1, 0.2, 0.30000000000000004), ["0.1", "0.2", "0.3"]),
        ((0.99990, 0.99995, 1.0), ["0.9999", "0.99995", "1"]),
        ((0.00123456, 0.0123), ["0.00123", "0.0123"]),
        ((1 / 3,), ["0.333"]),
    ],
)
def test_labels_have_the_digits_that_tell_ticks_apart(axes, ticks, told):
    """Even steps look even; what needs no more than three digits has no more."""
    label_ticks(axes.xaxis, ticks)
    axes.set_xlim(min(ticks) - 1e-9, max(ticks) + 1e-9)
    axes.figure.draw_without_rendering()
    assert [label.get_text() for label in axes.get_xticklabels()] == told


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((0.00225, 0.0118), [0.003, 0.005, 0.007, 0.01]),  # even steps leave its lower half empty
        ((0.003, 0.04), [0.005, 0.01, 0.02]),
        ((1.0, 1e5), [1.0, 10.0, 1e2, 1e3, 1e4, 1e5]),
        ((0.0100, 0.0108), [0.01, 0.0102, 0.0104, 0.0106, 0.0108]),
    ],
)
def test_logarithmic_ticks_are_all_along_the_axis(ends, told):
    """1, 2 and 5, else 3 and 7 as well, else even steps; of many decades the powers of ten."""
    inside = [tick for tick in logarithmic_ticks(*ends) if ends[0] <= tick <= 1.000001 * ends[1]]
    assert inside == pytest.approx(told)
