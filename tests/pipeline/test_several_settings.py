"""Replicas with learning rates of their own are settings to choose from, not seeds of one."""

import json

import numpy as np
import pytest

from peslab.apps import present
from peslab.configuration.compose import compose, without_hydra
from peslab.learning import TrainedModel
from peslab.pipeline import Origin, plan, run
from peslab.pipeline.pictures import kept_losses
from peslab.pipeline.run import Unwatched

RATES = (1e-7, 1e-2, 1e-5)


class Diary(Unwatched):
    """Writes down the validation errors that it is told."""

    def __init__(self):
        self.errors = []

    def epoch(self, *told):
        self.errors.append(told[-1])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run of three settings, of which the second learns, and what its watcher was told."""
    home = tmp_path_factory.mktemp("runs")
    (home / "one").mkdir()
    config = without_hydra(
        compose(
            [
                *("debug=fast", "database.size=200", "database.test_size=60", "replicas=3"),
                *("trainer.batch_size=40", "trainer.max_epochs=6", "network.width=8"),
                f"optimizer.learning_rate=[{','.join(map(str, RATES))}]",
            ]
        )
    )
    diary = Diary()
    return run(plan(config), Origin(home / "one", home, config, watcher=diary)), diary, home


def test_the_run_is_the_setting_that_is_best_on_the_validation_part(done):
    """Every value is that replica's: a mean over settings would be one of nothing."""
    outcome, *_ = done
    metrics = outcome.metrics
    errors = [metrics[f"replica_{k}/val/energy_mae"] for k in range(3)]
    assert metrics["best_replica"] == min(range(3), key=errors.__getitem__) == 1
    for name in ("val/energy_mae", "test/energy_mae", "test/gradient_mae", "best_epoch"):
        assert metrics[name] == metrics[f"replica_1/{name}"]
    assert outcome.objective == min(errors)
    rows = outcome.tested.errors["energy_mae"]
    assert rows.mean(axis=1) == pytest.approx([metrics["test/energy_mae"]])


def test_settings_have_no_standard_error_and_no_spread(done):
    """Neither is what a scatter over seeds is."""
    metrics = done[0].metrics
    assert not [name for name in metrics if name.endswith("_sem") or name.startswith("ensemble/")]
    assert [metrics[f"replica_{k}/learning_rate"] for k in range(3)] == list(RATES)
    assert "drag_lines/energy_mae" in metrics
    assert "replica_0/drag_lines/energy_mae" not in metrics  # the best is not replica 0


def test_the_network_that_is_kept_is_the_best(done):
    """Who loads it predicts with that, and the losses of the others are there."""
    outcome, diary, _ = done
    assert TrainedModel.load(outcome.folder / "network.pt").network.n_replicas == 1
    validation = kept_losses(outcome.folder / "losses.csv")["val/mae"]
    assert validation.shape == (3, 6)
    assert diary.errors == pytest.approx(validation.min(axis=0).tolist())


def test_each_setting_has_a_line_of_its_own(done, capsys):
    """With its learning rate, and the best told as such."""
    outcome, _, home = done
    present.single_run(outcome.run_id, outcome.metrics, outcome.folder, home)
    said = capsys.readouterr().out
    assert "the run is replica 1, the best on the validation part" in said
    assert "±" not in said
    rows = [line.split() for line in said.splitlines()]
    for k, rate in enumerate(RATES):
        (row,) = [row for row in rows if row[:2] == [str(k), f"{rate:g}"]]
        assert float(row[2]) == pytest.approx(
            outcome.metrics[f"replica_{k}/val/energy_mae"], rel=1e-2
        )
    assert json.loads((outcome.folder / "metrics.json").read_text())["best_replica"] == 1


@pytest.mark.usefixtures("unrendered")
def test_a_setting_that_diverged_is_told_and_the_others_are_there(peslab, home):
    """Under its line, with the epoch; its curve ends there."""
    answer = peslab(
        *("train", "debug=fast", "database.size=200", "database.test_size=60", "replicas=2"),
        *("trainer.batch_size=40", "trainer.max_epochs=3", "network.width=8", "loss=mse"),
        "optimizer.learning_rate=[1e30,1e-2]",
    )
    assert (answer.status, answer.err) == (0, "")
    assert "the run is replica 1" in answer.out
    assert "replica 0 diverged in epoch 1: its weights are those of before" in answer.out
    (folder,) = (home / "single").iterdir()
    assert json.loads((folder / "metrics.json").read_text())["replica_0/diverged_epoch"] == 0.0
    validation = kept_losses(folder / "losses.csv")["val/mae"]
    assert np.isinf(validation[0]).all()
    assert np.isfinite(validation[1]).all()
