"""Many lines through known surfaces: errors, extrema and roughness that can be counted."""

import numpy as np
import pytest

from peslab.evaluation import drag_lines_figure, line_test, random_lines, straight_path
from peslab.evaluation.drag_lines import count_extrema

WIDTH, POINTS = 5.0, 401
LINES = random_lines(np.random.default_rng(0).random((50, 3, 2)) * WIDTH, np.full(50, WIDTH),
                     n_lines=8, n_points=POINTS, seed=0)  # fmt: skip
HIGH = np.full(8, np.inf)


def waves(number, size):
    """An energy Σ size · cos(2π number x_ia / w), with its gradient: 2 · number extrema a line."""

    def surface(positions, widths):
        rate = 2 * np.pi * number / widths[:, None, None]
        return (
            size * np.cos(rate * positions).sum(axis=(1, 2)),
            -size * rate * np.sin(rate * positions),
        )

    return surface


def with_waves(*errors):
    """Replicas that are wrong by waves."""

    def predict(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        wrong = [waves(*error)(positions, widths) for error in errors]
        return energy + [one for one, _ in wrong], gradient + [slope for _, slope in wrong]

    return lambda positions, widths: tuple(map(np.array, predict(positions, widths)))


def test_lines_are_random_and_always_the_same():
    """Of any configuration, particle and axis: through its own cell, the rest at rest."""
    configurations = np.random.default_rng(1).random((20, 4, 3))
    widths = np.linspace(1.0, 2.0, 20)
    lines = random_lines(configurations, widths, n_lines=200, n_points=5, seed=3)
    again = random_lines(configurations, widths, n_lines=200, n_points=5, seed=3)
    assert {(line.particle, line.axis) for line in lines} == {
        (particle, axis) for particle in range(4) for axis in range(3)
    }
    assert len({line.cell_width for line in lines}) > 15
    for line, other in zip(lines, again, strict=True):
        assert np.array_equal(line.positions, other.positions)
        assert line.coordinate[[0, -1]].tolist() == [0.0, line.cell_width]
        k = np.flatnonzero(widths == line.cell_width)[0]
        rest = np.delete(line.positions[2], line.particle, axis=0)
        assert np.array_equal(rest, np.delete(configurations[k], line.particle, axis=0))
    assert lines[0].positions.shape == (5, 4, 3)


def test_lines_that_do_not_count_are_drawn_again():
    """The others stay what they are; where hardly any counts, there are fewer in the end."""
    configurations, widths = np.random.default_rng(1).random((20, 4, 3)), np.ones(20)
    drawn = random_lines(configurations, widths, n_lines=40, n_points=5, seed=3)
    along = random_lines(configurations, widths, 40, 5, seed=3, counts=lambda line: line.axis == 0)
    assert len(along) == 40
    assert {line.axis for line in along} == {0}
    first = [line for line in drawn if line.axis == 0]
    for line, other in zip(first, along, strict=False):
        assert np.array_equal(line.positions, other.positions)
    assert random_lines(configurations, widths, 4, 5, seed=3, counts=lambda _: False) == []


def test_an_exact_model_passes():
    """No error, no extremum too many, no roughness."""
    result = line_test(LINES, waves(1, 1.0), with_waves((1, 0.0)), HIGH)
    assert {name: value.tolist() for name, value in result.metrics().items()} == {
        "energy_mae": [0.0],
        "gradient_mae": [0.0],
        "spurious_extrema": [0.0],
        "roughness": [0.0],
    }


@pytest.mark.parametrize(("number", "size"), [(10, 0.2), (20, 0.1), (7, 0.5)])
def test_a_sine_brings_its_extrema(number, size):
    """Where its slope exceeds that of the surface, a minimum and a maximum for each of its waves.

    The dragged particle feels cos(2πx/w) + size · cos(2πnx/w).
    """
    result = line_test(LINES, waves(1, 1.0), with_waves((number, size), (1, 0.1)), HIGH)
    x = np.linspace(0.0, 2 * np.pi, 10**5, endpoint=False)
    slope = np.sin(x) + size * number * np.sin(number * x)
    expected = (np.sign(slope[1:]) != np.sign(slope[:-1]))[1:].sum() + 1 - 2
    found = result.metrics()["spurious_extrema"]
    assert found[0] == pytest.approx(expected, abs=1)
    assert found[1] == 0.0  # higher waves, of the same number


def test_rounding_makes_no_extrema():
    """Nor does noise of a ten-thousandth of the range, also where the surface is flat."""
    random = np.random.default_rng(0)

    def rounded(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        noise = 1e-5 * random.uniform(-1, 1, len(energy))
        return (energy + noise)[None].astype(np.float32), gradient[None]

    assert line_test(LINES, waves(1, 1.0), rounded, HIGH).metrics()["spurious_extrema"] == 0.0


def test_errors_are_means_over_the_points():
    """A constant error of the energy, and one of the gradient."""

    def wrong(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        return np.stack([energy + 0.1, energy - 0.3]), np.stack([gradient + 0.2, gradient])

    metrics = line_test(LINES, waves(1, 1.0), wrong, HIGH).metrics()
    assert metrics["energy_mae"] == pytest.approx([0.1, 0.3])
    assert metrics["gradient_mae"] == pytest.approx([0.2, 0.0])
    assert metrics["roughness"] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_kinks_are_rough():
    """Slopes that jump by 0.1 four times on the way, in steps; twice the jumps, twice as rough."""

    def kinked(jump):
        def predict(positions, widths):
            energy, gradient = waves(1, 1.0)(positions, widths)
            steps = jump * np.floor(4 * positions / widths[:, None, None])
            return energy[None], (gradient + steps)[None]

        return line_test(LINES, waves(1, 1.0), predict, HIGH).metrics()["roughness"][0]

    assert kinked(0.1) > 1.0
    assert kinked(0.2) == pytest.approx(2 * kinked(0.1), rel=0.1)


def test_a_steep_line_does_not_hide_how_rough_the_others_are():
    """One whose second derivative changes a thousand times as much, as beside a hard core."""
    steep = LINES[0].positions[0].tobytes()

    def factors(n):
        starts = [line.positions[0].tobytes() == steep for line in LINES for _ in range(POINTS)]
        return np.where(starts[:n], 1000.0, 1.0)

    def exact(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        factor = factors(len(energy))
        return factor * energy, factor[:, None, None] * gradient

    def rough(positions, widths):
        energy, gradient = exact(positions, widths)
        ripple, slope = waves(40, 1e-3)(positions, widths)
        return (energy + ripple)[None], (gradient + slope)[None]

    def rough_alone(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        ripple, slope = waves(40, 1e-3)(positions, widths)
        return (energy + ripple)[None], (gradient + slope)[None]

    beside = line_test(LINES, exact, rough, HIGH).metrics()["roughness"][0]
    alone = line_test(LINES, waves(1, 1.0), rough_alone, HIGH).metrics()["roughness"][0]
    assert alone > 1.0
    assert 0.7 * alone < beside < alone  # seven lines of eight are as rough as before


def test_where_most_points_feel_nothing_roughness_is_finite():
    """Nine points in ten beyond the reach of everything, as in wide cells."""

    def exact(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        near = (positions < 0.1 * widths[:, None, None]).all(axis=(1, 2))
        return near * energy, near[:, None, None] * gradient

    def predict(positions, widths):
        energy, gradient = exact(positions, widths)
        ripple, slope = waves(40, 1e-3)(positions, widths)
        return (energy + ripple)[None], (gradient + slope)[None]

    lines = [straight_path(np.zeros((3, 2)), WIDTH, POINTS, 0, 0)]
    found = line_test(lines, exact, predict, HIGH[:1]).metrics()["roughness"][0]
    assert 0.0 < found < np.inf


def test_what_is_above_the_training_data_does_not_count():
    """Neither are predictions asked for there, nor are errors there seen."""
    asked = []

    def wrong_above(positions, widths):
        asked.append(waves(1, 1.0)(positions, widths)[0])
        return with_waves((1, 0.0))(positions, widths)

    limits = np.array([line_test([line], waves(1, 1.0), with_waves((1, 0.0)), HIGH[:1]).energy.min()
                       for line in LINES]) + 1.0  # fmt: skip
    result = line_test(LINES, waves(1, 1.0), wrong_above, limits)
    known = np.isfinite(result.energy)
    assert known.mean() == pytest.approx(0.5, abs=0.02)
    assert len(asked[0]) == known.sum()
    assert (result.energy[known] <= np.broadcast_to(limits[:, None], known.shape)[known]).all()
    for array in (result.gradient, result.predicted_energy[0], result.predicted_gradient[0]):
        assert np.array_equal(np.isfinite(array), known)
    assert result.metrics()["spurious_extrema"].tolist() == [0.0]
    assert np.array_equal(result.predicted_energy[0][known], result.energy[known])


def test_lines_that_never_come_below_are_left_out():
    """Half of them here; of none at all nothing can be told."""
    limits = np.where(np.arange(8) % 2, np.inf, -np.inf)
    result = line_test(LINES, waves(1, 1.0), with_waves((1, 0.2)), limits)
    whole = line_test(LINES, waves(1, 1.0), with_waves((1, 0.2)), HIGH)
    assert np.array_equal(result.energy, whole.energy[1::2])
    assert np.array_equal(result.predicted_gradient, whole.predicted_gradient[:, 1::2])
    assert result.is_telling
    assert not line_test(LINES, waves(1, 1.0), None, -HIGH).is_telling  # nobody is asked
    assert not line_test(LINES, waves(1, 0.0), with_waves((1, 0.2)), HIGH).is_telling


def curve(*heights):
    return np.array([*heights, heights[0]], dtype=float)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (curve(0, 1, 2, 1), 2),
        (curve(1, 1, 1, 1), 0),
        (curve(0, 2, 1, 2, 1, 2), 6),
        (curve(0, 2, 1.95, 2, 1, 2), 4),  # a swing of 0.05 is none
        (curve(0, 1, np.nan, 1), 2),  # a hard core is a maximum
        (curve(0, 1, np.nan, 1, 0, np.nan), 4),
        (curve(np.nan, 0, 1, 0), 4),
        (curve(np.nan, np.nan, np.nan), 0),
        (curve(3, 2, 1, 0), 2),
    ],
)
def test_extrema_are_counted_around_the_circle(values, count):
    """Wherever the curve begins, and whichever way it is gone along."""
    for turn in range(len(values) - 1):
        rolled = np.roll(values[:-1], turn)
        assert count_extrema(np.append(rolled, rolled[0]), 0.1) == count
        assert count_extrema(np.append(rolled, rolled[0])[::-1], 0.1) == count


def test_the_figure_shows_lines_from_the_best_to_the_worst(tmp_path):
    """Six of them, with the errors that the arrays have; one line alone is a panel alone."""
    sizes = iter(np.linspace(0.8, 0.1, len(LINES)))
    size_of = {line.positions[0].tobytes(): next(sizes) for line in LINES}

    def predict(positions, widths):
        energy, gradient = waves(1, 1.0)(positions, widths)
        errors = np.repeat([size_of[line.positions[0].tobytes()] for line in LINES], POINTS)
        return np.stack([energy + errors, energy - errors]), np.stack([gradient, gradient])

    result = line_test(LINES, waves(1, 1.0), predict, HIGH)
    figure = drag_lines_figure(result)
    assert len(figure.axes) == 6
    told = [float(axes.get_title(loc="left").split()[1]) for axes in figure.axes]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.1, 0.8)
    for axes in figure.axes:
        exact = axes.lines[0].get_ydata()
        assert (result.energy == exact).all(axis=1).any()
    assert "8 lines: MAE 0.45" in figure.get_suptitle()
    assert len(drag_lines_figure(line_test(LINES[:1], waves(1, 1.0), with_waves((1, 0.0)),
                                           HIGH[:1])).axes) == 1  # fmt: skip
    figure.savefig(tmp_path / "a.png")


def test_each_line_has_its_own_range():
    """Those with a swing of 0.2 E_c are not flattened by one of 200."""
    steep = {line.positions[0].tobytes() for line in LINES[:2]}

    def exact(positions, widths):
        energy, gradient = waves(1, 0.1)(positions, widths)
        starts = np.repeat([line.positions[0].tobytes() in steep for line in LINES], POINTS)
        factor = np.where(starts, 1000.0, 1.0)
        return factor * energy, factor[:, None, None] * gradient

    def predict(positions, widths):
        energy, gradient = exact(positions, widths)
        return energy[None] + 0.01, gradient[None]

    figure = drag_lines_figure(line_test(LINES, exact, predict, HIGH))
    heights = [np.ptp(axes.get_ylim()) for axes in figure.axes]
    assert min(heights) < 1.0
    assert max(heights) > 100.0


def test_the_width_of_the_cell_is_told_where_there_are_several():
    """A line of one cell is not compared with that of another by mistake."""
    random = np.random.default_rng(0)
    widths = np.repeat([2.0, 5.0], 25)
    lines = random_lines(random.random((50, 3, 2)) * 2.0, widths, 8, POINTS, seed=0)
    figure = drag_lines_figure(line_test(lines, waves(1, 1.0), with_waves((1, 0.1)), HIGH))
    told = {axes.get_title(loc="left").rpartition(", ")[2] for axes in figure.axes}
    assert told == {"cell width 2 $R_c$", "cell width 5 $R_c$"}
    alike = drag_lines_figure(line_test(LINES, waves(1, 1.0), with_waves((1, 0.1)), HIGH))
    assert not any("width" in axes.get_title(loc="left") for axes in alike.axes)


def test_gaps_are_shaded_and_explained():
    """Where the exact energy lies above all training data, to the borders and between."""
    limits = HIGH.copy()
    whole = line_test(LINES, waves(1, 1.0), with_waves((1, 0.1)), HIGH)
    limits[3] = np.quantile(whole.energy[3], 0.6)
    result = line_test(LINES[2:5], waves(1, 1.0), with_waves((1, 0.1)), limits[2:5])
    figure = drag_lines_figure(result)
    shaded = [axes for axes in figure.axes if axes.patches]
    assert len(shaded) == 1
    along, exact = shaded[0].lines[0].get_data()
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in shaded[0].patches]
    inside = np.any([(along >= low) & (along <= high) for low, high in spans], axis=0)
    np.testing.assert_array_equal(inside, np.isnan(exact))
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told[-1] == "energies above all training data: no test"
    everything = drag_lines_figure(whole).legends[0].get_texts()
    assert len(everything) == len(told) - 1


def test_lines_that_are_nearly_empty_are_not_shown():
    """With little to be wrong about they would stand there as the best."""
    limits = HIGH.copy()
    whole = line_test(LINES, waves(1, 1.0), with_waves((1, 0.1)), HIGH)
    limits[0] = whole.energy[0].min() + 1e-3
    result = line_test(LINES, waves(1, 1.0), with_waves((1, 0.1)), limits)
    figure = drag_lines_figure(result)
    assert len(figure.axes) == 6
    for axes in figure.axes:
        assert np.isfinite(axes.lines[0].get_ydata()).all()
    few = line_test(LINES[:2], waves(1, 1.0), with_waves((1, 0.1)), limits[:2])
    assert len(drag_lines_figure(few).axes) == 2  # better than none
