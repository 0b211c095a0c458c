"""Errors over what they depend on: quantiles in bins, read back from the axes."""

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection, LineCollection

from peslab.evaluation import error_figure
from peslab.evaluation.error_figures import error_quantiles

RANDOM = np.random.default_rng(0)
ALONG = RANDOM.normal(size=4000)
ERRORS = np.abs(RANDOM.normal(size=(3, 4000))) * np.exp(ALONG)  # growing with what they depend on


def filled(axes):
    """The bands, without the bars of bins that stand alone."""
    return [each for each in axes.collections if isinstance(each, FillBetweenPolyCollection)]


def test_bins_have_equal_counts_and_their_own_quantiles():
    """24 of them, the first with the lowest 167 of 4,000."""
    middles, quantiles = error_quantiles(ALONG, ERRORS)
    assert middles.shape == (24,)
    assert quantiles.shape == (5, 24)
    assert (np.diff(middles) > 0).all()
    first = ALONG.argsort()[:167]
    assert middles[0] == np.median(ALONG[first])
    assert quantiles[:, 0] == pytest.approx(
        np.quantile(ERRORS[:, first], (0.05, 0.25, 0.5, 0.75, 0.95))
    )


def test_errors_that_grow_are_seen_to_grow():
    """Their median is 0.674 of their scale, in every bin."""
    middles, (_, _, median, _, _) = error_quantiles(ALONG, ERRORS)
    assert median / np.exp(middles) == pytest.approx(np.full(24, 0.674), rel=0.25)


def test_each_cell_width_is_a_bin_of_its_own():
    """However many configurations have it."""
    widths = np.repeat([1.5, 5.0, 10.0], [100, 3000, 900])
    middles, quantiles = error_quantiles(widths, ERRORS)
    assert middles.tolist() == [1.5, 5.0, 10.0]
    assert quantiles[2, 0] == np.median(ERRORS[:, :100])


@pytest.mark.parametrize(("n", "bins"), [(1, 1), (5, 1), (39, 1), (40, 2), (10_000, 24)])
def test_few_configurations_make_few_bins(n, bins):
    """Twenty in each at least."""
    assert len(error_quantiles(np.arange(n) / 7, np.ones((2, n)))[0]) == bins


def test_bands_and_line_are_broken_where_there_are_no_data():
    """Two clusters have bins of their own; a few rows between or beyond them make no cluster."""
    clusters = np.concatenate([np.linspace(0.8, 1.0, 300), np.linspace(1.4, 1.5, 100)])
    lone = [1.2, 1.9]
    along = np.concatenate([clusters, lone])
    middles, quantiles = error_quantiles(along, np.ones((2, len(along))))
    (gap,) = np.flatnonzero(np.isnan(middles))
    assert np.isnan(quantiles[:, gap]).all()
    assert middles[gap - 1] < 1.1 < middles[gap + 1]
    assert len(middles) == 15 + 1 + 5
    assert not np.isnan(np.delete(quantiles, gap, axis=1)).any()
    logarithms = np.log(along)
    assert np.isnan(error_quantiles(along, np.ones((1, len(along))), logarithms)[0]).sum() == 1
    axes = error_figure({"one": along}, np.ones((1, len(along)))).axes[0]
    for band in filled(axes):
        spans = [path.vertices[:, 0] for path in band.get_paths()]
        assert len(spans) == 2
        assert spans[0].max() < 1.2 < spans[1].min()


def test_a_few_rows_far_away_are_not_joined_with_the_many():
    """A bin of the last 40 of 1,000 rows lies far from all others; a bar tells its errors."""
    along = np.concatenate([np.linspace(0.8, 1.0, 960), np.linspace(1.0, 3.0, 41)[1:]])
    errors = np.exp(np.linspace(-1.0, 1.0, 1000))[None]
    middles, quantiles = error_quantiles(along, errors)
    assert np.isnan(middles[-2])
    assert np.isfinite(middles[:-2]).all()
    axes = error_figure({"one": along}, errors).axes[0]
    bars = [each for each in axes.collections if isinstance(each, LineCollection)]
    for bar, (low, high) in zip(bars, ((0, 4), (1, 3)), strict=True):
        (segment,) = bar.get_segments()
        assert segment[:, 0].tolist() == [middles[-1]] * 2
        assert segment[:, 1] == pytest.approx(quantiles[[low, high], -1])
    alone = error_quantiles(along[-41:], errors[:, -41:])[0]
    assert np.isfinite(alone).all()  # two bins are not far from each other


def test_the_legend_hides_no_errors():
    """It stands below the panels, with the three names once."""
    figure = error_figure({"one": ALONG, "two": ALONG}, ERRORS)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "5 % to 95 %", "25 % to 75 %", "median",
    ]  # fmt: skip
    assert all(axes.get_legend() is None for axes in figure.axes)


def test_the_figure_holds_the_quantiles():
    """The line is the median, the bands are two pairs of quantiles, over all points."""
    figure = error_figure({"one ($E_c$)": ALONG, "other ($R_c$)": ALONG[::-1]}, ERRORS, "eV")
    left, right = figure.axes
    for axes, along in ((left, ALONG), (right, ALONG[::-1])):
        middles, quantiles = error_quantiles(along, ERRORS)
        (median,) = axes.lines
        assert np.array_equal(median.get_xdata(), middles)
        assert median.get_ydata() == pytest.approx(quantiles[2])
        assert axes.collections[0].get_array().sum() == ERRORS.size
        for band, (low, high) in zip(filled(axes), ((0, 4), (1, 3)), strict=True):
            heights = band.get_paths()[0].vertices[:, 1]
            assert heights.min() == pytest.approx(quantiles[low].min(), rel=1e-6)
            assert heights.max() == pytest.approx(quantiles[high].max(), rel=1e-6)
        assert axes.get_yscale() == "log"
    assert left.get_ylabel() == "absolute error (eV)"
    assert (left.get_xlabel(), right.get_xlabel()) == ("one ($E_c$)", "other ($R_c$)")
    assert left.get_title(loc="left") == f"Median error {np.median(ERRORS):.2g} eV"


def test_perfect_predictions_and_single_ones_can_be_drawn(tmp_path):
    """Zeros have no logarithm, and one configuration has no range."""
    for errors in (np.zeros((2, 50)), np.zeros((1, 1)), np.ones((1, 1))):
        figure = error_figure({"one": np.arange(float(errors.shape[1]))}, errors)
        figure.savefig(tmp_path / "a.png")


def test_long_tails_do_not_hide_the_rest():
    """Energies up to 1,000 E_c among those of about 1."""
    figure = error_figure({"one": np.exp(3 * ALONG)}, ERRORS)
    assert figure.axes[0].get_xscale() == "asinh"


def test_a_single_error_is_seen():
    """Each cell with something in it differs from white, also one with a single error."""
    along = np.append(np.zeros(400), 5.0)
    figure = error_figure({"one": along}, np.append(np.ones(400), 30.0)[None])
    figure.canvas.draw()
    cells = figure.axes[0].collections[0]
    counts, colors = cells.get_array().compressed(), cells.get_facecolors()
    filled = colors[~np.ma.getmaskarray(cells.get_array()).ravel()]
    assert counts.min() == 1
    seen = 1.0 - filled[:, 3] * (1.0 - filled[:, 0])  # on white
    assert seen.max() < 0.92
