"""What is drawn of a run, at once or later."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from peslab.configuration.compose import compose, without_hydra
from peslab.pipeline import Origin, plan, run
from peslab.pipeline.pictures import keep_losses, kept_losses

SMALL = (
    *("debug=fast", "database.size=100", "database.test_size=40", "trainer.batch_size=40"),
    *("trainer.max_epochs=2", "network.width=4"),
)


@given(arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 5)), elements=st.floats()))
def test_losses_come_back_as_they_were(tmp_path_factory, losses):
    """To the last bit; a loss that is no number, too."""
    path = tmp_path_factory.mktemp("losses") / "losses.csv"
    keep_losses({"train/loss": losses, "val/mae": -losses}, path)
    back = kept_losses(path)
    np.testing.assert_array_equal(back["train/loss"], losses)
    np.testing.assert_array_equal(back["val/mae"], -losses)


def test_a_table_of_losses_is_for_people_too(tmp_path):
    """A row for each epoch of each replica, with names."""
    keep_losses({"train/loss": np.array([[0.5, 0.25], [1.0, 2.0]])}, tmp_path / "losses.csv")
    assert (tmp_path / "losses.csv").read_text() == (
        "replica,epoch,train/loss\n0,0,0.5\n0,1,0.25\n1,0,1.0\n1,1,2.0\n"
    )


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory):
    """A run that was not drawn, with what was asked before."""
    home, asked = tmp_path_factory.mktemp("runs"), []
    (home / "one").mkdir()
    config = without_hydra(compose(list(SMALL)))
    planned = plan(config)
    origin = Origin(home / "one", home, config, is_drawn=asked.append)
    return home, planned, run(planned, origin), asked


def test_a_run_that_is_not_drawn_measures_all_the_same(undrawn):
    """Whoever decides sees all metrics, those of the drags too."""
    *_, outcome, (asked,) = undrawn
    for name in ("val/energy_mae", "test/gradient_mae", "drag_lines/energy_mae", "errors/median"):
        assert math.isfinite(asked[name])
        assert outcome.metrics[name] == asked[name]
    assert "seconds/figures" not in outcome.metrics


def test_a_run_that_is_not_drawn_leaves_what_drawing_takes(undrawn):
    """Its network and its losses, in its folder and in the store, and nothing that took longer."""
    home, planned, outcome, _ = undrawn
    client = planned.tracking.client(home)
    names = {item.path for item in client.list_artifacts(outcome.run_id)}
    assert names >= {"config", "environment.yaml", "losses.csv", "network.pt"}
    assert "figures" not in names
    assert client.search_logged_models([client.get_run(outcome.run_id).info.experiment_id]) == []
    assert {path.name for path in outcome.folder.iterdir()} >= {"losses.csv", "network.pt"}
    assert len(kept_losses(outcome.folder / "losses.csv")["val/mae"]) == 2
