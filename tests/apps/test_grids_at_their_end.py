"""A grid ends with a table that fits into 80 columns and tells what failed."""

import io
import re

import pytest
from rich.console import Console

from peslab.apps.grids import conclude, grid_table
from peslab.errors import InfrastructureError, PeslabError
from peslab.pipeline import read_grid
from peslab.tracking import Tracking, track_run

LOCAL = Tracking(uri=None, experiment="peslab")
BOLD = "\x1b[1m"


def metrics(error=0.0123, *, validation=None, scatter=0.0, **others):
    return {
        **{f"replica_{k}/test/energy_mae": error * (1 + k * scatter) for k in range(3)},
        "test/energy_mae": error,
        "test/energy_mae_sem": error / 20,
        "test/gradient_mae": 10 * error,
        "test/gradient_mae_sem": error / 3,
        **{f"replica_{k}/test/gradient_mae": 10 * error for k in range(3)},
        "val/energy_mae": error if validation is None else validation,
        "skill": 0.9876,
        "seconds/fit": 12.345,
        "prediction_microseconds": 1.87,
        **others,
    }


def table(folder, *, in_color=False):
    console = Console(width=200, file=io.StringIO(), highlight=False, force_terminal=in_color)
    console.print(grid_table(read_grid(folder), console))
    return console.file.getvalue().splitlines()


def headings(lines):
    return " ".join(lines[: next(i for i, line in enumerate(lines) if line.startswith("─"))])


@pytest.fixture
def ended(home):
    """What a grid shows at its end; its runs are in the store, as they would be."""

    def show(folder):
        for run in folder.iterdir():
            tags = {"problem": "lattice_pes", "study": folder.name, "trial": run.name}
            with track_run(LOCAL, home, f"{folder.name}/{run.name}", tags, folder.name):
                pass
        console = Console(width=80, file=io.StringIO(), highlight=False)
        try:
            conclude(folder, console)
        except PeslabError as error:
            return console.file.getvalue(), str(error)
        return console.file.getvalue(), ""

    return show


def test_every_run_is_a_row_with_what_it_measured(written_grid):
    """Its number, its value by its last name, errors with their scatter, skill and times."""
    told = table(written_grid({f"network.width={w}": metrics() for w in (4, 8)}))
    assert told[-2].split() == [
        *("0", "4", "0.0123", "±", "0.0006", "0.1230", "±", "0.0041", "0.9876", "12.3", "1.9"),
    ]
    for words in ("run", "width", "test MAE", "(E_c)", "gradient", "(E_c/R_c)", "skill", "µs"):
        assert words in headings(told)


def test_the_best_on_the_validation_part_is_bold(written_grid):
    """Not the lowest on the test part."""
    runs = {"seed=0": metrics(0.01, validation=0.3), "seed=1": metrics(0.02, validation=0.2)}
    rows = [line for line in table(written_grid(runs), in_color=True) if "±" in line]
    assert [BOLD in row for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("keys", "left_out"),
    [
        ("seed={i}", ()),
        ("seed={i} loss={loss} features={name}", ("µs",)),
        ("seed={i} loss={loss} features={name} network.width={w}", ("µs", "fit", "skill")),
        (
            "seed={i} loss={loss} features={name} network.width={w} optimizer.learning_rate=0.0{w}",
            ("µs", "fit", "skill", "gradient"),
        ),
    ],
)
def test_less_important_columns_make_room(keys, left_out, written_grid):
    """Times first, then the skill, then gradients; errors and values stay whole."""
    choices = [(4, "mae", "proximity_eigenvalues"), (8, "huber", "symmetry_functions")]
    runs = {
        keys.format(i=i, w=w, loss=loss, name=name): metrics()
        for i, (w, loss, name) in enumerate(choices)
    }
    told = table(written_grid(runs))
    assert max(map(len, told)) <= 80
    assert all("0.0123 ± 0.0006" in row for row in told[-2:])
    shown = headings(told)
    for name in ("gradient", "skill", "fit", "µs"):
        assert (name in shown) == (name not in left_out)


def test_values_longer_than_a_line_are_folded(written_grid):
    """Nothing is cut off, and nothing is wider than 80."""
    orders = [f"[{','.join(map(str, range(-last, -1)))}]" for last in (40, 41)]
    told = table(written_grid({f"features.orders={text}": metrics() for text in orders}))
    assert max(map(len, told)) <= 80
    whole = "".join(re.sub(r"0\.0123 ± 0\.0006|\s", "", line) for line in told)
    assert all(text[3:] in whole for text in orders)


def test_lists_are_not_taken_for_colors(written_grid):
    """`[-2]` is a value, not markup."""
    told = table(written_grid({f"features.orders=[{o}]": metrics() for o in ("-2", "-2,-3")}))
    assert " [-2] " in told[-2]
    assert " [-2,-3] " in told[-1]


def test_gradients_that_some_runs_lack_are_left_out(written_grid):
    """Half a column could not be compared."""
    without = {key: value for key, value in metrics().items() if "gradient" not in key}
    told = table(written_grid({"seed=0": metrics(), "seed=1": without}))
    assert "gradient" not in headings(told)


def test_one_replica_has_no_standard_error(written_grid):
    """A number without its scatter."""
    alone = {key: value for key, value in metrics().items() if "_sem" not in key}
    told = table(written_grid({"seed=0": alone, "seed=1": alone}))
    assert told[-1].split()[:4] == ["1", "1", "0.0123", "0.1230"]


def test_failed_runs_stand_in_the_table_with_their_reason_below(written_grid, ended):
    """Runs that failed alike are told together; the sentence at the end counts them."""
    runs = {"seed=0": "no [loss].", "seed=1": metrics(), "seed=2": "no [loss].", "seed=3": None}
    out, error = ended(written_grid(runs))
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line[:3].strip()}
    assert rows["0"] == ["0", "failed"]
    assert rows["3"] == ["3", "failed"]
    assert "Runs 0, 2 failed: no [loss].\n" in out
    assert "Run 3 failed: it was ended from outside" in out
    assert error.startswith("3 of the runs failed: runs 0, 2, 3;")


def test_where_all_failed_nothing_is_drawn(written_grid, ended):
    """A table of reasons is left."""
    folder = written_grid({"seed=0": "no.", "seed=1": "no."})
    out, error = ended(folder)
    assert "Runs 0, 1 failed: no." in out
    assert "Bold" not in out
    assert not (folder / "sweep.png").exists()
    assert error


def test_the_figure_lies_beside_the_runs(written_grid, ended):
    """Whole or not at all, and named where the files are; the best run can be repeated."""
    folder = written_grid({f"network.width={w}": metrics(0.1 / w) for w in (4, 8)})
    out, error = ended(folder)
    assert error == ""
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in folder.glob(".*")] == []
    assert "Bold: run 1, the best on the validation part" in out
    assert "sweep.png    errors over network.width" in out
    assert re.search(r"peslab rerun [0-9a-f]{8} ", out)
    assert "α" not in out


def test_a_learning_curve_tells_its_exponent_and_what_it_depends_on(written_grid, ended):
    """Equal epochs are fewer steps for fewer configurations, unless epochs are swept too."""
    sizes = {f"database.size={n}": metrics(40 / n, training_rows=0.8 * n) for n in (200, 400, 800)}
    out, _ = ended(written_grid(sizes, "sizes"))
    assert "energy: test MAE ∝ n^−α of n training configurations, α = 1.0000 ± 0.0000" in out
    assert "trained in fewer steps" in out
    assert "errors off" not in out
    both = {f"{k} trainer.max_epochs={e}": v for k, v in sizes.items() for e in (1, 9)}
    level = {"training_rows": 160, "scatter": 0.02}
    both["database.size=200 trainer.max_epochs=9"] = metrics(0.1, **level)  # it does not fall there
    out, _ = ended(written_grid(both, "both"))
    assert "gradient, max_epochs=9: test MAE ∝ n^−α" in out
    assert re.search(r"energy, max_epochs=9: .* α = 0.51 ±\s+0.28, points 42.1 errors off", out)
    assert "Points that are errors off follow no power law; ± is larger by as much.\n" in out
    assert "trained in fewer steps" not in out


def test_three_keys_are_told_to_be_too_many_for_a_figure(written_grid, ended):
    """In one line; the table is there."""
    runs = {
        "seed=0 loss=mae network.width=4": metrics(),
        "seed=1 loss=mse network.width=8": metrics(),
    }
    folder = written_grid(runs)
    out, error = ended(folder)
    assert "Without a figure: it shows one or two swept keys, not 3." in out
    assert (error, (folder / "sweep.png").exists()) == ("", False)


@pytest.mark.parametrize("wrong", ["hydra.sweep.subdir=x", "hydra.output_subdir=null"])
def test_folders_that_the_end_would_not_find_are_refused(wrong, peslab, home):
    """Before anything is run; a single run may have what it wants."""
    answer = peslab("train", "-m", "debug=fast", "seed=0,1", wrong)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "numbered folders" in answer.err
    assert not (home / "multirun").exists()


def test_a_config_that_is_only_shown_has_no_end(peslab, home):
    """`--cfg` prints what would be run."""
    answer = peslab("train", "debug=fast", "hydra.mode=MULTIRUN", "--cfg", "job")
    assert (answer.status, answer.err) == (0, "")
    assert "max_epochs: 1" in answer.out
    assert not (home / "multirun").exists()


def test_a_grid_ends_when_its_store_is_lost(home, peslab, monkeypatch):
    """Its next run would fail, too, after a grace of some seconds each."""
    begun = []

    def lost(plan, origin):
        begun.append(origin.trial)
        raise InfrastructureError("The tracking store is gone: bring it back.")

    monkeypatch.setattr("peslab.pipeline.run", lost)
    answer = peslab("train", "-m", "debug=fast", "network.width=4,8,16")
    assert (answer.status, begun) == (2, [0])
    assert answer.err == "peslab: The tracking store is gone: bring it back.\n"
