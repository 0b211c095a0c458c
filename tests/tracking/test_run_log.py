"""What is written to a run is there, however much it is and whatever it is called."""

import math
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from peslab.errors import PeslabError, PrunedError
from peslab.tracking import Tracking, import_spool, sweep_log, track_run
from peslab.tracking.entries import key_of, not_finite, quiet

LOCAL = Tracking(uri=None, experiment="peslab")
TAGS = {"problem": "lattice_pes"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("Läufe und mehr")


@pytest.fixture(scope="module")
def client(home):
    return LOCAL.client(home)


def test_more_points_than_mlflow_takes_at_once_are_written(home, client):
    """Three thousand epochs of two losses: batches of 1,000, none lost, none twice."""
    with track_run(LOCAL, home, "long", TAGS) as log:
        for step in range(1300):
            log.epoch(step, {"train/loss": 1 / (step + 1), "val/mae": float(step)})
    for name, value in {"train/loss": lambda s: 1 / (s + 1), "val/mae": float}.items():
        history = client.get_metric_history(log.run_id, name)
        assert [(point.step, point.value) for point in history] == [
            (step, value(step)) for step in range(1300)
        ]


def test_losses_reach_the_store_before_an_interruption_closes_the_run(home, client):
    """What was learned until Ctrl-C is not lost."""
    run_id = None
    with pytest.raises(KeyboardInterrupt), track_run(LOCAL, home, "cut", TAGS) as log:
        run_id = log.run_id
        log.epoch(0, {"train/loss": 0.5})
        raise KeyboardInterrupt
    run = client.get_run(run_id)
    assert run.data.metrics == {"train/loss": 0.5}
    assert run.info.status == "KILLED"
    assert "pruned" not in run.data.tags


def test_a_pruned_run_is_killed_and_says_so(home, client):
    """Whoever looks at FINISHED runs sees those with all metrics; its epochs stay."""
    run_id = None
    with pytest.raises(PrunedError), track_run(LOCAL, home, "hopeless", TAGS) as log:
        run_id = log.run_id
        log.epoch(0, {"val/mae": 0.5})
        raise PrunedError("pruned after epoch 1.")
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["pruned"]) == ("KILLED", "pruned after epoch 1.")
    assert run.data.metrics == {"val/mae": 0.5}


def test_a_failed_run_says_why(home, client):
    """In one line, and without passwords."""
    run_id = None
    address = "postgresql://me:hush@host/db"
    with pytest.raises(PeslabError), track_run(LOCAL, home, "broken", TAGS) as log:
        run_id = log.run_id
        raise PeslabError(f"The loss is NaN,\nsays {address}." + "x" * 9000)
    run = client.get_run(run_id)
    assert run.info.status == "FAILED"
    assert run.data.tags["failure"].startswith("The loss is NaN, says postgresql://me:***@host/db.")
    assert len(run.data.tags["failure"]) == 500


@pytest.mark.parametrize("spool", [False, True])
def test_a_run_that_failed_without_an_error_says_why(spool, home, client):
    """It has a result that nobody can use, and all its metrics."""
    with track_run(replace(LOCAL, spool=spool), home, f"endless {spool}", TAGS) as log:
        log.metrics({"test/error": 0.5})
        log.failed("its val/error is inf.")
    if spool:
        import_spool(LOCAL, home)
    experiment = client.get_experiment_by_name("peslab")
    named = f"attributes.run_name = 'endless {spool}'"
    (run,) = client.search_runs([experiment.experiment_id], named)
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "its val/error is inf.")
    assert run.data.metrics == {"test/error": 0.5}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"a": 1.0}, None),
        ({"a": 1.0, "b": math.inf}, "its b is inf."),
        ({"a": math.nan, "b": -math.inf}, "its a is nan and its b is -inf."),
    ],
)
def test_numbers_that_are_not_finite_are_told_by_their_names(values, told):
    """All of them, and no others."""
    assert not_finite(values) == told


def test_how_pytorch_reads_what_it_exported_is_not_told():
    """The other warnings of a library come through."""
    with quiet("torch.export"):
        warnings.warn("The given buffer is not writable, and more", UserWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("val/energy_mae", "val/energy_mae"),
        ("a:b*c?d", "a_b_c_d"),
        ("µs (best)", "µs _best_"),
        ("Größe", "Größe"),
        ("a\nb\tc", "a_b_c"),
        ("[0]", "_0_"),
    ],
)
def test_keys_are_written_in_letters_that_every_store_takes(key, written):
    """Others become an underscore."""
    assert key_of(key) == written


def test_values_of_any_kind_are_logged_as_text(home, client):
    """None, lists, letters of any language; what is too long is cut, not refused."""
    values = {
        "none": None,
        "orders": [-2, -3],
        "word": "Größe 粒子 ±",
        "empty": "",
        "odd:key": True,
        "exact": "x" * 250,
        "long": "ä" * 251,
    }
    with track_run(LOCAL, home, "paräms", TAGS) as log:
        log.params(values)
    run = client.get_run(log.run_id)
    assert run.info.run_name == "paräms"
    assert run.data.params == {
        "none": "None",
        "orders": "[-2, -3]",
        "word": "Größe 粒子 ±",
        "empty": "",
        "odd_key": "True",
        "exact": "x" * 250,
        "long": "ä" * 250,
    }


def test_a_hundred_params_are_taken_at_once(home, client):
    """As many as a config of this kind will ever have."""
    with track_run(LOCAL, home, "many", TAGS) as log:
        log.params({f"key.{number}": number for number in range(100)})
    assert len(client.get_run(log.run_id).data.params) == 100


def test_numbers_that_are_none_are_left_out(home, client):
    """An infinite error cannot be compared with others, nor sorted by in the UI."""
    with track_run(LOCAL, home, "infinite", TAGS) as log:
        log.metrics({"a": 1.0, "b": float("inf"), "c": float("nan"), "d": -float("inf"), "e": 0})
    assert client.get_run(log.run_id).data.metrics == {"a": 1.0, "e": 0.0}


def test_the_last_value_of_a_metric_counts(home, client):
    """By its step, as a curve is read."""
    with track_run(LOCAL, home, "steps", TAGS) as log:
        log.metrics({"a": 1.0}, step=0)
        log.metrics({"a": 2.0}, step=1)
    assert client.get_run(log.run_id).data.metrics == {"a": 2.0}


def test_texts_are_read_back_letter_by_letter(home):
    """Artifacts are UTF-8, whatever the machine's own encoding is."""
    text = "R₀ = 2·R_c\n粒子: [1, 2]\n"
    with track_run(LOCAL, home, "text", TAGS) as log:
        log.text(text, "config/nested/unresolved.yaml")
    assert LOCAL.read_text(home, log.run_id, "config/nested/unresolved.yaml") == text


def test_files_are_kept_byte_by_byte(home, client, tmp_path):
    """Under their own names, wherever they lay."""
    (tmp_path / "a figure.png").write_bytes(bytes(range(256)))
    with track_run(LOCAL, home, "file", TAGS) as log:
        log.file(tmp_path / "a figure.png")
    (kept,) = client.list_artifacts(log.run_id)
    assert (kept.path, kept.file_size) == ("a figure.png", 256)
    path = client.download_artifacts(log.run_id, kept.path)
    assert Path(path).read_bytes() == bytes(range(256))


def test_every_study_has_one_parent(home, client):
    """Found again by the next run, apart from that of another study."""
    parents = {}
    for study, trial in (("orders", 0), ("widths", 0), ("orders", 1)):
        tags = {**TAGS, "study": study, "trial": str(trial)}
        with track_run(LOCAL, home, f"{study}/{trial}", tags, parent=study) as log:
            pass
        parent = client.get_run(log.run_id).data.tags["mlflow.parentRunId"]
        assert parents.setdefault(study, parent) == parent
    assert parents["orders"] != parents["widths"]
    for study, parent in parents.items():
        run = client.get_run(parent)
        assert (run.info.run_name, run.info.status) == (study, "FINISHED")
        assert run.data.tags["role"] == "parent"


def test_a_trial_is_the_last_run_of_its_number(home):
    """An interrupted run of the same study and number is older than the one that counts."""
    tags = {**TAGS, "study": "again", "trial": "0"}
    for error in (KeyboardInterrupt, None):
        try:
            with track_run(LOCAL, home, "again/0", tags, parent="again") as log:
                if error:
                    raise error
        except KeyboardInterrupt:
            continue
    assert LOCAL.of_study(home, "again", 0).run_id == log.run_id
    with pytest.raises(PeslabError, match="peslab report again lists"):
        LOCAL.of_study(home, "again", 1)


def test_a_run_ends_before_the_next_begins(home):
    """An error inside one leaves no open run that the next would fall into."""
    import mlflow

    with pytest.raises(ValueError, match="inside"), track_run(LOCAL, home, "x", TAGS):
        raise ValueError("inside")
    assert mlflow.active_run() is None
    with track_run(LOCAL, home, "y", TAGS) as log:
        assert mlflow.active_run().info.run_id == log.run_id


def test_experiments_share_a_store_and_runs_are_found_in_all(home):
    """Another experiment is another page of the UI, not another laboratory."""
    other = Tracking(uri=None, experiment="Übung 2")
    with track_run(other, home, "elsewhere", TAGS) as log:
        pass
    assert LOCAL.find(home, run_id=log.run_id[:12]).run_id == log.run_id
    assert other.experiment_id(other.client(home)) != LOCAL.experiment_id(LOCAL.client(home))


def test_a_deleted_experiment_is_told(home, client):
    """Or runs would vanish into a bin."""
    gone = Tracking(uri=None, experiment="gone")
    with pytest.raises(PeslabError, match="was deleted: restore it"):
        gone.experiment_id(client)


def test_a_store_that_is_no_database_is_told(home, tmp_path):
    """One sentence with the key, none of the database's own words."""
    (tmp_path / "no.db").write_text("this is not SQLite, and long enough to be seen as such" * 9)
    broken = Tracking(uri=f"sqlite:///{tmp_path / 'no.db'}", experiment="peslab")
    with pytest.raises(PeslabError, match=r"check tracking\.uri") as caught:
        broken.client(home)
    assert "\n" not in str(caught.value)


def test_a_sweep_has_one_run_whoever_asks_for_it(home, client):
    """The one its runs were nested under; without runs it is made."""
    with track_run(LOCAL, home, "swept/0", TAGS, parent="swept") as child:
        pass
    log = sweep_log(LOCAL, home, "swept", "lattice_pes")
    assert log.run_id == sweep_log(LOCAL, home, "swept", "lattice_pes").run_id
    assert client.get_run(child.run_id).data.tags["mlflow.parentRunId"] == log.run_id
    log.metrics({"alpha/energy": 0.5})
    parent = client.get_run(log.run_id)
    assert (parent.info.run_name, parent.info.status) == ("swept", "FINISHED")
    assert parent.data.tags["sweep"] == "swept"
    assert parent.data.metrics == {"alpha/energy": 0.5}
