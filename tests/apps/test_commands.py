"""The commands answer at once, explain themselves, and tell mistakes in one sentence."""

import json
import os
import subprocess
import sys

import pytest

from peslab import __version__
from peslab.apps import train, ui
from peslab.apps.main import COMMANDS
from peslab.study.about import About

HEAVY = {"torch", "mlflow", "optuna", "numba", "polars", "hydra", "numpy", "matplotlib", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["generate", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    """Help answers at once: torch, Lightning and MLflow together would take five seconds."""
    code = (
        "import sys\nfrom peslab.apps.main import main\n"
        f"try: main({arguments})\nexcept SystemExit as e: assert not e.code\n"
        f"loaded = {HEAVY} & set(sys.modules)\nassert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_terminal_without_our_letters_gets_others():
    """Help has … and lines; in the locale C they become question marks, and nothing breaks."""
    done = subprocess.run(
        [sys.executable, "-m", "peslab", "train", "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"KEY=VALUE ?" in done.stdout


def test_help_explains_commands_and_groups(peslab):
    """Every command, every group, every option and what it is."""
    top, train = peslab("--help"), peslab("train", "--help")
    assert top.status == train.status == 0
    assert all(f"peslab {command}" in top.out for command in COMMANDS)
    for word in ("potential", "features", "study", "quickstart", "* mlp", "thesis_network"):
        assert word in train.out
    assert "network.width: 64" in train.out


def test_the_version_is_told(peslab):
    """As every command line tool does."""
    assert peslab("--version").out == f"peslab {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "did you mean train?"),
        (["train", "network.widht=3"], "did you mean network.width?"),
        (["train", "+network.widht=3"], "did you mean network.width?"),
        (["train", "network.depth=2", "network.widths=[8,8,8]"], "depth=2 has no meaning beside"),
        (["train", "-m", "network.width=8,9", "network.widths=[8]"], "no meaning beside"),
        (["train", "model=mlp"], "did you mean network?"),
        (["train", "network=resnet"], "choose from linear, mlp"),
        (["train", "features.orders=[-1]"], "features"),
        (["train", "features.cutoff=0"], "features"),
        (["train", "lattice.cell_width=-5"], "lattice"),
        (["train", "lattice.n_particles=0"], "lattice"),
        (["train", "network._target_=os.system"], "is not allowed"),
        (["train", "-m", "study=quickstart,orders"], "cannot be swept"),
        (["train", "study=quickstart", "study.space=3"], "study.space=3 does not fit"),
        (["train", "study=quickstart", "network.width='interval(1'"], "network.width"),
        (["train", "network.width=16,32"], "-m"),
        (["train", "database.size=20", "trainer.batch_size=64", "relaxation.epochs=0"], "batch"),
        (["train", "--config-dir=/elsewhere"], "hydra.searchpath"),
        (["train", "--experimental-rerun=x"], "pickle"),
        (["train", "-m", "network.width=16,0"], "width"),
        (["train", "-m", "network.width=interval(1,2)"], "for a study"),
        (
            ["train", "study=quickstart", "debug=compose", "features.cutoff=interval(5,1)"],
            "impossible",
        ),
        (["train", "tracking.uri=sqlite:////nowhere/x.db", "debug=fast"], "tracking.uri"),
        (["report", "../studies/x"], "There is no study"),
        (["train", "~network"], "network is missing: choose an option"),
        (["train", "=3"], "cannot be read"),
        (["train", "study.n_trials=3"], "choose a study"),
        (["train", "hydra/launcher=slurm"], "basic"),
        (["generate", "lattice.n_particles=0"], "lattice"),
        (["generate", "lattice.n_particles=1,0"], "lattice"),
        (["generate", "network.width=1,2"], "the same database more than once"),
        (["generate", "relaxation.epochs=1,1"], "the same database more than once"),
        (["generate", "relaxation.epochs=interval(1,5)"], "no end of values"),
        (["generate", "--jsn"], "it takes --json"),
        (["generate", "lattice.n_widths=3"], "give cell_width as two numbers"),
        (["rerun", "nothing/best"], "There is no study 'nothing'"),
        (["rerun", "0123456789"], "no run begins with '0123456789'"),
        (["report", "nothing"], "There is no study 'nothing'"),
        (["ui"], "There is no run"),
        (["ui", "--port", "65536"], "use 1 to 65,535"),
        (["ui", "--port", "-1"], "use 1 to 65,535"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(arguments, words, peslab, home):
    """What is wrong and what to do, no traceback."""
    answer = peslab(*arguments)
    assert answer.status == 2
    assert words in answer.err
    assert answer.err.startswith("peslab: ")
    assert answer.err.count("\n") == 1
    assert not list(home.glob("s*/**/*.pt"))


def test_a_mistake_writes_nothing(peslab, home):
    """A wrong config leaves no folder behind."""
    assert peslab("train", "network.width=0").status == 2
    assert not home.exists()


def test_results_that_cannot_be_written_are_told(peslab, tmp_path, monkeypatch):
    """PESLAB_HOME below a file cannot be made, whoever asks."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PESLAB_HOME", str(tmp_path / "file" / "runs"))
    answer = peslab("train", "debug=fast")
    assert answer.status == 2
    assert "PESLAB_HOME" in answer.err


def test_a_developer_may_ask_for_the_traceback(peslab, home, monkeypatch):
    """PESLAB_DEBUG=1 lets the error through."""
    from peslab.apps.main import main
    from peslab.errors import PeslabError

    monkeypatch.setenv("PESLAB_DEBUG", "1")
    with pytest.raises(PeslabError):
        main(["train", "network.width=0"])


@pytest.mark.parametrize("typed", ["network.depth=2", "network.width=8", "network.dropout=0.1"])
def test_widths_that_agree_with_what_was_typed_are_taken(typed, peslab, home):
    """Also beside what has nothing to do with them."""
    answer = peslab("train", "debug=compose", "network.widths=[8,8]", typed)
    assert answer.status == 0


def test_compose_shows_the_config_and_trains_nothing(peslab, home):
    """What would be run, resolved and validated."""
    answer = peslab("train", "debug=compose", "network.width=7", "experiment=thesis_network")
    assert answer.status == 0
    assert "width: 7" in answer.out
    assert "learning_rate: 1.0e-05" in answer.out
    assert "Valid" in answer.out
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["potential=pairs_and_area"], ["though the sum does not converge in 2D"]),
        (["potential=lennard_jones"], ["to the depth 3, which leaves out"]),
        (["-m", "potential.depth=2,3", "potential=lennard_jones"], ["depth 2", "depth 3"]),
        (["-m", "study=quickstart", "potential=pairs_and_area"], ["does not converge"]),
        ([], []),
    ],
)
def test_what_a_depth_leaves_out_is_told_before_a_training(
    arguments, told, peslab, home, monkeypatch
):
    """Once, whatever many runs it is true of; of energies that end nothing is said."""
    monkeypatch.setattr(train, "_hand_over", lambda _: None)
    for name in ("peslab.apps.grids.conclude", "peslab.apps.report.conclude"):
        monkeypatch.setattr(name, lambda *_: None)
    for name in ("peslab.apps.report.show", "peslab.apps.report.check_success"):
        monkeypatch.setattr(name, lambda _: None)
    answer = peslab("train", *arguments)
    assert (answer.status, answer.out.count("Energies are summed")) == (0, len(told))
    for words in told:
        assert words in answer.out


def test_the_ui_listens_to_this_machine_alone():
    """MLflow's UI has no login."""
    command = ui.command("/runs/mlflow.db", 5001)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert "--allowed-hosts" in command
    assert ui.environment()["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"


def test_a_taken_port_is_told(peslab, home):
    """And the next one is proposed."""
    import socket

    home.mkdir()
    (home / "mlflow.db").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = peslab("ui", "--port", str(port))
    assert answer.status == 2
    assert f"--port {port + 1}" in answer.err


def test_python_m_peslab_is_the_command(tmp_path):
    """For environments whose scripts are not on the path."""
    done = subprocess.run(
        [sys.executable, "-m", "peslab", "report", "x", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "PESLAB_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("peslab: There is no study 'x'")


def test_json_is_json(peslab, home):
    """An empty ranking is an empty list (the study exists, nothing is finished)."""
    from peslab.study import Study
    from peslab.study.storage.study import work_on

    settings = Study("empty", 1, 1, 0, 1, {"x": "interval(0,1)"})
    with work_on(settings, home, {}, {}, About()):
        pass
    assert json.loads(peslab("report", "empty", "--json").out) == []
