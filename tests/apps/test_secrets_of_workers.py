"""Secrets stay where they were given: neither `ps` nor any file of the results shows them."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from peslab.study.settings import public
from peslab.study.sweeper import fellow_workers

SECRET = "hush-Zaunkönig-17"  # noqa: S105  # of nobody
SHORT = ("study=orders", "study.name=mine", "debug=fast", "replicas=1", "study.n_trials=1")

# SQLite has no passwords: it stands in for a server.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Query string argument"),
    pytest.mark.usefixtures("unrendered"),
]


class NoWorker:
    """Remembers how a worker would have been started."""

    started: list = []  # noqa: RUF012
    pid = 2**30  # of nobody

    def __init__(self, command, **options):
        self.started.append((command, options.get("env") or dict(os.environ)))

    def wait(self, *_):
        return 0

    poll = wait


def instead_of_popen(popen):
    """The module, for those who start workers alone: others start git."""
    return SimpleNamespace(**vars(subprocess) | {"Popen": popen})


@pytest.fixture
def started(monkeypatch):
    """What workers would be started with."""
    monkeypatch.setattr(NoWorker, "started", [])
    monkeypatch.setattr("peslab.study.sweeper.subprocess", instead_of_popen(NoWorker))
    for name in ("TRACKING_URI", "STUDY_STORAGE"):
        monkeypatch.setenv(f"PESLAB_SECRET_{name}", "")
        monkeypatch.delenv(f"PESLAB_SECRET_{name}")
    return NoWorker.started


def holding(folder, secret):
    """The files that hold a secret, in their content or their name."""
    content = (secret.encode(), json.dumps(secret)[1:-1].encode())
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        path
        for path in files
        if secret in path.name or any(form in path.read_bytes() for form in content)
    ]


def test_fellow_workers_get_a_password_by_their_environment(started, home, peslab):
    """The words of their commands, which everybody on the machine can list, have none."""
    home.mkdir()
    uri = f"tracking.uri='sqlite:///{home}/secret.db?password={SECRET}'"
    answer = peslab("train", *SHORT, "study.workers=2", uri)
    assert (answer.status, answer.err) == (0, "")
    ((command, environment),) = started
    assert "tracking.uri=${oc.env:PESLAB_SECRET_TRACKING_URI,null}" in command
    assert SECRET not in " ".join(command)
    assert SECRET in environment["PESLAB_SECRET_TRACKING_URI"]
    assert holding(home, SECRET) == []


def test_a_started_worker_shows_no_password_to_others(tmp_path, monkeypatch):
    """What the operating system lists of a real process is what was passed."""
    lines = []

    def listed(command, **options):
        words = [command[0], "-c", "pass", *command[2:]]
        worker = subprocess.Popen(words, stdin=subprocess.PIPE, **options)
        lines.append(Path(f"/proc/{worker.pid}/cmdline").read_bytes())
        worker.stdin.close()
        return worker

    monkeypatch.setattr("peslab.study.sweeper.subprocess", instead_of_popen(listed))
    monkeypatch.setenv("PESLAB_SECRET_STUDY_STORAGE", f"postgresql+psycopg://me:{SECRET}@h/d")
    words = ["study.storage=${oc.env:PESLAB_SECRET_STUDY_STORAGE,null}"]
    with fellow_workers(1, words, tmp_path / "study"):
        pass
    assert len(lines) == 1
    assert SECRET.encode() not in lines[0]


def test_secrets_of_the_environment_are_not_recorded(home, peslab, monkeypatch):
    """A run records its environment: versions and processors, no variables."""
    names = ("PGPASSWORD", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
    for name in (*names, "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, SECRET)
    spooled = ("study.name=spooled", "tracking.spool=true")
    said = [peslab("train", *SHORT), peslab("train", *SHORT, *spooled), peslab("report", "mine")]
    assert [answer.status for answer in said] == [0, 0, 0]
    assert holding(home, SECRET) == []
    assert not [answer for answer in said if SECRET in answer.out + answer.err]


@pytest.mark.parametrize(
    "storage",
    [
        "postgresql+psycopg://me:{0}@127.0.0.1:1/db",
        "postgresql+psycopg://me:a@{0}@127.0.0.1:1/db",
        "postgresql+psycopg://me@127.0.0.1:1/db?password={0}",
        "redis://me:{0}@127.0.0.1/db",
        "sqlite:///x.db?password={0}",
    ],
)
def test_a_storage_that_cannot_be_used_is_told_without_its_password(storage, started, home, peslab):
    """Whatever is wrong with it, and nothing of it stays in the folder."""
    answer = peslab("train", *SHORT, f"study.storage='{storage.format('hushhush')}'")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "hushhush" not in answer.out + answer.err
    assert not home.exists() or holding(home, "hushhush") == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://me:a@host/db", "postgresql+psycopg://me@host/db"),
        ("postgresql+psycopg://me:a@b@host/db", "postgresql+psycopg://me@host/db"),
        ("postgresql+psycopg://me:a b/c@host/db", "postgresql+psycopg://me@host/db"),
        ("postgresql+psycopg://me@host/db?password=a", "postgresql+psycopg://me@host/db"),
        ("postgresql+psycopg://h/d?password=a&sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("postgresql+psycopg://h/d?sslmode=require&sslpassword=a", "postgresql+psycopg://h/d?sslmode=require"),
        ("shared", "shared"),
    ],
)  # fmt: skip
def test_what_is_kept_of_an_address_has_no_password(address, shown):
    """Wherever it stands, whatever letters it has; all else stays, to connect by."""
    assert public(address) == shown
