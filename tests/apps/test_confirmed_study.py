"""A real study ends with its leading trials on fresh data, and is used from Python."""

import json
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import torch

import peslab as package
from peslab.errors import InvalidInputError, PeslabError
from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")


@pytest.fixture(scope="module")
def positions():
    return np.random.default_rng(0).uniform(0, 5, (7, 4, 2))


@pytest.fixture
def best(in_study):
    return package.load("quickstart/best")


def confirmations(home):
    client = LOCAL.client(home)
    found = client.search_runs([LOCAL.experiment_id(client)], "tags.role = 'confirmation'")
    return {int(run.data.tags["trial"]): run for run in found}


def test_leading_trials_are_trained_on_what_no_trial_has_seen(studied):
    """Other seeds for data and training; all else is as it was, the test data alike for all."""
    client = LOCAL.client(studied)
    found = confirmations(studied)
    assert set(found) == {0, 1, 2}
    tests = set()
    for number, run in found.items():
        trial = LOCAL.of_study(studied, "quickstart", number)
        changed = {key for key, value in run.data.params.items() if trial.params.get(key) != value}
        assert changed == {"seed", "database.seed", "database.test_seed"}
        parent = client.get_run(trial.run_id).data.tags["mlflow.parentRunId"]
        assert run.data.tags["mlflow.parentRunId"] == parent
        (data,) = [each for each in run.inputs.dataset_inputs if each.dataset.name == "test"]
        tests.add(data.dataset.digest)
    assert len(tests) == 1
    seeds = {run.data.params["seed"] for run in found.values()}
    assert len(seeds) == 3


def test_the_report_shows_them(in_study, peslab):
    """As a table, and for programs."""
    told = " ".join(peslab("report", "quickstart").out.split())
    assert "tested on a new database, which no trial has seen" in told
    assert "winner's curse" in told
    trials = json.loads(peslab("report", "quickstart", "--json").out)
    runs = confirmations(in_study)
    for trial in trials:
        fresh = trial["fresh"]
        metrics = runs[trial["trial"]].data.metrics
        assert fresh["error"] == pytest.approx(metrics["test/energy_mae"])
        assert fresh["promised"] == trial["metrics"]["val/energy_mae"]
        assert fresh["tied"] in {True, False}
        assert len(fresh["pairs"]) == 2


def test_a_trial_is_not_its_confirmation(in_study):
    """Both have its number, and only one is what the study chose by."""
    model = package.load("quickstart/0")
    assert (model.config["database"]["seed"], model.config["seed"]) == (0, 0)
    assert model.run_id not in {run.info.run_id for run in confirmations(in_study).values()}


def test_trials_are_a_frame(in_study):
    """With ranks, values, metrics and fresh errors."""
    frame = package.trials("quickstart")
    assert isinstance(frame, pl.DataFrame)
    assert frame["trial"].to_list() == [0, 1, 2]
    assert sorted(frame["rank"]) == [1, 2, 3]
    assert frame["network.width"].dtype == pl.Int64
    assert frame["fresh_error"].null_count() == 0
    assert frame["tied"].any()


def test_a_model_predicts_what_its_run_measured(best, in_study):
    """The same numbers on the test part as in the run's metrics."""
    run = LOCAL.client(in_study).get_run(best.run_id)
    (digest,) = [
        each.dataset.digest for each in run.inputs.dataset_inputs if each.dataset.name == "test"
    ]
    frame = pl.read_parquet(in_study / "databases" / f"{digest}.parquet")
    exact = frame["energy_per_particle"].to_numpy()
    inputs = (frame["positions"].to_numpy(), frame["cell_width"].to_numpy())
    energies, forces = best.predict_with_forces(*inputs, each_replica=True)
    assert np.abs(energies - exact).mean() == pytest.approx(best.metrics["test/energy_mae"])
    off = np.abs(forces - frame["forces"].to_numpy()).mean()
    assert off == pytest.approx(best.metrics["test/force_mae"])


def test_replicas_and_their_mean(best, positions):
    """One configuration may come alone, and the width as a number."""
    energies = best.predict(positions, 5.0)
    each = best.predict(positions, np.full(7, 5.0), each_replica=True)
    assert each.shape == (best.replicas, 7)
    assert energies == pytest.approx(each.mean(axis=0))
    assert best.predict(positions[0], 5.0) == pytest.approx(energies[:1])


@pytest.mark.parametrize("predict", ["predict", "predict_with_forces"])
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 3, 2), "3 particles have .* features, and the network has learned"),
        ((2, 5, 2), "as many particles as its run had"),
        ((2, 4, 3), "has learned 2D configurations, and these are 3D"),
    ],
)
def test_what_a_model_has_not_learned_is_refused(predict, shape, words, best):
    """Rather than a number that means nothing."""
    positions = np.random.default_rng(0).uniform(0.0, 5.0, shape)
    with pytest.raises(InvalidInputError, match=words):
        getattr(best, predict)(positions, 5.0)


def test_other_widths_are_a_guess_and_that_is_said(best, positions):
    """They may be what one wants to see."""
    with pytest.warns(UserWarning, match="cells of width 5 only.* widths of 5 to 7 is a guess"):
        best.predict(positions, np.linspace(5.0, 7.0, len(positions)))


def test_forces_are_those_of_the_predicted_energy(best, positions):
    """F = −∂(N v)/∂r, by finite differences."""
    energies, forces = best.predict_with_forces(positions, 5.0)
    assert energies == pytest.approx(best.predict(positions, 5.0))
    step = 1e-3
    there, back = positions.copy(), positions.copy()
    there[:, 2, 1] += step
    back[:, 2, 1] -= step
    rise = best.predict(there, 5.0) - best.predict(back, 5.0)
    slope = -4 * rise / (2 * step)
    assert forces.shape == positions.shape
    off = np.abs(forces[:, 2, 1] - slope)
    assert np.mean(off <= 0.05 * np.abs(slope)) > 0.5  # a slope may vanish, in single precision


def test_a_model_knows_its_run(best, in_study):
    """Every value resolved, and what was measured."""
    assert (
        best.config["network"]["width"]
        == package.trials("quickstart").filter(pl.col("rank") == 1)["network.width"].item()
    )
    assert best.metrics["test/energy_mae"] > 0
    assert package.load(best.run_id[:8]).run_id == best.run_id
    told = f"test/energy_mae={best.metrics['test/energy_mae']:.3g}"
    assert repr(best).startswith(f"Model(run {best.run_id[:8]}, 2 replicas, ProximityEigenvalues, ")
    assert told in repr(best)
    assert len(repr(best)) < 200


def test_a_drag_is_drawn(best, tmp_path):
    """Energy and gradient, exact and predicted."""
    figure = best.plot_drag()
    assert len(figure.axes) == 2
    figure.savefig(tmp_path / "drag.png")
    assert (tmp_path / "drag.png").stat().st_size > 10_000


def test_a_model_is_loaded_without_its_data(in_study, monkeypatch):
    """Its potential, databases and file are not looked at."""

    def never(*_):
        raise AssertionError

    monkeypatch.setattr("peslab.problems.lattice_pes.LatticePES.tables", never)
    monkeypatch.setattr("peslab.problems.lattice_pes.LatticePES.__init__", never)
    assert package.load("quickstart/1").replicas == 2


def test_no_pickle_is_loaded(in_study, monkeypatch):
    """Weights are read as numbers only."""
    loads = []

    def load(*arguments, original=torch.load, **options):
        loads.append(options.get("weights_only"))
        return original(*arguments, **options)

    monkeypatch.setattr(torch, "load", load)
    package.load("quickstart/best")
    assert loads == [True]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/best", "There is no study 'nowhere'"),
        ("quickstart/17", "has no finished trial '17'"),
        ("zzzz", "no run begins with 'zzzz'"),
        ("", "No run is named"),
    ],
)
def test_what_is_not_there_is_one_sentence(name, words, in_study):
    """The same as on the command line."""
    with pytest.raises(PeslabError, match=words) as caught:
        package.load(name)
    assert "\n" not in str(caught.value)


def test_a_run_without_a_network_is_told(in_study):
    """The run that binds a study has none, and neither has one that failed."""
    client = LOCAL.client(in_study)
    (parent,) = client.search_runs([LOCAL.experiment_id(client)], "tags.role = 'parent'")
    with pytest.raises(PeslabError, match="has no config/unresolved"):
        package.load(parent.info.run_id)
    trial = LOCAL.of_study(in_study, "quickstart", 2)
    run_id = client.create_run(LOCAL.experiment_id(client)).info.run_id
    text = LOCAL.read_text(in_study, trial.run_id, "config/unresolved.yaml")
    client.log_text(run_id, text, "config/unresolved.yaml")
    with pytest.raises(PeslabError, match=r"has no network\.pt"):
        package.load(run_id)


def test_positions_that_make_no_sense_are_refused(best):
    """As everywhere."""
    with pytest.raises(InvalidInputError, match="positions"):
        best.predict(np.zeros((2, 3, 4, 5)), 5.0)
    with pytest.raises(InvalidInputError, match="cell_width"):
        best.predict_with_forces(np.ones((1, 4, 2)) * np.arange(4)[:, None], -1.0)


def test_import_is_light():
    """The command answers at once, and so does a notebook's first cell."""
    heavy = {"numpy", "torch", "optuna", "hydra", "polars", "mlflow"}
    told = f"import sys, peslab; print(*{heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


@pytest.mark.usefixtures("unrendered")
def test_runs_of_the_spool_are_confirmed_and_loaded_too(peslab, home):
    """On a shared file system trials wait as plain files, and so do their confirmations."""
    command = ("train", "study=orders", "debug=fast", "study.n_trials=1", "study.storage=shared")
    assert "fresh" not in peslab(*command, "study.confirm=0").out
    answer = peslab(*command, "study.confirm=1")
    assert (answer.status, answer.err) == (0, "")
    assert "nothing was run" not in answer.out
    assert "Only trial 0 was trained again" in answer.out
    assert len(list((home / "spool").iterdir())) == 2
    assert package.load("orders/0").metrics["test/energy_mae"] > 0
    assert not list((home / "spool").iterdir())
    assert set(confirmations(home)) == {0}
    assert "nothing was run" in peslab(*command, "study.confirm=1").out
    assert not list((home / "spool").iterdir())
    (fresh,) = package.trials("orders")["fresh_error"]
    metrics = confirmations(home)[0].data.metrics
    assert fresh == pytest.approx(metrics["test/energy_mae"])
    peslab(*command, "study.extend_by=1", "study.confirm=2")
    assert package.trials("orders")["fresh_error"].null_count() == 0


def test_the_readmes_block_runs(in_study, repository):
    """As printed, on a study of the same name."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    (block,) = [
        each
        for each in re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        if "peslab.trials(" in each
    ]
    names = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102
    assert names["forces"].shape == (1000, 4, 2)
    assert names["energies"].shape == (1000,)


def test_what_the_package_does_not_offer_is_an_attribute_error():
    """A misspelt name is told as Python does."""
    with pytest.raises(AttributeError, match="no attribute 'trails'"):
        package.trails  # noqa: B018
    assert {"load", "trials"} <= set(package.__all__)
