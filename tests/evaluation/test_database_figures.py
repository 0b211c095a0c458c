"""Figures of a database hold its numbers."""

from itertools import pairwise

import numpy as np
import pytest

from peslab.evaluation.database_figures import (
    acceptance_figure,
    energy_by_width,
    energy_distribution,
    percentile_figure,
)
from peslab.evaluation.scales import plain

RANDOM = np.random.default_rng(0)
BELL = RANDOM.normal(-2.0, 0.5, 2000)
TAILED = np.concatenate([BELL, [900.0, -80.0]])


def drawn(figure, tmp_path):
    """Whether it can be saved; the file is not empty."""
    figure.savefig(tmp_path / "a.png")
    return (tmp_path / "a.png").stat().st_size > 5000


def curve(energies, points=101):
    return np.quantile(energies, np.linspace(0, 1, points))


@pytest.mark.parametrize("energies", [BELL, TAILED, np.full(5, 3.0), np.array([1.0])])
def test_every_configuration_is_in_a_bar(energies, tmp_path):
    """The bars add up to all, whatever the energies: bells, outliers, a single value."""
    figure = energy_distribution(energies)
    bars = figure.axes[0].patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1.0)
    assert bars[0].get_x() <= energies.min()
    assert bars[-1].get_x() + bars[-1].get_width() >= energies.max() - 1e-12 * abs(energies.max())
    assert f"{len(energies):,} configurations" in figure.axes[0].get_title(loc="left")
    assert drawn(figure, tmp_path)


def test_outliers_do_not_leave_one_bar():
    """The scale widens: most of the bell still lies in many bars."""
    heights = [bar.get_height() for bar in energy_distribution(TAILED).axes[0].patches]
    assert max(heights) < 0.25
    assert energy_distribution(TAILED).axes[0].get_xscale() == "asinh"
    assert energy_distribution(BELL).axes[0].get_xscale() == "linear"


def test_ticks_of_a_wide_scale_are_plain_numbers():
    """0, ±1, ±3, ±10, … within the energies, with the minus sign of a figure."""
    figure = energy_distribution(TAILED)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    for label in ("−30", "−1", "0", "10", "300"):
        assert label in labels
    assert "1,000" not in labels  # beyond the highest


@pytest.mark.parametrize("outlier", [-7.4e8, 3e29])
def test_ticks_of_the_widest_scales_stay_apart(outlier):
    """Some decades, as powers of ten: labels do not run into each other."""
    figure = energy_distribution(np.append(BELL, outlier))
    figure.draw_without_rendering()
    shown = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    assert len(shown) >= 5
    assert any("10^" in label.get_text() for label in shown)
    boxes = [label.get_window_extent() for label in shown]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0


def test_bent_scales_between_two_decades_have_ticks():
    """Cells of one width may all lie between −6.5 and −4.9 E_c, where no ±1, ±3 is."""
    tame, wild = np.linspace(-6.48, -6.22, 101), np.linspace(-6.47, -4.93, 101)
    figure = percentile_figure({"": {"150": tame, "80": tame, "20": wild}})
    axes = figure.axes[0]
    assert axes.get_yscale() == "asinh"
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert len(ticks) >= 3


@pytest.mark.parametrize(
    ("number", "told"),
    [(-5.84, "−5.84"), (1234.0, "1,234"), (1e8, "$10^{8}$"), (-7.4e8, r"$-7.4 \times 10^{8}$"),
     (1.1e8, r"$1.1 \times 10^{8}$"), (-1e6, "$-10^{6}$"), (1.01e5, r"$1.01 \times 10^{5}$")],
)  # fmt: skip
def test_numbers_are_plain_up_to_a_hundred_thousand(number, told):
    """And beyond as powers of ten."""
    assert plain(number) == told


def test_percentiles_run_from_0_to_100(tmp_path):
    """A curve begins at the lowest energy and ends at the highest."""
    figure = percentile_figure({"": {"train": curve(BELL)}})
    (line,) = figure.axes[0].lines
    assert line.get_xdata()[[0, -1]].tolist() == [0.0, 100.0]
    assert line.get_ydata()[[0, -1]].tolist() == [BELL.min(), BELL.max()]
    low, high = figure.axes[0].get_ylim()
    assert low < BELL.min() < BELL.max() < high
    assert not figure.legends
    assert drawn(figure, tmp_path)


@pytest.mark.parametrize(
    "curves",
    [
        {"one with a tail": TAILED[:-1]},
        {"wild": 1000 * np.abs(BELL), "tame": BELL},
    ],
    ids=["tail", "wild"],
)
def test_high_energies_do_not_flatten_the_others(curves):
    """All stay in the figure, and a thousandth of its range can still be told from a line."""
    axes = percentile_figure({"": {name: curve(e) for name, e in curves.items()}}).axes[0]
    low, high = axes.get_ylim()
    assert low <= min(e.min() for e in curves.values())
    assert high >= max(e.max() for e in curves.values())
    heights = axes.transData.transform([(0.0, BELL.min()), (0.0, np.quantile(BELL, 0.9))])[:, 1]
    assert np.ptp(heights) > axes.bbox.height / 20


@pytest.mark.parametrize(("n", "bars"), [(50, 20), (1000, 50), (2000, 100), (25_000, 100)])
def test_few_energies_have_few_bars(n, bars):
    """A hundred bars of five energies each would show noise."""
    (axes,) = energy_distribution(np.linspace(-1.0, 1.0, n)).axes
    assert len(axes.patches) == bars
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1.0)


def test_tame_energies_have_a_plain_scale():
    """Nothing far away: equal steps are equal energies."""
    axes = percentile_figure({"": {"a": curve(BELL)}}).axes[0]
    assert axes.get_yscale() == "linear"


@pytest.mark.parametrize("energies", [BELL, TAILED])
def test_panels_side_by_side_have_one_scale(energies):
    """Two potentials are compared by their heights."""
    panels = {"potential=one": {"a": curve(energies)}, "potential=two": {"a": curve(0.2 * BELL)}}
    left, right = percentile_figure(panels).axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_yscale() == right.get_yscale() == ("linear" if energies is BELL else "asinh")
    low, high = right.get_ylim()
    assert low <= energies.min() < 0.2 * BELL.max() < high


def test_curves_of_different_levels_are_seen_beside_a_far_one():
    """Narrow cells at −10 E_c and wide ones at 0 have 1 E_c each, one database reaches 60."""
    low, high, far = -10.0 + RANDOM.random(500), RANDOM.random(500), 5.0 * RANDOM.random(500)
    far[:20] = 60.0
    panels = {"a": {"x": curve(low)}, "b": {"x": curve(high)}, "c": {"x": curve(far)}}
    axes = percentile_figure(panels).axes[1]
    heights = axes.transData.transform([(0.0, 0.0), (0.0, 1.0)])[:, 1]
    assert np.ptp(heights) > axes.bbox.height / 10


def test_equal_energies_are_a_line(tmp_path):
    """No range, no division by it."""
    assert drawn(percentile_figure({"": {"a": np.full(5, 2.0)}}), tmp_path)


@pytest.mark.parametrize("n_panels", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("draw", [percentile_figure, acceptance_figure])
def test_every_panel_and_curve_is_there(draw, n_panels, tmp_path):
    """One panel for each title, one curve for each label, one legend for all."""
    labels = [f"epochs={k}" for k in range(12)]
    panels = {
        f"cell_width={w}": {label: np.linspace(0, 1, 5 + k) for k, label in enumerate(labels)}
        for w in range(n_panels)
    }
    figure = draw(panels)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(panels)
    assert all(len(axes.lines) == 12 for axes in figure.axes)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == labels
    assert drawn(figure, tmp_path)


def test_curves_have_colors_of_their_own():
    """In a sequence, none twice."""
    figure = percentile_figure({"": {str(k): curve(BELL + k) for k in range(14)}})
    assert len({tuple(line.get_color()) for line in figure.axes[0].lines}) == 14


def test_epochs_begin_with_one_and_rates_end_at_all():
    """A rate lies between 0 and 100 %; epochs that were not run leave a gap."""
    rates = np.array([0.5, np.nan, 0.3])
    axes = acceptance_figure({"": {"a": rates}}).axes[0]
    assert axes.get_ylim() == (0.0, 1.0)
    assert axes.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert np.array_equal(axes.lines[0].get_ydata(), rates, equal_nan=True)


def test_short_curves_lie_over_long_ones():
    """Databases of 10 and 20 epochs agree for 10 of them: both colors are seen."""
    lines = acceptance_figure({"": {"20": np.ones(20), "10": np.ones(10)}}).axes[0].lines
    assert lines[1].get_zorder() > lines[0].get_zorder()


def test_a_single_epoch_can_be_drawn(tmp_path):
    """However little that shows."""
    assert drawn(acceptance_figure({"": {"1": np.array([0.5])}}), tmp_path)


def test_bands_over_the_widths_hold_their_quantiles(tmp_path):
    """At each width the median of its own energies, in the order of the widths."""
    widths = np.tile([3.0, 1.5, 6.0], 200)
    energies = RANDOM.normal(size=600) * widths + 100 * (widths < 2)
    figure = energy_by_width(widths, energies)
    axes = figure.axes[0]
    median = axes.lines[1]
    assert median.get_xdata().tolist() == [1.5, 3.0, 6.0]
    for width, value in zip(*median.get_data(), strict=True):
        assert value == np.median(energies[widths == width])
    outer = axes.collections[0].get_paths()[0].vertices
    of_first = energies[widths == 1.5]
    assert outer[outer[:, 0] == 1.5][:, 1].min() == pytest.approx(np.quantile(of_first, 0.05))
    assert outer[outer[:, 0] == 1.5][:, 1].max() == pytest.approx(np.quantile(of_first, 0.95))
    assert axes.get_yscale() == "asinh"
    assert drawn(figure, tmp_path)


def test_the_deepest_width_is_told():
    """The thesis finds it near 2 R_c."""
    widths = np.repeat([1.5, 1.7, 5.0], 10)
    energies = np.repeat([4.0, -36.0, -1.0], 10) + np.tile(np.arange(10.0), 3)
    title = energy_by_width(widths, energies).axes[0].get_title(loc="left")
    assert title == "Lowest median: −31.5 $E_c$ at 1.7 $R_c$"


def test_energies_of_hard_cores_are_seen_by_their_decades():
    """All positive, from 1e8 to 1e16: the median lies between ticks, and no bar holds most."""
    energies = 10.0 ** RANDOM.uniform(8.0, 16.0, 3000)
    axes = energy_distribution(energies).axes[0]
    assert axes.get_xscale() == "log"
    ticks = axes.xaxis.get_major_locator()()
    assert min(ticks) < np.median(energies) < max(ticks)
    assert max(bar.get_height() for bar in axes.patches) < 0.05
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1.0)
    axes = percentile_figure({"": {"": curve(energies)}}).axes[0]
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low <= energies.min() < energies.max() <= high


def test_a_single_energy_lies_in_the_middle():
    """Particles alone in their cells have none."""
    low, high = energy_distribution(np.zeros(400)).axes[0].get_xlim()
    assert low == pytest.approx(-high, abs=0.02)


@pytest.mark.parametrize(("spaced", "scale"), [(np.geomspace, "log"), (np.linspace, "linear")])
def test_widths_are_spaced_as_they_were_chosen(spaced, scale):
    """Logarithmic widths lie evenly on a logarithmic axis."""
    widths = np.repeat(spaced(1.5, 10.0, 20), 30)
    assert energy_by_width(widths, BELL[:600]).axes[0].get_xscale() == scale
