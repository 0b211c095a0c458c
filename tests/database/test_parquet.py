"""Files that appear whole or not at all."""

import signal
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from peslab.database import parquet

FRAME = pl.DataFrame(
    {
        "positions": np.arange(40.0).reshape(10, 2, 2),
        "rate": pl.Series([0.5, None] * 5),
    }
)


def write(path, frames=(FRAME,), fingerprint="f", about="[]"):
    parquet.write(lambda: iter(frames), path, fingerprint, about)


def test_what_is_written_is_read(tmp_path):
    """Rows with their types and nulls, and what was told about them."""
    write(tmp_path / "a.parquet", about='{"é": [1]}')
    sealed = parquet.read(tmp_path / "a.parquet", "f")
    assert sealed.frame.equals(FRAME)
    assert sealed.frame.schema == FRAME.schema
    assert sealed.about == '{"é": [1]}'


@pytest.mark.parametrize("size", [1, 3, 10])
def test_pieces_are_one_table(tmp_path, size):
    """Neither the rows nor their digest know how they came; empty pieces are none."""
    pieces = [FRAME[:0], *(FRAME[k : k + size] for k in range(0, 10, size)), FRAME[:0]]
    write(tmp_path / "a.parquet", pieces)
    assert parquet.read(tmp_path / "a.parquet", "f").frame.equals(FRAME)
    assert parquet.digest(pieces) == parquet.digest([FRAME])


@pytest.mark.parametrize(
    "other",
    [
        FRAME.head(9),
        pl.concat([FRAME.tail(5), FRAME.head(5)]),
        FRAME.select("rate", "positions"),
        FRAME.rename({"rate": "rates"}),
        FRAME.with_columns(pl.col("rate").cast(pl.Float32)),
        FRAME.with_columns(pl.col("rate") * (1 + 1e-15)),
        pl.concat([FRAME, FRAME.head(1)]),
    ],
    ids=[
        "fewer",
        "in another sequence",
        "columns swapped",
        "renamed",
        "narrower",
        "last digit",
        "more",
    ],
)
def test_other_rows_have_another_digest(other):
    """Values, sequence, names and types all count."""
    assert parquet.digest([other]) != parquet.digest([FRAME])


def test_rows_do_not_slip_from_one_column_into_the_next():
    """Two columns of the same bytes in all are told apart by where one ends."""
    one = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    other = pl.DataFrame({"a": [1.0, 3.0], "b": [2.0, 4.0]})
    assert parquet.digest([one]) != parquet.digest([other])


@pytest.mark.parametrize("key", ["fingerprint", "content", "about", "seal"])
def test_what_was_told_is_sealed_too(tmp_path, key):
    """Statistics that were changed by hand are as bad as rows that were."""
    path = tmp_path / "a.parquet"
    write(path, about="[1]")
    metadata = pl.read_parquet_metadata(path)
    write_with = {**metadata, key: "[2]"}
    FRAME.write_parquet(path, metadata=write_with)
    is_read = parquet.read(path, "f") is not None
    assert is_read == (key in {"fingerprint", "content"})  # those are told apart by the seal
    assert parquet.read(path, "another") is None


def test_a_failure_while_writing_keeps_what_was_there(tmp_path):
    """The old file stays, no part of the new one does."""
    path = tmp_path / "a.parquet"
    write(path)
    before = path.read_bytes()

    def broken():
        yield FRAME
        raise FileNotFoundError(2, "a part is gone")

    with pytest.raises(FileNotFoundError):
        parquet.write(broken, path, "f", "")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.parquet"]


TOO_LARGE = """
import resource, signal, sys
from pathlib import Path
import numpy as np, polars as pl
from peslab.database import parquet
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
frame = pl.DataFrame({"x": np.random.default_rng(0).random(100_000)})
try:
    parquet.write(lambda: iter([frame]), Path(sys.argv[1]), "f", "")
except OSError as error:
    print("told", list(Path(sys.argv[1]).parent.iterdir()))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system has no limits of files")
def test_a_disk_that_takes_no_more_is_an_error_of_the_system(tmp_path):
    """It happens inside the Parquet writer, and is told like any other trouble with files."""
    command = [sys.executable, "-c", TOO_LARGE, str(tmp_path / "a.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "told []\n", done.stderr
