"""What a study proposes can be typed, and means the same when it is."""

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from peslab.errors import PeslabError
from peslab.study.search.space import as_overrides, parse_space, start_point

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
ORDERS = st.lists(st.integers(-9, -2), min_size=1, max_size=4, unique=True).map(tuple)


def typed(override):
    return OverridesParser.create().parse_override(override).value()


@given(ends=st.tuples(NUMBERS, NUMBERS).map(sorted))
def test_an_interval_is_its_ends(ends):
    """Written with all digits, read to the last bit."""
    low, high = ends
    assert parse_space({"x": f"interval({low!r},{high!r})"}).distributions == {
        "x": FloatDistribution(low, high)
    }


@given(low=st.integers(1, 100), extent=st.integers(0, 100), log=st.booleans())
def test_a_whole_interval_contains_both_ends(low, extent, log):
    """`int(interval(8,64))` may propose 64."""
    inner = f"int(interval({low},{low + extent}))"
    space = parse_space({"n": f"tag(log, {inner})" if log else inner})
    assert space.distributions == {"n": IntDistribution(low, low + extent, log=log)}


@given(start=st.integers(-50, 50), count=st.integers(1, 20), step=st.integers(1, 9))
def test_a_range_ends_before_its_end(start, count, step):
    """As in Python, whether it is counted up or down."""
    stop = start + count * step
    up = parse_space({"n": f"range({start},{stop},{step})"}).distributions["n"]
    down = parse_space({"n": f"range({stop - step},{start - step},-{step})"}).distributions["n"]
    assert up == down == IntDistribution(start, stop - step, step=step)


@given(lists=st.lists(ORDERS, min_size=2, max_size=5, unique=True))
def test_lists_are_chosen_among_as_lists(lists):
    """Each choice, typed as an override, is the list again."""
    written = [str(list(orders)).replace(" ", "") for orders in lists]
    space = parse_space({"features.orders": f"choice({','.join(written)})"})
    chosen = space.distributions["features.orders"]
    assert isinstance(chosen, CategoricalDistribution)
    for text, orders in zip(chosen.choices, lists, strict=True):
        assert typed(f"features.orders={text}") == list(orders)


@given(seed=st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_whatever_is_proposed_can_be_typed(seed):
    """An override of a trial, read by Hydra, lies in the space and has the proposed value."""
    space = parse_space(
        {
            "rate": "tag(log, interval(1e-9, 1e9))",
            "width": "int(interval(-5, 5))",
            "steps": "range(16, 128, 16)",
            "word": "choice(a, 'b c', 1e-3, 20, true)",
            "orders": "choice([-2], [-2,-3])",
        }
    )
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    proposed = space.ask(study).params
    read = {item.partition("=")[0]: typed(item) for item in as_overrides(proposed)}
    assert list(read) == list(space.distributions)
    for key in ("rate", "width", "steps"):
        assert read[key] == proposed[key]
        assert type(read[key]) is type(proposed[key])
        assert space.distributions[key]._contains(read[key])
    assert read["word"] in {"a", "b c", 1e-3, 20, True}
    assert read["orders"] in ([-2], [-2, -3])


@given(value=st.one_of(st.integers(-20, 20), st.integers(-40, 40).map(lambda n: n / 2)))
def test_the_first_trial_is_inside_or_left_out(value):
    """A default at an interval's end is inside, one beyond it is not."""
    space = parse_space({"x": "interval(-2.5, 7)", "n": "int(interval(-2, 7))"})
    point = start_point(space, {"x": value, "n": value})
    assert ("x" in point) == (-2.5 <= value <= 7)
    assert ("n" in point) == (-2 <= value <= 7 and value == int(value))


@pytest.mark.parametrize(
    "values",
    ["choice()", "interval(a,b)", "range(1,10,step=0)", "int(interval(5,1))", "", "  ", "[1,2]",
     "interval(1)", "tag(log,int(interval(0,3)))", "glob([a*,b*])", "${x}", "choice(1", "a b"],
)  # fmt: skip
def test_what_is_no_space_names_its_key(values):
    """One sentence with the key and what was written."""
    with pytest.raises(PeslabError) as caught:
        parse_space({"good": "choice(1,2)", "network.width": values})
    assert "network.width" in str(caught.value)
    assert "\n" not in str(caught.value)
