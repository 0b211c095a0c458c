"""A pickle in the place of any file is refused in one sentence, and what it holds does not run."""

import json
import os
import pickle
import shutil
from contextlib import contextmanager

import pytest
import torch

import peslab as package
from peslab.errors import PeslabError

STUDY = ("study=orders", "study.name=mine", "debug=fast", "replicas=1", "study.n_trials=1")


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder of results with a study of one trial, for all tests here."""
    from peslab.apps.main import main

    folder = tmp_path_factory.mktemp("planted") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PESLAB_HOME", str(folder))
        with pytest.raises(SystemExit) as ended:
            main(["train", *STUDY])
    assert not ended.value.code
    return folder


@pytest.fixture
def results(whole, monkeypatch):
    monkeypatch.setenv("PESLAB_HOME", str(whole))
    monkeypatch.delenv("PESLAB_DEBUG", raising=False)
    return whole


@pytest.fixture
def mark(tmp_path):
    """What is there if the planted code has run."""
    return tmp_path / "it_ran"


def forms(mark):
    """A bare pickle, one in PyTorch's archive, and YAML with a call in it."""
    archive = mark.with_name("archive.pt")
    torch.save({"shape": Evil(mark), "state": {}, "replicas": {"recipe": Evil(mark)}}, archive)
    call = f"!!python/object/apply:os.mkdir ['{mark}']\n"
    return {
        "pickle": pickle.dumps(Evil(mark), protocol=2),  # PyTorch warns of others
        "archive": archive.read_bytes(),
        "yaml": f"study: {call}problem: {call}".encode(),
    }


def best_run():
    """The folder of artifacts of the only trial."""
    return package.trials("mine")["run_id"][0]


@contextmanager
def planted(path, content):
    """A file with other content for a while."""
    before = path.read_bytes() if path.is_file() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)


FILES = {
    "the journal": ("studies/mine/journal.log", ["report", "mine"]),
    "the journal, by a worker": ("studies/mine/journal.log", ["train", *STUDY]),
    "where it is kept": ("studies/mine/storage.json", ["report", "mine"]),
    "a rerun": ("artifacts/{run}/artifacts/config/unresolved.yaml", ["rerun", "mine/best"]),
    "a page of two": (
        "artifacts/{run}/artifacts/config/unresolved.yaml",
        ["report", "mine", "--compare", "0", "best"],
    ),
    "a config to paste": ("studies/mine/0/.hydra/config.yaml", ["report", "mine", "--pick", "x<1"]),
    "a report": ("studies/mine/0/.hydra/config.yaml", ["report", "mine", "--html"]),
    "overrides": ("studies/mine/0/.hydra/overrides.yaml", ["report", "mine", "--html"]),
    "a start": (
        "studies/mine/0/.hydra/config.yaml",
        ["train", "study=quickstart", "study.start_from=mine", "debug=compose"],
    ),
    "a spooled run": ("spool/0/run.json", ["report", "mine"]),
    "its end": ("spool/1/ended.json", ["report", "mine"]),
}


@pytest.mark.parametrize("form", ["pickle", "archive", "yaml"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_planted_does_not_run(name, form, results, mark, peslab):
    """Whoever reads it says that it cannot be read, and stops."""
    pattern, command = FILES[name]
    path = results / pattern.format(run=best_run())
    if path.parent.parent.name == "spool":
        path.parent.mkdir(parents=True)
        for file in ("run.json", "ended.json"):
            (path.parent / file).write_text(json.dumps({"began": 1, "tags": {}, "parent": None}))
    try:
        with planted(path, forms(mark)[form]):
            answer = peslab(*command)
    finally:
        shutil.rmtree(results / "spool", ignore_errors=True)
    assert not mark.exists()
    assert answer.status == 2, answer.out
    assert answer.err.startswith("peslab: ")
    assert answer.err.count("\n") == 1, answer.err


@pytest.mark.parametrize("form", ["pickle", "archive", "yaml"])
def test_a_planted_store_is_not_used(form, home, mark, peslab):
    """SQLite says that it is no database."""
    home.mkdir()
    (home / "mlflow.db").write_bytes(forms(mark)[form])
    answer = peslab("rerun", "0123")
    assert (answer.status, mark.exists()) == (2, False)
    assert "cannot be used" in answer.err


@pytest.mark.parametrize("form", ["pickle", "archive"])
def test_planted_weights_are_not_loaded(form, results, mark):
    """Neither as a bare pickle, nor within the archive that networks are written as."""
    path = results / f"artifacts/{best_run()}/artifacts/network.pt"
    assert path.is_file()
    with planted(path, forms(mark)[form]), pytest.raises(PeslabError, match="damaged"):
        package.load("mine/best")
    assert not mark.exists()


@pytest.mark.parametrize("form", ["pickle", "archive"])
def test_a_planted_checkpoint_is_not_continued(form, results, mark, peslab, tmp_path):
    """Its sentence says that it is none of peslab's."""
    file = tmp_path / "checkpoint.ckpt"
    file.write_bytes(forms(mark)[form])
    answer = peslab("train", "debug=fast", "replicas=1", f"trainer.resume_from={file}")
    assert (answer.status, mark.exists()) == (2, False)
    assert "is no checkpoint of peslab" in answer.err


def test_a_planted_database_is_made_again(results, mark, peslab):
    """It is believed only if every bit is right."""
    content = forms(mark)["pickle"]
    for path in results.glob("databases/*.parquet"):
        path.write_bytes(content)
    assert peslab("rerun", "mine/best").status == 0
    assert sum(path.read_bytes() != content for path in results.glob("databases/*.parquet")) >= 2
    assert not mark.exists()


@pytest.mark.parametrize("ending", ["parquet", "extxyz", "db", "json"])
@pytest.mark.parametrize("form", ["pickle", "archive", "yaml"])
def test_a_planted_file_is_not_converted(ending, form, mark, peslab, tmp_path):
    """All formats are read as data."""
    source = tmp_path / f"source.{ending}"
    source.write_bytes(forms(mark)[form])
    answer = peslab("convert", str(source), str(tmp_path / "target.extxyz"))
    assert (answer.status, answer.err.count("\n"), mark.exists()) == (2, 1, False)


def test_attributes_of_a_study_are_never_unpickled(results, mark, monkeypatch):
    """What Optuna's CMA-ES would load stands in a trial; no sampler of ours looks at it."""
    from peslab.study import GaussianProcess, Grid, QuasiMonteCarlo, Random, Study
    from peslab.study.about import About
    from peslab.study.search.samplers import TPE
    from peslab.study.storage.study import work_on

    def never(*_, **__):
        raise AssertionError

    content = forms(mark)["pickle"].hex()
    for sampler in (TPE(), GaussianProcess(), Random(), Grid(), QuasiMonteCarlo()):
        name = f"sampled_{type(sampler).__name__}"
        study = Study(name, 9, 1, 0, 1, {"x": "int(interval(1, 9))"}, sampler=sampler)
        with work_on(study, results, {}, {}, About()) as opened:
            for number in range(3):
                trial = opened.next_trial()
                storage, identity = opened.optuna_study._storage, trial._trial_id
                for key in ("cma:optimizer", "cma:sampler", "cma:optimizer:0"):
                    storage.set_trial_system_attr(identity, key, content)
                opened.optuna_study.tell(trial, float(number))
            with monkeypatch.context() as patch:
                patch.setattr(pickle, "loads", never)
                assert opened.next_trial() is not None
    assert not mark.exists()


def test_every_load_of_pytorch_takes_numbers_only(repository):
    """Nobody writes it otherwise, and nobody reads NumPy's or Python's pickles."""
    for file in (repository / "src").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert text.count("torch.load(") == text.count("weights_only=True, map_location"), file
        for word in ("pickle.load", "pickle.Unpickler", "allow_pickle=True", "joblib", "yaml.load"):
            assert word not in text, file
