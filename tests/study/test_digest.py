"""A digest tells what its journal tells, sooner; without it, nothing is missing."""

import json
import os
import warnings

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from peslab.study.storage import digest, journal
from peslab.study.storage.journal import DIGEST, Journal, OwnedLock, open_journal

SPACE = {
    "x": FloatDistribution(1e-4, 1e-1, log=True),
    "n": IntDistribution(8, 128),
    "orders": CategoricalDistribution(["[-2]", "[-2,-3]"]),
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Of a journal that is long after twenty records."""
    monkeypatch.setattr(journal, "LONG", 20)
    return tmp_path / "journal.log"


def opened(path):
    return open_journal(path, OwnedLock(path.with_suffix(".lock")))


def begun(path):
    """A study with trials of every kind."""
    study = optuna.create_study(study_name="s", storage=opened(path), directions=["maximize"])
    study.set_user_attr("recipe", {"a": "1"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(["error"])
    study.enqueue_trial({"x": 0.01}, user_attrs={"after": 0})
    for number in range(4):
        trial = study.ask(SPACE)
        trial.set_user_attr("metrics", json.dumps({"error": float("nan"), "other": number / 3}))
        trial.report(0.5, 1)
        trial.report(float("inf"), 2)
        if number < 3:
            values = [1 / 3, None, None][number]
            study.tell(trial, values, state=[TrialState.COMPLETE, TrialState.PRUNED,
                                             TrialState.FAIL][number])  # fmt: skip
    study.enqueue_trial({"n": 9})
    return study


def told(study):
    """All that a study knows, as text: what is not a number equals itself there."""
    kept = [study.user_attrs, study.metric_names, study.directions, study.study_name]
    return repr([kept, [sorted(vars(trial).items()) for trial in study.get_trials()]])


def loaded(path):
    return optuna.load_study(study_name="s", storage=opened(path))


def test_it_tells_what_the_journal_tells(path):
    """Of complete, pruned, failed, running and waiting trials, to the last digit."""
    study = begun(path)
    assert told(loaded(path)) == told(study)  # from the journal, which is digested then
    lines = (path.parent / DIGEST).read_bytes().splitlines()
    assert len(lines) < len(path.read_bytes().splitlines()) / 2
    assert path.stat().st_size > digest.LOOKED_AT
    path.write_bytes(b"{" + b"x" * (path.stat().st_size - digest.LOOKED_AT - 1)
                     + path.read_bytes()[-digest.LOOKED_AT:])  # fmt: skip  # not read any more
    assert told(loaded(path)) == told(study)


def test_what_comes_later_is_read_from_the_journal(path):
    """By who opens it then, and by who has it open."""
    begun(path)
    opened(path)
    one, other = loaded(path), loaded(path)
    again = one.ask(SPACE)
    assert again.params["n"] == 9
    one.tell(again, 0.25)
    assert told(other) == told(one) == told(loaded(path))
    other.tell(3, 0.125)  # which ran when the digest was made
    assert [trial.value for trial in one.get_trials(states=(TrialState.COMPLETE,))] == [
        1 / 3, 0.125, 0.25,
    ]  # fmt: skip


def test_a_mistake_of_a_writer_does_not_confuse_what_it_reads(path):
    """Optuna stops reading where it refuses a record of its own, and goes on behind it."""
    begun(path)
    opened(path)
    study = loaded(path)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        study._storage.set_trial_user_attr(0, "late", 1)
    study.set_user_attr("later", 2)
    assert told(study) == told(loaded(path))


def remove_first_line(found):
    found.write_bytes(found.read_bytes().partition(b"\n")[2])


def cut(found):
    os.truncate(found, found.stat().st_size // 2)


def empty(found):
    found.write_bytes(b"")


@pytest.mark.parametrize("damage", [remove_first_line, cut, empty])
def test_a_damaged_one_is_passed_over(path, damage):
    """The journal has everything."""
    study = begun(path)
    opened(path)
    damage(path.parent / DIGEST)
    assert told(loaded(path)) == told(study)


@pytest.mark.parametrize("shorter", [True, False])
def test_that_of_another_journal_is_passed_over(path, shorter):
    """A journal that was brought back from a copy, or has another one's name."""
    early = b""
    study = begun(path)
    early = path.read_bytes()
    study.set_user_attr("more", "x" * 10)
    opened(path)
    changed = path.read_bytes().replace(b"x" * 10, b"y" * 10)
    path.write_bytes(early if shorter else changed)
    assert loaded(path).user_attrs.get("more") == (None if shorter else "y" * 10)


def test_a_short_journal_has_none(path, monkeypatch):
    """Nothing would be saved."""
    monkeypatch.setattr(journal, "LONG", 1000)
    begun(path)
    opened(path)
    assert not (path.parent / DIGEST).exists()


def test_it_is_made_again_when_the_journal_has_grown(path):
    """Not at each opening."""
    study = begun(path)
    opened(path)
    made = (path.parent / DIGEST).read_bytes()
    study.set_user_attr("one", 1)
    opened(path)
    assert (path.parent / DIGEST).read_bytes() == made
    for number in range(20):
        study.set_user_attr("more", number)
    opened(path)
    assert (path.parent / DIGEST).read_bytes() != made
    assert told(loaded(path)) == told(study)


def test_without_room_there_is_none(path, monkeypatch):
    """And nothing half-made is left."""
    study = begun(path)

    def fails(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    assert told(loaded(path)) == told(study)
    assert [each.name for each in path.parent.iterdir() if "digest" in each.name] == []


def test_who_writes_meanwhile_is_not_left_out(path, monkeypatch):
    """A digest that others have written beside is not kept."""
    study = begun(path)
    in_short = digest.in_short

    def slowly(storage):
        records = in_short(storage)
        study.set_user_attr("meanwhile", 1)
        storage.get_all_studies()  # reads on
        return records

    monkeypatch.setattr(digest, "in_short", slowly)
    opened(path)
    assert not (path.parent / DIGEST).exists()


def test_several_studies_in_one_journal_have_none(path):
    """Their trials are numbered across each other."""
    begun(path)
    optuna.create_study(study_name="t", storage=opened(path))
    assert digest.in_short(opened(path)) is None


def test_a_reader_of_single_records_needs_none(path):
    """As tools of the journal's format do."""
    begun(path)
    lines = path.read_bytes().splitlines()
    fresh = Journal(path, OwnedLock(path.with_suffix(".lock")))
    assert len(list(fresh.read_logs(0))) == len(lines)
    assert list(fresh.read_logs(len(lines))) == []


@pytest.mark.parametrize("is_short", [False, True])
def test_each_distribution_is_read_once(path, is_short, monkeypatch):
    """From the journal and from its digest; afterwards Optuna reads them itself again."""
    begun(path)
    if is_short:
        opened(path)
    read, seen = optuna.distributions.json_to_distribution, []

    def json_to_distribution(text):
        seen.append(text)
        return read(text)

    monkeypatch.setattr(journal, "json_to_distribution", json_to_distribution)
    monkeypatch.setattr(journal, "LONG", 10**6)
    trials = loaded(path).get_trials()
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == len(SPACE) < sum(len(trial.distributions) for trial in trials)
    left = optuna.storages.journal._storage.json_to_distribution
    assert left is json_to_distribution


def test_a_digest_of_an_earlier_version_is_passed_over(path):
    """It had a line for each record."""
    study = begun(path)
    opened(path)
    found = path.parent / DIGEST
    first, records = found.read_text().splitlines()
    lines = [json.dumps(each) for each in json.loads(records)]
    found.write_text("\n".join([first, *lines, ""]))
    assert told(loaded(path)) == told(study)
    assert len(found.read_text().splitlines()) == 2  # written anew
