"""Hydra's sweep grammar as Optuna's distributions, and back as overrides."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from peslab.errors import PeslabError
from peslab.study.search.space import as_overrides, parse_space, start_point


@pytest.mark.parametrize(
    ("values", "distribution"),
    [
        ("interval(0.5, 2)", FloatDistribution(0.5, 2.0)),
        ("interval(16, 256)", FloatDistribution(16.0, 256.0)),
        ("tag(log, interval(1e-5, 1e-2))", FloatDistribution(1e-5, 1e-2, log=True)),
        ("int(interval(8, 128))", IntDistribution(8, 128)),
        ("tag(log, int(interval(8, 128)))", IntDistribution(8, 128, log=True)),
        ("range(16, 65, step=16)", IntDistribution(16, 64, step=16)),
        ("tag(log, range(1, 9))", IntDistribution(1, 8, log=True)),
        ("choice(a, b)", CategoricalDistribution(["a", "b"])),
        ("1,2,4", CategoricalDistribution(["1", "2", "4"])),
        ("choice([-2,-3], [-2])", CategoricalDistribution(["[-2,-3]", "[-2]"])),
    ],
)
def test_each_sweep_of_hydra_has_its_distribution(values, distribution):
    """Intervals are floats unless `int` says otherwise; choices, lists too, are kept as text."""
    assert parse_space({"key": values}).distributions == {"key": distribution}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("3", "one value, not a space"),
        ("interval(1", "cannot be read"),
        ("interval(2, 1)", "impossible"),
        ("tag(log, interval(0, 1))", "impossible"),
        ("glob(*)", "glob"),
        ("interval(0, inf)", "finite"),
        ("interval(nan, 1)", "finite"),
        ("choice(1, 1)", "must differ"),
        ("shuffle(1, 2, 3)", "order"),
        ("range(5, 1)", "no values"),
    ],
)
def test_what_is_no_space_is_told_in_one_sentence(values, words):
    """The sentence names the key."""
    with pytest.raises(PeslabError, match="key") as caught:
        parse_space({"key": values})
    assert words in str(caught.value)


@given(
    rate=st.floats(1e-8, 1.0),
    width=st.integers(1, 1024),
    orders=st.lists(st.integers(-9, -2), min_size=1, unique=True),
)
def test_values_survive_the_way_through_an_override(rate, width, orders):
    """A trial's values, written as overrides and parsed by Hydra, are the same to the last bit."""
    text = str(orders).replace(" ", "")
    overrides = as_overrides({"rate": rate, "width": width, "orders": text})
    parsed = [OverridesParser.create().parse_override(item).value() for item in overrides]
    assert parsed == [rate, width, orders]


SPACE = parse_space(
    {
        "optimizer.learning_rate": "tag(log, interval(1e-4, 1e-2))",
        "network.width": "int(interval(8, 64))",
        "features.orders": "choice([-2,-3], [-2,-4])",
        "features.cutoff": "choice(3.0, 20)",
        "network": "choice(linear, mlp)",
    }
)


def test_the_first_trial_is_the_default_config():
    """Its values are found in the space whatever their text looks like."""
    defaults = {
        "optimizer.learning_rate": 1e-3,
        "network.width": 64,
        "features.orders": [-2, -4],
        "features.cutoff": 20.0,
        "network": "mlp",
    }
    assert start_point(SPACE, defaults) == {
        "optimizer.learning_rate": 1e-3,
        "network.width": 64,
        "features.orders": "[-2,-4]",
        "features.cutoff": "20",
        "network": "mlp",
    }


def test_defaults_outside_the_space_are_left_to_the_sampler():
    """A default that the space does not hold cannot be a trial."""
    defaults = dict.fromkeys(SPACE.distributions) | {"network.width": 128, "features.orders": [-5]}
    assert start_point(SPACE, defaults) == {}
