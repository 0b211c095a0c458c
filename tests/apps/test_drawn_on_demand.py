"""A study draws the trials that lead; the others are drawn when somebody asks."""

from pathlib import Path

import pytest

from peslab.errors import PeslabError
from peslab.tracking import Tracking

LOCAL = Tracking(uri=None, experiment="peslab")
SMALL = (
    *("database.size=100", "database.test_size=40", "trainer.batch_size=40", "replicas=1"),
    *("trainer.max_epochs=2", "network.width=4", "network.depth=1"),
)


def do(peslab, confirm):
    """A study whose one trial trains, and whose other one hardly does."""
    values = ("optimizer.learning_rate=choice(1e-2,1e-12)", "features.orders=[-2]")
    chosen = ("study/sampler=grid", "study.n_trials=2", "study.name=two", "features.cutoff=4.0")
    confirmed = f"study.confirm={confirm}"
    answer = peslab("train", "study=quickstart", *chosen, *values, *SMALL, confirmed)
    assert (answer.status, answer.err) == (0, "")
    return answer.out


def recorded(home, trial):
    client = LOCAL.client(home)
    run = client.get_run(LOCAL.of_study(home, "two", trial).run_id)
    models = client.search_logged_models([run.info.experiment_id])
    exported = [model for model in models if model.source_run_id == run.info.run_id]
    return run.info, set(LOCAL.figures(home, run.info.run_id)), len(exported)


@pytest.mark.parametrize("confirm", [0, 1])
def test_another_trial_is_drawn_on_demand(home, peslab, confirm):
    """All figures of a trial that led, into its own run, which ended when it ended."""
    do(peslab, confirm)
    drawn = {trial: recorded(home, trial) for trial in (0, 1)}
    (leader,) = (trial for trial, (_, figures, _) in drawn.items() if "drag" in figures)
    other = 1 - leader
    before, figures, exported = drawn[other]
    assert (figures, exported) == (set(), 0)
    answer = peslab("report", f"two/{other}")
    assert (answer.status, answer.err) == (0, "")
    assert f"studies/two/{other}" in answer.out.replace("\n", "")
    after, figures, exported = recorded(home, other)
    assert figures == drawn[leader][1]
    assert exported == drawn[leader][2] == 1
    assert (after.status, after.end_time) == (before.status, before.end_time)
    answer = peslab("report", f"two/{other}")
    assert (answer.status, answer.err) == (0, "")
    assert recorded(home, other)[2] == 1
    # What a kill in the middle would have left is drawn again.
    artifacts = Path(after.artifact_uri.removeprefix("file://"))
    (artifacts / "figures" / "learning_curves.png").unlink()
    assert peslab("report", f"two/{other}").status == 0
    assert recorded(home, other)[1] == figures


def test_figures_that_cannot_be_drawn_fail_no_training(home, peslab, monkeypatch):
    """What was measured again counts, and the reason is told."""

    def fails(*_):
        raise PeslabError("There is no ink: buy some.")

    monkeypatch.setattr("peslab.apps.confirmations.draw_missing", fails)
    told = do(peslab, 1)
    assert "There is no ink: buy some." in told
    assert "trained again it has" in told
    assert "failed" not in told


def test_two_trials_side_by_side_are_drawn(home, peslab):
    """Whether they led or not; what was trained again is a number beside them."""
    do(peslab, 1)
    assert peslab("report", "two", "--compare", "0", "1").status == 0
    assert recorded(home, 0)[1] == recorded(home, 1)[1] > {"parity", "drag"}
    client = LOCAL.client(home)
    (run,) = client.search_runs([LOCAL.experiment_id(client)], "tags.role = 'confirmation'")
    assert LOCAL.figures(home, run.info.run_id) == {}


@pytest.mark.parametrize("name", ["quickstart/7", "nobody/0", "quickstart/", "../quickstart/0"])
def test_a_trial_that_is_not_there_is_told(in_study, peslab, name):
    """One sentence."""
    answer = peslab("report", name)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
