"""Statistics of the training data: what they are, and that a run uses and records them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from omegaconf import OmegaConf

from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.statistics import NAMES
from peslab.errors import PeslabError
from peslab.features.scaling import LinearMap
from peslab.pipeline import Origin, plan, run
from peslab.pipeline.statistics import data_statistics, farthest_input, scales
from peslab.problems import Table

SMALL = (
    *("debug=fast", "database.size=100", "database.test_size=40", "trainer.batch_size=40"),
    *("network.width=${data:n_inputs,2}", "loss=huber", "loss.delta=${data:target_std,0.1}"),
)
TABLE = Table(
    inputs=(np.zeros((4, 2, 1)), np.ones(4)),
    targets=np.array([0.0, 1.0, 2.0, 9.0]),
    gradients=np.array([1.0, -3.0]).reshape(1, 2, 1) * np.ones((4, 1, 1)),
)


def test_statistics_are_those_of_the_training_part():
    """By hand: mean 3, squares 9 + 4 + 1 + 36, distances from 1.5 of 1.5, 0.5, 0.5 and 7.5."""
    found = data_statistics(TABLE, LinearMap(np.zeros(5), np.ones((5, 3))))
    std = np.sqrt(12.5)
    assert found == pytest.approx(
        {
            "target_mean": 3.0, "target_std": std, "target_deviation": 2.5,
            "gradient_magnitude": 2.0, "length": std / 2.0,
            "n_train": 4, "n_features": 5, "n_inputs": 3,
        }
    )  # fmt: skip
    assert list(found) == list(NAMES)


def test_without_gradients_there_are_no_statistics_of_them():
    """They are left out, not zero."""
    found = data_statistics(replace(TABLE, gradients=None), LinearMap(np.zeros(5), np.eye(5)))
    assert set(NAMES) - set(found) == {"gradient_magnitude", "length"}


def test_scales_are_what_errors_are_parts_of():
    """By the problem's own name; without gradients there is no magnitude of them."""
    std = pytest.approx(np.sqrt(12.5))
    assert scales(TABLE, "energy") == {"energy_std": std, "gradient_magnitude": 2.0}
    assert scales(replace(TABLE, gradients=None), "energy") == {"energy_std": std}


def test_the_farthest_input_is_told_in_the_farthest_learned():
    """The second input is three times as far from its mean of 1; places without particles count
    for nothing."""
    scaling = LinearMap(np.array([0.0, 1.0]), np.diag([1.0, 0.5]))
    train, test = np.array([[-4.0, 3.0], [2.0, 0.0]]), np.array([[4.0, -5.0], [3.0, 1.0]])
    assert farthest_input(scaling, train, test) == {"farthest_input": 3.0}
    of_places = np.stack([test, np.full_like(test, np.nan)], axis=1)
    assert farthest_input(scaling, train[:, None], of_places) == {"farthest_input": 3.0}


def test_a_run_takes_the_statistics_of_its_data(tmp_path):
    """Twice as many units as inputs; the record has the numbers, and the text to repeat it with."""
    config = without_hydra(compose(list(SMALL)))
    planned = plan(config)
    assert planned.values["network"]["width"] == "${data:n_inputs,2}"
    (tmp_path / "one").mkdir()
    outcome = run(planned, Origin(folder=tmp_path / "one", home=tmp_path, config=config))
    tables = planned.problem.tables(tmp_path / "databases")
    recorded = planned.tracking.find(tmp_path, run_id=outcome.run_id)
    assert recorded.params["loss.delta"] == str(0.1 * tables.train.targets.std())
    n_inputs = int(recorded.params["network.width"]) // 2
    n_parameters = 2 * n_inputs * (n_inputs + 1) + 2 * n_inputs + 1  # of one hidden layer
    depth = planned.network.depth
    n_parameters += (depth - 1) * 2 * n_inputs * (2 * n_inputs + 1)
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert metrics["network_parameters"] == n_parameters
    read = planned.tracking.read_text
    resolved, unresolved = (
        OmegaConf.create(read(tmp_path, outcome.run_id, f"config/{kind}.yaml"))
        for kind in ("resolved", "unresolved")
    )
    assert resolved.network.width == 2 * n_inputs
    assert OmegaConf.to_container(unresolved)["network"]["width"] == "${data:n_inputs,2}"


def test_a_statistic_that_makes_no_sense_ends_the_run(tmp_path):
    """The mean of these targets lies below zero, where no Huber loss bends."""
    config = without_hydra(compose([*SMALL[:-1], "loss.delta=${data:target_mean}"]))
    (tmp_path / "one").mkdir()
    with pytest.raises(PeslabError, match=r"loss\.delta is an energy above 0.*not -"):
        run(plan(config), Origin(folder=tmp_path / "one", home=tmp_path, config=config))
