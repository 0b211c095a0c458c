"""A figure of a sweep holds the errors of its runs, read back from the axes."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from peslab.evaluation import SweepCurve, SweepPanel, power_law, sweep_figure
from peslab.evaluation.style import BLUE, GREY, KINDS

SIZES = 400.0 * 2.0 ** np.arange(5)
RANDOM = np.random.default_rng(0)


def curve(along, *, level=1.0, exponent=0.0, replicas=3, with_law=False):
    noise = np.exp(0.1 * RANDOM.normal(size=(len(along), replicas)))
    errors = level * (along[:, None] / along[0]) ** -exponent * noise if exponent else level * noise
    return SweepCurve(along, errors, power_law(along, errors) if with_law else None)


def panel(curves, baselines=None, quantity="energy", unit="E_c"):
    return SweepPanel(quantity, unit, curves, baselines or {})


def learning(baselines=None):
    falling = curve(SIZES, exponent=0.8, with_law=True)
    return falling, sweep_figure(
        [panel({"": falling}, baselines)], "training configurations", is_learning=True
    )


def means(axes):
    """What the error bars hold: places, means, and half their lengths."""
    drawn = []
    for bars in axes.containers:
        line, _, (segments,) = bars
        ends = np.array([segment[:, 1] for segment in segments.get_segments()])
        drawn.append((line.get_xdata(), line.get_ydata(), np.ptp(ends, axis=1) / 2))
    return drawn


def told(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def names_of_baselines(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_means_standard_errors_and_replicas_are_those_of_the_runs():
    """A point for each run, a bar of s/√k on either side, a small dot for each replica."""
    along = np.array([16.0, 32.0, 48.0])
    given = curve(along)
    (axes,) = sweep_figure([panel({"": given})], "network.width").axes
    ((x, y, bars),) = means(axes)
    np.testing.assert_array_equal(x, along)
    np.testing.assert_allclose(y, given.errors.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(bars, given.errors.std(axis=1, ddof=1) / np.sqrt(3), rtol=1e-10)
    dots = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_array_equal(
        dots, np.column_stack([np.repeat(along, 3), given.errors.ravel()])
    )
    assert axes.get_legend() is None


def test_axes_say_what_they_show():
    """The swept key below, the error and its unit beside, each kind of error in its own panel."""
    one = {"": curve(np.array([1.0, 2.0]))}
    figure = sweep_figure(
        [panel(one), panel(one, quantity="gradient", unit="eV/Å")], "network.depth"
    )
    assert [axes.get_xlabel() for axes in figure.axes] == ["network.depth"] * 2
    assert figure.axes[0].get_ylabel() == "test MAE of the energy ($E_c$)"
    assert figure.axes[1].get_ylabel() == "test MAE of the gradient (eV/Å)"
    assert figure.get_supxlabel() == "mean ± standard error; small dots: 3 replicas"


def test_a_learning_curve_is_logarithmic_and_has_its_law():
    """Sizes at the axis, the fitted line dashed from the first to the last, α in the legend."""
    falling, figure = learning()
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert ticks(axes.xaxis) == ["400", "800", "1,600", "3,200", "6,400"]
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    np.testing.assert_array_equal(dashed.get_xdata(), SIZES[[0, -1]])
    np.testing.assert_allclose(dashed.get_ydata(), falling.law(SIZES[[0, -1]]))
    (line,) = told(axes)
    assert str(falling.law) in line


def test_a_learning_curve_of_two_sizes_is_drawn_without_a_law():
    """The points are joined then, and nothing is claimed."""
    (axes,) = sweep_figure([panel({"": curve(SIZES[:2])})], "n", is_learning=True).axes
    assert axes.get_xscale() == "log"
    assert axes.get_legend() is None
    assert axes.lines[0].get_linestyle() == "-"


@pytest.mark.parametrize(
    ("along", "scale"),
    [
        ((1e-4, 1e-3, 1e-2), "log"),
        ((16.0, 32.0, 64.0), "linear"),
        ((0.0, 1.0, 100.0), "linear"),
        ((-6.0, -2.0), "linear"),
    ],
)
def test_values_of_more_than_a_decade_are_drawn_on_a_logarithmic_axis(along, scale):
    """Where all are positive, and only then."""
    (axes,) = sweep_figure([panel({"": curve(np.array(along))})], "key").axes
    assert axes.get_xscale() == scale


def test_values_that_are_too_near_are_not_written_over_each_other():
    """Even numbers are, instead."""
    (axes,) = sweep_figure([panel({"": curve(np.array([1.0, 2.0, 100.0, 9.0]))})], "key").axes
    assert len(ticks(axes.xaxis)) >= 3
    (apart,) = sweep_figure([panel({"": curve(np.array([16.0, 32.0]))})], "key").axes
    assert ticks(apart.xaxis) == ["16", "32"]


def test_each_value_of_a_second_key_is_a_line_of_its_own_color():
    """Colors of a sequence for numbers, of kinds for names; the legend has the labels."""
    along = np.array([16.0, 32.0])
    curves = {f"depth={depth}": curve(along, level=depth) for depth in (1, 2, 3)}
    for is_ordered in (True, False):
        (axes,) = sweep_figure([panel(curves)], "network.width", is_ordered=is_ordered).axes
        drawn = means(axes)
        for given, (_, y, _) in zip(curves.values(), drawn, strict=True):
            np.testing.assert_allclose(y, given.errors.mean(axis=1))
        colors = [to_hex(bars.lines[0].get_color()).upper() for bars in axes.containers]
        assert len(set(colors)) == 3
        assert (colors == list(KINDS[:3])) != is_ordered
        assert told(axes) == list(curves)


def test_more_kinds_than_colors_are_still_told_apart():
    """Nine lines: those of a sequence are taken."""
    curves = {str(kind): curve(np.array([1.0, 2.0])) for kind in range(9)}
    (axes,) = sweep_figure([panel(curves)], "key", is_ordered=False).axes
    assert len({to_hex(bars.lines[0].get_color()) for bars in axes.containers}) == 9


def test_names_stand_on_an_axis_of_places():
    """Nothing joins them, and curves stand side by side about their place."""
    places = np.arange(2.0)
    curves = {"loss=mae": curve(places), "loss=mse": curve(places)}
    (axes,) = sweep_figure([panel(curves)], "network", ["linear", "mlp"]).axes
    assert ticks(axes.xaxis) == ["linear", "mlp"]
    (left, *_), (right, *_) = means(axes)
    np.testing.assert_allclose((left + right) / 2, places)
    assert np.all(left < right)
    assert all(bars.lines[0].get_linestyle() == "None" for bars in axes.containers)


FEATURES = ["proximity_eigenvalues", "power_sums", "sine_matrix", "relative_distances",
            "sorted_distances", "symmetry_functions"]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (FEATURES[:2], "proximity_eigenvalues"),
        (FEATURES[:4], "proximity\neigenvalues"),
        (FEATURES, "proximity_eigenvalues"),
        (["[-2]", "[-2,-3]", "[-2,-3,-4,-5]", "[-2,-3,-4,-5,-6,-7]", "[-2,-4,-6,-8,-10]"], "[-2]"),
        ([f"value_{k}" for k in range(16)], "value_0"),
    ],
)
def test_names_are_not_written_over_each_other(names, first):
    """In one line where there is room, broken where that helps, else slanting."""
    curves = {"": curve(np.arange(float(len(names))))}
    figure = sweep_figure([panel(curves), panel(curves)], "features", names)
    figure.draw_without_rendering()
    for axes in figure.axes:
        labels = axes.get_xticklabels()
        assert labels[0].get_text() == first
        slants = {label.get_rotation() for label in labels}
        assert slants in ({0.0}, {25.0})
        boxes = [label.get_window_extent() for label in labels]
        if slants == {0.0}:
            assert all(one.x1 < two.x0 for one, two in pairwise(boxes))
        else:  # their lines are parallel, as far apart as letters are high
            apart = np.diff([box.x1 for box in boxes]).min() * np.sin(np.radians(25.0))
            assert apart > labels[0].get_fontsize() * figure.dpi / 72 * 0.7


def test_baselines_are_drawn_where_they_do_not_flatten_the_errors():
    """Least squares near the errors stays, a constant two decades above is left out."""
    baselines = {"constant": (SIZES, np.full(5, 99.0)), "least squares": (SIZES, np.full(5, 1.5))}
    _, figure = learning(baselines)
    assert names_of_baselines(figure) == ["least squares"]
    (line,) = [line for line in figure.axes[0].lines if line.get_color() == GREY]
    np.testing.assert_array_equal(line.get_ydata(), 1.5)
    low, high = figure.axes[0].get_ylim()
    assert low < 1.5 < high < 99.0


@pytest.mark.parametrize("error", [0.0, -1.0, np.inf])
def test_a_baseline_without_a_place_on_the_axis_is_left_out(error):
    """A constant without an error has no logarithm."""
    _, figure = learning({"constant": (SIZES, np.full(5, error))})
    assert names_of_baselines(figure) == []


def test_a_run_with_fewer_replicas_has_fewer_dots():
    """Where replicas are what is swept; one alone has no bar."""
    errors = np.array([[1.0, np.nan, np.nan], [1.0, 2.0, 3.0]])
    figure = sweep_figure([panel({"": SweepCurve(np.array([1.0, 3.0]), errors)})], "replicas")
    (axes,) = figure.axes
    ((_, y, bars),) = means(axes)
    np.testing.assert_allclose(y, [1.0, 2.0])
    np.testing.assert_allclose(bars, [0.0, 1 / np.sqrt(3)], atol=1e-12)
    assert len(axes.collections[0].get_offsets()) == 4


def test_one_replica_is_told():
    """No standard error is promised."""
    figure = sweep_figure([panel({"": curve(np.array([1.0, 2.0]), replicas=1)})], "key")
    assert figure.get_supxlabel() == "one replica of each network"


@pytest.mark.parametrize("errors", [np.zeros((3, 2)), np.full((1, 3), 0.5)])
def test_odd_errors_are_drawn_all_the_same(errors, tmp_path):
    """All of them zero, or a single run that did not fail."""
    along = np.arange(1.0, len(errors) + 1)
    for is_learning in (True, False):
        given = panel({"": SweepCurve(along, errors)}, {"constant": (along, np.ones(len(along)))})
        sweep_figure([given], "key", is_learning=is_learning).savefig(tmp_path / "a.png")
        assert (tmp_path / "a.png").stat().st_size > 5000


def test_a_curve_alone_is_blue():
    """As in all other figures."""
    (axes,) = sweep_figure([panel({"": curve(np.array([1.0, 2.0]))})], "key").axes
    assert axes.containers[0].lines[0].get_color() == BLUE
