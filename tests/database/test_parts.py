"""Long work in parts: the same rows whatever their size, and what was made is not made again."""

import logging
import multiprocessing
from dataclasses import replace

import polars as pl
import pytest
from shared_recipe import MANY_WIDTHS, RECIPE, die_between_parts
from shared_recipe import generate as generating

from peslab.database import (
    acceptance,
    database_path,
    generate,
    load_or_generate,
    parquet,
    parts,
    statistics,
    store,
)
from peslab.errors import InvalidInputError

FRESH = multiprocessing.get_context("spawn")
TOTAL = MANY_WIDTHS.cut.n_configurations


@pytest.fixture(params=[5, 40])
def small(request, monkeypatch):
    """Parts of at most so many configurations."""
    monkeypatch.setattr(parts, "LARGEST_PART", request.param)
    monkeypatch.setattr(generating, "LARGEST_PIECE", request.param)
    monkeypatch.setattr(generating, "FIRST_PIECE", 5)
    return request.param


@pytest.fixture
def made(monkeypatch):
    """The ranges of configurations that were made in this process."""
    ranges = []
    make_piece = generating.make_piece

    def counted(recipe, start, stop, n_threads=None):
        ranges.append((start, stop))
        return make_piece(recipe, start, stop, n_threads)

    monkeypatch.setattr(generating, "make_piece", counted)
    return ranges


@pytest.fixture
def killed(tmp_path):
    """A folder in which a process was killed while it wrote its fourth part."""
    writer = FRESH.Process(target=die_between_parts, args=(tmp_path,))
    writer.start()
    writer.join(timeout=60)
    assert writer.exitcode == 9
    return tmp_path


def folder_of_parts(folder, recipe=MANY_WIDTHS):
    return store.parts_folder(database_path(recipe, folder))


@pytest.mark.parametrize("n_threads", [1, 3])
def test_rows_do_not_depend_on_the_size_of_parts(tmp_path, small, n_threads):
    """Rows, digest and statistics are the same, bit for bit, in one part and in ninety."""
    pieces = load_or_generate(MANY_WIDTHS, tmp_path / "pieces", n_threads)
    parts.LARGEST_PART = generating.LARGEST_PIECE = 2**15  # put back by the fixture
    whole = load_or_generate(MANY_WIDTHS, tmp_path / "whole", 1)
    assert pieces.equals(whole)
    assert whole.equals(generate(MANY_WIDTHS))
    metadata = [
        pl.read_parquet_metadata(database_path(MANY_WIDTHS, tmp_path / name))
        for name in ("pieces", "whole")
    ]
    for key in ("fingerprint", "content", "about", "seal"):
        assert metadata[0][key] == metadata[1][key]


def test_nothing_but_the_database_stays(tmp_path, small):
    """The folder of parts goes when the rows are together."""
    load_or_generate(MANY_WIDTHS, tmp_path)
    path = database_path(MANY_WIDTHS, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, path.stem + ".lock"}


def test_a_small_database_needs_no_folder(tmp_path, monkeypatch):
    """What fits into one part and takes no time goes straight into its file."""
    written = []
    write = parquet.write

    def told(frames, path, *told_about):
        written.append(path)
        write(frames, path, *told_about)

    monkeypatch.setattr(parquet, "write", told)
    load_or_generate(MANY_WIDTHS, tmp_path)
    assert written == [database_path(MANY_WIDTHS, tmp_path)]


def test_what_takes_long_is_kept_on_the_way(tmp_path, monkeypatch, made):
    """However few configurations there are: a kill costs seconds, not hours."""
    monkeypatch.setattr(parts, "SECONDS_PER_PART", -1.0)
    monkeypatch.setattr(generating, "LARGEST_PIECE", 30)
    monkeypatch.setattr(generating, "FIRST_PIECE", 5)
    folder = tmp_path / "parts"
    found = parts.make_parts(MANY_WIDTHS, folder, n_threads=1)
    assert [(part.start, part.stop) for part in found] == made
    assert len(list(folder.glob("*.parquet"))) == len(made) > 3


def test_a_killed_process_is_continued(killed, made):
    """Three parts of 17 were whole; only what was missing is made, and the rows are the same."""
    left = sorted(path.name for path in folder_of_parts(killed).iterdir())
    assert len([name for name in left if name.endswith(".parquet")]) == 3
    assert len([name for name in left if name.endswith(".tmp")]) == 1
    told = []
    frame = load_or_generate(
        MANY_WIDTHS, killed, progress=lambda done, total: told.append((done, total))
    )
    first = min(start for start, _ in made)
    assert first > 0
    assert sum(stop - start for start, stop in made) == TOTAL - first
    assert frame.equals(generate(MANY_WIDTHS))
    assert not folder_of_parts(killed).exists()
    assert told[0][0] > 0
    assert told[-1] == (TOTAL, TOTAL)
    assert told == sorted(told)


def test_statistics_survive_the_interruption(killed, tmp_path_factory):
    """Moves that were tried before the kill are counted too."""
    fresh = tmp_path_factory.mktemp("fresh")
    for folder in (killed, fresh):
        load_or_generate(MANY_WIDTHS, folder)
    paths = [database_path(MANY_WIDTHS, folder) for folder in (killed, fresh)]
    assert statistics(paths[0]).equals(statistics(paths[1]))
    assert acceptance(paths[0]).equals(acceptance(paths[1]))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_part_is_made_again(killed, made, caplog, place):
    """A gap in the middle is filled, whatever the size of the parts that fill it."""
    folder = folder_of_parts(killed)
    whole = sorted(folder.glob("*.parquet"), key=lambda path: int(path.stem.split("-")[0]))
    start, stop = map(int, whole[place].stem.split("-"))
    whole[place].write_bytes(whole[place].read_bytes()[:-7])
    with caplog.at_level(logging.WARNING):
        frame = load_or_generate(MANY_WIDTHS, killed)
    assert str(whole[place]) in caplog.text
    assert frame.equals(generate(MANY_WIDTHS))
    assert (start, stop) == made[0] or start == made[0][0]


def test_a_renamed_part_is_still_the_one_it_is(killed, made):
    """Which configurations it holds stands inside, under the seal."""
    folder = folder_of_parts(killed)
    first = next(path for path in folder.glob("*.parquet") if path.name.startswith("0-"))
    first.rename(folder / "85-102.parquet")
    frame = load_or_generate(MANY_WIDTHS, killed)
    assert min(start for start, _ in made) > 0
    assert frame.equals(generate(MANY_WIDTHS))


def test_parts_of_another_recipe_are_not_believed(killed):
    """Nobody but the fingerprint inside a part says whose it is."""
    other = replace(MANY_WIDTHS, seed=1)
    folder_of_parts(killed).rename(folder_of_parts(killed, other))
    assert load_or_generate(other, killed).equals(generate(other))


def test_parts_beside_a_finished_database_are_removed(tmp_path):
    """A process that was killed between its last two steps leaves parts that nobody needs."""
    frame = load_or_generate(RECIPE, tmp_path)
    folder = folder_of_parts(tmp_path, RECIPE)
    folder.mkdir()
    (folder / "0-10.parquet").write_bytes(b"PAR1")
    assert load_or_generate(RECIPE, tmp_path).equals(frame)
    assert not folder.exists()


def test_leftovers_of_killed_writers_are_removed_by_the_next(tmp_path):
    """But not those of another database."""
    path = database_path(RECIPE, tmp_path)
    for name in (f"{path.stem}abc.tmp", "0123456789abcdefxyz.tmp"):
        (tmp_path / name).write_bytes(b"PAR1 and then nothing")
    load_or_generate(RECIPE, tmp_path)
    assert [file.name for file in tmp_path.glob("*.tmp")] == ["0123456789abcdefxyz.tmp"]


def test_progress_counts_up_to_all(tmp_path, small):
    """From the first piece on, and never back."""
    told = []
    load_or_generate(MANY_WIDTHS, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {TOTAL}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == TOTAL
    again = []
    load_or_generate(MANY_WIDTHS, tmp_path, progress=lambda *state: again.append(state))
    assert again == []  # what is read is not made


def test_a_full_disk_leaves_whole_parts_alone(tmp_path, small, monkeypatch):
    """What could be written stays to be continued; nothing is half-written."""
    synced = []

    def full(_descriptor):
        synced.append(None)
        if len(synced) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet.os, "fsync", full)
    with pytest.raises(InvalidInputError, match="No space left on device"):
        load_or_generate(MANY_WIDTHS, tmp_path)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert not list(tmp_path.rglob("*.tmp"))
    monkeypatch.undo()
    assert load_or_generate(MANY_WIDTHS, tmp_path).equals(generate(MANY_WIDTHS))


def test_a_failure_in_the_middle_names_the_configuration(monkeypatch):
    """Pieces count from their own start; the sentence says where that is."""

    def fail(*_arguments):
        raise InvalidInputError("the energy of configuration 2 is not finite.")

    monkeypatch.setattr(type(MANY_WIDTHS.potential), "energy_and_forces", fail)
    with pytest.raises(InvalidInputError, match=r"from configuration 30 of seed 0 on, the"):
        generating.make_piece(MANY_WIDTHS, 30, 40)
    with pytest.raises(InvalidInputError, match=r"^the energy of configuration 2"):
        generating.make_piece(MANY_WIDTHS, 0, 40)
