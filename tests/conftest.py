"""What all tests share: a folder of results, one thread, the command in this process."""

import base64
import gc
import json
import os
import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["COLUMNS"] = "200"  # tables are not folded


def pytest_collection_finish() -> None:
    """Let Python's search for garbage pass over thousands of tests, and look as seldom as ours."""
    from peslab.apps.main import NEW_OBJECTS

    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""A picture of one black point."""


class Answer(NamedTuple):
    """What a command said."""

    status: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder of results."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("PESLAB_HOME", str(folder))
    monkeypatch.delenv("PESLAB_DEBUG", raising=False)
    return folder


@pytest.fixture
def peslab(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command `peslab`, run in this process."""

    def run(*arguments: str) -> Answer:
        from peslab.apps.main import main

        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="session", autouse=True)
def ready_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Local stores are copies of one: MLflow takes a second for its tables."""
    from peslab.tracking import making, store

    folder = tmp_path_factory.mktemp("store")

    def copy(address: str) -> None:
        file = making.file_of(address)
        if file is None or file.exists():
            return
        making.make_file(f"sqlite:///{folder / 'mlflow.db'}")
        shutil.copyfile(folder / "mlflow.db", file)
        with closing(sqlite3.connect(file)) as tables, tables:
            place = (file.parent / "0").as_uri()  # of MLflow's own experiment
            tables.execute("UPDATE experiments SET artifact_location = ?", (place,))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "make_file", copy)
        yield


@pytest.fixture
def stores_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores are made by MLflow, as users' are."""
    from peslab.tracking import making, store

    monkeypatch.setattr(store, "make_file", making.make_file)


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made, but a dot is kept of each: rendering is half of a short run's time."""
    from peslab.evaluation.style import DrawnOnce

    def savefig(figure: Any, file: Any, **_: Any) -> None:
        del figure
        if hasattr(file, "write"):
            file.write(DOT)
        else:
            Path(file).write_bytes(DOT)

    monkeypatch.setattr(DrawnOnce, "savefig", savefig)


@pytest.fixture
def written_grid(home: Path) -> Callable[..., Path]:
    """Writes what the runs of a grid leave: overrides, config, and metrics or why it failed."""
    from omegaconf import OmegaConf

    from peslab.configuration.compose import compose, without_hydra

    def write(runs: Mapping[str, Mapping[str, float] | str | None], name: str = "sweep") -> Path:
        folder = home / "multirun" / name
        for number, (typed, result) in enumerate(runs.items()):
            run = folder / str(number)
            (run / ".hydra").mkdir(parents=True)
            overrides = ["debug=fast", *typed.split()]
            config = without_hydra(compose(overrides))
            OmegaConf.save(OmegaConf.create(overrides), run / ".hydra" / "overrides.yaml")
            OmegaConf.save(config, run / ".hydra" / "config.yaml")
            if isinstance(result, str):
                (run / "failure.txt").write_text(result, encoding="utf-8")
            elif result is not None:
                (run / "metrics.json").write_text(json.dumps(result), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A running PostgreSQL; CI installs one, elsewhere tests of it are skipped where there is none.

    Gives `user:password@host:port`.
    """
    from postgres_server import postgres, programs

    if programs() is None and "CI" not in os.environ:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg")
    with postgres() as address:
        yield address


@pytest.fixture
def repository() -> Path:
    """The top of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture
def example_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of tests/example_package, which is found as if pip had installed it."""
    folder = Path(__file__).parent / "example_package"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    about = tmp_path / "soft_triangles-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = "\n".join(f"{k} = {v}" for k, v in project["entry-points"]["peslab"].items())
    (about / "entry_points.txt").write_text(f"[peslab]\n{points}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("soft_triangles", None)
