"""Data from elsewhere take the toy's place in every step: training, study, report, rerun."""

import importlib
import json
import re

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from ase.io import write

from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")


@pytest.fixture(scope="module")
def argon(tmp_path_factory):
    """300 cells of 4 particles, labeled by ASE's Lennard-Jones instead of ours, in eV and Å."""
    path = tmp_path_factory.mktemp("elsewhere") / "argon.extxyz"
    random = np.random.default_rng(0)
    corners = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) * 2.63
    frames = []
    for _ in range(300):
        positions = corners + random.normal(scale=0.15, size=(4, 3))
        atoms = Atoms("Ar4", positions=positions, cell=[5.26] * 3, pbc=True)
        atoms.calc = LennardJones(sigma=3.4, epsilon=0.0104, rc=8.0)
        atoms.get_forces()
        frames.append(atoms)
    write(path, frames)
    return path


@pytest.fixture
def on_file(argon):
    return ("problem=file", f"problem.path={argon}", "features.cutoff=6.0", "debug=fast")


def only_run(home):
    client = LOCAL.client(home)
    (run,) = client.search_runs([LOCAL.experiment_id(client)])
    return run


def test_a_network_is_trained_on_a_file(on_file, argon, peslab, home):
    """Metrics, figures and record of a run, as for the toy; only drags are left out."""
    answer = peslab("train", *on_file)
    assert (answer.status, answer.err) == (0, "")
    assert "energy_mae" in answer.out
    (folder,) = (home / "single").iterdir()
    metrics = json.loads((folder / "metrics.json").read_text())
    for name in ("test/energy_mae", "val/force_mae", "baseline/least_squares_mae", "skill"):
        assert np.isfinite(metrics[name])
    run = only_run(home)
    assert run.data.tags["problem"] == "file_pes"
    assert run.data.params["problem.test_fraction"] == "0.2"
    (data,) = run.inputs.dataset_inputs
    assert run.data.params["problem.fingerprint"].startswith(data.dataset.digest)
    names = {item.path for item in LOCAL.client(home).list_artifacts(run.info.run_id, "figures")}
    shown = {"learning_curves", "parity", "forces", "errors", "ensemble", "lattices"}
    assert names == {f"figures/{name}.png" for name in shown}
    assert not (home / "databases").exists()


def test_more_epochs_beat_the_constant(on_file, peslab, home):
    """Something is learned of another potential, from 180 configurations."""
    answer = peslab("train", *on_file, "trainer.max_epochs=60", "replicas=1")
    assert answer.status == 0
    assert only_run(home).data.metrics["skill"] > 0.3


def test_figures_tell_the_files_unit(on_file, peslab, home, monkeypatch):
    """Not the toy's."""
    pictures, drawn = importlib.import_module("peslab.pipeline.pictures"), []

    def parity(*arguments, original=pictures.parity):
        drawn.append(original(*arguments))
        return drawn[-1]

    monkeypatch.setattr(pictures, "parity", parity)
    assert peslab("train", *on_file).status == 0
    labels = {axes.get_ylabel() for axes in drawn[0].axes}
    assert {"predicted (eV)", "error (eV)"} <= labels


def test_a_study_and_its_report_are_in_the_files_unit(on_file, argon, peslab, home, tmp_path):
    """The same command continues it, a file of other content does not; trials share one content."""
    command = ("train", "-m", "study=learning_rate", *on_file, "study.n_trials=2")
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    assert "test MAE (eV)" in answer.out
    assert "the same file, divided anew: it holds no rows that no trial has seen" in answer.out
    assert "E_c" not in peslab("report", "learning_rate").out
    trial = LOCAL.of_study(home, "learning_rate", 1)
    typed = LOCAL.read_text(home, trial.run_id, "config/overrides.txt")
    assert f"problem.fingerprint='{trial.params['problem.fingerprint']}'" in typed
    other = tmp_path / "other.db"
    assert peslab("convert", str(argon), str(other)).status == 0
    assert peslab(*command, f"problem.path={other}").status == 0  # the same rows elsewhere
    lines = argon.read_text().splitlines(keepends=True)
    fewer = tmp_path / "fewer.extxyz"
    fewer.write_text("".join(lines[: 6 * 250]))
    refused = peslab(*command, f"problem.path={fewer}")
    assert refused.status == 2
    assert "problem.fingerprint" in refused.err


def test_a_rerun_finds_the_file_from_anywhere(argon, peslab, home, tmp_path, monkeypatch):
    """A relative path is recorded as an absolute one; the run is repeated to the last bit."""
    copy = tmp_path / "copy.extxyz"
    copy.write_text(argon.read_text())
    monkeypatch.chdir(tmp_path)
    command = ("train", "problem=file", "problem.path=copy.extxyz", "features.cutoff=6.0")
    assert peslab(*command, "debug=fast").status == 0
    original = only_run(home)
    monkeypatch.chdir("/")
    answer = peslab("rerun", original.info.run_id[:8])
    assert (answer.status, answer.err) == (0, "")
    assert "The same config again." in answer.out
    runs = LOCAL.client(home).search_runs([original.info.experiment_id])
    again = next(run for run in runs if "repeats" in run.data.tags)
    assert again.data.metrics["test/energy_mae"] == original.data.metrics["test/energy_mae"]

    copy.write_text("".join(argon.read_text().splitlines(keepends=True)[: 6 * 200]))
    changed = peslab("rerun", original.info.run_id[:8])
    assert (changed.status, changed.err.count("\n")) == (2, 1)
    assert "is not what it was" in changed.err
    taken = peslab("rerun", original.info.run_id[:8], "problem.fingerprint=null")
    assert taken.status == 0

    copy.unlink()
    vanished = peslab("rerun", original.info.run_id[:8])
    assert (vanished.status, vanished.err.count("\n")) == (2, 1)
    assert "problem.path=" in vanished.err
    moved = peslab("rerun", original.info.run_id[:8], f"problem.path={argon}")
    assert moved.status == 0


def test_a_grid_of_files(on_file, argon, peslab, home, tmp_path):
    """A key without a value in its file may be swept like any other."""
    copy = tmp_path / "copy.extxyz"
    copy.write_bytes(argon.read_bytes())
    others = [override for override in on_file if not override.startswith("problem.path")]
    answer = peslab("train", "-m", *others, f"problem.path={argon},{copy}")
    assert (answer.status, answer.err) == (0, "")
    first, second = (
        json.loads(file.read_text())["test/energy_mae"]
        for file in home.glob("multirun/*/*/metrics.json")
    )
    assert first == second  # files of one content


def test_a_file_is_not_generated(on_file, peslab, home):
    """Its data are there already: generate says so and makes nothing."""
    answer = peslab("generate", *on_file)
    assert answer.status == 2
    assert "makes databases of lattices" in answer.err
    assert not (home / "databases").exists()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ((), "problem.path has no value"),
        (("problem.path=nothing.extxyz",), "there is no file"),
        (("problem.path=3",), "problem.path=3 does not fit"),
        (("problem.path=/x.db", "problem.size=3"), "problem.size is not a setting"),
        (
            ("problem.path=/x.db", "database.size=3"),
            "database.size is not a setting beside problem=file, only of other options",
        ),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(overrides, words, peslab, home):
    """As for every problem."""
    answer = peslab("train", "problem=file", *overrides)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert not home.exists()


@pytest.mark.parametrize("sweep", [(), ("-m", "study=learning_rate"), ("-m", "seed=0,1")])
def test_steps_of_more_rows_than_a_file_has_are_refused_at_once(on_file, sweep, peslab, home):
    """Not by each run or trial: 300 rows leave 180 for training, and a study needs no new name."""
    answer = peslab("train", *sweep, *on_file, "trainer.batch_size=200")
    assert answer.status == 2
    assert "trainer.batch_size=200 is more than the 180 training samples" in answer.err
    assert not home.exists()


def test_a_study_may_search_for_the_size_of_its_steps(on_file, peslab, home):
    """The config without it has steps of 64, where 60 rows are left, and no trial takes them."""
    parts = ("problem.test_fraction=0.4", "problem.validation_fraction=0.4")
    swept = ("study.name=steps", "trainer.batch_size=16,32", "study.n_trials=1", "study.confirm=0")
    answer = peslab("train", "-m", "study=learning_rate", *on_file, *parts, *swept)
    assert (answer.status, answer.err) == (0, "")
    assert (home / "studies" / "steps" / "report").exists()


def test_a_file_of_equal_energies_is_told_what_it_lacks(argon, peslab, home, tmp_path):
    """Not only what helps the toy model: a file has no cell to choose."""
    equal = tmp_path / "equal.extxyz"
    equal.write_text(re.sub(r" energy=\S+", " energy=-3000.0", argon.read_text()))
    typed = ("problem=file", f"problem.path={equal}", "features.cutoff=6.0", "debug=fast")
    answer = peslab("train", *typed)
    assert answer.status == 2
    assert "use data whose energies differ" in answer.err
    assert home.exists()
