"""From a config to compared runs: everything real, for one short step."""

import json
import re
from pathlib import Path

import pytest

from peslab.configuration.folders import conf_folder
from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")
PROBES = {"forces", "errors", "ensemble", "lattices", "drag_lines", "drag", "drag_thesis"}
FIGURES = {"learning_curves", "parity", "inputs"} | PROBES
METRICS = {
    *(f"{part}/{name}_mae" for part in ("val", "test") for name in ("energy", "gradient", "force")),
    *("test/energy_mae_sem", "replica_0/test/energy_mae", "replica_1/test/energy_mae"),
    *("test/energy_rmse", "test/energy_r2", "test/energy_max_error"),
    *("baseline/constant_mae", "baseline/least_squares_mae", "skill", "prediction_microseconds"),
}


def options(group):
    """The options of a group, as a user sees them."""
    files = sorted((conf_folder() / group).glob("*.yaml"))
    return [file.stem for file in files if not file.stem.startswith("_")]


def runs(home):
    client = LOCAL.client(home)
    return client.search_runs([LOCAL.experiment_id(client)])


def test_a_study_leaves_its_trials_in_mlflow(studied):
    """One run per trial under one parent, with the metrics, params and tags that others read."""
    found = {run.data.tags.get("trial"): run for run in runs(studied)}
    assert set(found) == {None, "0", "1", "2"}
    parent = found.pop(None)
    for run in found.values():
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["study"] == "quickstart"
        assert run.data.tags["problem"] == "lattice_pes"
        assert set(run.data.metrics) >= METRICS
        assert float(run.data.params["optimizer.learning_rate"]) > 0
        assert {data.dataset.name for data in run.inputs.dataset_inputs} == {"train", "test"}


def test_a_run_has_its_config_figures_and_network_as_artifacts(studied):
    """Figures are pictures, not empty files; the config is there in both forms."""
    run = LOCAL.of_study(studied, "quickstart", 0)
    client = LOCAL.client(studied)
    names = {item.path for item in client.list_artifacts(run.run_id, "figures")}
    assert names == {f"figures/{name}.png" for name in FIGURES}
    for name in names:
        picture = Path(client.download_artifacts(run.run_id, name)).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 10_000
    assert "${potential}" in LOCAL.read_text(studied, run.run_id, "config/unresolved.yaml")
    assert "${" not in LOCAL.read_text(studied, run.run_id, "config/resolved.yaml")
    assert "torch:" in LOCAL.read_text(studied, run.run_id, "environment.yaml")


def test_the_mean_and_its_error_are_those_of_the_replicas(studied):
    """A metric is the mean of its replicas, its standard error their scatter over √k."""
    metrics = LOCAL.of_study(studied, "quickstart", 0).metrics
    one, two = (metrics[f"replica_{k}/test/energy_mae"] for k in (0, 1))
    assert metrics["test/energy_mae"] == pytest.approx((one + two) / 2)
    assert metrics["test/energy_mae_sem"] == pytest.approx(abs(one - two) / 2)
    assert metrics["test/force_mae"] == pytest.approx(4 * metrics["test/gradient_mae"])
    constant = metrics["baseline/constant_mae"]
    assert metrics["skill"] == pytest.approx(1 - metrics["test/energy_mae"] / constant)


def test_losses_are_logged_per_epoch(studied):
    """One point per epoch: one, here."""
    run = LOCAL.of_study(studied, "quickstart", 1)
    history = LOCAL.client(studied).get_metric_history(run.run_id, "train/loss")
    assert [point.step for point in history] == [0]


def test_the_same_command_again_changes_nothing(in_study, peslab):
    """A finished study is shown, not run."""
    before = sorted(path for path in in_study.rglob("*") if path.suffix != ".lock")
    n_runs = len(runs(in_study))
    answer = peslab(
        "train", "-m", "study=quickstart", "debug=fast", "study.n_trials=3", "replicas=2"
    )
    assert answer.status == 0
    assert "ranked by the validation part" in answer.out
    assert [p for p in before if not p.exists()] == []
    assert len(runs(in_study)) == n_runs


def test_the_report_ranks_the_trials(in_study, peslab):
    """As a table for people and as JSON for programs."""
    trials = json.loads(peslab("report", "quickstart", "--json").out)
    assert [trial["rank"] for trial in trials] == [1, 2, 3]
    assert {"trial", "values", "metrics", "run_id"} <= set(trials[0])
    assert "features.orders" in trials[0]["values"]
    told = peslab("report", "quickstart").out
    for words in ("0.47 E_c", "least squares", "constant", "skill", "peslab ui", "databases/"):
        assert words in told


def test_a_rerun_repeats_the_run_to_the_last_bit(in_study, peslab):
    """Same config, same seeds, same metrics; the two runs are linked."""
    answer = peslab("rerun", "quickstart/0")
    assert answer.status == 0
    assert "The same config again." in answer.out
    original = LOCAL.of_study(in_study, "quickstart", 0)
    (again,) = [run for run in runs(in_study) if "repeats" in run.data.tags][:1]
    assert again.data.tags["repeats"] == original.run_id
    for name in ("test/energy_mae", "val/gradient_mae", "replica_1/test/energy_max_error"):
        assert again.data.metrics[name] == original.metrics[name]


def test_a_rerun_takes_overrides(in_study, peslab):
    """Values change the recorded config, a group comes from today's conf/; the change is shown."""
    best = json.loads(peslab("report", "quickstart", "--json").out)[0]
    answer = peslab("rerun", best["run_id"][:8], "trainer.max_epochs=2", "loss=huber")
    assert answer.status == 0
    assert re.search(r"trainer.max_epochs: \d+ → 2\n", answer.out)
    assert "Huber" in answer.out
    assert "test/energy_mae" in answer.out
    assert list((in_study / "reruns").glob("*/network.pt"))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("trainer.epochs=2", "did you mean trainer.max_epochs?"),
        ("+network.foo=2", "KEY=VALUE only"),
        ("network.width=8,16", "KEY=VALUE only"),
        ("study=orders", "cannot be changed in a rerun"),
        ("network._target_=os.system", "is not allowed"),
        ("network.width=0", "width"),
    ],
)
def test_a_rerun_refuses_what_does_not_fit(override, words, in_study, peslab):
    """One sentence, before anything is run."""
    answer = peslab("rerun", "quickstart/best", override)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err


@pytest.mark.usefixtures("unrendered")
def test_a_grid_is_hydras_multirun(peslab, home):
    """Without a study `-m` makes every combination, nested under one parent."""
    answer = peslab("train", "-m", "debug=fast", "network.width=4,8", "network.depth=0,1")
    assert answer.status == 0
    assert answer.out.count("test MAE") == 4 + 1
    assert "run 3: network.depth=1,network.width=8  test MAE" in answer.out  # debug is no value
    assert len(list(home.glob("multirun/*/*/network.pt"))) == 4
    parents = {run.data.tags.get("mlflow.parentRunId") for run in runs(home)}
    assert len(runs(home)) == 5
    assert len(parents - {None}) == 1


def test_a_grid_ends_with_a_table_and_a_learning_curve(peslab, home):
    """In the sweep's folder and in the run that binds its runs, with the exponents as metrics."""
    answer = peslab(
        *("train", "-m", "debug=fast", "database.size=100,200,320", "trainer.batch_size=50"),
    )
    assert (answer.status, answer.err) == (0, "")
    (folder,) = (home / "multirun").iterdir()
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")
    rows = [line.split() for line in answer.out.splitlines() if line.count("±") == 2]
    assert [row[:2] for row in rows] == [["0", "100"], ["1", "200"], ["2", "320"]]
    assert "energy: test MAE ∝ n^−α" in answer.out
    (parent,) = [run for run in runs(home) if run.data.tags.get("sweep") == folder.name]
    assert parent.info.run_name == folder.name
    exponents = {f"alpha/{name}" for name in ("energy", "gradient")}
    assert set(parent.data.metrics) == exponents | {f"{name}_sem" for name in exponents}
    artifacts = LOCAL.client(home).list_artifacts(parent.info.run_id)
    assert [file.path for file in artifacts] == ["sweep.png"]
    (again,) = [line for line in answer.out.splitlines() if "peslab rerun" in line]
    best = LOCAL.find(home, run_id=again.split("rerun ")[1].split()[0])
    assert best.tags["mlflow.parentRunId"] == parent.info.run_id


@pytest.mark.usefixtures("unrendered")
def test_the_folder_of_a_grid_is_its_own(peslab, home):
    """Runs of another one would stand in its table."""
    folder = home / "Paul's, [mine]" / "sweep"
    command = ("train", "-m", "debug=fast", "seed=0,1", f'hydra.sweep.dir="{folder}"')
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    assert (folder / "sweep.png").is_file()
    again = peslab(*command)
    assert (again.status, again.err.count("\n")) == (2, 1)
    assert "holds another grid" in again.err


@pytest.mark.usefixtures("unrendered")
def test_unequal_layers_and_a_swept_key_of_a_study(peslab, home):
    """A key swept on the command line replaces that of the study's space; a fixed one leaves it."""
    answer = peslab(
        *("train", "-m", "study=orders", "debug=fast", "study.n_trials=2", "study.name=mine"),
        "study.confirm=0",
        *("network.widths=[6,4]", "features.cutoff=3.5,4.5", "features.orders=[-2]"),
    )
    assert answer.status == 0
    trials = json.loads(peslab("report", "mine", "--json").out)
    assert {tuple(trial["values"]) for trial in trials} == {("features.cutoff",)}
    assert {trial["values"]["features.cutoff"] for trial in trials} <= {"3.5", "4.5"}


SEEN = [
    *(f"{group}={option}" for group in ("experiment", "lattice") for option in options(group)),
    *("potential.counting=published", "replicas=1"),
]
UNSEEN = {group: options(group) for group in ("network", "loss", "scaling", "schedule")}
ROWS = [
    [f"{group}={names[row % len(names)]}" for group, names in UNSEEN.items()]
    for row in range(max(map(len, UNSEEN.values())))
]


@pytest.mark.parametrize("option", SEEN)
def test_every_option_trains_for_one_short_step(option, peslab, home):
    """Nothing in conf/ or experiments/ only composes."""
    trains([option], peslab, home)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("row", ROWS, ids=",".join)
def test_options_that_figures_do_not_tell_train_together(row, peslab, home):
    """Their numbers differ, not what is drawn; each is in a row."""
    trains(row, peslab, home)


def trains(options, peslab, home):
    answer = peslab("train", *options, "debug=fast", "database.size=100", "trainer.batch_size=50")
    assert (answer.status, answer.err) == (0, "")
    assert "energy_mae" in answer.out
    (folder,) = (home / "single").iterdir()
    assert METRICS - {f"test/energy_mae{'_sem'}", "replica_1/test/energy_mae"} <= set(
        json.loads((folder / "metrics.json").read_text())
    )


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("study", sorted({*options("study")} - {"own_trainer"}))
def test_every_study_runs_its_first_trials(study, peslab, home):
    """Two trials: the default config and one that is proposed."""
    answer = peslab("train", f"study={study}", "debug=fast", "study.n_trials=2", "study.confirm=0")
    assert (answer.status, answer.err) == (0, "")
    assert len(json.loads(peslab("report", study, "--json").out)) == 2
    assert sorted(path.name for path in (home / "studies" / study).glob("[0-9]*")) == ["0", "1"]


@pytest.mark.usefixtures("unrendered")
def test_a_diverging_trial_fails_alone(peslab, home):
    """A learning rate of 1e30 makes the loss infinite: told with its cause, the study goes on."""
    answer = peslab(
        *("train", "-m", "study=learning_rate", "debug=fast", "study.n_trials=2", "loss=mse"),
        *("optimizer.learning_rate=choice(1e-3, 1e30)", "study.n_startup_trials=1"),
        *("trainer.max_epochs=5", "study.confirm=0"),
    )
    assert answer.status == 0
    trials = json.loads(peslab("report", "learning_rate", "--json").out)
    assert len(trials) == 2


def test_two_workers_of_one_study(peslab, home):
    """`study.workers=2` starts a second process; together they make exactly the trials."""
    answer = peslab("train", "study=orders", "debug=fast", "study.n_trials=4", "study.workers=2")
    assert (answer.status, answer.err) == (0, "")
    trials = json.loads(peslab("report", "orders", "--json").out)
    assert sorted(trial["trial"] for trial in trials) == [0, 1, 2, 3]


OWN_POTENTIAL = """
from dataclasses import dataclass
import numpy as np
from peslab.toymodel import Potential, pair_function, triplet_function

@pair_function
def repel(parameters, r):
    x = 1 - r / parameters[0]
    return x**3, -3 * x**2 / parameters[0]

@triplet_function
def attract(parameters, a, b, c):
    x = 1 - (a + b + c) / (3 * parameters[0])
    slope = x**2 / parameters[0]
    return -(x**3), slope, slope, slope

@dataclass(frozen=True)
class Soft(Potential):
    cutoff: float
    pair, triplet = repel, attract
    parameters = property(lambda self: np.array([self.cutoff]))
"""


@pytest.mark.usefixtures("unrendered")
def test_a_potential_of_ones_own_is_trained_on_by_name(peslab, home, tmp_path, monkeypatch):
    """A module that an entry point opens, and a file on Hydra's search path, are all it takes."""
    (tmp_path / "own_potentials.py").write_text(OWN_POTENTIAL)
    (tmp_path / "conf" / "potential").mkdir(parents=True)
    (tmp_path / "conf" / "potential" / "soft.yaml").write_text(
        "_target_: own_potentials.Soft\ncutoff: 2.5\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ("train", f"hydra.searchpath=[file://{tmp_path}/conf]", "potential=soft")
    refused = peslab(*command, "debug=fast")
    assert "is not allowed" in refused.err

    class Point:
        module = "own_potentials"

    monkeypatch.setattr("peslab.configuration.targets.entry_points", lambda **_: [Point])
    answer = peslab(*command, "debug=fast", "potential.cutoff=2.0")
    assert (answer.status, answer.err) == (0, "")
    assert "energy_mae" in answer.out


@pytest.mark.parametrize("change", ["loss=mse", "scaling=none", "schedule=constant"])
def test_a_study_is_not_continued_with_other_choices(change, in_study, peslab):
    """Options without a number of their own count too: trials must differ by their space alone."""
    command = ("train", "-m", "study=quickstart", "debug=fast", "replicas=2", "study.n_trials=9")
    answer = peslab(*command, change)
    assert answer.status == 2
    assert "begun with another recipe" in answer.err
    assert change.partition("=")[0] in answer.err


def test_the_options_of_a_run_are_params(studied):
    """So that runs with another loss can be told apart in the table."""
    params = LOCAL.of_study(studied, "quickstart", 0).params
    assert params["loss"] == "MeanAbsoluteError"
    assert params["potential"] == "ModifiedLennardJones"


@pytest.mark.usefixtures("unrendered")
def test_a_run_is_found_in_the_experiment_it_was_tracked_in(peslab, home):
    """A rerun looks in every experiment of the store."""
    assert peslab("train", "debug=fast", "tracking.experiment=mine").status == 0
    mine = Tracking(uri=None, experiment="mine")
    client = mine.client(home)
    (run,) = client.search_runs([mine.experiment_id(client)])
    assert peslab("rerun", run.info.run_id[:8]).status == 0


@pytest.mark.usefixtures("unrendered")
def test_a_grid_goes_on_after_a_run_that_fails(peslab, home):
    """The others are trained, and the status tells."""
    answer = peslab(
        *("train", "-m", "debug=fast", "optimizer.learning_rate=1e37,1e-3"),
        *("loss=mse", "trainer.max_epochs=3", "network.activation=silu"),
    )
    assert answer.status == 2
    assert "1 of the runs failed: run 0" in answer.err
    assert "Run 0 failed: The loss of replica(s) 0, 1 became NaN" in answer.out
    assert "run 1:" in answer.out
    assert len(list(home.glob("multirun/*/sweep.png"))) == 1  # of what did not fail
    ended = {run.info.status for run in runs(home)}
    assert ended == {"FAILED", "FINISHED"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("hydra.sweep.subdir=x", "numbered folders"),
        ("hydra.output_subdir=null", "numbered folders"),
        ("hydra.sweep.dir=elsewhere", "leave hydra.sweep.dir alone"),
    ],
)
def test_a_study_keeps_its_folders(wrong, words, peslab, home):
    """Trials would overwrite each other, or lie where no report finds them."""
    answer = peslab("train", "study=orders", "debug=fast", wrong)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert not (home / "studies").exists()


@pytest.mark.parametrize("folder", ["", "~/results", "results", "/results", None])
def test_wherever_the_results_are_a_study_is_there(folder, peslab, monkeypatch, tmp_path):
    """As the variable names them, relative or not."""
    monkeypatch.chdir(tmp_path)
    if folder is None:
        monkeypatch.delenv("PESLAB_HOME", raising=False)
    else:
        monkeypatch.setenv("PESLAB_HOME", folder)
    answer = peslab("train", "study=orders", "debug=compose")
    assert (answer.status, answer.err) == (0, "")


def test_a_study_keeps_its_own_sweeper(peslab, home):
    """Hydra's would run one ordinary job, or nothing."""
    for wrong in ("hydra/sweeper=basic", "hydra.mode=RUN"):
        answer = peslab("train", "study=orders", "debug=fast", wrong)
        assert answer.status == 2
        assert "its own sweeper" in answer.err
