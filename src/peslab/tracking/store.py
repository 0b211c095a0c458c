"""Where runs are kept: a SQLite file in the folder of results, or a server."""

import json
import logging
import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from peslab.damage import told_if_damaged
from peslab.errors import InfrastructureError, PeslabError
from peslab.tracking import spool
from peslab.tracking.making import file_of, make_file, store_lock
from peslab.tracking.provenance import ENVIRONMENT, INSTALLED, versions
from peslab.tracking.reaching import lost, told_when_lost, why_lost

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""No telemetry, no pickles, no bars of MLflow's own beside ours."""

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
"""Seven seconds for a server that restarts, a minute for one that hangs; MLflow takes many. What
the user has set is left."""

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""So that the UI opens on training runs, not on its pages for language models."""

SPOOLED = "spooled"
"""The tag of a run that came from the spool: what it was called there."""

RUNNING, KILLED = "RUNNING", "KILLED"

MOST_LINKS = 100
"""Repetitions that a run remembers, the last ones: stores take tags of some thousand letters."""

LONGEST_NAME = 250
"""Letters of an experiment's name that stores keep."""

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg", "http", "https")


@dataclass(frozen=True)
class RecordedRun:
    """A run as the store remembers it.

    Attributes:
        run_id: MLflow's id.
        tags: `study`, `trial`, `problem` and what MLflow adds.
        params: The chosen values, as text.
        metrics: The last value of each metric.
    """

    run_id: str
    tags: dict[str, str]
    params: dict[str, str]
    metrics: dict[str, float]


@dataclass(frozen=True)
class Tracking:
    """The tracking store of a run.

    Args:
        uri: An MLflow tracking URI; None is a SQLite file in the folder of results.
        experiment: MLflow's experiment, created when it is not there.
        spool: Whether runs are written as plain files, which come into the store later.

    Raises:
        PeslabError: If the URI is of a kind that MLflow's stores do not have, or the name of the
            experiment is empty, too long or not printable.
    """

    uri: str | None
    experiment: str
    spool: bool = False

    def __post_init__(self) -> None:
        if self.uri is not None and self.uri.partition(":")[0] not in SCHEMES:
            raise PeslabError(
                f"uri={self.uri} is not a tracking store: "
                "use http://…, postgresql://… or sqlite:///…, or null for the local one."
            )
        name = self.experiment
        if not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
            raise PeslabError(
                f"experiment={name} is no name: use 1 to {LONGEST_NAME} letters that can be "
                "printed."
            )

    def address(self, home: Path) -> str:
        """The tracking URI, absolute where it is a file in `home`."""
        return self.uri or f"sqlite:///{home / 'mlflow.db'}"

    def client(self, home: Path) -> "MlflowClient":
        """A client of the store, which is created when it is not there.

        Raises:
            InfrastructureError: If the store cannot be reached or made; of each call of the client,
                if it cannot be reached any more.
        """
        os.environ.update(QUIET)
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        self._check_file(home)
        from mlflow import MlflowClient

        # MLflow's own words about a database would be a page; we have a sentence.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        address = self.address(home)
        try:
            with self.lock(home):  # several processes that create one schema crash
                make_file(address)
                client = MlflowClient(address)
                self._create_experiment(client, home)
        except (InfrastructureError, OSError):
            raise
        except Exception as error:  # the kinds differ between file, database and server stores
            raise lost(address, why_lost(error) or type(error).__name__) from error
        return told_when_lost(client, address)

    def lock(self, home: Path) -> AbstractContextManager[object]:
        """What one process at a time does to the store, is done inside: of all machines, or of one.

        Raises:
            InfrastructureError: If the store is a database that cannot be reached.
        """
        return store_lock(self.address(home), home / "mlflow.lock")

    def _check_file(self, home: Path) -> None:
        """A SQLite file that cannot be made is told at once; MLflow would try for a minute."""
        path = file_of(self.address(home))
        if path is None:
            return
        folder = path.absolute().parent
        writable = os.access(path if path.exists() else folder, os.W_OK)
        if not (folder.is_dir() and writable):
            raise InfrastructureError(
                f"The tracking store {path} cannot be made: choose a folder that can be written "
                "with tracking.uri, or leave it at null for the local store."
            )

    def _create_experiment(self, client: "MlflowClient", home: Path) -> None:
        if client.get_experiment_by_name(self.experiment) is None:
            # A server keeps artifacts where its operator said; a local file has to be told.
            folder = None if self.address(home).startswith("http") else home / "artifacts"
            client.create_experiment(
                self.experiment, folder.as_uri() if folder else None, tags=KIND
            )

    def experiment_id(self, client: "MlflowClient") -> str:
        """MLflow's id of the experiment.

        Raises:
            PeslabError: If somebody deleted it.
        """
        experiment = client.get_experiment_by_name(self.experiment)
        if experiment is None:
            raise PeslabError(f"MLflow's experiment '{self.experiment}' was deleted: restore it.")
        return str(experiment.experiment_id)

    def find(self, home: Path, *, run_id: str) -> RecordedRun:
        """The one run whose id is, or begins with, `run_id`.

        Raises:
            PeslabError: If there is none, or more than one.
        """
        runs = [
            run
            for run in self._search(home, "")
            if run.run_id.startswith(run_id) or run.tags.get(SPOOLED, "").startswith(run_id)
        ]
        if len(runs) != 1:
            found = f"{len(runs)} runs begin" if runs else "no run begins"
            raise PeslabError(
                f"In the store, {found} with '{run_id}': peslab ui shows the ids of all runs."
            )
        return runs[0]

    def of_study(self, home: Path, study: str, trial: int) -> RecordedRun:
        """The last run of a trial of a study, itself: runs with a role only belong to it.

        Raises:
            PeslabError: If there is none.
        """
        query = f"tags.study = '{study}' and tags.trial = '{trial}'"
        runs = [run for run in self._search(home, query) if "role" not in run.tags]
        if not runs:
            raise PeslabError(
                f"The store has no run of trial {trial} of the study {study}: "
                f"peslab report {study} lists its trials."
            )
        return runs[0]

    def close_lost(self, home: Path, study: str, trial: int, role: str | None = None) -> None:
        """Close the runs of a trial whose worker died, which nobody else will.

        A run of an interrupted trial that ended well counts no more than the trial: its worker died
        before it could tell. With a role, which others may have had in the trial and ended well,
        only those are closed that still run.
        """
        closable = (RUNNING,) if role else (RUNNING, "FINISHED")
        if self.spool:
            for folder in spool.spooled(home):
                tags, status = spool.read(folder / spool.RUN)["tags"], spool.status(folder)
                found = (tags.get("study"), tags.get("trial"), tags.get("role"))
                if found == (study, str(trial), role) and status in closable:
                    spool.end(folder, KILLED)
            return
        client = self.client(home)
        ids = [each.experiment_id for each in client.search_experiments()]
        query = f"tags.study = '{study}' and tags.trial = '{trial}'"
        for run in client.search_runs(ids, query):
            if run.data.tags.get("role") == role and run.info.status in closable:
                client.set_terminated(run.info.run_id, KILLED)

    def read_text(self, home: Path, run_id: str, artifact: str) -> str:
        """A text artifact of a run.

        Raises:
            PeslabError: If the run has no such artifact.
        """
        path = self.artifact(home, run_id, artifact)
        with told_if_damaged(f"{artifact} of run {run_id[:8]}"):
            return path.read_text(encoding="utf-8")

    def artifact(self, home: Path, run_id: str, artifact: str) -> Path:
        """An artifact of a run, brought to this machine if it is on another.

        A run of the spool keeps its id there when it comes into the store.

        Raises:
            PeslabError: If the run has no such artifact.
        """
        if not ID.fullmatch(run_id):  # a store that is not ours may say anything
            raise PeslabError(f"'{run_id}' is no id of a run: see tracking.uri.")
        waiting = home / spool.SPOOL / run_id / "artifacts" / artifact
        if waiting.is_file():
            return waiting
        client = self.client(home)
        if self.spool:
            run_id = self.find(home, run_id=run_id).run_id
        try:
            return Path(client.download_artifacts(run_id, artifact))
        except Exception as error:  # the kinds differ between file, database and server stores
            raise PeslabError(
                f"Run {run_id[:8]} has no {artifact}: it was not recorded by peslab, "
                "or ended before that was written."
            ) from error

    def environment(self, home: Path, run_id: str) -> dict[str, str]:
        """What a run's numbers depended on beside its config, distributions and their versions too.

        Empty for a run that was not recorded by peslab; older ones tell less.
        """
        try:
            lines = self.read_text(home, run_id, ENVIRONMENT).splitlines()
        except PeslabError:
            return {}
        facts = {name: _plain(value) for name, _, value in (line.partition(": ") for line in lines)}
        try:
            return facts | versions(self.read_text(home, run_id, INSTALLED))
        except PeslabError:
            return facts

    def link(self, home: Path, original: RecordedRun, again: str) -> None:
        """Let a run know that another repeats it: the tag `repeated_by` holds the ids."""
        client = self.client(home)
        with self.lock(home):
            known = client.get_run(original.run_id).data.tags.get("repeated_by", "")
            ids = [*known.split()[1 - MOST_LINKS :], again]
            client.set_tag(original.run_id, "repeated_by", " ".join(ids))

    def figures(self, home: Path, run_id: str) -> dict[str, bytes]:
        """The pictures of a run by their names without ending, as PNG."""
        client = self.client(home)
        paths = [item.path for item in client.list_artifacts(run_id, "figures")]
        return {
            Path(path).stem: Path(client.download_artifacts(run_id, path)).read_bytes()
            for path in sorted(paths)
            if path.endswith(".png")
        }

    def _search(self, home: Path, query: str) -> list[RecordedRun]:
        client = self.client(home)
        ids, token = [each.experiment_id for each in client.search_experiments()], None
        runs: list[RecordedRun] = []
        while True:
            page = client.search_runs(
                ids, query, order_by=["attributes.start_time DESC"], page_token=token
            )
            runs.extend(_recorded(run) for run in page)
            token = page.token
            if not token:
                return runs


def _plain(value: str) -> str:
    return str(json.loads(value)) if value.startswith('"') else value.strip("'")


def _recorded(run: "Run") -> RecordedRun:
    data = run.data
    return RecordedRun(run.info.run_id, dict(data.tags), dict(data.params), dict(data.metrics))
