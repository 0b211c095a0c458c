"""Overrides of a recorded run, and the difference that they make."""

import pytest
from omegaconf import OmegaConf

from peslab.apps.rerun import difference, find, override
from peslab.configuration.compose import compose, without_hydra
from peslab.errors import PeslabError
from peslab.pipeline import plan
from peslab.tracking import Tracking, track_run


@pytest.fixture(scope="module")
def recorded():
    return without_hydra(compose(["network.width=7", "features.cutoff=4"]))


def test_without_overrides_it_is_the_same_config(recorded):
    """Nothing of today's conf/ creeps in."""
    assert override(recorded, []) == recorded
    assert difference(recorded, override(recorded, [])) == []


def test_a_value_changes_that_value_alone(recorded):
    """And the record itself is left as it was."""
    changed = override(recorded, ["network.width=9"])
    assert difference(recorded, changed) == ["network.width: 7 → 9"]
    assert recorded.network.width == 7
    assert changed.features.cutoff == 4


def test_a_group_is_todays(recorded):
    """Its values are those of the file; the values of other groups stay."""
    changed = override(recorded, ["network=linear", "loss=huber"])
    assert (changed.network.depth, changed.loss.delta) == (0, 0.01)
    assert changed.features.cutoff == 4
    lines = difference(recorded, changed)
    assert "loss: MeanAbsoluteError → Huber" in lines
    assert "loss.delta: – → 0.01" in lines


def test_a_changed_list_is_one_line_with_its_key(recorded):
    """However many of its items differ."""
    longer = override(recorded, ["features.orders=[-2,-3,-4,-5]"])
    changed = override(longer, ["features.orders=[-2,-3]", "network.widths=[8,4]"])
    assert difference(longer, changed) == [
        "features.orders: [-2, -3, -4, -5] → [-2, -3]",
        "network.widths: None → [8, 4]",
    ]


def test_a_setting_that_others_refer_to_differs_once(recorded):
    """The problem has the same potential; a class of the same name elsewhere is another one."""
    changed = override(recorded, ["potential.cutoff=1.5"])
    (line,) = difference(recorded, changed)
    assert line.startswith("potential.cutoff: ")
    own = override(recorded, ["loss._target_=mine.MeanAbsoluteError"])
    told = "loss: peslab.learning.MeanAbsoluteError → mine.MeanAbsoluteError"
    assert difference(recorded, own) == [told]


def test_overrides_are_applied_in_their_order(recorded):
    """A value after its group is kept; the group after a value replaces it."""
    assert override(recorded, ["network=mlp", "network.width=5"]).network.width == 5
    assert override(recorded, ["network.width=5", "network=mlp"]).network.width == 64


def test_a_change_reaches_what_refers_to_it(recorded):
    """The problem refers to the potential, so it is the same run but for its potential."""
    changed = override(recorded, ["potential.cutoff=1.5", "lattice=cube_8"])
    problem = plan(changed).problem
    assert (problem.potential.cutoff, problem.lattice.dimension) == (1.5, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("features.orders=[-2,-5]", [-2, -5]),
        ("network.widths=[8,4]", [8, 4]),
        ("tracking.uri=null", None),
        ("features.cutoff=20", 20),
        ("loss._target_=peslab.learning.MeanSquaredError", "peslab.learning.MeanSquaredError"),
    ],
)
def test_values_are_read_in_hydras_grammar(text, value, recorded):
    """Lists, numbers, null and words."""
    assert OmegaConf.select(override(recorded, [text]), text.partition("=")[0]) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("network.widht=3", "did you mean network.width?"),
        ("trainer.lr=3", "did you mean optimizer.learning_rate?"),
        ("+seed=3", "KEY=VALUE only"),
        ("~seed", "KEY=VALUE only"),
        ("seed=1,2", "KEY=VALUE only"),
        ("seed=range(1,3)", "KEY=VALUE only"),
        ("problem=lattice_pes", "cannot be changed"),
        ("debug=fast", "cannot be changed"),
        ("experiment=thesis_network", "cannot be changed"),
        ("loss=hubert", "did you mean huber?"),
        ("seed", "cannot be read"),
    ],
)
def test_what_does_not_fit_is_told(text, words, recorded):
    """Before anything is run, in one sentence."""
    with pytest.raises(PeslabError) as caught:
        override(recorded, [text])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_is_found_by_id_with_its_interpolations_alive(home, recorded):
    """A study that it belonged to is not continued by its rerun."""
    home.mkdir()
    tracking = Tracking(uri=None, experiment="peslab")
    with track_run(tracking, home, "x", {"problem": "lattice_pes"}) as log:
        log.text(OmegaConf.to_yaml(recorded), "config/unresolved.yaml")
    run, config = find(log.run_id[:10])
    assert run.run_id == log.run_id
    assert config.study is None
    config.potential.cutoff = 1.25
    assert config.problem.potential.cutoff == 1.25
    assert difference(recorded, find(log.run_id)[1]) == []
    with pytest.raises(PeslabError, match="There is no study 'x'"):
        find("x/best")
