"""Replicas as an ensemble: known errors, known spreads, known correlations."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from peslab.evaluation import ensemble_figure, ensemble_metrics
from peslab.evaluation.ensemble import rank_correlation, spread

RANDOM = np.random.default_rng(0)
TARGET = RANDOM.normal(size=3000)
SIZES = np.exp(RANDOM.normal(size=3000))
HONEST = TARGET + SIZES * RANDOM.normal(size=(4, 3000))
"""Independent errors of known size: what spreads much errs much."""


def test_the_spread_is_the_standard_deviation_over_replicas():
    """Of 1 and 3 it is √2: that of a sample, with k − 1."""
    assert spread(np.array([[1.0, 5.0], [3.0, 5.0]])) == pytest.approx([2**0.5, 0.0])


def test_the_mean_errs_less_than_its_replicas():
    """Independent errors of opposite signs cancel; common ones stay."""
    opposite = np.stack([TARGET + 0.1, TARGET - 0.1])
    assert ensemble_metrics(opposite, TARGET)["mae"] == pytest.approx(0.0, abs=1e-15)
    common = np.stack([TARGET + 0.1, TARGET + 0.3])
    assert ensemble_metrics(common, TARGET)["mae"] == pytest.approx(0.2)
    assert ensemble_metrics(common, TARGET)["spread"] == pytest.approx(0.2 / 2**0.5)
    found = ensemble_metrics(HONEST, TARGET)["mae"]
    assert found == pytest.approx(np.abs(HONEST - TARGET).mean() / 2, rel=0.05)


def test_the_correlation_is_spearmans():
    """Also where values are equal."""
    for one, other in (
        (SIZES, np.abs(HONEST[0] - TARGET)),
        (RANDOM.integers(0, 5, 500).astype(float), RANDOM.integers(0, 9, 500).astype(float)),
    ):
        assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert rank_correlation(SIZES, np.exp(SIZES)) == pytest.approx(1.0)
    assert rank_correlation(SIZES, -SIZES) == pytest.approx(-1.0)
    assert rank_correlation(SIZES, np.ones(3000)) == 0.0


def test_an_honest_ensemble_knows_its_errors():
    """And one whose spread is the same everywhere knows nothing of them."""
    assert ensemble_metrics(HONEST, TARGET)["spread_correlation"] > 0.5
    ignorant = TARGET + SIZES + 0.01 * RANDOM.normal(size=(4, 3000))
    assert abs(ensemble_metrics(ignorant, TARGET)["spread_correlation"]) < 0.1


def test_the_figure_holds_errors_and_spreads():
    """Root mean squares in bins of equal counts, over all configurations."""
    figure = ensemble_figure(HONEST, TARGET, "eV")
    axes = figure.axes[0]
    diagonal, curve = axes.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata())
    rows = spread(HONEST).argsort()[:150]
    errors = (HONEST.mean(axis=0) - TARGET)[rows]
    assert curve.get_ydata()[0] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-3)
    assert curve.get_xdata()[0] == pytest.approx(
        np.sqrt(np.mean(spread(HONEST)[rows] ** 2)), rel=1e-2
    )
    assert curve.get_ydata()[-1] > 5 * curve.get_ydata()[0]
    # The mean of four replicas errs half as much as they scatter.
    whole = [np.sqrt(np.mean(np.square(data))) for data in (curve.get_ydata(), curve.get_xdata())]
    assert whole[0] / whole[1] == pytest.approx(0.5, rel=0.1)
    assert axes.collections[0].get_array().sum() == 3000
    shown = np.quantile(spread(HONEST), (0.01, 1.0))
    assert axes.get_xlim()[0] < shown[0] < shown[1] <= axes.get_xlim()[1] * (1 + 1e-9)
    assert axes.get_ylim()[1] == pytest.approx(np.abs(HONEST.mean(axis=0) - TARGET).max())
    assert axes.get_xlabel() == "spread of the 4 replicas (eV)"
    assert axes.get_ylabel() == "error of their mean (eV)"
    found = ensemble_metrics(HONEST, TARGET)
    assert f"{found['spread_correlation']:.2f}" in axes.get_title(loc="left")
    assert f"{found['mae']:.3g} eV" in axes.get_title(loc="left")


def test_replicas_that_agree_can_be_drawn(tmp_path):
    """No spread, no error, one configuration: logarithms are not asked of zeros."""
    for prediction, target in (
        (np.zeros((2, 30)), np.zeros(30)),
        (np.zeros((2, 30)), np.ones(30)),
        (np.array([[1.0], [2.0]]), np.zeros(1)),
    ):
        ensemble_figure(prediction, target).savefig(tmp_path / "a.png")
