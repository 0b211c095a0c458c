"""Values that wait for statistics of the data: `${data:NAME}` and `${data:NAME,FACTOR}`."""

import pytest
from omegaconf import OmegaConf

from peslab.configuration.build import check, resolve
from peslab.configuration.compose import compose, without_hydra
from peslab.configuration.statistics import NAMES, check_places, is_open
from peslab.errors import PeslabError

STATISTICS = {name: float(number) for number, name in enumerate(NAMES, start=2)}


def composed(*overrides):
    return without_hydra(compose(["loss=huber", *overrides]))


def test_values_stand_as_written_until_the_data_are_known():
    """They can be read back as they were typed, by a rerun for example."""
    config = composed("loss.delta=${data:target_std,0.01}", "network.width=${data:n_inputs}")
    written = resolve(config)
    assert written["loss"]["delta"] == "${data:target_std,0.01}"
    assert written["network"]["width"] == "${data:n_inputs}"
    assert is_open(written["loss"]["delta"])
    assert OmegaConf.create(written) == config


@pytest.mark.parametrize("name", NAMES)
def test_every_statistic_can_be_a_value(name):
    """Times its factor, which is 1 where none is given."""
    config = composed(f"loss.delta=${{data:{name},0.5}}", f"loss.gradient_weight=${{data:{name}}}")
    loss = resolve(config, STATISTICS)["loss"]
    assert loss["delta"] == 0.5 * STATISTICS[name]
    assert loss["gradient_weight"] == STATISTICS[name]


def test_what_refers_to_such_a_value_waits_too():
    """Interpolations of interpolations end at the same number."""
    config = composed("loss.delta=${data:target_std}", "loss.gradient_weight=${loss.delta}")
    assert is_open(resolve(config)["loss"]["gradient_weight"])
    assert resolve(config, STATISTICS)["loss"]["gradient_weight"] == STATISTICS["target_std"]


def test_numbers_stay_whole():
    """A batch may be a part of the data, if that is a whole number of configurations."""
    config = composed("trainer.batch_size=${data:n_train}")
    assert check(config, STATISTICS | {"n_train": 80})["trainer"]["batch_size"] == 80
    with pytest.raises(PeslabError, match=r"trainer\.batch_size=0\.5 does not fit"):
        check(composed("trainer.batch_size=${data:n_train,0.5}"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("${data:target_sdt}", r"loss\.delta: \$\{data:target_sdt\} is no statistic.*target_std\?"),
        ("${data:colors}", "there are target_mean, .*n_inputs"),
        ("${data:}", "is no statistic"),
        ("${data:target_std,much}", "needs a number as its factor"),
        ("${data:target_std,true}", "needs a number as its factor"),
    ],
)
def test_misspelt_statistics_are_told(value, words):
    """With the key that asked, before any data are made."""
    with pytest.raises(PeslabError, match=words):
        check(composed(f"loss.delta={value}"))


def test_what_the_data_do_not_have_is_told():
    """Where a file has no forces, their magnitude is no number."""
    config = composed("loss.delta=${data:gradient_magnitude}")
    with pytest.raises(PeslabError, match=r"loss\.delta: .*have no gradients: give a number"):
        resolve(config, {"target_std": 1.0})


@pytest.mark.parametrize(
    "override",
    [
        "features.cutoff=${data:length}",
        "potential.cutoff=${data:length,2}",
        "database.size=${data:n_train}",
        "features.orders=[-2,${data:n_inputs}]",
        "seed=${data:n_train}",
    ],
)
def test_data_cannot_wait_for_themselves(override):
    """What data, features or seeds are made of is needed before there are statistics."""
    with pytest.raises(PeslabError, match=r"cannot wait for the data.*only network, loss"):
        check_places(resolve(composed(override)))


def test_the_resolver_is_gone_afterward():
    """Nothing of it stays in OmegaConf, also where an error ended it."""
    with pytest.raises(PeslabError):
        check(composed("loss.delta=${data:nothing}"))
    assert not OmegaConf.has_resolver("data")
