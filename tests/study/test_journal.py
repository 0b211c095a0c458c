"""The journal is readable whatever happened to those who wrote it."""

import errno
import gc
import json
import os
import resource
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.errors import PeslabError
from peslab.study.storage.journal import Journal, OwnedLock, open_journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.log"


def journal(path):
    return Journal(path, OwnedLock(path.with_suffix(".lock")))


def records(path):
    return list(journal(path).read_logs(0))


def test_what_is_appended_is_read(path):
    """By others too, and from any record on."""
    one, other = journal(path), journal(path)
    one.append_logs([{"a": 1}, {"b": "ü"}])
    other.append_logs([{"c": None}])
    assert list(one.read_logs(0)) == [{"a": 1}, {"b": "ü"}, {"c": None}]
    assert list(other.read_logs(2)) == [{"c": None}]


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_half_a_line_is_cut_off_by_who_writes_next(path, cut):
    """A writer that was killed, or a full disk, leaves it; nothing else is lost."""
    journal(path).append_logs([{"first": 1}, {"second": 2}])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert records(path) == [{"first": 1}]
    journal(path).append_logs([{"third": 3}])
    assert records(path) == [{"first": 1}, {"third": 3}]


def test_a_very_long_half_line_is_cut_off_too(path):
    """Longer than what is looked at at once."""
    journal(path).append_logs([{"first": 1}])
    with path.open("ab") as file:
        file.write(b"x" * 20_000)
    journal(path).append_logs([{"second": 2}])
    assert records(path) == [{"first": 1}, {"second": 2}]


def test_a_journal_of_half_a_line_begins_anew(path):
    """Its first writer died in its first line."""
    path.write_bytes(b'{"op_code": 0, "wor')
    journal(path).append_logs([{"first": 1}])
    assert records(path) == [{"first": 1}]


def test_on_a_full_disk_all_is_appended_or_nothing(path):
    """The error is told; what was there stays, and with room again the journal goes on."""
    journal(path).append_logs([{"first": 1}])
    size = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
        with pytest.raises(OSError) as told:  # noqa: PT011  # its number follows
            journal(path).append_logs([{"second": "x" * 100}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert told.value.errno == errno.EFBIG
    assert path.stat().st_size == size
    journal(path).append_logs([{"third": 3}])
    assert records(path) == [{"first": 1}, {"third": 3}]


@given(lengths=st.lists(st.integers(1, 9000), min_size=1, max_size=4), cut=st.integers(0, 30_000))
def test_every_cut_leaves_whole_lines(tmp_path_factory, lengths, cut):
    """Wherever a file ends: what is before is kept, what is appended is read."""
    path = tmp_path_factory.mktemp("cuts") / "journal.log"
    journal(path).append_logs([{"x": "y" * length} for length in lengths])
    content = path.read_bytes()[:cut]
    path.write_bytes(content)
    journal(path).append_logs([{"last": 1}])
    kept = [json.loads(line) for line in content.split(b"\n")[:-1]]
    assert records(path) == [*kept, {"last": 1}]


def test_a_dead_owner_does_not_hold_the_lock(path):
    """The operating system takes it back at once; Optuna's own would bind for half a minute."""
    child = os.fork()
    if child == 0:
        OwnedLock(path).acquire()
        os._exit(0)
    os.waitpid(child, 0)
    lock = OwnedLock(path)
    assert lock.acquire()
    lock.release()


def test_reading_goes_on_where_it_ended(path):
    """Each record once, whoever wrote it, and any of them again when it is asked for."""
    reader, writer = journal(path), journal(path)
    writer.append_logs([{"n": 0}, {"n": 1}])
    assert list(reader.read_logs(0)) == [{"n": 0}, {"n": 1}]
    assert list(reader.read_logs(2)) == []
    writer.append_logs([{"n": 2}])
    assert list(reader.read_logs(2)) == [{"n": 2}]
    assert list(reader.read_logs(1)) == [{"n": 1}, {"n": 2}]
    assert list(reader.read_logs(3)) == []


@pytest.mark.parametrize("damage", [b"\0\0\0\n", b'{"n": \n', b"\xff\n", b'{"n": 1}}\n'])
def test_a_damaged_journal_is_told(path, damage):
    """As soon as something follows: at its end it may be a line that is still on its way."""
    journal(path).append_logs([{"n": 0}])
    with path.open("ab") as file:
        file.write(damage)
    assert records(path) == [{"n": 0}]
    journal(path).append_logs([{"n": 1}])
    with pytest.raises(PeslabError, match=r"is damaged .*: bring it back from a backup"):
        list(journal(path).read_logs(0))


def test_a_line_whose_beginning_comes_last_is_read_when_it_is_whole(path):
    """Pages of a file on another machine need not come in their order."""
    reader = journal(path)
    journal(path).append_logs([{"n": 0}])
    assert list(reader.read_logs(0)) == [{"n": 0}]
    whole = path.read_bytes() + b'{"n": 1}\n'
    path.write_bytes(whole[:-9] + b"\0" * 5 + whole[-4:])
    assert list(reader.read_logs(1)) == []
    path.write_bytes(whole)
    assert list(reader.read_logs(1)) == [{"n": 1}]


@pytest.mark.parametrize("is_enabled", [True, False])
def test_opening_leaves_the_search_for_rubbish_as_it_was(path, is_enabled):
    """It is left out only while the journal is read."""
    (gc.enable if is_enabled else gc.disable)()
    try:
        open_journal(path, OwnedLock(path.with_suffix(".lock")))
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()
