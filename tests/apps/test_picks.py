"""`peslab report STUDY --pick`: what is printed can be pasted."""

import json
import shlex

import pytest

from peslab.apps.picks import command
from peslab.configuration.build import resolve
from peslab.configuration.compose import compose, without_hydra

pytestmark = pytest.mark.usefixtures("unrendered")


def test_the_command_is_the_best_trial_that_meets_the_condition(in_study, peslab):
    """It composes to what the trial was; errors and times stand below it."""
    answer = peslab("report", "quickstart", "--pick", "prediction_microseconds < 1e9")
    assert (answer.status, answer.err) == (0, "")
    line, *told = answer.out.splitlines()
    words = shlex.split(line)
    assert words[:2] == ["peslab", "train"]
    assert not [word for word in words if word.startswith(("study", "tracking", "hydra"))]
    best = json.loads(peslab("report", "quickstart", "--json").out)[0]
    config = resolve(without_hydra(compose(words[2:])))
    for key, value in best["values"].items():
        group, _, name = key.partition(".")
        found = config[group][name]
        written = str(found).replace(" ", "") if isinstance(found, list) else found
        assert written == pytest.approx(value) if isinstance(value, float) else written == value
    assert f"Trial {best['trial']} of quickstart, rank 1" in told
    assert [row for row in told if row.startswith("test/gradient_mae")]


def test_what_nothing_meets_is_told(in_study, peslab):
    """With the values that there are."""
    answer = peslab("report", "quickstart", "--pick", "val/energy_mae < 0 and network.depth >= 1")
    assert (answer.status, answer.out) == (2, "")
    assert "val/energy_mae goes from" in answer.err


def test_a_trial_whose_folder_is_gone_is_run_again_by_its_name(tmp_path):
    """Its config is in the store then."""
    assert command(tmp_path / "3") is None
