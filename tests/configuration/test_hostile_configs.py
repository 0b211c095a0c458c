"""Every key of conf/ with every kind of nonsense: a plan, or one sentence that names the key.

Two kinds a key by default; PESLAB_WRONG_VALUES tells how many, 40 are all.
"""

import math
import os
import random
from functools import cache

import pytest
from omegaconf import OmegaConf, open_dict

from peslab.apps.main import LONGEST, _in_one_line
from peslab.configuration.compose import compose, groups, keys, without_hydra
from peslab.configuration.folders import conf_folder
from peslab.errors import PeslabError
from peslab.pipeline import plan

N_KINDS = int(os.environ.get("PESLAB_WRONG_VALUES", "2"))

NEVER = {
    "not a number": math.nan,
    "a list of no numbers": [math.nan],
    "beyond 64 bits": 2**63,
    "beyond floats": 10**400,
    "a table": {"a": 1},
    "a list in a list": [[1]],
    "a list of nothing": [None],
    "a class to build": {"_target_": "os.system", "command": "touch x"},
    "classes to build": [{"_target_": "os.system"}],
    "half a class of ours": {"_target_": "peslab.database.DatabaseSettings"},
    "a call": {"_call_": "os.system"},
    "half a class": {"_partial_": True, "_args_": [1]},
    "leads nowhere": "${nothing.here}",
    "no such variable": "${oc.env:PESLAB_NO_SUCH_VARIABLE}",
    "no such resolver": "${os.system:x}",
    "makes a class": "${oc.create:{_target_:os.system}}",
    "no such statistic": "${data:nothing}",
    "nothing chosen": "???",
    "a zero byte": "a\0b",
}
"""What no key takes."""

SOMETIMES = {
    "below zero": -1,
    "zero": 0,
    "without end": math.inf,
    "large": 1e300,
    "a large count": 10**15,
    "almost zero": 1e-320,
    "half": 2.5,
    "true": True,
    "null": None,
    "empty": "",
    "an empty list": [],
    "an empty table": {},
    "a list": [1, 2],
    "a list below zero": [-1],
    "a word": "nonsense",
    "a number in quotes": "3",
    "a shell's": "$(touch x); rm -rf /",
    "quotes": "'\"`\\",
    "another direction": "\u202egnp.exe",
    "letters": "é😀\u2028ß",
    "two lines": "a\nb",
    "very long": "x" * 5000,
    "a long list": list(range(5000)),
    "a path": "../../../etc/passwd",
}
"""What some keys take."""

WRONG = NEVER | SOMETIMES

STUDY = "study=learning_rate"


def options(group):
    files = sorted((conf_folder() / group).glob("*.yaml"))
    return [f"{group}={file.stem}" for file in files if file.stem[0] != "_"]


def families():
    """One set of overrides for every option of every group."""
    whole = {"study", "debug", "experiment", "problem", "debug/data"}
    yield ()
    for group in groups():
        for option in options(group) if group not in whole else ():
            yield (STUDY, option) if group.startswith("study/") else (option,)
    yield from (("study=layers",), ("study=own_trainer",))
    yield ("problem=file", "problem.path=nowhere.extxyz")


@cache
def composed(family):
    return without_hydra(compose(family))


def place(family, key):
    """A key and the class that it is for: of equal ones in several families one is enough."""
    node = OmegaConf.select(composed(family), key.rpartition(".")[0] or "seed")
    return key, node.get("_target_") if OmegaConf.is_dict(node) else None


def all_places():
    found = {}
    for family in families():
        for key in keys(composed(family)):
            if not key.endswith("_target_"):
                found.setdefault(place(family, key), (family, key))
    return list(found.values())


def cases():
    """For each place some kinds of nonsense, another choice for each, always the same."""
    drawn = random.Random(0)  # noqa: S311  # nothing secret
    for family, key in all_places():
        for kind in drawn.sample(sorted(WRONG), min(N_KINDS, len(WRONG))):
            yield family, key, kind


def told(family, key, value):
    """What a command would say; None where the config is a plan."""
    config = composed(family).copy()
    with open_dict(config):
        OmegaConf.update(config, key, value, merge=False, force_add=True)
    try:
        planned = plan(config)
    except PeslabError as error:
        return _in_one_line(str(error))
    assert planned.seeds.start == config.seed
    return None


def is_sentence(text):
    return text.isprintable() and len(text) <= LONGEST + 3 and text == text.strip()


def names(sentence, key):
    """Whether the last part of a key is there, or that of the table which it is in."""
    parts = [part.rstrip("s") for part in key.partition("[")[0].split(".")]
    return any(part in sentence.replace(" ", "_") for part in parts[-2:])


def test_every_key_of_every_option_is_tried():
    """Hundreds of cases, of all groups and classes."""
    tried = list(cases())
    assert len(tried) > 400
    assert {key.partition(".")[0] for _, key, _ in tried} >= {*composed((STUDY,))}
    assert {kind for *_, kind in tried} == set(WRONG)


def test_nonsense_is_a_sentence_with_the_key_or_a_plan():
    """No other error, nothing that runs, no sentence without end or beginning."""
    for family, key, kind in cases():
        sentence = told(family, key, WRONG[kind])
        about = f"{' '.join(family)} {key}: {kind}: {sentence}"
        if sentence is None:
            assert kind not in NEVER, about
        else:
            assert is_sentence(sentence), about
            assert names(sentence, key) or "no file" in sentence, about


COMMANDS = [
    *("seed=-1", "seed=1e3", "seed=9223372036854775808", "seed=[1]", "seed=null", "seed=", "seed"),
    *("replicas=0", "replicas=2.5", "replicas=99999999999", "replicas={a:1}", "replicas=true"),
    *("network.width=nan", "network.width=inf", "network.width=1e300", "network.width='64'"),
    *("network.wdith=3", "+network._partial_=true", "+network._args_=[1]", "~network.width"),
    *("network=mpl", "network=[mlp,linear]", "network={_target_:os.system}", "network=../mlp"),
    *("+x=1", "++hydra.callbacks.x._target_=os.system", "hydra.sweeper._target_=os.system"),
    *("+hydra.job.env_set.LD_PRELOAD=x.so", "hydra.callbacks=${oc.env:HOME}", "hydra.mode=FAST"),
    *("hydra.searchpath=[file:///nowhere]", "hydra.searchpath=nowhere", "hydra/sweeper=nobody"),
    *("tracking.uri=ftp://x", "tracking.uri=''", "tracking.experiment=''", "tracking.uri=file:/x"),
    *("tracking.experiment=${oc.create:[1]}", "trainer.max_epochs=${data:n_trian}"),
    *("features.cutoff=${data:length}", "features.orders=[-2,-2]", "features.orders=-2"),
    *("lattice.cell_width=[5]", "lattice.cell_width=[5,1]", "lattice.cell_width=5,", "'", "=", "["),
    *("database.keep_quantile=1e-320", "database.validation_fraction=1", "database.size=1e3"),
    *("trainer.precision=16", "trainer.accelerator=tpu", "trainer.devices=2", "problem=files"),
    *("potential/pair_part=nothing", "potential.pair_part=morse", "experiment=../fast", "debug=x"),
    *("optimizer.learning_rate=0.1,0.2", "optimizer=adam,sgd", "study=../quickstart", "-x"),
    *("study=quickstart study.n_trials=0", "study=quickstart study.name=../x"),
    *("study=quickstart study.name=CON.txt", f"study=quickstart study.name={'x' * 300}"),
    *("study=quickstart study.seed=4294967296", "study=quickstart study.workers=100000"),
    *("study=quickstart study.storage=sqlite:///x", "study=quickstart study.storage=redis://x"),
    *("study=quickstart study.sampler=tpe", "study=quickstart study/sampler=cmaes"),
    *("study=quickstart study.objectives=val/energy_mae", "study=quickstart study.objectives=[x]"),
    *("study=quickstart study.start_from=../x", "study=quickstart study.start_from=quickstart"),
    *("study=quickstart study.space={x:interval(0,1)}", "study=quickstart study.space=null"),
    *("study=quickstart network.width=interval(1,nan)"),
    *("study=quickstart network.width=interval(5,1)", "study=quickstart seed=range(3,1)"),
    *("study=quickstart study.command=''", "study=quickstart study.command=entry:os.system"),
    *("study=quickstart study.timeout=1", "study=quickstart hydra.mode=RUN"),
]


@pytest.mark.parametrize("typed", COMMANDS, ids=lambda typed: typed[:60])
def test_a_mistake_on_the_command_line_is_one_sentence(typed, home, tmp_path, peslab, monkeypatch):
    """Exit status 2, one line, no traceback, no file."""
    monkeypatch.chdir(tmp_path)
    answer = peslab("train", "debug=compose", *typed.split(" "))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("peslab")
    assert answer.err.endswith((".\n", "?\n", "…\n")), answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("\n") == 1
    assert not [path for path in tmp_path.rglob("*") if path != home]
