"""A trial that is pruned, from its training to the tables."""

import json

import pytest

from peslab.apps.rerun import unfinished
from peslab.tracking import RecordedRun, Tracking

pytestmark = pytest.mark.usefixtures("unrendered")

STORE = Tracking(uri=None, experiment="peslab")


def pruned_study(*more):
    return (
        *("train", "study=learning_rate", "debug=fast", "study.n_trials=3", "replicas=2"),
        *("trainer.max_epochs=6", "study/sampler=grid", "optimizer.learning_rate=3e-3,1e-8,1e-9"),
        *("study/pruner=asha", "study.pruner.checks=3", *more),
    )


def test_a_hopeless_training_is_ended(peslab, home):
    """It is KILLED in MLflow with the tag `pruned`, its epochs stay, and it counts as a trial."""
    answer = peslab(*pruned_study())
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.count("pruned after epoch 2 of 6") == 2
    trials = json.loads(peslab("report", "learning_rate", "--json").out)
    assert [(t["rank"], t["state"]) for t in trials] == [(1, "complete"), *[(None, "pruned")] * 2]
    for trial in trials:
        run = STORE.of_study(home, "learning_rate", trial["trial"])
        client = STORE.client(home)
        history = client.get_metric_history(run.run_id, "val/mae")
        status = client.get_run(run.run_id).info.status
        if trial["state"] == "complete":
            assert (status, len(history)) == ("FINISHED", 6)
            assert "pruned" not in run.tags
        else:
            assert (status, len(history)) == ("KILLED", 2)
            assert "pruned after epoch 2" in run.tags["pruned"]
            folder = home / "studies" / "learning_rate" / str(trial["trial"])
            assert not (folder / "network.pt").exists()


@pytest.mark.parametrize("more", [(), ("seed=3",)])
def test_a_pruned_run_is_repeated_to_its_end(more, peslab, home):
    """It has nothing that the rerun could be compared with, exactly or not, and that is told."""
    peslab(*pruned_study())
    trials = json.loads(peslab("report", "learning_rate", "--json").out)
    answer = peslab("rerun", f"learning_rate/{trials[-1]['trial']}", *more)
    assert (answer.status, answer.err) == (0, "")
    why = "pruned after epoch 2 of 6, where the validation error was"
    assert f"The original has no final metrics to compare: {why}" in answer.out
    assert "energy_mae" in answer.out
    for words in ("differ", "Nothing that is recorded", "beside its original"):
        assert words not in answer.out


def test_a_run_that_broke_off_has_nothing_to_compare():
    """Its epochs are no metrics of its end; of a finished run they are."""
    epochs, end = {"val/mae": 0.3}, {"test/energy_mae": 0.2}
    for metrics, why in ((epochs, "it did not come to its end."), (epochs | end, None)):
        assert unfinished(RecordedRun("a", {}, {}, metrics), end) == why


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("study.objectives=[val/energy_mae,val/force_mae]",), "Pruners look at one error only"),
        (("study.objectives=[val/force_mae]",), "Pruners look at the problem's own error"),
        (("study.pruner.checks=1",), "study.pruner: checks=1 is too small"),
    ],
)
def test_what_cannot_be_pruned_is_told(more, words, peslab, home):
    """Before anything runs."""
    answer = peslab(*pruned_study(*more))
    assert answer.status == 2
    assert words in answer.err
    assert not home.exists()


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("test/energy_mae", "test/energy_mae is not for selecting by"),
        ("skill", "skill is not for selecting by"),
        ("val/enrgy_mae", "did you mean val/energy_mae?"),
        ("microseconds", "did you mean prediction_microseconds?"),
        ("beauty", "choose from val/energy_mae"),
        ("-", "is not clear"),
    ],
)
def test_what_cannot_select_is_told(objective, words, peslab, home):
    """The test part tells what was reached, and nothing else."""
    answer = peslab("train", "study=orders", f"study.objectives=[{objective}]")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert words in answer.err
    assert not home.exists()
