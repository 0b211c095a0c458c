"""Trials of trainers that know nothing of peslab: what is checked, given, read and kept."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import OmegaConf

from peslab.configuration.compose import compose, without_hydra
from peslab.errors import PeslabError
from peslab.pipeline.own_trainer import checked, prepare
from peslab.problems.contract import FRESH_SEEDS
from peslab.study import Study
from peslab.study.command import parsed
from peslab.study.results.confirmation import SEEDS_OF_A_TRIAL
from peslab.study.results.ranking import RankedTrial
from peslab.study.search.space import as_overrides, parse_space
from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")
WRITES = (
    "import json,sys; rate, seed, path = sys.argv[1:]; print('seed', seed); "
    "json.dump({'val/error': float(rate) + int(seed), 'epochs': 3}, open(path, 'w'))"
)
COMMAND = (sys.executable, "-c", WRITES.replace("{", "{{").replace("}", "}}"))
ARGUMENTS = ("{rate}", "{seed}", "{metrics}")


def study(command=(*COMMAND, *ARGUMENTS), space=None, **others):
    space = {"rate": "interval(0.1,1)"} if space is None else space
    return Study("own", 4, 2, 0, 1, space, command=command, **others)


@pytest.fixture(scope="module")
def config():
    return without_hydra(compose(["replicas=2", "seed=5"]))


@pytest.fixture(scope="module")
def done(tmp_path_factory, config):
    """A folder of results with one trial in it, and what it handed back."""
    home = tmp_path_factory.mktemp("own")
    trainer = prepare(config, study(), home, home, LOCAL)
    return home, trainer.run_trial(3, ["rate=0.25"])


def test_replicas_have_their_seeds_and_a_mean(done):
    """Seeds 5 and 6, as with our own training; the objective is the mean."""
    _, result = done
    assert result.objective == result.metrics["val/error"] == 5.75
    assert result.metrics["val/error_sem"] == pytest.approx(0.5)
    assert [result.metrics[f"replica_{k}/val/error"] for k in (0, 1)] == [5.25, 6.25]
    assert result.metrics["epochs"] == 3
    assert result.metrics["seconds/trainer"] > 0


def test_a_trial_has_a_folder_and_each_replica_one_in_it(done):
    """With what it wrote and said; nothing is shared, so nothing is overwritten."""
    home, result = done
    folder = home / "studies" / "own" / "3"
    assert json.loads((folder / "metrics.json").read_text()) == result.metrics
    assert sorted(path.name for path in folder.iterdir()) == [
        "metrics.json",
        "replica_0",
        "replica_1",
    ]
    assert (folder / "replica_1" / "stdout.txt").read_text() == "seed 6\n"


def test_a_run_in_the_store_tells_all_of_it(done):
    """Params, metrics, output, the command, the environment; under the study's own run."""
    home, result = done
    run = LOCAL.find(home, run_id=result.run_id)
    assert run.params == {"rate": "0.25"}
    assert run.metrics == result.metrics
    assert (run.tags["study"], run.tags["trial"], run.tags["trainer"]) == (
        "own",
        "3",
        "own_trainer",
    )
    assert LOCAL.find(home, run_id=run.tags["mlflow.parentRunId"]).tags["role"] == "parent"
    assert LOCAL.read_text(home, run.run_id, "output/replica_0/stdout.txt") == "seed 5\n"
    assert LOCAL.environment(home, run.run_id)["seeds"] == "5, 6"
    first, second = LOCAL.read_text(home, run.run_id, "command.txt").splitlines()
    assert first.endswith(" 0.25 5 metrics.json")
    assert second.endswith(" 0.25 6 metrics.json")


def test_a_folder_that_is_there_is_not_overwritten(done, config):
    """Whatever put it there."""
    home, _ = done
    with pytest.raises(PeslabError, match="is there already: move it away"):
        prepare(config, study(), home, home, LOCAL).run_trial(3, ["rate=0.5"])


def run(config, tmp_path, code, **others):
    """One trial of a Python program."""
    command = (sys.executable, "-c", code.replace("{", "{{").replace("}", "}}"), *ARGUMENTS)
    trainer = prepare(config, study(command, **others), tmp_path, tmp_path, LOCAL)
    return trainer.run_trial(0, ["rate=0.25"])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("pass", "it ended well but wrote no metrics.json; its last words: it said nothing"),
        ("raise ValueError('diverged')", "status 1: ValueError: diverged"),
        ("open('metrics.json','w').write('{')", "metrics.json cannot be read"),
        ("open('metrics.json','w').write('[1]')", "no object of numbers"),
        ("open('metrics.json','w').write('{\"val/error\": NaN}')", "val/error is nan"),
        ("open('metrics.json','w').write('{\"val/error\": 1, \"x\": 1e999}')", "x is inf"),
        ("open('metrics.json','w').write('{\"val/mae\": 1}')", r"no val/error \(but val/mae\)"),
        ("import time; time.sleep(30)", "took longer than study.timeout=0.5 seconds"),
    ],
)
def test_a_replica_that_fails_fails_its_trial_with_its_reason(code, words, config, tmp_path):
    """Its run in the store is a failed one, its folder stays."""
    timeout = 0.5 if "sleep" in code else None
    with pytest.raises(PeslabError, match=rf"^Replica 0 \(seed 5\): .*{words}") as caught:
        run(config, tmp_path, code, timeout=timeout)
    assert "\n" not in str(caught.value)
    client = LOCAL.client(tmp_path)
    (failed,) = client.search_runs([LOCAL.experiment_id(client)], "tags.trial = '0'")
    assert failed.info.status == "FAILED"
    assert (tmp_path / "studies" / "own" / "0" / "replica_0" / "stderr.txt").exists()
    assert not (tmp_path / "studies" / "own" / "0" / "metrics.json").exists()


def test_replicas_measure_the_same(config, tmp_path):
    """A mean over some of them would be called that of all."""
    code = (
        "import sys; open('metrics.json','w').write('{\"val/error\": 1, \"%s\": 2}' % sys.argv[2])"
    )
    with pytest.raises(PeslabError, match="Replicas 0 and 1 measured different things: 5, 6"):
        run(config, tmp_path, code)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"val/error": True}, "is True, which is no number"),
        ({"val/error": "0.1"}, "is '0.1', which is no number"),
        ({"val/error": 0.1, "a": None}, "a is None"),
        ({"val/error": 0.1, "val/error_sem": 0.0}, "a name of ours"),
        ({"val/error": 0.1, "replica_0/x": 0.0}, "a name of ours"),
        ({"val/error": 0.1, 1: 0.1}, "a name of ours"),
        ({}, r"no val/error \(but none\)"),
        (None, "no object of numbers"),
    ],
)
def test_metrics_are_finite_numbers(found, words):
    """Anything else is told with its name."""
    with pytest.raises(PeslabError, match=words):
        checked(found, ["val/error"])


def test_any_other_numbers_are_taken():
    """NumPy's too, and whole ones."""
    import numpy as np

    found = {"val/error": np.float32(0.5), "n": np.int64(3), "x": -1}
    assert checked(found, ["val/error"]) == {"val/error": 0.5, "n": 3.0, "x": -1.0}
    assert checked({"loss": 2}, ["loss"]) == {"loss": 2.0}
    with pytest.raises(PeslabError, match=r"no r2 \(but loss\)"):
        checked({"loss": 2}, ["loss", "r2"])


@pytest.mark.parametrize(
    ("command", "space", "words"),
    [
        ("sh {rat} {seed}", {"rate": "1,2"}, r"nothing is called \{rat\}; did you mean rate\?"),
        ("sh {rate}", {"rate": "1,2"}, r"does not take \{seed\}, so that its 2 replicas"),
        ("sh {seed}", {"rate": "1,2"}, r"rate is swept, but the command does not take it"),
        ("sh {seed} {rate} {network}", {"rate": "1,2"}, r"\{network\} is a group"),
        ("sh {seed}", {"seed": "1,2"}, "seed cannot be swept"),
        ("nosuchprogram {rate} {seed}", {"rate": "1,2"}, "no program nosuchprogram"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_starts(command, space, words, config, tmp_path):
    """One sentence each."""
    with pytest.raises(PeslabError, match=words):
        prepare(config, study(command, space), tmp_path, tmp_path, LOCAL)


WORDS = ("a b", "$(id)", "c;d", "it's", 'say "no"', "[x]", "a=b,c:d", "", "back\\slash", "${x}")


def proposing(config, home, words):
    """A trainer whose program tells its last word, and the overrides that propose each word."""
    quoted = ",".join(QuotedString(each, Quote.double).with_quotes() for each in words)
    space = {"mode": f"choice({quoted})"}
    shows = "import sys; sys.exit(repr(sys.argv[2]))"
    command = (sys.executable, "-c", shows, "{seed}", "{mode}")
    proposed = parse_space(space).distributions["mode"].choices
    trainer = prepare(config, study(command, space), home, home, LOCAL)
    return trainer, [override for each in proposed for override in as_overrides({"mode": each})]


def test_any_text_is_one_word_of_the_command(config, tmp_path):
    """A shell never sees it, and nobody sees Hydra's marks, also not who starts it by hand."""
    trainer, overrides = proposing(config, tmp_path, WORDS)
    starts = [trainer._start(0, 0, 5, dict([parsed(each)]), tmp_path) for each in overrides]
    assert [start.values["mode"] for start in starts] == list(WORDS)
    assert [start.parts[-1] for start in starts] == list(WORDS)
    assert [shlex.split(start.told)[-1] for start in starts] == list(WORDS)


def test_a_program_and_the_store_get_the_text(config, tmp_path):
    """With blanks, brackets and quotes in it."""
    word = "a (b); 'c'"
    trainer, (override, _) = proposing(config, tmp_path, (word, "other"))
    with pytest.raises(PeslabError, match=re.escape(f"status 1: {word!r}")):
        trainer.run_trial(0, [override])
    client = LOCAL.client(tmp_path)
    (failed,) = client.search_runs([LOCAL.experiment_id(client)], "tags.trial = '0'")
    assert failed.data.params["mode"] == word


@pytest.mark.usefixtures("example_package")
def test_texts_in_lists_have_no_marks_either(config, tmp_path):
    """Neither for a function nor for a command."""
    space = {"names": "choice([a b,'c;d'],[e])"}
    (override,) = as_overrides({"names": parse_space(space).distributions["names"].choices[0]})
    trainer = prepare(config, study("entry:parabola", space), tmp_path, tmp_path, LOCAL)
    start = trainer._start(0, 0, 5, dict([parsed(override)]), tmp_path)
    assert start.values == {"names": ["a b", "c;d"]}
    assert parsed(override)[1][0] == "[a b,c;d]"


def test_values_of_the_config_are_taken_too(config, tmp_path):
    """Swept ones as they are swept, and those that refer to them."""
    linked = OmegaConf.merge(config, {"network": {"width": "${network.depth}"}})
    shown = "{seed} {features.orders} {network.depth} {network.width} {trainer.patience} {folder}"
    code = "import sys; sys.exit(' '.join(sys.argv[1:]))"
    space = {"network.depth": "1,2"}
    trainer = prepare(
        linked, study(f'{sys.executable} -c "{code}" {shown}', space), tmp_path, tmp_path, LOCAL
    )
    with pytest.raises(PeslabError, match=r"5 \[-2,-4,-6\] 7 7 null /.*/own/0/replica_0$"):
        trainer.run_trial(0, ["network.depth=7"])
    assert trainer.recipe()["features.orders"] == "[-2,-4,-6]"
    assert "network.depth" not in trainer.recipe()


def test_the_recipe_is_what_all_trials_share(config, tmp_path):
    """Another command, seed or number of replicas is another study; no password is in it."""
    told = prepare(
        config, study("sh {rate} {seed} a://u:hush@h"), tmp_path, tmp_path, LOCAL
    ).recipe()
    assert told == {
        "study.command": "sh {rate} {seed} a://u:***@h",
        "study.objectives": "val/error",
        "seed": "5",
        "replicas": "2",
    }
    other = prepare(config, study(objectives=("loss", "-r2")), tmp_path, tmp_path, LOCAL)
    assert other.recipe()["study.objectives"] == "loss,-r2"
    assert other.objectives == ("loss", "r2")


@pytest.mark.usefixtures("example_package")
def test_a_function_is_called_in_this_process(config, tmp_path):
    """With values as Python has them, a seed, and a folder; what it prints is kept."""
    space = {"degree": "1,2,3", "layers": "[1],[2]"}
    trainer = prepare(config, study("entry:parabola", space), tmp_path, tmp_path, LOCAL)
    result = trainer.run_trial(0, ["degree=2", "layers=[1,2]"])
    assert 0 < result.objective < 0.02
    assert result.metrics["replica_0/val/error"] != result.metrics["replica_1/val/error"]
    folder = tmp_path / "studies" / "own" / "0" / "replica_0"
    assert (folder / "weights.npy").is_file()
    assert (folder / "stdout.txt").read_text() == "degree 2\n"
    told = LOCAL.read_text(tmp_path, result.run_id, "command.txt").splitlines()[0]
    assert told == "entry:parabola: values={'degree': 2, 'layers': [1, 2]}, seed=5"


@pytest.mark.usefixtures("example_package")
def test_a_function_that_fails_fails_the_trial(config, tmp_path):
    """Its traceback stays in the folder."""
    trainer = prepare(config, study("entry:parabola", {"other": "1,2"}), tmp_path, tmp_path, LOCAL)
    with pytest.raises(PeslabError, match=r"Replica 0 \(seed 5\): KeyError: 'degree'"):
        trainer.run_trial(0, ["other=2"])
    told = Path(tmp_path / "studies" / "own" / "0" / "replica_0" / "stderr.txt").read_text()
    assert 'values["degree"]' in told


def trained_again(config, home, study):
    trial = ranked(7, {"rate": 0.25}, {"val/error": 5.75})
    folder = study.folder(home) / "confirmation" / "7"
    folder.mkdir(parents=True, exist_ok=True)
    return folder, prepare(config, study, home, home, LOCAL).retrain(trial, folder)


def ranked(number, values, metrics):
    return RankedTrial(1, number, "run", values, metrics, None, "complete", front=True)


def test_a_trial_is_trained_again_with_seeds_of_its_own(config, tmp_path):
    """Of a range that no trial and no other leader has; what a dead attempt left is no matter."""
    for _ in range(2):
        folder, again = trained_again(config, tmp_path, study())
    first = 5 + FRESH_SEEDS + 7 * SEEDS_OF_A_TRIAL
    assert again.errors.tolist() == [[0.25 + first], [1.25 + first]]
    assert (again.promised, again.is_maximized) == (5.75, False)
    assert again.told == "the data of the command"
    assert (folder / "replica_1" / "stdout.txt").read_text() == f"seed {first + 1}\n"
    run = LOCAL.find(tmp_path, run_id=again.run_id)
    assert run.tags["role"] == "confirmation"


def test_what_is_told_of_the_test_part_is_the_fresh_error(config, tmp_path):
    """Where the command measures it; what is maximized is known as such."""
    code = "import json; json.dump({'val/r2': 0.5, 'test/r2': 0.25}, open('metrics.json', 'w'))"
    command = (sys.executable, "-c", code.replace("{", "{{").replace("}", "}}"), *ARGUMENTS)
    _, again = trained_again(config, tmp_path, study(command, objectives=("-val/r2",)))
    assert again.errors.tolist() == [[0.25], [0.25]]
    assert (again.told, again.is_maximized) == ("the test data of the command", True)
