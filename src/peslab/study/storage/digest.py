"""A journal in short: one record for each trial, taken in place of the journal's beginning.

A long journal takes seconds to read, record by record. Optuna would keep what it has read as a
pickle; this is a journal again, made by Optuna itself, with a first line that tells which part of
the original it stands for. It can be removed at any time: the journal has everything.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

LOOKED_AT = 4096
"""Bytes before the end of what a digest stands for, by which the journal is known again."""

Records = list[dict[str, Any]]


class Recorder(BaseJournalBackend):
    """A journal in memory."""

    def __init__(self) -> None:
        self.records: Records = []

    def append_logs(self, logs: Records) -> None:
        """Keep records."""
        self.records.extend(logs)

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The records from a number on."""
        yield from self.records[log_number_from:]


def in_short(storage: JournalStorage) -> Records | None:
    """What a storage knows, a record for each trial; None if that is not one study."""
    studies = storage.get_all_studies()
    if len(studies) != 1:  # trials of several are numbered across each other
        return None
    recorder = Recorder()
    name = studies[0].study_name
    optuna.copy_study(
        from_study_name=name, from_storage=storage, to_storage=JournalStorage(recorder)
    )
    return recorder.records


def read(path: Path, journal: Path) -> tuple[Records, int]:
    """The records of a digest, and where what it stands for ends; none, and 0, if it does not fit.

    Args:
        path: Of the digest.
        journal: Of what it is a digest.
    """
    with (
        suppress(OSError, ValueError, KeyError, TypeError),
        path.open(encoding="utf-8", newline="\n") as file,
    ):
        about = json.loads(file.readline())
        if about["mark"] == _mark(journal, about["end"]):
            return list(json.loads(file.read())), about["end"]
    return [], 0


def write(path: Path, journal: Path, records: Records, end: int) -> None:
    """Keep a digest, whole or not at all; a disk that is full does without.

    It has two lines: to read one of all records takes half as long as a line for each.
    """
    first = {"end": end, "mark": _mark(journal, end)}
    lines = (json.dumps(each, separators=(",", ":")) + "\n" for each in (first, records))
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)


def decoded(lines: bytes) -> Records:
    """The records of whole lines, together: line by line takes half as long again."""
    return list(json.loads(b"[" + lines[:-1].replace(b"\n", b",") + b"]"))


def _mark(journal: Path, end: int) -> str | None:
    """Tells a journal's part from others that end at the same byte; None if it is not as long."""
    with journal.open("rb") as file:
        if end > os.fstat(file.fileno()).st_size:
            return None
        file.seek(max(0, end - LOOKED_AT))
        return hashlib.sha256(file.read(min(end, LOOKED_AT))).hexdigest()
