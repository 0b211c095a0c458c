import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf

from peslab.evaluation import (
    DragTest,
    drag_figure,
    drag_test,
    learning_curves,
    parity,
    thesis_path,
)


def pixels(figure):
    """The drawn figure, shape (height, width, 4)."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


@pytest.fixture
def target():
    return np.random.default_rng(0).normal(-2.5, 1.0, 500)


@pytest.fixture
def prediction(target):
    """Three replicas, off by exactly 0.1, 0.2 and 0.3 E_c."""
    signs = np.where(np.arange(500) % 2, 1.0, -1.0)
    return target + np.array([[0.1], [0.2], [0.3]]) * signs


@pytest.fixture
def history():
    """Falling curves of two replicas; the second one is best in its next to last epoch."""
    falling = 2.0 / np.arange(1, 31)
    validation = np.stack([falling, 1.1 * falling])
    validation[1, -1] *= 2
    return {"train/loss": np.stack([falling, falling]) / 2, "val/mae": validation}


def a_drag(energy):
    """A drag whose prediction is off by 0.01 and 0.03 E_c."""
    along = np.linspace(0, 5, len(energy))
    gradient = np.gradient(energy, along)
    return DragTest(
        coordinate=along,
        energy=energy,
        gradient=gradient,
        predicted_energy=energy + np.array([[0.01], [-0.03]]),
        predicted_gradient=np.stack([gradient, gradient + 0.1]),
    )


@pytest.fixture
def smooth_drag():
    return a_drag(-2.5 + np.sin(np.linspace(0, 2 * np.pi, 101)))


@pytest.fixture
def figures(prediction, target, history, smooth_drag):
    return [parity(prediction, target), learning_curves(history), drag_figure(smooth_drag)]


def test_figures_are_drawn(figures):
    """They are not empty: more than 1 % of the pixels are not white."""
    for figure in figures:
        drawn = (pixels(figure)[..., :3] < 250).any(axis=-1)
        assert drawn.mean() > 0.01


def test_figures_can_be_saved_without_a_display(figures):
    """As PNG, from any thread, since pyplot knows nothing of them."""
    for figure in figures:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        assert file.getvalue().startswith(b"\x89PNG")
    assert Gcf.get_num_fig_managers() == 0


def test_figures_change_no_global_settings(prediction, target):
    """The style ends with the figure."""
    before = dict(mpl.rcParams)
    parity(prediction, target)
    assert dict(mpl.rcParams) == before


def test_every_axis_is_labeled_with_its_unit(figures):
    """Except for epochs and counts, which have none."""
    for figure in figures:
        labels = [axes.get_ylabel() for axes in figure.axes]
        labels += [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
        assert all("$" in text or text in {"epoch", "predictions per cell"} for text in labels)


def test_titles_tell_the_error_with_its_standard_error(figures):
    """Two digits of the standard error, and as many decimals of the mean."""
    parity_figure, curves, drag = figures
    # Replicas 0.1, 0.2, 0.3: s = 0.1, 0.1/√3 = 0.058.
    assert titles(parity_figure) == ["MAE 0.200 ± 0.058 $E_c$ (3 replicas)"]
    # Best epochs 2/30 = 0.0667 and 2.2/29 = 0.0759: mean 0.0713, half their difference 0.0046.
    assert titles(curves) == ["Best validation MAE 0.0713 ± 0.0046 $E_c$"]
    assert titles(drag) == [
        "Energy: MAE 0.020 ± 0.010 $E_c$",
        "Gradient: MAE 0.050 ± 0.050 $E_c/R_c$",
    ]


def test_one_replica_has_no_standard_error_in_the_title(prediction, target, history):
    """Nothing is invented."""
    assert titles(parity(prediction[:1], target)) == ["MAE 0.1 $E_c$ (1 replica)"]
    one = {name: curves[:1] for name, curves in history.items()}
    assert titles(learning_curves(one)) == ["Best validation MAE 0.0667 $E_c$"]


def test_parity_shows_every_prediction_in_both_panels(prediction, target):
    """The counts of all cells add up to replicas times configurations."""
    upper, lower, _ = parity(prediction, target).axes
    for axes in (upper, lower):
        (cells,) = axes.collections
        assert cells.get_array().sum() == prediction.size


def test_other_problems_have_other_units(prediction, target):
    """The axis names the quantity and its unit, upright as units are printed."""
    upper, lower, _ = parity(prediction, target, unit="eV", quantity="gap").axes
    assert lower.get_xlabel() == "exact gap (eV)"
    assert upper.get_ylabel() == "predicted (eV)"


def test_learning_curves_mark_the_weights_that_are_kept(history):
    """A dot for each replica at its best epoch, counted from 1."""
    (axes,) = learning_curves(history).axes
    (dots,) = axes.collections
    np.testing.assert_allclose(dots.get_offsets(), [[30, 2 / 30], [29, 2.2 / 29]])
    assert axes.get_yscale() == "log"
    assert [line.get_linewidth() > 1 for line in axes.lines].count(True) == 2


def test_the_drag_shows_the_range_and_the_mean_of_the_replicas(smooth_drag):
    """The band reaches from the lowest to the highest replica at every point."""
    energy, _ = drag_figure(smooth_drag).axes
    (band,) = energy.collections
    corners = band.get_paths()[0].vertices
    middle = corners[np.isclose(corners[:, 0], 2.5), 1]
    assert middle.min() == pytest.approx(-2.53)
    assert middle.max() == pytest.approx(-2.49)
    mean = next(line for line in energy.lines if line.get_label() == "network, mean")
    np.testing.assert_allclose(mean.get_ydata(), smooth_drag.energy - 0.01)


def test_smooth_surfaces_are_shown_whole(smooth_drag):
    """No part of an ordinary drag is cut off."""
    for axes, values in zip(
        drag_figure(smooth_drag).axes, (smooth_drag.energy, smooth_drag.gradient), strict=True
    ):
        low, high = axes.get_ylim()
        assert low < values.min()
        assert high > values.max()


def test_a_hard_core_does_not_flatten_the_rest():
    """Where particles nearly overlap, 1e9 E_c is cut off and the wells of 1 E_c stay visible."""
    energy = -2.5 + np.sin(np.linspace(0, 2 * np.pi, 101))
    energy[40:60] += 1e9
    low, high = drag_figure(a_drag(energy)).axes[0].get_ylim()
    assert low < energy.min()
    assert 0 < high < 20


def test_a_flat_surface_can_be_drawn():
    """A particle beyond the cutoff of all others feels nothing; the axis keeps a height."""
    for axes in drag_figure(a_drag(np.zeros(11))).axes:
        low, high = axes.get_ylim()
        assert low < 0 < high


def test_the_thesis_path_can_be_drawn():
    """From path to figure."""

    def exact(positions):
        return positions.sum(axis=(1, 2)), np.ones_like(positions)

    def predict(positions):
        energy, gradient = exact(positions)
        return energy[None], gradient[None]

    figure = drag_figure(drag_test(thesis_path(5.0, 21), exact, predict))
    assert titles(figure) == ["Energy: MAE 0 $E_c$", "Gradient: MAE 0 $E_c/R_c$"]


def test_losses_are_told_without_zeros_at_their_end(history):
    """0.5 beside 0.002, not 0.5000."""
    figure = learning_curves({name: curves / 100 for name, curves in history.items()})
    figure.draw_without_rendering()
    told = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "0.01" in told
    assert "0.001" in told
    assert not any(text.endswith("0") for text in told)


def test_epochs_are_whole_numbers(history):
    """Of a training of three there is no epoch 1.25."""
    figure = learning_curves({name: curves[:, :3] for name, curves in history.items()})
    figure.draw_without_rendering()
    assert all(tick == round(tick) for tick in figure.axes[0].get_xticks())
