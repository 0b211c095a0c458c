"""Keys that exist only beside others: asked for where they exist, and nowhere else."""

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peslab.errors import PeslabError
from peslab.study import TPE, Grid, QuasiMonteCarlo, Random
from peslab.study.search.points import all_points
from peslab.study.search.samplers import Proposal
from peslab.study.search.space import as_overrides, decided, parse_space, split, start_point

KINDS = ["choice(a, b, c)", "int(interval(0, 3))", "range(0, 9, 3)"]
LAYERS = {
    "network.depth": "int(interval(1, 3))",
    "network.widths[0]": "int(interval(8, 64))",
    "network.widths[1]": "int(interval(8, 64)) if network.depth >= 2",
    "network.widths[2]": "int(interval(8, 64)) if network.depth >= 3",
    "optimizer": "choice(adam, sgd)",
    "optimizer.momentum": "interval(0, 0.99) if optimizer == sgd",
}


@st.composite
def spaces(draw):
    """Up to five keys, each after the first perhaps only beside earlier ones."""
    space = {}
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(KINDS))
        earlier = [key for key in space if "if" not in space[key] or number > 2]
        terms = []
        for key in (
            draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        ):
            word = "choice" in space[key]
            sign = draw(st.sampled_from(["==", "!="] if word else ["<", ">=", "==", "!="]))
            value = draw(st.sampled_from("abc")) if word else draw(st.sampled_from([1, 2, 3]))
            terms.append(f"{key} {sign} {value}")
        space[f"k{number}"] = kind + (f" if {' and '.join(terms)}" if terms else "")
    return space


def readable(space):
    """A space whose conditions can hold."""
    try:
        return parse_space(space)
    except PeslabError:
        return None


@given(space=spaces(), sampler=st.sampled_from([TPE(), Random(), QuasiMonteCarlo()]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_trial_has_the_keys_that_exist_and_no_other(space, sampler):
    """Whatever the space and whoever proposes."""
    parsed = readable(space)
    if parsed is None:
        return
    study = optuna.create_study()
    for number in range(6):
        study.sampler = sampler.build(Proposal(1, number, 2), parsed)
        trial = parsed.ask(study)
        for key in space:
            _, condition = split(space[key])
            assert (key in trial.params) == condition.holds(trial.params), key
        assert set(trial.params) <= set(space)
        study.tell(trial, float(number % 3))


@given(space=spaces())
@settings(max_examples=60, deadline=None)
def test_the_points_of_a_grid_are_all_that_exist(space):
    """Each once; random trials find no other."""
    parsed = readable(space)
    if parsed is None:
        return
    points = {tuple(point.items()) for point in all_points(parsed)}
    assert len(points) == Grid().limit(parsed)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        assert tuple(parsed.ask(study).params.items()) in points


@pytest.mark.parametrize("seed", range(4))
def test_layers_have_widths_as_far_as_there_are_layers(seed):
    """The elements that exist make up the list; momentum comes with its optimizer alone."""
    space = parse_space(LAYERS)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(5):
        params = space.ask(study).params
        typed = dict(item.split("=", 1) for item in as_overrides(params))
        widths = [params[f"network.widths[{k}]"] for k in range(params["network.depth"])]
        assert typed["network.widths"] == str(widths).replace(" ", "")
        assert not [key for key in typed if "[" in key]
        assert ("optimizer.momentum" in typed) == (typed["optimizer"] == "sgd")


def test_elements_are_in_their_order_however_they_are_asked_for():
    """The first width is the first layer's."""
    params = {"w[1]": 2, "a": 0.5, "w[0]": 1, "w[10]": 3}
    assert as_overrides(params) == ["w=[1,2,3]", "a=0.5"]


def test_keys_that_always_exist_are_asked_for_first():
    """So that a condition may stand before what it is about."""
    space = parse_space({"b": "interval(0,1) if a == x", "a": "choice(x,y)"})
    assert list(space.distributions) == ["a", "b"]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"a": "choice(1,2)", "b": "interval(0,1) if c == 1"}, "depends on c, .* name one of a"),
        ({"a": "choice(1,2) if a == 1"}, "depends on a"),
        ({"a": "choice(x,y)", "b": "interval(0,1) if a == z"}, "never reached: 'a == z'"),
        ({"a": "int(interval(1,3))", "b": "interval(0,1) if a > 3"}, "never reached"),
        ({"a": "int(interval(1,3))", "b": "interval(0,1) if a == 1.5"}, "never reached"),
        ({"a": "choice(x,y)", "b": "interval(0,1) if a"}, "'a' is not a condition"),
        ({"a": "choice(x,y)", "b": "3 if a == x"}, "b=3 is one value"),
        ({"w[0]": "choice(1,2)", "w[2]": "choice(1,2)"}, "space of w is not clear"),
        ({"w[0]": "choice(1,2)", "w": "choice([1],[2])"}, "space of w is not clear"),
    ],
)
def test_what_cannot_be_is_refused(space, words):
    """A key that would never be asked for is a misspelling."""
    with pytest.raises(PeslabError, match=words):
        parse_space(space)


def test_what_is_fixed_decides_its_conditions():
    """A key that left the space has the config's value; a dropped key drops what depends on it."""
    left = {key: text for key, text in LAYERS.items() if key not in {"network.depth", "optimizer"}}
    left["deeper"] = "choice(1,2) if network.widths[2] > 9 and optimizer == adam"
    values = {"network.depth": 2, "optimizer": "adam"}
    assert decided(left, values.__getitem__) == {
        "network.widths[0]": "int(interval(8, 64))",
        "network.widths[1]": "int(interval(8, 64))",
    }
    values = {"network.depth": 3, "optimizer": "sgd"}
    assert decided(left, values.__getitem__)["optimizer.momentum"] == "interval(0, 0.99)"
    values["optimizer"] = "adam"
    only = {k: v for k, v in left.items() if "widths" in k or k == "deeper"}
    assert decided(only, values.__getitem__)["deeper"] == "choice(1,2) if network.widths[2] > 9"


def test_a_space_that_is_all_searched_stays_as_it_is_written():
    """Its text is what a study is known by."""
    assert decided(LAYERS, {}.__getitem__) == LAYERS


def test_the_first_trial_has_what_the_default_config_has():
    """Elements of its list; a key of another option has no default."""
    space = parse_space(LAYERS)
    defaults = {"network.depth": 2, "optimizer": "adam", "network.widths[0]": 32}
    assert start_point(space, defaults) == defaults
