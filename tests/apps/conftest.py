"""One small study, run once for all tests that look at its results."""

import os
from pathlib import Path

import pytest

STUDY = "study=quickstart"
SHORT = ("debug=fast", "study.n_trials=3", "replicas=2")


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of results of a study of three short trials."""
    from peslab.apps.main import main

    folder = tmp_path_factory.mktemp("study") / "runs"
    before = os.environ.get("PESLAB_HOME")
    os.environ["PESLAB_HOME"] = str(folder)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["train", "-m", STUDY, *SHORT])
    finally:
        if before is None:
            del os.environ["PESLAB_HOME"]
        else:
            os.environ["PESLAB_HOME"] = before
    assert not ended.value.code
    return folder


@pytest.fixture
def in_study(studied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, for commands of this test."""
    monkeypatch.setenv("PESLAB_HOME", str(studied))
    return studied
