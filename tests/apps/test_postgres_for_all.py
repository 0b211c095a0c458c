"""The study and its runs in one PostgreSQL server, as many machines share them."""

import json
import sys
from importlib import import_module

import pytest

from peslab.study.settings import REMEMBERED
from peslab.study.storage.study import load
from peslab.tracking import Tracking

pytestmark = pytest.mark.usefixtures("unrendered")

STUDY = ("train", "-m", "study=quickstart", "debug=fast", "replicas=1", "study.confirm=0")

WRITES = """import sys; open("metrics.json", "w").write('{"val/error": %s}' % sys.argv[1])"""


@pytest.fixture
def databases(postgres_server, tmp_path, monkeypatch):
    """The options of a command that keep the study and the runs in empty databases."""
    import psycopg

    names = [f"{kind}_{abs(hash(tmp_path)):x}" for kind in ("studies", "runs")]
    with psycopg.connect(f"postgresql://{postgres_server}/postgres", autocommit=True) as session:
        for name in names:
            session.execute(f"CREATE DATABASE {name}")
    monkeypatch.setenv("PGPASSWORD", "a@secret")
    server = f"postgresql+psycopg://peslab@{postgres_server.rpartition('@')[2]}"
    return f"study.storage={server}/{names[0]}", f"tracking.uri={server}/{names[1]}"


def test_a_study_and_its_runs_live_on_one_server(databases, peslab, home):
    """Trained, reported and drawn from it; nothing of either is in the folder of results."""
    storage, uri = databases
    small = ("study.name=far", "study.n_trials=2")
    answer = peslab(*STUDY, *small, storage, uri)
    assert (answer.status, answer.err) == (0, "")
    trials = json.loads(peslab("report", "far", "--json").out)
    assert [trial["rank"] for trial in trials] == [1, 2]
    assert peslab("report", "far", "--html", uri).status == 0
    assert (home / "studies" / "far" / "report" / "report.html").is_file()
    store = Tracking(uri.partition("=")[2], "peslab")
    client = store.client(home)
    runs = client.search_runs([store.experiment_id(client)], "tags.study = 'far'")
    assert {run.data.tags.get("trial") for run in runs} == {None, "0", "1"}
    assert not (home / "mlflow.db").exists()
    assert not (home / "studies" / "far" / "journal.log").exists()


@pytest.mark.parametrize("by", ["its command", "a variable"])
def test_a_password_in_the_address_is_enough(
    by, databases, postgres_server, peslab, home, monkeypatch, tmp_path
):
    """To the command's end, and for a report; no file has it, and who has none is told."""
    for name in ("PGPASSWORD", REMEMBERED):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    given = postgres_server.rpartition("@")[0]
    typed, workers = databases[0].replace("peslab@", f"{given}@"), 2
    if by == "a variable":
        monkeypatch.setenv("DATABASE", typed.partition("=")[2])
        typed, workers = "study.storage=${oc.env:DATABASE}", 1
    script = tmp_path / "own.py"
    script.write_text(WRITES)
    answer = peslab(
        *("train", "study=own_trainer", "study.name=far", "study.n_trials=2", "replicas=1", typed),
        *(f"study.command={sys.executable} {script} {{x}}", "x=interval(0,1)"),
        f"study.workers={workers}",
    )
    assert (answer.status, answer.err) == (0, "")
    assert (home / "studies" / "far" / "report" / "report.html").is_file()
    password = given.partition(":")[2].encode()
    written = [path.read_bytes() for path in home.glob("studies/**/*") if path.is_file()]
    assert not [content for content in written if password in content]
    monkeypatch.delenv(REMEMBERED)
    answer = peslab("report", "far")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "PGPASSWORD" in answer.err
    answer = peslab("report", "far", typed)
    assert (answer.status, answer.err, "trial" in answer.out) == (0, "", True)


def test_one_database_for_both_is_refused_before_anything_starts(databases, peslab, home):
    """However it is written: tables of Optuna and MLflow have the same names."""
    storage, _ = databases
    address = storage.partition("=")[2].replace("peslab@", "other:word@")
    answer = peslab(*STUDY, storage, f"tracking.uri={address}")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "give each a database of its own" in answer.err
    assert not (home / "studies").exists()


def test_a_server_that_drops_a_study_hands_its_trial_back(databases, peslab, home, monkeypatch):
    """As when it is restarted: one sentence, and the same command goes on with all trials."""
    import psycopg

    storage, uri = databases
    runs = import_module("peslab.pipeline.run")
    fit, started = runs._fit, []

    def drops(*arguments):
        started.append(1)
        if len(started) == 1:
            address = storage.partition("=")[2].replace("+psycopg", "")
            with psycopg.connect(address, autocommit=True) as session:
                session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
        return fit(*arguments)

    monkeypatch.setattr(runs, "_fit", drops)
    small = ("study.name=dropped", "study.n_trials=1")
    answer = peslab(*STUDY, *small, storage, uri)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "server of the study was lost: the same command goes on" in answer.err
    answer = peslab(*STUDY, *small, storage, uri)
    assert (answer.status, answer.err) == (0, "")
    (trial,) = json.loads(peslab("report", "dropped", "--json").out)
    assert trial["rank"] == 1
    assert [each.state.name for each in load("dropped", home).trials] == ["FAIL", "COMPLETE"]
