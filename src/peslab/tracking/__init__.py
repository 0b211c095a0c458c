"""Runs in MLflow; nothing else of peslab knows it."""

from peslab.tracking.mlflow_run import RunLog, reopened, study_log, sweep_log, track_run
from peslab.tracking.provenance import provenance, record_environment
from peslab.tracking.spool import SpooledRun
from peslab.tracking.spool_import import import_spool
from peslab.tracking.store import RecordedRun, Tracking

RunRecord = RunLog | SpooledRun
"""What a run writes, to the store or to the spool."""

__all__ = [
    "RecordedRun",
    "RunLog",
    "RunRecord",
    "SpooledRun",
    "Tracking",
    "import_spool",
    "provenance",
    "record_environment",
    "reopened",
    "study_log",
    "sweep_log",
    "track_run",
]
