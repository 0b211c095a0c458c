"""Runs in MLflow; nothing else of peslab knows it."""

from peslab.tracking.mlflow_run import RunLog, sweep_log, track_run
from peslab.tracking.provenance import provenance
from peslab.tracking.store import RecordedRun, Tracking

__all__ = [
    "RecordedRun",
    "RunLog",
    "Tracking",
    "provenance",
    "sweep_log",
    "track_run",
]
