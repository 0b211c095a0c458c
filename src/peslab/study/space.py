"""A search space in Hydra's grammar, as Optuna's distributions, and back as overrides.

tag(log, interval(1e-4, 1e-2))   a float on a logarithmic scale
int(interval(8, 128))            an integer; tag(log, int(interval(…))) on a logarithmic scale
range(16, 128, step=16)          integers in steps
choice([-2,-3], [-2,-4,-6])      any values; lists too
"""

import math
from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    QuotedString,
    RangeSweep,
)
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from peslab.errors import PeslabError

Space = dict[str, BaseDistribution]


def parse_space(space: Mapping[str, str]) -> Space:
    """The distributions of a search space.

    Args:
        space: For each key its values in Hydra's grammar.

    Returns:
        For each key Optuna's distribution. The choices of a categorical one are the texts that
        stand on the right of an override, since Optuna's importances cannot take lists.

    Raises:
        PeslabError: If values cannot be read, are no sweep, or make an empty interval.
    """
    return {key: _distribution(key, values) for key, values in space.items()}


def as_overrides(params: Mapping[str, Any]) -> list[str]:
    """The overrides of a trial, as they could be typed: `network.width=64`."""
    return [
        f"{key}={value!r}" if isinstance(value, float) else f"{key}={value}"
        for key, value in params.items()
    ]


def start_point(space: Space, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The default config's place in the space, as far as it lies inside.

    Args:
        space: The distributions.
        defaults: For each key its value in the composed config (a list, number, or text), if it has
            one there.
    """
    point = {}
    for key, distribution in space.items():
        if key not in defaults:
            continue
        value = defaults[key]
        if isinstance(distribution, CategoricalDistribution):
            inside = [text for text in distribution.choices if _value(key, str(text)) == value]
            if inside:
                point[key] = inside[0]
        elif value is not None and distribution._contains(value):  # noqa: SLF001  # no public way
            point[key] = value
    return point


def _value(key: str, text: str) -> Any:  # noqa: ANN401  # anything that an override can hold
    value = OverridesParser.create().parse_override(f"{key}={text}").value()
    return value.text if isinstance(value, QuotedString) else value


def _distribution(key: str, values: str) -> BaseDistribution:
    try:
        override = OverridesParser.create().parse_override(f"{key}={values}")
    except HydraException as error:
        raise PeslabError(
            f"The space of {key} cannot be read: '{values}'; write e.g. "
            "tag(log, interval(1e-4,1e-2)), int(interval(8,64)) or choice(a,b)."
        ) from error
    if not override.is_sweep_override():
        raise PeslabError(
            f"{key}={values} is one value, not a space: "
            "give several, e.g. choice(a,b) or interval(0.1,1)."
        )
    try:
        return _from_sweep(override)
    except ValueError as error:
        raise PeslabError(f"The space {key}={values} is impossible: {error}") from error


def _from_sweep(override: Override) -> BaseDistribution:
    sweep = override.value()
    if not isinstance(sweep, IntervalSweep | RangeSweep | ChoiceSweep):
        raise PeslabError(
            f"{override.input_line}: a glob is not a space; name the options, choice(a,b)."
        )
    log = "log" in sweep.tags
    if not isinstance(sweep, IntervalSweep) and sweep.shuffle:
        raise ValueError("the order of its values would differ between workers")
    if isinstance(sweep, IntervalSweep):
        if not all(math.isfinite(end or 0) for end in (sweep.start, sweep.end)):
            raise ValueError("its ends must be finite")
        if isinstance(sweep.start, int) and isinstance(sweep.end, int):
            return IntDistribution(sweep.start, sweep.end, log=log)
        return FloatDistribution(float(sweep.start or 0), float(sweep.end or 0), log=log)
    if isinstance(sweep, RangeSweep):
        numbers = list(sweep.range())
        if not numbers:
            raise ValueError("it has no values")
        if all(isinstance(number, int) for number in numbers):
            step = abs(int(sweep.step))
            return IntDistribution(min(numbers), max(numbers), log=log, step=step)
        return CategoricalDistribution([str(number) for number in numbers])
    choices = list(override.sweep_string_iterator())
    if len(set(choices)) < len(choices):
        raise ValueError("its values must differ")
    return CategoricalDistribution(choices)
