"""Figures of studies show the trials that they are given."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from scipy.stats import t as student

from peslab.evaluation import (
    Forest,
    Front,
    Means,
    SearchedAxis,
    Shares,
    forest_figure,
    half_widths,
    history_figure,
    importance_figure,
    literal,
    parallel_figure,
    pareto_figure,
    png_and_pdf,
    slice_figure,
)
from peslab.evaluation.scales import far_off
from peslab.evaluation.style import BLUE, VERMILION

ERRORS = np.array([0.010, 0.012, 0.015, 0.030])
NONE = np.full(4, np.nan)
STATES = ["complete"] * 4


def forest(errors=ERRORS, fresh=NONE, tied=(), **baselines):
    n = len(errors)
    flags = np.array([number in tied for number in range(n)])
    return Forest(
        [f"trial {number}" for number in range(n)],
        Means(np.asarray(errors), 0.1 * np.asarray(errors)),
        Means(np.asarray(fresh), 0.2 * np.asarray(fresh)),
        flags,
        {name.replace("_", " "): np.broadcast_to(value, n) for name, value in baselines.items()},
    )


def drawn(figure):
    """The one with axes, after a browser would have seen it."""
    png, pdf = png_and_pdf(figure)
    assert png.startswith(b"\x89PNG")
    assert pdf.startswith(b"%PDF")
    return figure.axes


def said(figure):
    return " ".join(
        text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text"))
    )


def names(axes):
    """What is said of floors, where along the axis, and on which side of that place."""
    return {
        text.get_text(): (pytest.approx(text.xy[0], abs=0.02), text.get_ha()) for text in axes.texts
    }


def points(axes):
    """Of all scattered dots, in their order."""
    return np.concatenate([np.asarray(each.get_offsets()) for each in axes.collections])


def test_intervals_are_those_of_student():
    """Three replicas: 4.30 standard errors; one alone has none."""
    halves = half_widths(np.array([0.1, 0.1, 0.1]), np.array([3.0, 2.0, 1.0]))
    assert halves[:2] == pytest.approx(0.1 * student.ppf(0.975, [2, 1]))
    assert halves[0] == pytest.approx(0.4303, rel=1e-3)
    assert np.isnan(halves[2])


def test_a_forest_has_a_mean_and_an_interval_for_each_trial():
    """Below each other from the best, at the errors that were given."""
    (axes,) = drawn(forest_figure(forest(), "MAE"))
    (container,) = axes.containers
    marks, _, (lines,) = container
    assert list(marks.get_xdata()) == list(ERRORS)
    assert list(marks.get_ydata()) == [0, 1, 2, 3]
    ends = np.array([segment[:, 0] for segment in lines.get_segments()])
    assert ends == pytest.approx(np.stack([0.9 * ERRORS, 1.1 * ERRORS], axis=1))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [f"trial {k}" for k in range(4)]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert "95 %" in axes.get_xlabel()


def test_ties_are_shaded_and_fresh_errors_stand_beside():
    """Only the tied rows, and only where something was confirmed."""
    fresh = np.array([0.011, 0.0125, np.nan, np.nan])
    figure = forest_figure(forest(fresh=fresh, tied={0, 1}), "MAE")
    (axes,) = drawn(figure)
    assert [patch.get_y() for patch in axes.patches] == [-0.5, 0.5]
    colors = [to_rgba(each[0].get_color()) for each in axes.containers]
    assert colors == [to_rgba(BLUE), to_rgba(VERMILION)]
    assert list(axes.containers[1][0].get_xdata()) == [0.011, 0.0125]
    assert "tied for best" in said(figure)
    plain = forest_figure(forest(), "MAE")
    assert not drawn(plain)[0].patches
    assert "tied" not in said(plain)


def test_floors_are_lines_where_they_leave_the_errors_readable():
    """One near the errors is a line, one far above a number at the edge."""
    figure = forest_figure(forest(least_squares=0.04, constant=0.5), "MAE")
    (axes,) = drawn(figure)
    assert [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1] == [0.04]
    assert names(axes) == {"least squares": (0.96, "center"), "constant 0.5 →": (1.0, "right")}
    assert axes.get_xlim()[1] < 0.1


def test_floors_of_a_good_study_are_told_at_the_right_edge():
    """Errors of a thousandth beside a constant of three quarters keep their axis."""
    errors = np.array([0.0011, 0.0016, 0.0031])
    trials = forest(errors, np.full(3, np.nan), least_squares=[0.04, 0.05, 0.04], constant=0.747)
    (axes,) = drawn(forest_figure(trials, "MAE"))
    told = {"least squares 0.04 – 0.05 →": (1.0, "right"), "constant 0.747 →": (1.0, "right")}
    assert names(axes) == told
    assert len({text.xyann[1] for text in axes.texts}) == 2  # lines
    assert axes.get_xlim()[1] < 0.01


def test_floors_below_all_errors_are_told_at_the_left_edge():
    """A study whose trials are worse than a linear network says so."""
    errors = np.array([0.41, 0.43, 0.5])
    trials = forest(errors, np.full(3, np.nan), least_squares=0.04, constant=0.6)
    (axes,) = drawn(forest_figure(trials, "MAE"))
    assert axes.get_xlim()[0] > 0.1
    assert names(axes)["← least squares 0.04"] == (0.0, "left")
    assert {text.xyann[1] for text in axes.texts} == {3}  # far from each other, on one line


@pytest.mark.parametrize(("constant", "scale"), [(0.045, "linear"), (0.08, "log")])
def test_the_axis_is_logarithmic_where_that_shows_a_floor(constant, scale):
    """The errors themselves span less than half a decade."""
    (axes,) = drawn(forest_figure(forest(constant=constant), "MAE"))
    assert axes.get_xscale() == scale
    assert constant in [line.get_xdata()[0] for line in axes.lines]


def test_floors_that_differ_between_trials_have_a_piece_for_each():
    """Where the inputs were searched, each trial has its own."""
    floors = np.array([0.020, 0.022, 0.024, 0.02])
    (axes,) = drawn(forest_figure(forest(least_squares=floors), "MAE"))
    pieces = [each for each in axes.collections if len(each.get_segments()) == 4]
    assert [segment[0, 0] for segment in pieces[0].get_segments()] == pytest.approx(floors)


def test_a_diverged_trial_does_not_flatten_the_others():
    """It is told with its number at the edge of its row."""
    errors = np.array([*ERRORS, 9e4])
    figure = forest_figure(forest(errors, np.full(5, np.nan)), "MAE")
    (axes,) = drawn(figure)
    assert axes.get_xlim()[1] < 0.1
    (note,) = [text for text in axes.texts if "→" in text.get_text()]
    assert "90,000" in note.get_text()
    assert note.xy[1] == 4


def test_intervals_that_reach_zero_leave_a_logarithmic_axis():
    """The axis begins at half of the least error."""
    errors = np.array([0.01, 0.02, 0.09])
    means = Means(errors, np.array([0.001, 0.05, 0.001]))
    nothing = Means(np.full(3, np.nan), np.full(3, np.nan))
    (axes,) = drawn(forest_figure(Forest(["a", "b", "c"], means, nothing, np.zeros(3, bool)), ""))
    assert axes.get_xscale() == "log"
    assert 0.004 < axes.get_xlim()[0] < 0.006


def test_intervals_of_errors_end_at_zero():
    """No error is less; of what may be negative, such as R², the interval is whole."""
    errors, halves = np.array([0.01, 0.02]), np.array([0.001, 0.05])
    nothing = Means(np.full(2, np.nan), np.full(2, np.nan))
    for least, end in ((0.0, 0.0), (-np.inf, -0.03)):
        trials = Forest(["a", "b"], Means(errors, halves), nothing, np.zeros(2, bool), least=least)
        (axes,) = drawn(forest_figure(trials, ""))
        (lines,) = axes.containers[0][2]
        assert lines.get_segments()[1][0, 0] == pytest.approx(end, abs=1e-12)
        assert axes.get_xlim()[0] == pytest.approx(end, abs=0.01)


@pytest.mark.parametrize("n", [1, 2, 60])
def test_few_and_many_trials_make_a_forest(n):
    """One alone has an axis too; of very many the best are shown, and it says so."""
    errors = np.linspace(0.01, 0.02, n)
    figure = forest_figure(forest(errors, np.full(n, np.nan)), "MAE")
    (axes,) = drawn(figure)
    assert len(axes.get_yticks()) == min(n, 50)
    assert ("the best 50 of 60 trials" in said(figure)) == (n == 60)


def test_far_off_is_ten_times_the_third_quartile():
    """Positive errors only: a difference below zero has no decade."""
    assert list(far_off(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))) == [False] * 4 + [True]
    assert not far_off(np.array([1.0, 2.0, np.nan])).any()
    assert not far_off(np.array([-1.0, 1.0, 1.0, 1.0, 100.0])).any()


def test_the_history_falls_to_the_best():
    """Each trial where it is; the line is the running minimum."""
    errors = np.array([0.3, 0.5, np.nan, 0.2, np.nan])
    states = ["complete", "complete", "failed", "complete", "pruned"]
    figure = history_figure([0, 1, 3, 4, 7], errors, states, "MAE")
    (axes,) = drawn(figure)
    assert points(axes).tolist() == [[0, 0.3], [1, 0.5], [4, 0.2]]
    best, *ended = axes.lines
    assert list(best.get_ydata()) == [0.3, 0.3, 0.3, 0.2, 0.2]
    assert {line.get_label(): list(line.get_xdata()) for line in ended} == {
        "failed": [3],
        "pruned": [7],
    }


def test_a_history_of_failures_only_is_drawn():
    """There is no error, and the axis still says which trials there were."""
    (axes,) = drawn(history_figure([0, 1], np.full(2, np.nan), ["failed", "failed"], "MAE"))
    assert list(axes.lines[0].get_xdata()) == [0, 1]


@pytest.mark.parametrize(("outlier", "scale"), [(0.0098, "log"), (0.03, "log"), (0.003, "linear")])
def test_one_outlier_does_not_flatten_the_others(outlier, scale):
    """Beyond half a decade the axes of errors are logarithmic, of all figures of trials."""
    errors = np.array([0.002, outlier, 0.0022, 0.0019, 0.004])
    states = ["complete"] * 5
    keys = [SearchedAxis("width", np.arange(5.0))]
    front = Front(np.arange(1.0, 6.0) ** 0.5, errors, "µs", "MAE", list(range(5)))
    for figure in (
        history_figure(list(range(5)), errors, states, "MAE"),
        slice_figure(keys, errors, states, "MAE"),
        pareto_figure([front]),
    ):
        assert drawn(figure)[0].get_yscale() == scale
    (axes,) = drawn(parallel_figure(keys, errors, "MAE"))
    middle = max(line.get_ydata()[-1] for line in axes.lines if line.get_ydata()[-1] < 1.0)
    fraction = np.log if scale == "log" else np.asarray
    low, high = fraction(errors.min()), fraction(errors.max())
    nearest = np.sort(errors)[-2]
    assert middle == pytest.approx((fraction(nearest) - low) / (high - low))


def test_errors_below_zero_stay_on_a_linear_axis():
    """As what is maximized has them."""
    errors = np.array([-0.9, 0.1, 5.0])
    (axes,) = drawn(history_figure([0, 1, 2], errors, ["complete"] * 3, "−R²"))
    assert axes.get_yscale() == "linear"


def test_bars_are_as_long_as_the_shares():
    """Sorted by the first method; a method may not know every key."""
    one = Shares({"width": 0.2, "rate": 0.8}, {"width": 0.3, "rate": 0.1})
    two = Shares({"rate": 1.0}, {"rate": float("nan")})
    (axes,) = drawn(importance_figure({"": {"PED-ANOVA": one, "fANOVA": two}}))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["rate", "width"]
    bars = {(round(bar.get_y() + bar.get_height() / 2), bar.get_width()) for bar in axes.patches}
    assert bars == {(1, 0.2), (0, 0.8), (0, 1.0)}
    ends = [line.get_segments() for line in axes.collections]
    assert ends[0][0][:, 0] == pytest.approx([0.0, 0.5])  # not below zero


def test_the_front_is_what_nobody_beats():
    """A trial that is worse in both, or equal in one and worse in the other, is not on it."""
    front = Front(
        np.array([1.0, 2.0, 3.0, 3.0, 2.5]), np.array([9.0, 5.0, 4.0, 6.0, 5.0]),
        "x", "y", [10, 11, 12, 13, 14],
    )  # fmt: skip
    assert list(front.leads) == [True, True, True, False, False]
    figure = pareto_figure([front, front])
    first, _ = drawn(figure)
    assert list(first.lines[0].get_xdata()) == [1.0, 2.0, 3.0]
    assert {text.get_text() for text in first.texts} == {"10", "11", "12"}


def axes_of(n=4):
    return [
        SearchedAxis("rate", np.geomspace(1e-4, 1e-1, n), is_logarithmic=True),
        SearchedAxis("width", np.arange(8.0, 8.0 + n), is_whole=True),
        SearchedAxis("orders", np.arange(n) % 2 + 0.0, ("[-2]", "[-2,-3]")),
    ]


def test_slices_show_every_trial_at_its_value():
    """Numbers at their places on the scale of the search, options side by side in theirs."""
    figure = slice_figure(axes_of(), ERRORS, STATES, "MAE")
    rate, width, orders = drawn(figure)
    for panel, key in zip((rate, width), axes_of()[:2], strict=True):
        dots, ring = (np.asarray(each.get_offsets()) for each in panel.collections)
        assert dots == pytest.approx(np.stack([key.places, ERRORS], axis=1))
        assert ring[0] == pytest.approx(dots[0])
    assert (rate.get_xscale(), width.get_xscale()) == ("log", "linear")
    dots = np.asarray(orders.collections[0].get_offsets())
    assert np.round(dots[:, 0]).tolist() == [0, 1, 0, 1]
    assert len(set(dots[:, 0])) == 4
    assert [tick.get_text() for tick in orders.get_xticklabels()] == ["[-2]", "[-2,-3]"]


@pytest.mark.parametrize(
    ("low", "high"), [(0.003, 0.0185), (1e-3, 2e-2), (0.01, 0.011), (1.0, 1e5)]
)
def test_labels_of_a_logarithmic_slice_do_not_meet(low, high):
    """However few decades it has, and wherever 1, 2 and 5 lie in them."""
    key = SearchedAxis("rate", np.array([low, high, low, high]), is_logarithmic=True)
    figure = slice_figure([key, key, key], ERRORS, STATES, "MAE")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert boxes
    assert all(one.x1 < two.x0 for one, two in pairwise(boxes))


@pytest.mark.parametrize("larger", [(False, False), (True, False), (False, True), (True, True)])
def test_a_front_of_what_is_to_be_large_is_that_of_its_opposite(larger):
    """Drawn with its own sign, so that no trial beyond the steps is on the wrong side."""
    random = np.random.default_rng(0)
    x, y = random.uniform(1.0, 2.0, (2, 12))
    signs = np.where(larger, -1.0, 1.0)
    opposite = Front(signs[0] * x, signs[1] * y, "x", "y", list(range(12)))
    front = Front(x, y, "x", "y", list(range(12)), larger)
    assert front.leads.tolist() == opposite.leads.tolist()
    (axes,) = drawn(pareto_figure([front]))
    (steps,) = axes.lines
    assert steps.get_drawstyle() == ("steps-pre" if larger[0] else "steps-post")
    assert steps.get_ydata().tolist() == y[front.leads][x[front.leads].argsort()].tolist()
    assert (np.diff(steps.get_ydata()) < 0.0).all() == (larger[0] == larger[1])


def test_what_is_to_be_large_is_never_off_the_axis():
    """A trial ten times as good as all others is the best one, and is shown."""
    values = np.array([1.0, 1.1, 1.2, 30.0])
    best = {"larger_is_better": True}
    (axes,) = drawn(history_figure(range(4), values, STATES, "R", **best))
    assert axes.lines[0].get_ydata().tolist() == values.tolist()
    assert len(axes.collections[0].get_offsets()) == 4
    (axes,) = drawn(parallel_figure(axes_of(), values, "R", **best))
    trials = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert len(trials) == 4
    assert trials[-1].get_ydata()[-1] == 1.0
    ring = drawn(slice_figure(axes_of(), values, STATES, "R", **best))[1].collections[1]
    assert ring.get_offsets()[0, 1] == 30.0


def test_slices_mark_where_trials_failed():
    """Above the axis, at the value that they had; a key that they did not have has no mark."""
    states = ["complete", "failed", "complete", "pruned"]
    errors = np.array([0.1, np.nan, 0.2, np.nan])
    keys = [SearchedAxis("rate", np.array([1.0, 2.0, 3.0, np.nan]))]
    (axes,) = drawn(slice_figure(keys, errors, states, "MAE"))
    assert {line.get_label(): list(line.get_xdata()) for line in axes.lines} == {"failed": [2.0]}


def test_a_slice_of_one_value_tells_it():
    """No round number need lie in a study of one trial."""
    keys = [SearchedAxis("rate", np.array([0.0031]), is_logarithmic=True)]
    (axes,) = drawn(slice_figure(keys, np.array([0.2]), ["complete"], "MAE"))
    assert axes.get_xticks().tolist() == [0.0031]


def test_parallel_lines_run_through_the_values_of_their_trials():
    """From 0 at the bottom to 1 at the top of each axis; the last axis is the error."""
    (axes,) = drawn(parallel_figure(axes_of(), ERRORS, "MAE"))
    trials = [line for line in axes.lines if len(line.get_xdata()) == 4]
    heights = {round(line.get_ydata()[1] * 3): line.get_ydata() for line in trials}
    assert len(heights) == 4
    for number, height in heights.items():
        error = (ERRORS[number] - 0.01) / 0.02
        assert height == pytest.approx([number / 3, number / 3, 0.25 + 0.5 * (number % 2), error])
    best = trials[-1]
    assert best.get_ydata()[-1] == 0.0
    assert to_rgba(best.get_color()) == to_rgba(VERMILION)


def test_trials_without_an_error_or_a_key_do_not_break_the_parallel_axes():
    """A gap where a trial does not have the key; no line for one that failed."""
    keys = [SearchedAxis("a", np.array([1.0, np.nan, 2.0])), SearchedAxis("b", np.full(3, 5.0))]
    (axes,) = drawn(parallel_figure(keys, np.array([0.1, 0.2, np.nan]), "MAE"))
    trials = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [np.isnan(line.get_ydata()).sum() for line in trials] == [1, 0]


def test_a_key_that_no_drawn_trial_has_is_no_parallel_axis():
    """Its scale would be made up: only a trial that failed has a value of it."""
    places = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([np.nan, np.nan, 4.0])}
    keys = [SearchedAxis(name, each) for name, each in places.items()]
    (axes,) = drawn(parallel_figure(keys, np.array([0.1, 0.2, np.nan]), "MAE"))
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "MAE"]


def test_names_that_look_like_formulas_are_letters():
    """Anybody may call an option $x$, or write an odd number of dollars."""
    names = tuple(map(literal, ("$x$", "$", "\\frac{", "漢字")))
    keys = [SearchedAxis(literal("$a$_b"), np.arange(4.0), names)]
    for figure in (
        slice_figure(keys, ERRORS, STATES, literal("$")),
        parallel_figure(keys, ERRORS, literal("$")),
    ):
        drawn(figure)


def test_equal_figures_have_equal_bytes():
    """No date, no version and no chance is in them, so that reports can be compared."""
    one, two = (png_and_pdf(forest_figure(forest(), "MAE")) for _ in range(2))
    assert one == two
