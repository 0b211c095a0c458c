"""What is drawn is what was given: points, curves, bands, labels and units, read back from axes."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from peslab.evaluation import (
    DragTest,
    drag_figure,
    drag_test,
    learning_curves,
    mean_and_sem,
    parity,
    straight_path,
)
from peslab.evaluation.style import BLACK, BLUE, VERMILION
from peslab.toymodel import ModifiedLennardJones

N_REPLICAS, N_EPOCHS = 3, 25


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def energies(random):
    """Exact energies, and three replicas with errors of 0.05 E_c."""
    exact = random.normal(-1.0, 1.0, 400)
    return exact, exact + random.normal(0.0, 0.05, (N_REPLICAS, 400))


@pytest.fixture
def history(random):
    """Noisy curves: each replica is best somewhere else."""
    falling = np.geomspace(2.0, 0.02, N_EPOCHS)
    return {
        name: falling * random.uniform(0.7, 1.3, (N_REPLICAS, N_EPOCHS))
        for name in ("train/loss", "val/mae")
    }


@pytest.fixture
def drag(random):
    """A particle dragged past another one, with a network that is wrong by a wave."""
    potential, width = ModifiedLennardJones(), 5.0
    path = straight_path(np.array([[1.5, 1.0], [2.6, 0.0]]), width, 61, particle=1, axis=1)

    def exact(positions):
        energy, forces = potential.energy_and_forces(positions, width)
        return energy, -forces / positions.shape[1]

    def predict(positions):
        energy, gradient = exact(positions)
        sizes = random.uniform(0.01, 0.1, N_REPLICAS)
        wave = np.sin(positions[:, 1, 1])
        wrong = gradient[None] + sizes[:, None, None, None]
        return energy + sizes[:, None] * wave, wrong

    return drag_test(path, exact, predict)


def lines(axes, color):
    """The curves of one color, the thin ones first."""
    found = [line for line in axes.lines if to_rgb(line.get_color()) == to_rgb(color)]
    return sorted(found, key=lambda line: line.get_linewidth())


def title(axes):
    return axes.get_title(loc="left")


def labels(axes):
    """What the legend explains."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_axes_are_labeled_with_quantity_and_unit(energies, history, drag):
    """Every axis of every figure says what it shows: E_c and R_c stand where they belong."""
    exact, predicted = energies
    upper, lower, colors = parity(predicted, exact).axes
    assert upper.get_ylabel() == "predicted ($E_c$)"
    assert lower.get_ylabel() == "error ($E_c$)"
    assert lower.get_xlabel() == "exact energy per particle ($E_c$)"
    assert colors.get_ylabel() == "predictions per cell"
    (curves,) = learning_curves(history).axes
    assert curves.get_xlabel() == "epoch"
    assert "loss" in curves.get_ylabel()
    assert "($E_c$)" in curves.get_ylabel()
    energy, gradient = drag_figure(drag).axes
    assert energy.get_ylabel() == "energy per particle ($E_c$)"
    assert gradient.get_ylabel() == "gradient ($E_c/R_c$)"
    assert gradient.get_xlabel() == "position of the dragged particle ($R_c$)"


def test_titles_hold_the_errors_of_the_data(energies, history, drag):
    """The number in each title is the mean over replicas of what the arrays give."""
    exact, predicted = energies
    errors = drag.errors()
    expected = [
        (parity(predicted, exact).axes[0], np.abs(predicted - exact).mean(axis=1)),
        (learning_curves(history).axes[0], history["val/mae"].min(axis=1)),
        (drag_figure(drag).axes[0], errors["energy_mae"]),
        (drag_figure(drag).axes[1], errors["gradient_mae"]),
    ]
    for axes, values in expected:
        mean, sem = mean_and_sem(values)
        words = title(axes).replace("$", " ").split()
        told = float(words[words.index("±") - 1]), float(words[words.index("±") + 1])
        # Two digits of the standard error are printed: half of the last one is lost.
        assert told[0] == pytest.approx(mean, abs=0.06 * sem)
        assert told[1] == pytest.approx(sem, rel=0.06)


def test_parity_cells_stand_where_the_points_are(energies):
    """The cells, weighted by their counts, have the mean and the scatter of the predictions."""
    exact, predicted = energies
    upper, lower, _ = parity(predicted, exact).axes
    x = np.broadcast_to(exact, predicted.shape).ravel()
    for axes, y in ((upper, predicted.ravel()), (lower, (predicted - exact).ravel())):
        (cells,) = axes.collections
        edges, counts = cells.get_coordinates(), cells.get_array()
        assert counts.sum() == len(x)
        assert counts.min() >= 1  # empty cells are not drawn
        for axis, values in enumerate((x, y)):
            lower_edges, upper_edges = edges[:-1, :-1, axis], edges[1:, 1:, axis]
            mean = np.average((lower_edges + upper_edges) / 2, weights=counts.filled(0))
            cell = upper_edges[0, 0] - lower_edges[0, 0]
            # A point is at most half a cell away from the center of that which counts it.
            assert mean == pytest.approx(values.mean(), abs=0.2 * cell)
            assert lower_edges.min() == values.min()
            assert upper_edges.max() == values.max()


def test_parity_lines_are_perfect_predictions(energies):
    """The diagonal runs from the lowest to the highest exact energy, the zero of errors across."""
    exact, predicted = energies
    upper, lower, _ = parity(predicted, exact).axes
    (diagonal,) = upper.lines
    ends = [exact.min(), exact.max()]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == ends
    (zero,) = lower.lines
    assert list(zero.get_ydata()) == [0.0, 0.0]


def test_parity_cuts_no_outlier_off(energies):
    """One prediction that is wrong by 7 E_c is seen: that is what the plot is for."""
    exact, predicted = energies
    predicted[1, 5] = exact[5] + 7.0
    upper, lower, _ = parity(predicted, exact).axes
    for axes, y in ((upper, predicted), (lower, predicted - exact)):
        low, high = axes.get_ylim()
        assert low <= y.min()
        assert high >= y.max()
        assert axes.get_xlim()[0] <= exact.min() <= exact.max() <= axes.get_xlim()[1]


def test_ticks_reach_the_predictions(energies):
    """Also where these go far beyond all exact energies, and the diagonal is still one."""
    exact, predicted = energies
    predicted[1, 5] = 3e5
    upper, *_ = parity(predicted, exact).axes
    assert upper.get_yscale() == upper.get_xscale() == "asinh"
    assert max(upper.yaxis.get_major_locator()()) >= 1e5
    widths = [axis.get_transform().linear_width for axis in (upper.xaxis, upper.yaxis)]
    assert widths[0] == widths[1]


@pytest.mark.parametrize(("name", "color"), [("train/loss", BLUE), ("val/mae", VERMILION)])
def test_learning_curves_are_the_history(history, name, color):
    """A thin line is a replica, the bold one their mean, over epochs counted from 1."""
    (axes,) = learning_curves(history).axes
    *thin, bold = lines(axes, color)
    assert len(thin) == N_REPLICAS
    for line, replica in zip(thin, history[name], strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, N_EPOCHS + 1))
        np.testing.assert_array_equal(line.get_ydata(), replica)
        assert line.get_linewidth() < bold.get_linewidth()
    np.testing.assert_allclose(bold.get_ydata(), history[name].mean(axis=0), rtol=1e-15)


def test_of_several_settings_the_best_is_bold(history):
    """Their mean would be a curve of nothing."""
    (axes,) = learning_curves(history, are_settings=True).axes
    best = int(history["val/mae"].min(axis=1).argmin())
    *_, bold = lines(axes, VERMILION)
    np.testing.assert_array_equal(bold.get_ydata(), history["val/mae"][best])
    assert axes.get_legend().get_title().get_text() == f"bold: replica {best}, the best of 3"
    assert "±" not in axes.get_title()


def test_learning_curves_explain_themselves(history):
    """The legend names both curves, the dots and the bold line; decades are logarithmic."""
    (axes,) = learning_curves(history).axes
    assert labels(axes) == ["training loss", "validation MAE", "weights kept"]
    assert axes.get_legend().get_title().get_text() == "bold: mean of 3 replicas"
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    everything = np.concatenate(list(history.values()))
    assert low < everything.min()
    assert high > everything.max()


def test_dots_lie_on_the_validation_curves(history):
    """The weights kept are those of each replica's own best epoch, never of the mean's."""
    (axes,) = learning_curves(history).axes
    (dots,) = axes.collections
    offsets = np.asarray(dots.get_offsets())
    assert len(offsets) == N_REPLICAS
    for (epoch, error), replica in zip(offsets, history["val/mae"], strict=True):
        assert replica[round(epoch) - 1] == pytest.approx(error, rel=1e-12)
        assert error == pytest.approx(replica.min(), rel=1e-12)


def test_one_epoch_can_be_drawn():
    """The shortest of runs has curves of one point, and its axes still have an extent."""
    history = {"train/loss": np.array([[0.5], [0.6]]), "val/mae": np.array([[0.3], [0.2]])}
    figure = learning_curves(history)
    figure.canvas.draw()
    assert title(figure.axes[0]) == "Best validation MAE 0.250 ± 0.050 $E_c$"


def test_the_drag_shows_both_surfaces(drag):
    """Exact curves in black, the mean of the replicas dashed, both over the whole path."""
    figure = drag_figure(drag)
    surfaces = [
        (drag.energy, drag.predicted_energy),
        (drag.gradient, drag.predicted_gradient),
    ]
    for axes, (exact, predicted) in zip(figure.axes, surfaces, strict=True):
        (black,) = lines(axes, BLACK)
        (mean,) = lines(axes, VERMILION)  # no mark where both leave the panel
        assert mean.get_linestyle() == "--"
        np.testing.assert_array_equal(black.get_xdata(), drag.coordinate)
        np.testing.assert_array_equal(black.get_ydata(), exact)
        np.testing.assert_array_equal(mean.get_ydata(), predicted.mean(axis=0))
        assert axes.get_xlim() == (0.0, 5.0)
    assert labels(figure.axes[0]) == ["exact", "range of the replicas", "network, mean"]


def test_the_band_of_the_drag_holds_all_replicas(drag):
    """Its edges are the lowest and the highest replica at every point of the path."""
    surfaces = (drag.predicted_energy, drag.predicted_gradient)
    for axes, predicted in zip(drag_figure(drag).axes, surfaces, strict=True):
        (band,) = axes.collections
        (outline,) = band.get_paths()
        for k, x in enumerate(drag.coordinate[1:-1], start=1):
            edge = outline.vertices[np.isclose(outline.vertices[:, 0], x, atol=1e-9), 1]
            assert edge.min() == pytest.approx(predicted[:, k].min(), abs=1e-12)
            assert edge.max() == pytest.approx(predicted[:, k].max(), abs=1e-12)


def test_a_spike_of_a_network_does_not_hide_the_rest(drag):
    """It extends the panel by the height of the exact curve at most; a triangle tells the rest."""
    far = np.zeros(len(drag.coordinate))
    far[30:33] = 1e4
    bad = DragTest(
        drag.coordinate, drag.energy, drag.gradient,
        drag.predicted_energy + far, drag.predicted_gradient - far,
    )  # fmt: skip
    for good_axes, bad_axes in zip(drag_figure(drag).axes, drag_figure(bad).axes, strict=True):
        (good_low, good_high), (low, high) = good_axes.get_ylim(), bad_axes.get_ylim()
        assert high - low < 2.5 * (good_high - good_low)
        assert [line.get_marker() for line in good_axes.lines if line.get_marker() != "None"] == []
        (mark,) = (line for line in bad_axes.lines if line.get_marker() != "None")
        is_above = bad_axes is bad_axes.figure.axes[0]
        assert mark.get_marker() == ("^" if is_above else "v")
        assert list(mark.get_xdata()) == [drag.coordinate[31]]
        assert list(mark.get_ydata()) == [high if is_above else low]


def test_a_network_that_is_far_off_everywhere_is_seen(drag):
    """That is no spike: it stands where it is, and the exact curve looks flat beside it."""
    bad = DragTest(
        drag.coordinate, drag.energy, drag.gradient,
        drag.predicted_energy + 1e4, drag.predicted_gradient,
    )  # fmt: skip
    axes = drag_figure(bad).axes[0]
    shown = bad.predicted_energy[:, drag.energy < drag.energy.min() + 1.0]
    assert axes.get_ylim()[0] < drag.energy.min() < shown.max() < axes.get_ylim()[1]


def test_a_network_beside_the_exact_curve_is_seen_whole(drag):
    """Where it leaves the range of the exact curve by less than its height."""
    height = np.ptp(np.minimum(drag.energy, drag.energy.min() + 2.0))
    lower = DragTest(
        drag.coordinate, drag.energy, drag.gradient,
        drag.predicted_energy - 0.5 * height, drag.predicted_gradient,
    )  # fmt: skip
    axes = drag_figure(lower).axes[0]
    assert axes.get_ylim()[0] < lower.predicted_energy.min()
    assert axes.get_ylim()[1] > 0.0


def test_a_network_alone_has_no_range(drag, history):
    """Nor is it a mean; its legend says so, as that of its learning curves does."""
    alone = DragTest(
        drag.coordinate, drag.energy, drag.gradient,
        drag.predicted_energy[:1], drag.predicted_gradient[:1],
    )  # fmt: skip
    axes = drag_figure(alone).axes[0]
    assert labels(axes) == ["exact", "network"]
    assert not axes.collections
    (curves,) = learning_curves({name: of[:1] for name, of in history.items()}).axes
    assert curves.get_legend().get_title().get_text() == ""
    assert len(lines(curves, VERMILION)) == 1


def test_figures_do_not_touch_what_they_are_given(energies, history, drag):
    """Arrays that cannot be written to are drawn all the same."""
    exact, predicted = energies
    arrays = [exact, predicted, *history.values(), drag.energy, drag.predicted_energy]
    for array in arrays:
        array.flags.writeable = False
    for figure in (parity(predicted, exact), learning_curves(history), drag_figure(drag)):
        assert isinstance(figure, Figure)


def test_the_same_data_draw_the_same_pixels(energies):
    """Nothing of a figure is left to chance, so reports can be compared."""
    exact, predicted = energies
    pictures = []
    for _ in range(2):
        figure = parity(predicted, exact)
        figure.canvas.draw()
        pictures.append(np.asarray(figure.canvas.buffer_rgba()).copy())
    np.testing.assert_array_equal(*pictures)
