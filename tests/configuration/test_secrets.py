"""Hydra writes what it composes, so it never gets to see a password."""

import os

import pytest
from omegaconf import OmegaConf

from peslab.configuration.build import resolve
from peslab.configuration.compose import compose, parse, without_hydra
from peslab.configuration.secrets import hide, hide_in_files, recorded, recorded_text
from peslab.errors import PeslabError
from peslab.passwords import VARIABLES

ADDRESS = "postgresql://me:hush@host/db"
STAND_IN = "${oc.env:PESLAB_SECRET_TRACKING_URI,null}"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """No variable of ours stays behind."""
    monkeypatch.setenv(f"{VARIABLES}TRACKING_URI", "")
    monkeypatch.delenv(f"{VARIABLES}TRACKING_URI")


@pytest.mark.parametrize(
    "typed",
    [
        f"tracking.uri={ADDRESS}",
        f"++tracking.uri='{ADDRESS}'",
        'tracking.uri="sqlite:////x.db?password=hush"',
        "tracking.uri='postgresql://me:two words@host/db'",
    ],
)
def test_a_typed_password_is_moved_into_the_environment(typed):
    """What stands for it resolves to it in this process, and to the local store elsewhere."""
    (hidden,) = hide(parse([typed]))
    assert hidden == f"{typed.partition('=')[0]}={STAND_IN}"
    value = parse([typed])[0].value()
    assert resolve(without_hydra(compose([hidden])))["tracking"]["uri"] == str(
        getattr(value, "text", value)
    )
    del os.environ[f"{VARIABLES}TRACKING_URI"]
    assert resolve(without_hydra(compose([hidden])))["tracking"]["uri"] is None


def test_what_has_no_password_stays_as_it_was_typed():
    """Sweeps, lists and quotes too, and what is no number."""
    typed = ["seed=3", "network.width=8,16", "features.orders=[-2,-3]", "tracking.uri='http://h'"]
    typed += ["loss.delta=nan", "network.width=nan,inf", "optimizer.learning_rate=[nan]"]
    assert hide(parse(typed)) == typed


@pytest.mark.parametrize("typed", [f"tracking.uri={ADDRESS},http://h", f"a=[1,'{ADDRESS}']"])
def test_a_password_among_several_values_is_refused(typed):
    """It could not be taken out; the sentence does not repeat it."""
    with pytest.raises(PeslabError, match=r"environment variable, '\$\{oc.env:NAME\}'") as caught:
        hide(parse([typed]))
    assert "hush" not in str(caught.value)


def test_a_password_in_a_file_is_found():
    """Somebody's conf/tracking has it."""
    config = without_hydra(compose([]))
    assert hide_in_files(config) == []
    config.tracking.uri = ADDRESS
    assert hide_in_files(config) == [f"tracking.uri={STAND_IN}"]
    assert os.environ[f"{VARIABLES}TRACKING_URI"] == ADDRESS


def test_a_password_in_a_list_of_a_file_is_refused():
    """An override cannot stand for one word of a list."""
    config = OmegaConf.create({"study": {"command": ["python", ADDRESS]}})
    with pytest.raises(PeslabError, match=r"study.command\[1\] has a password within a list"):
        hide_in_files(config)


def test_the_record_has_the_address_without_the_password():
    """Whoever reads it sees which store it was; interpolations stay alive."""
    typed = hide(parse([f"tracking.uri={ADDRESS}"]))
    config = recorded(without_hydra(compose(typed)))
    assert config.tracking.uri == "postgresql://me:***@host/db"
    assert OmegaConf.to_container(config)["problem"]["potential"] == "${potential}"
    assert recorded_text(typed[0]) == "tracking.uri=postgresql://me:***@host/db"
    assert recorded_text("network.width=3") == "network.width=3"
