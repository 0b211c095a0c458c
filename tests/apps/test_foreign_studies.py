"""A study of a script that knows nothing of peslab, with everything that a study has."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from peslab.tracking import Tracking
from waiting import runs, wait_for

pytestmark = pytest.mark.usefixtures("unrendered")

SCRIPT = Path(__file__).parents[1] / "foreign_trainer.py"
LOCAL = Tracking(uri=None, experiment="peslab")
COMMAND = (
    f"study.command={sys.executable} {SCRIPT} --width {{width}} --activation {{activation}} "
    "--epochs 30 --seed {seed} --out {metrics}"
)
SPACE = ("width=int(interval(4,64))", "+study.space.activation=choice(tanh,relu)")
STUDY = ("train", "study=own_trainer", "study.name=sine", "replicas=2")


def trials(peslab, name="sine"):
    return json.loads(peslab("report", name, "--json").out)


def test_a_script_is_searched_continued_and_reported(home, peslab):
    """Typed without quotes within quotes; the same command goes on, another is refused."""
    command = (*STUDY, COMMAND, *SPACE)
    answer = peslab(*command, "study.n_trials=1")
    assert (answer.status, answer.err) == (0, "")
    assert "1/1  trial 0: val error 0." in answer.out
    answer = peslab(*command, "study.n_trials=2")
    assert (answer.status, answer.err) == (0, "")
    assert "2/2  trial 1: val error 0." in answer.out
    assert "test error: mean ± standard error over replicas" in answer.out
    assert "trained again it has 0." in answer.out
    assert "worse than" in answer.out
    assert "test data of the command" in answer.out
    told = trials(peslab)
    assert [trial["rank"] for trial in told] == [1, 2]
    for trial in told:
        assert set(trial["values"]) == {"width", "activation"}
        one, two = (trial["metrics"][f"replica_{k}/val/error"] for k in (0, 1))
        assert one != two
        assert trial["metrics"]["val/error"] == pytest.approx((one + two) / 2)
        folder = home / "studies" / "sine" / str(trial["trial"])
        assert "epochs, loss" in (folder / "replica_1" / "stdout.txt").read_text()
    shown = peslab("report", "sine/best").out
    assert f"test/error{trials(peslab)[0]['metrics']['test/error']:.4f}" in "".join(shown.split())
    assert "replica_0/" in shown
    assert peslab("report", "sine", "--compare", "0", "1").status == 0
    page = (home / "studies" / "sine" / "compare_0_1.html").read_text()
    assert "test/error" in page
    assert re.search(r"width: \d+ → \d+", page)
    other = peslab(*STUDY, COMMAND.replace("30", "31"), *SPACE)
    assert other.status == 2
    assert "begun with another recipe (study.command: " in other.err
    again = peslab("rerun", "sine/best")
    assert (again.status, again.err.count("\n")) == (2, 1)
    assert "peslab does not run it again by itself" in again.err
    assert f"--width {told[0]['values']['width']} " in again.err


def test_a_value_of_a_file_and_a_list_of_words(home, peslab, tmp_path):
    """A study of one's own is a file on Hydra's search path."""
    writes = "open('metrics.json', 'w').write('{{' + f'\"loss\": {{sys.argv[1]}}' + '}}')"
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.yaml").write_text(
        MINE + json.dumps([sys.executable, "-c", f"import sys; {writes}", RATE]) + "\n"
    )
    answer = peslab("train", f"hydra.searchpath=[file://{tmp_path}]", "study=mine", "replicas=1")
    assert (answer.status, answer.err) == (0, "")
    (trial,) = trials(peslab, "mine")
    rate = float(trial["values"]["optimizer.learning_rate"])
    assert (trial["metrics"]["loss"], trial["objectives"]) == (rate, ["loss"])
    assert "loss: mean" in answer.out


RATE = "{optimizer.learning_rate}"
MINE = """# @package _global_
defaults:
  - _base@study
  - override /hydra/sweeper: peslab
  - _self_
hydra:
  mode: MULTIRUN
study:
  name: mine
  n_trials: 1
  objectives: [loss]
  space:
    optimizer.learning_rate: choice(0.5, 0.25)
  command: """


def test_a_trial_that_fails_is_told_and_the_study_goes_on(home, peslab):
    """With the last line of what the script said; where nothing came out that is no success."""
    failing = COMMAND.replace("--epochs", "--epoch-number")
    answer = peslab(*STUDY, failing, *SPACE, "study.n_trials=2", "replicas=1", "study.workers=2")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "lost" not in answer.out
    assert "None of the 2 trials of the study 'sine' came to its end" in answer.err
    assert "unrecognized arguments: --epoch-number" in answer.err
    assert "study.extend_by=2" in answer.err
    for trial in trials(peslab):
        assert trial["rank"] is None
        assert trial["reason"].startswith("Replica 0 (seed 0): it ended with status 2: ")
        assert "unrecognized arguments: --epoch-number" in trial["reason"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({COMMAND: COMMAND.replace("{width}", "{with}")}, "did you mean width?"),
        ({COMMAND: COMMAND.replace("--width {width}", "")}, "width is swept, but the command"),
        ({COMMAND: COMMAND.replace("{seed}", "3")}, "does not take {seed}"),
        ({COMMAND: COMMAND.replace(sys.executable, "pyhton")}, "no program pyhton"),
        ({COMMAND: COMMAND.replace("trainer.py", "trianer.py")}, "there is no file"),
        ({COMMAND: COMMAND + " {"}, "a brace without a partner"),
        ({COMMAND: COMMAND + " 'x"}, "close its quote"),
        ({COMMAND: "study.command=entry:nothing"}, "no function of the entry points"),
        ({COMMAND: "study.command=null"}, "space is empty"),
        ({SPACE[0]: "width=3"}, "is not a setting"),
        ({SPACE[0]: "study.timeout=-1", SPACE[1]: "rate=1,2"}, "timeout=-1"),
        ({SPACE[0]: "seed=1,2"}, "seed cannot be swept"),
        ({"replicas=2": "study/pruner=median"}, "look into a command"),
        ({COMMAND: "seed=0"}, "a trainer of your own with study.command"),
    ],
)
def test_what_cannot_work_is_told_before_anything_starts(changes, words, home, peslab):
    """One sentence, status 2, no study."""
    typed = [changes.get(word, word) for word in (*STUDY, COMMAND, *SPACE)]
    answer = peslab(*typed)
    assert (answer.status, answer.err.count("\n")) == (2, 1), answer.err
    assert words in answer.err
    assert not (home / "studies").exists()


def test_our_own_training_can_be_ranked_by_any_metric(home, peslab):
    """The gradient's error, in its unit."""
    answer = peslab(
        *("train", "study=orders", "debug=fast", "study.n_trials=2", "replicas=1"),
        "study.objectives=[val/gradient_mae]",
    )
    assert (answer.status, answer.err) == (0, "")
    told = trials(peslab, "orders")
    errors = [trial["metrics"]["val/gradient_mae"] for trial in told]
    assert errors == sorted(errors)
    assert "val gradient MAE" in answer.out
    assert "(E_c/R_c)" in answer.out


# A shell that starts a test run in the background lets all that it starts ignore Ctrl+C.
WORKER = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from peslab.apps.main import main; main()"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_workers_trial_is_run_again_elsewhere(number, home, peslab, tmp_path):
    """The script ends with its worker, so that the retry is alone, in a folder of its own."""
    script = tmp_path / "slow.py"
    script.write_text(
        "import json, os, sys, time\n"
        "open('pid', 'w').write(str(os.getpid()))\n"
        "end = time.monotonic() + 600\n"
        "while not os.path.exists(sys.argv[1]) and time.monotonic() < end: time.sleep(0.02)\n"
        "json.dump({'val/error': float(sys.argv[2])}, open('metrics.json', 'w'))\n"
    )
    quick = tmp_path / "quick"
    command = (
        *("train", "study=own_trainer", "study.name=slow", "study.n_trials=1", "replicas=1"),
        f"study.command={sys.executable} {script} {quick} {{x}}",
        "x=interval(0,1)",
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, *command],
        env={**os.environ, "PESLAB_HOME": str(home)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    pid = home / "studies" / "slow" / "0" / "replica_0" / "pid"
    wait_for(lambda: pid.exists() and pid.read_text())
    worker.send_signal(number)
    worker.wait(120)
    wait_for(lambda: not runs(pid.read_text()))
    quick.touch()
    answer = peslab(*command)
    assert (answer.status, answer.err) == (0, "")
    (trial,) = trials(peslab, "slow")
    assert trial["trial"] == 1
    first, second = (home / "studies" / "slow" / name / "replica_0" for name in "01")
    assert json.loads((second / "metrics.json").read_text())["val/error"] == trial["values"]["x"]
    assert second.joinpath("pid").read_text() != pid.read_text()
    assert not (first / "metrics.json").exists()
