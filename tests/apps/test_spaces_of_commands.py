"""A study's space beside the config and the command line."""

import pytest
from omegaconf import OmegaConf

from peslab.apps.spaces import check_space, defaults, merged
from peslab.configuration.compose import compose, parse, without_hydra
from peslab.errors import PeslabError
from peslab.pipeline import plan
from peslab.study import GaussianProcess, Grid, Study

NO_CONFIG = OmegaConf.create({})
BASE = Study("s", 2, 1, 0, 1, {"a.b": "interval(0,1)", "c": "choice(1,2)"})


@pytest.mark.parametrize(
    ("typed", "space"),
    [
        ([], BASE.space),
        (["c=3"], {"a.b": "interval(0,1)"}),
        (["c=5,6"], {"a.b": "interval(0,1)", "c": "5,6"}),
        (["d=interval(0,2)"], BASE.space | {"d": "interval(0,2)"}),
        (["a.b=1", "e=1,2"], {"c": "choice(1,2)", "e": "1,2"}),
    ],
)
def test_a_study_heeds_the_command_line(typed, space):
    """Swept keys replace its own or join it, fixed ones leave it."""
    assert merged(BASE, parse(typed), NO_CONFIG).space == space
    assert set(BASE.space) == {"a.b", "c"}


def test_a_study_with_nothing_left_to_search_is_told():
    """All its keys were fixed."""
    with pytest.raises(PeslabError, match="space is empty"):
        merged(BASE, parse(["a.b=1", "c=2"]), NO_CONFIG)


SPACE = {
    "optimizer": "choice(adam, sgd, adadelta)",
    "optimizer.learning_rate": "tag(log, interval(1e-4, 1e-1))",
    "optimizer.momentum": "interval(0, 0.99) if optimizer == sgd",
    "network.depth": "int(interval(1, 3))",
    "network.widths[0]": "int(interval(8, 64))",
    "network.widths[1]": "int(interval(8, 64)) if network.depth >= 2",
}


def settled(*typed, **changes):
    """The space of a study with SPACE on the command line's terms, checked."""
    overrides = parse(typed)
    fixed = [item.input_line for item in overrides if not item.is_sweep_override()]
    config = compose(fixed)
    study = merged(Study("s", 9, 3, 0, 1, **{"space": SPACE, **changes}), overrides, config)
    check_space(study, config, fixed)
    return study, config


def test_what_is_fixed_decides_what_depends_on_it():
    """With one optimizer there is no question whether it has a momentum."""
    space = settled("optimizer=sgd", "network.depth=1")[0].space
    assert space["optimizer.momentum"] == "interval(0, 0.99)"
    assert set(space) == {"optimizer.learning_rate", "optimizer.momentum", "network.widths[0]"}
    assert "optimizer.momentum" not in settled("optimizer=adam")[0].space


def test_what_is_swept_instead_keeps_its_condition():
    """Other values, where the key exists; Hydra's grammar has no word for that."""
    space = settled("optimizer.momentum=0.5,0.9")[0].space
    assert space["optimizer.momentum"] == "0.5,0.9 if optimizer == sgd"


TYPED = '+study.space={{{key}:"interval(0.5,0.99) if optimizer == sgd"}}'


def typed_space(key):
    """The checked space of a study from the files, with a conditional key that is typed."""
    overrides = parse(["study=orders", "optimizer=adam,sgd", TYPED.format(key=key)])
    fixed = [item.input_line for item in overrides if not item.is_sweep_override()]
    config = compose(fixed)
    study = merged(plan(without_hydra(config)).study, overrides, config)
    check_space(study, config, fixed)
    return study.space


def test_a_key_can_be_typed_with_its_condition():
    """As one of the study's own, beside those that the file has and what is swept by hand."""
    space = typed_space("optimizer.momentum")
    assert space["optimizer.momentum"] == "interval(0.5,0.99) if optimizer == sgd"
    assert space["optimizer"] == "adam,sgd"
    assert "features.orders" in space


def test_a_typed_key_that_no_option_has_is_told():
    """It is not taken for a setting because it was typed."""
    wrong = r"optimizer.momemtum is not a setting with optimizer=sgd; did you mean optimizer.mom"
    with pytest.raises(PeslabError, match=wrong):
        typed_space("optimizer.momemtum")


@pytest.mark.parametrize("widths", ["[32,16]", "[32],[32,16]"])
def test_a_list_that_is_typed_replaces_its_elements(widths):
    """As a whole, fixed or swept."""
    space = settled(f"network.widths={widths}")[0].space
    assert not [key for key in space if "[" in key]
    assert ("network.widths" in space) == ("],[" in widths)


def test_the_first_trial_has_the_elements_that_the_config_has():
    """None of a list that is not there, nor a momentum of Adam."""
    study, config = settled()
    assert set(defaults(config, study)) == {
        *("optimizer", "optimizer.learning_rate", "network.depth"),
    }
    config.network.widths = [48]
    assert defaults(config, study)["network.widths[0]"] == 48
    assert "network.widths[1]" not in defaults(config, study)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"optimizer.momentum": "interval(0,1) if optimizer != adam"}, "with optimizer=adadelta"),
        ({"optimizer.momemtum": "interval(0,1) if optimizer == sgd"}, "mean optimizer.momentum"),
        ({"network.width_2": "choice(1,2) if network.depth >= 2"}, "network.width_2 is not a"),
        ({"network.widhts[0]": "choice(1,2)"}, "did you mean network.widths"),
    ],
)
def test_a_key_that_no_option_has_is_told_before_anything_runs(space, words):
    """With the options beside which it was looked for."""
    with pytest.raises(PeslabError) as caught:
        settled(space={**SPACE, **space})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("sampler", "words"), [(GaussianProcess(), "always exist"), (Grid(), "is an interval")]
)
def test_a_sampler_that_the_space_does_not_suit_is_told_too(sampler, words):
    """Before anything runs."""
    with pytest.raises(PeslabError, match=words):
        settled(sampler=sampler)


def test_a_condition_on_what_is_no_setting_is_told():
    """It would never hold."""
    with pytest.raises(PeslabError, match="names optimiser, which is not a setting"):
        settled(space={"network.depth": "choice(1,2) if optimiser == sgd"})
