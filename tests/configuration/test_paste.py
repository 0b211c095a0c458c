"""A run as a command: what is pasted composes to what was recorded."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.paste import train_command, typed

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def recorded(*overrides):
    return without_hydra(compose(overrides))


def words(command):
    return shlex.split(command)


def test_a_command_has_what_was_typed_and_nothing_of_its_study():
    """The study chose the values; the trial has them."""
    overrides = [
        "study=quickstart",
        "study.n_trials=3",
        "network.width=48",
        "features.orders=[-2,-3]",
    ]
    command = train_command(overrides, recorded(*overrides))
    assert words(command) == ["peslab", "train", "network.width=48", "features.orders=[-2,-3]"]
    assert "'features.orders=[-2,-3]'" in command


@pytest.mark.parametrize("part", ["study/sampler=gp", "study/pruner=asha", "hydra/launcher=basic"])
def test_groups_within_the_study_stay_with_it(part):
    """How a study searched is not what its run is."""
    overrides = ["study=quickstart", part, "network.width=48"]
    command = train_command(overrides, recorded(*overrides))
    assert words(command or "") == ["peslab", "train", "network.width=48"]


def test_what_the_overrides_do_not_say_is_written_out():
    """Such as what a study's own file set, or a default that was another one then."""
    then = recorded("network.width=48", "trainer.max_epochs=7", "network.widths=[8,4]", "seed=3")
    command = train_command(["network.width=48"], then)
    assert set(words(command)[2:]) == {
        "network.width=48",
        "trainer.max_epochs=7",
        "network.widths=[8,4]",
        "seed=3",
    }


def test_a_problem_repeats_its_groups_and_the_command_does_not():
    """The cutoff of the potential is typed once, and reaches the problem by its interpolation."""
    command = train_command([], recorded("potential.cutoff=3.5", "lattice.n_particles=5"))
    assert set(words(command)[2:]) == {"potential.cutoff=3.5", "lattice.n_particles=5"}


def test_a_record_that_todays_conf_cannot_give_has_no_command():
    """A key that is gone, or another class: rather none than a wrong one."""
    gone = recorded()
    OmegaConf.update(gone, "network.forgotten", 1, force_add=True)
    assert train_command([], gone) is None
    assert train_command([], recorded("loss=huber")) is None
    assert train_command(["network.forgotten=1"], recorded()) is None
    assert train_command(["loss=huber"], recorded("loss=huber")) == "peslab train loss=huber"


@given(value=LEAVES.filter(lambda each: not isinstance(each, str)) | st.lists(st.integers()))
def test_values_are_typed_as_they_are_read(value):
    """Numbers to the last digit, null, truths, lists."""
    override = OverridesParser.create().parse_override(f"key={typed(value)}")
    assert override.value() == value


@pytest.mark.parametrize("text", ["", "null", "1e5", "a b", "it's", "[1]", "$x", 'say "no"', "a=b"])
def test_texts_stay_texts(text):
    """A text that looks like a number is quoted."""
    override = OverridesParser.create().parse_override(f"key={typed(text)}")
    assert override.value() == text
