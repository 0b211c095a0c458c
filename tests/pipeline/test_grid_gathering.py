"""A grid is what its runs wrote: nothing is remembered, nothing is guessed."""

import math

import numpy as np
import polars as pl
import pytest

from peslab.errors import PeslabError
from peslab.pipeline import read_grid
from peslab.pipeline.grid import replicas
from peslab.pipeline.grid_figure import draw

FALLING = {500: 0.4, 1000: 0.2, 2000: 0.1, 4000: 0.05}


def measured(error=0.1, *, gradient=True, rows=None, **others):
    """The metrics of a run of two replicas that err by nine and eleven tenths of `error`."""
    names = {"test/energy_mae": error, **({"test/gradient_mae": 10 * error} if gradient else {})}
    found = {f"replica_{k}/{n}": f * v for n, v in names.items() for k, f in enumerate((0.9, 1.1))}
    return {
        **names,
        **found,
        **{f"{name}_sem": 0.1 * value for name, value in names.items()},
        "val/energy_mae": error,
        "baseline/constant_mae": 0.75,
        "baseline/least_squares_mae": 0.2,
        **({"training_rows": rows} if rows else {}),
        **others,
    }


def learning_runs(sizes=FALLING, extra=""):
    return {
        f"database.size={size}{extra}": measured(error, rows=0.8 * size)
        for size, error in sizes.items()
    }


def test_runs_stand_in_the_order_of_their_numbers(written_grid):
    """Ten comes after nine, whatever a file system says."""
    runs = {f"seed={seed}": measured(1.0 / (1 + seed)) for seed in range(12)}
    grid = read_grid(written_grid(runs))
    assert grid.runs["run"].to_list() == list(range(12))
    assert grid.runs["seed"].to_list() == list(range(12))
    np.testing.assert_allclose(grid.runs["test/energy_mae"], [1 / (1 + s) for s in range(12)])
    assert grid.best == 11


def test_keys_are_those_that_differ(written_grid):
    """In the order they were typed; what all runs share is no key."""
    runs = {
        f"loss=mse network.width={width} network={kind}": measured()
        for kind in ("linear", "mlp")
        for width in (4, 8)
    }
    grid = read_grid(written_grid(runs))
    assert grid.keys == ("network.width", "network")
    assert grid.runs["network"].to_list() == ["linear", "linear", "mlp", "mlp"]
    assert (grid.is_numeric("network.width"), grid.is_numeric("network")) == (True, False)


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("network.width", ("4", "8"), [4, 8]),
        ("optimizer.learning_rate", ("0.001", "1"), [0.001, 1.0]),
        ("features.orders", ("[-2]", "[-2,-4]"), ["[-2]", "[-2,-4]"]),
        ("trainer.patience", ("null", "3"), ["null", "3"]),
        ("features.cutoff", ("3", "3.5"), [3.0, 3.5]),
        ("features", ("power_sums", "sine_matrix"), ["power_sums", "sine_matrix"]),
    ],
)
def test_values_are_numbers_or_what_was_typed(key, typed, kept, written_grid):
    """Lists and null are no numbers; of whole and broken ones both are read as broken."""
    grid = read_grid(written_grid({f"{key}={text}": measured() for text in typed}))
    assert grid.runs[key].to_list() == kept
    assert grid.is_numeric(key) == (not isinstance(kept[0], str))


def test_the_best_is_chosen_on_the_validation_part(written_grid):
    """The test part shows, it never selects; what is not a number is no error to be best by."""
    runs = {
        "seed=0": measured(0.1, **{"val/energy_mae": 0.3}),
        "seed=1": measured(0.2, **{"val/energy_mae": 0.2}),
        "seed=2": measured(0.3, **{"val/energy_mae": math.nan}),
    }
    assert read_grid(written_grid(runs)).best == 1


def test_failed_runs_are_told_apart(written_grid):
    """By why they failed, if they could still say it; they have no metrics and are never best."""
    runs = {"seed=0": "the loss is not finite.", "seed=1": measured(), "seed=2": None}
    grid = read_grid(written_grid(runs))
    assert grid.failures[0] == "the loss is not finite."
    assert "ended from outside" in grid.failures[2]
    assert grid.finished["run"].to_list() == [1]
    assert grid.runs["test/energy_mae"].to_list() == [None, pytest.approx(0.1), None]
    assert (grid.best, grid.has("test/energy_mae"), grid.has("other")) == (1, True, False)


def test_where_all_failed_there_is_no_best(written_grid):
    """And nothing to draw."""
    grid = read_grid(written_grid({"seed=0": "no.", "seed=1": "no."}))
    assert grid.best is None
    assert len(grid.finished) == 0
    assert draw(grid) is None


def test_a_folder_without_runs_is_refused(tmp_path):
    """As one of a single run is, or none at all."""
    (tmp_path / "7").mkdir()
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(PeslabError, match="holds no runs of a grid"):
            read_grid(folder)


def test_other_files_of_the_folder_are_passed_over(written_grid):
    """Figures, Hydra's own record of the sweep, a copy that somebody made."""
    folder = written_grid({"seed=0": measured(), "seed=1": measured()})
    (folder / "multirun.yaml").touch()
    (folder / "1 (copy)").mkdir()
    assert read_grid(folder).runs["run"].to_list() == [0, 1]


def test_replicas_are_read_one_by_one():
    """A run with fewer has NaN in their places, and no column is of nobody."""
    runs = pl.DataFrame(
        {"replica_0/a": [1.0, 3.0], "replica_1/a": [2.0, None], "replica_2/a": [None, None]},
        schema_overrides={"replica_2/a": pl.Float64},
    )
    np.testing.assert_array_equal(replicas(runs, "a"), [[1.0, 2.0], [3.0, np.nan]])
    assert replicas(runs[1:], "a").shape == (1, 1)


def test_of_replicas_that_are_settings_one_is_read():
    """A scatter over settings is no error of their best, which the run is."""
    runs = pl.DataFrame(
        {"a": [2.0, 3.0], "replica_0/a": [9.0, 2.5], "replica_1/a": [2.0, 3.5]}
    ).with_columns(best_replica=pl.Series([1.0, None]))
    np.testing.assert_array_equal(replicas(runs, "a"), [[2.0, np.nan], [2.5, 3.5]])


def axes_of(grid):
    return draw(grid).figure.axes


def test_sizes_are_drawn_as_a_learning_curve_of_what_was_trained_on(written_grid):
    """Halved with each doubling is α = 1; held-out rows are not counted."""
    drawing = draw(read_grid(written_grid(learning_runs())))
    energy, gradient = drawing.figure.axes
    assert energy.get_xlabel() == "training configurations"
    np.testing.assert_allclose(energy.containers[0].lines[0].get_xdata(), [400, 800, 1600, 3200])
    assert gradient.get_ylabel() == "test MAE of the gradient ($E_c/R_c$)"
    assert set(drawing.laws) == {"energy", "gradient"}
    assert drawing.laws["energy"].exponent == pytest.approx(1.0, abs=1e-9)
    assert [text.get_text() for text in energy.texts] == ["constant", "least squares"]
    assert not gradient.texts  # baselines are of energies


def test_sizes_stand_along_the_axis_wherever_they_were_typed(written_grid):
    """One law for each line."""
    runs = {
        f"network={kind} {typed}": metrics
        for kind in ("linear", "mlp")
        for typed, metrics in learning_runs().items()
    }
    drawing = draw(read_grid(written_grid(runs)))
    labels = [f"{q}, network={kind}" for q in ("energy", "gradient") for kind in ("linear", "mlp")]
    assert list(drawing.laws) == labels
    assert len(drawing.figure.axes[0].containers) == 2


def test_numbers_stand_along_the_axis_before_names(written_grid):
    """`loss=mae,mse network.width=…` has a line for each loss; else the first key is along."""
    runs = {f"loss={a} network.width={b}": measured() for a in ("mae", "mse") for b in (4, 8)}
    (energy, _) = axes_of(read_grid(written_grid(runs, "names")))
    assert energy.get_xlabel() == "network.width"
    assert energy.get_legend_handles_labels()[1] == ["loss=mae", "loss=mse"]
    runs = {f"network.depth={a} network.width={b}": measured() for a in (2, 1) for b in (4, 8)}
    (energy, _) = axes_of(read_grid(written_grid(runs, "numbers")))
    assert energy.get_xlabel() == "network.depth"
    np.testing.assert_array_equal(energy.containers[0].lines[0].get_xdata(), [1, 2])
    assert energy.get_legend_handles_labels()[1] == ["width=4", "width=8"]


def test_a_swept_group_has_an_axis_of_names(written_grid):
    """In the order they were typed, also where the first failed."""
    runs = {"loss=mse": "no.", "loss=mae": measured(0.2), "loss=huber": measured(0.1)}
    (energy, _) = axes_of(read_grid(written_grid(runs)))
    assert [label.get_text() for label in energy.get_xticklabels()] == ["mse", "mae", "huber"]
    x, y = energy.containers[0].lines[0].get_data()
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_allclose(y, [0.2, 0.1])


def test_a_line_without_runs_is_left_out(written_grid):
    """All of one learning rate diverged."""
    runs = {
        f"network.width={w} optimizer.learning_rate={r}": "no." if r == 9 else measured()
        for w in (4, 8)
        for r in (0.1, 9)
    }
    (energy, _) = axes_of(read_grid(written_grid(runs)))
    assert energy.get_legend_handles_labels()[1] == ["learning_rate=0.1"]


def test_gradients_are_drawn_where_all_runs_have_them(written_grid):
    """Some descriptors have no Jacobian."""
    runs = {"features=power_sums": measured(), "features=sine_matrix": measured(gradient=False)}
    assert len(axes_of(read_grid(written_grid(runs)))) == 1


@pytest.mark.parametrize(("second", "n"), [(0.1, 1), (0.1005, 1), (0.11, 0)])
def test_a_baseline_stands_for_all_lines_or_is_left_out(second, n, written_grid):
    """With other features least squares errs otherwise: one line would be wrong for the rest."""
    runs = {
        f"network.width={w} features={f}": measured(
            0.1 * w / 8, **{"baseline/least_squares_mae": error}
        )
        for w in (4, 8)
        for f, error in {"power_sums": 0.1, "sine_matrix": second}.items()
    }
    (energy, _) = axes_of(read_grid(written_grid(runs)))
    assert len(energy.texts) == n


@pytest.mark.parametrize("typed", ["loss={} seed={} network.width={}", "loss=mae"])
def test_three_keys_and_none_are_not_drawn(typed, written_grid):
    """There is no axis for them."""
    values = [("mae", 0, 4), ("mse", 1, 8)]
    assert draw(read_grid(written_grid({typed.format(*v): measured() for v in values}))) is None


def test_runs_of_different_units_are_not_compared(
    written_grid, home, peslab, tmp_path, monkeypatch
):
    """The toy's E_c beside the eV of a file: no errors of the one beside those of the other."""
    import ase
    from ase.db import connect

    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    with connect("dft.db") as database:
        for _ in range(30):
            atoms = ase.Atoms("He2", random.uniform(0, 5, (2, 3)), cell=[5.0] * 3, pbc=True)
            atoms.calc = ase.calculators.singlepoint.SinglePointCalculator(
                atoms, energy=random.normal(), forces=random.normal(size=(2, 3))
            )
            database.write(atoms)
    assert peslab("convert", "dft.db", "dft.parquet").status == 0
    grid = read_grid(
        written_grid(
            {
                "problem=lattice_pes": measured(),
                "problem=file problem.path=dft.parquet": measured(),
            }
        )
    )
    assert grid.task is None
    assert grid.best is None
    assert draw(grid) is None
