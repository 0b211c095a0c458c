"""A store is made once, whole or not at all, by however many want it at once."""

import gc
import subprocess
import sys

import pytest

from peslab.errors import InfrastructureError
from peslab.tracking import Tracking
from peslab.tracking.making import file_of, make_file

LOCAL = Tracking(uri=None, experiment="peslab")

FIRST_RUN = """
import sys, tempfile, time
from pathlib import Path
from peslab.tracking import Tracking, track_run

uri, home, number, start = sys.argv[1:]
tempfile.tempdir = home  # MLflow's own lock lies there: each machine has one of its own
import mlflow.store.tracking.sqlalchemy_store
Path(home, "ready").touch()
while not Path(start).exists():
    time.sleep(0.001)
tags = {"problem": "p", "study": "s", "trial": number}
with track_run(Tracking(uri, "peslab"), Path(home), f"s/{number}", tags, parent="s") as log:
    log.metrics({"skill": float(number)})
"""


def wait_for(paths, processes):
    while not all(path.exists() for path in paths):
        assert all(process.poll() in (None, 0) for process in processes)


@pytest.fixture
def database(postgres_server, tmp_path):
    """The address of an empty database."""
    import psycopg

    name = f"runs_{abs(hash(tmp_path)):x}"
    with psycopg.connect(f"postgresql://{postgres_server}/postgres", autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://{postgres_server}/{name}"


def test_first_runs_of_three_machines_are_all_there(database, tmp_path):
    """With nothing in common but the server: the tables, one experiment, one parent, three runs."""
    homes = [tmp_path / str(number) for number in range(3)]
    workers = []
    for number, home in enumerate(homes):
        home.mkdir()
        words = [database, str(home), str(number), str(tmp_path / "start")]
        workers.append(subprocess.Popen([sys.executable, "-c", FIRST_RUN, *words]))
    wait_for([home / "ready" for home in homes], workers)
    (tmp_path / "start").touch()
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    store = Tracking(database, "peslab")
    client = store.client(tmp_path)
    runs = client.search_runs([store.experiment_id(client)])
    values = sorted(run.data.metrics["skill"] for run in runs if run.data.metrics)
    assert values == [0.0, 1.0, 2.0]
    assert len(runs) == 3 + 1
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len({run.data.tags.get("mlflow.parentRunId") for run in runs} - {None}) == 1


@pytest.mark.filterwarnings("ignore:.*BaseConnection.__del__")  # MLflow leaves its connection
def test_a_database_of_something_else_is_told(database, tmp_path):
    """Optuna's tables have the names of MLflow's, either way round."""
    from peslab.study.storage.stores import open_store

    open_store(database, tmp_path).storage()
    with pytest.raises(InfrastructureError, match=r"cannot be used.*tracking\.uri"):
        Tracking(database, "peslab").client(tmp_path)
    gc.collect()


@pytest.mark.filterwarnings("ignore:.*BaseConnection.__del__")  # Optuna leaves its connection
def test_a_study_is_not_kept_among_runs(database, tmp_path):
    """Its sentence says what to do."""
    from peslab.errors import PeslabError
    from peslab.study.storage.stores import open_store

    Tracking(database, "peslab").client(tmp_path)
    with pytest.raises(PeslabError, match=r"tables of another program.*one of its own"):
        open_store(database, tmp_path).storage()
    gc.collect()


def test_a_store_that_was_cut_short_is_made_again(tmp_path, monkeypatch):
    """A kill or a full disk in the middle of its tables leaves no file of its name."""
    import mlflow.store.db.utils as tables

    def cut(engine):
        with engine.begin() as session:
            session.exec_driver_sql("CREATE TABLE experiments (id INTEGER)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tables, "_initialize_tables", cut)
        with pytest.raises(KeyboardInterrupt):
            LOCAL.client(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.lock"]
    (tmp_path / ".mlflow.db.of-one-who-was-killed").write_bytes(b"half of it")
    LOCAL.client(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.lock"]


def test_a_store_that_is_there_is_left(tmp_path):
    """Whatever is in it."""
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"not a database")
    make_file(LOCAL.address(tmp_path))
    assert file.read_bytes() == b"not a database"
    with pytest.raises(InfrastructureError, match="not a database"):
        LOCAL.client(tmp_path)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:////runs/mlflow.db", "/runs/mlflow.db"),
        ("sqlite:////runs/mlflow.db?timeout=3", "/runs/mlflow.db"),
        ("http://host:5000", None),
        ("postgresql://host/sqlite:///x", None),
    ],
)
def test_a_file_is_known_by_its_address(address, path):
    """Others have no file that could be made."""
    found = file_of(address)
    assert (found and str(found)) == path
