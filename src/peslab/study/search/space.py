"""A search space in Hydra's grammar, as Optuna's distributions, and back as overrides.

tag(log, interval(1e-4, 1e-2))   a float on a logarithmic scale
int(interval(8, 128))            an integer; tag(log, int(interval(…))) on a logarithmic scale
range(16, 128, step=16)          integers in steps
choice([-2,-3], [-2,-4,-6])      any values; lists too
… if optimizer == sgd            asked for only where the condition holds
network.widths[0]: …             an element of a list, which has those elements that exist
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    Quote,
    QuotedString,
    RangeSweep,
)
from hydra.errors import HydraException
from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from peslab.errors import PeslabError
from peslab.study.search.conditions import Comparison, Condition, parse_condition

CONDITIONAL = re.compile(r"(.*\S)\s+if\s+(\S.*)", re.DOTALL)
ELEMENT = re.compile(r"(.+)\[(\d+)\]")


@dataclass(frozen=True)
class Space:
    """What values trials may have.

    Attributes:
        distributions: Of each key, in the order in which trials are asked for them.
        conditions: Of each key, when it exists at all.
    """

    distributions: dict[str, BaseDistribution]
    conditions: dict[str, Condition]

    @property
    def is_conditional(self) -> bool:
        """Whether some key does not always exist."""
        return any(condition.comparisons for condition in self.conditions.values())

    def exists(self, key: str, values: Mapping[str, Any]) -> bool:
        """Whether a key exists beside the values of those before it."""
        return self.conditions[key].holds(values)

    def ask(self, study: Study) -> Trial:
        """Take a trial, and ask for the keys that exist in it, one after the other."""
        trial = study.ask()
        for key, distribution in self.distributions.items():
            if self.exists(key, trial.params):
                trial._suggest(key, distribution)  # noqa: SLF001  # as study.ask does itself
        return trial


def parse_space(space: Mapping[str, str]) -> Space:
    """The distributions of a search space.

    Args:
        space: For each key its values in Hydra's grammar, and when it exists.

    Returns:
        Optuna's distributions and their conditions, those without a condition first. The choices
        of a categorical one are the texts that stand on the right of an override, since Optuna's
        importances cannot take lists.

    Raises:
        PeslabError: If values or a condition cannot be read, are no sweep, make an empty interval,
            or could never hold.
    """
    parts = {key: split(text) for key, text in space.items()}
    ordered = sorted(parts, key=lambda key: bool(parts[key][1].comparisons))
    distributions: dict[str, BaseDistribution] = {}
    for key in ordered:
        values, condition = parts[key]
        for each in condition.comparisons:
            _check_comparison(key, each, distributions)
        distributions[key] = _distribution(key, values)
    _check_elements(distributions)
    return Space(distributions, {key: parts[key][1] for key in ordered})


def split(text: str) -> tuple[str, Condition]:
    """The values of a key, and the condition under which it exists."""
    found = CONDITIONAL.fullmatch(text.strip())
    if found is None:
        return text, Condition()
    return found[1], parse_condition(found[2])


def decided(space: Mapping[str, str], value_of: Callable[[str], object]) -> dict[str, str]:
    """A space without conditions on what is not searched: the config's own value decides those.

    Args:
        space: For each key its values, and when it exists.
        value_of: The value of a key that is not in the space.

    Returns:
        The space without what is not there, and without conditions that always hold.
    """
    left: dict[str, str] = {}
    dropped: set[str] = set()
    for key, text in space.items():
        values, condition = split(text)
        open_ones = [each for each in condition.comparisons if each.key in space]
        settled = [each for each in condition.comparisons if each.key not in space]
        if dropped & {each.key for each in open_ones} or not all(
            each.holds(value_of(each.key)) for each in settled
        ):
            dropped.add(key)
        elif settled:
            left[key] = f"{values} if {Condition(tuple(open_ones))}" if open_ones else values
        else:
            left[key] = text
    return left


def without_element(key: str) -> str:
    """The setting that a key of a space belongs to: `network.widths` of `network.widths[0]`."""
    found = ELEMENT.fullmatch(key)
    return found[1] if found else key


def as_overrides(params: Mapping[str, Any]) -> list[str]:
    """The overrides of a trial, as they could be typed: `network.width=64`.

    Elements of a list that exist make up the list, in their order.
    """
    lists: dict[str, dict[int, Any]] = {}
    overrides: dict[str, str] = {}
    for key, value in params.items():
        if found := ELEMENT.fullmatch(key):
            lists.setdefault(found[1], {})[int(found[2])] = value
            elements = [_typed(element) for _, element in sorted(lists[found[1]].items())]
            overrides[found[1]] = f"[{','.join(elements)}]"
        else:
            overrides[key] = _typed(value)
    return [f"{key}={text}" for key, text in overrides.items()]


def start_point(space: Space, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The default config's place in the space, as far as it lies inside.

    Args:
        space: The distributions.
        defaults: For each key its value in the composed config (a list, number, or text); keys
            that exist in other configs only may be left out.
    """
    point = {}
    for key, distribution in space.distributions.items():
        value = defaults.get(key)
        if isinstance(distribution, CategoricalDistribution):
            inside = [text for text in distribution.choices if _value(key, str(text)) == value]
            if inside and key in defaults:
                point[key] = inside[0]
        elif isinstance(value, int | float) and distribution._contains(value):  # noqa: SLF001  # no public way
            point[key] = value
    return point


def _typed(value: Any) -> str:  # noqa: ANN401  # what Optuna proposes
    return repr(value) if isinstance(value, float) else str(value)


def _value(key: str, text: str) -> Any:  # noqa: ANN401  # anything that an override can hold
    value = OverridesParser.create().parse_override(f"{without_element(key)}={text}").value()
    return value.text if isinstance(value, QuotedString) else value


def _check_comparison(
    key: str, comparison: Comparison, before: Mapping[str, BaseDistribution]
) -> None:
    """A condition must be about a key that is asked for earlier, and may hold."""
    distribution = before.get(comparison.key)
    if distribution is None:
        raise PeslabError(
            f"The space of {key} depends on {comparison.key}, which is not asked for before it: "
            f"name one of {', '.join(before) or 'the keys of the space'}."
        )
    if not any(comparison.holds(value) for value in _samples(distribution, comparison)):
        raise PeslabError(
            f"The space of {key} is never reached: '{comparison}' holds for no value of "
            f"{comparison.key}."
        )


def _samples(distribution: BaseDistribution, comparison: Comparison) -> Iterator[object]:
    """Values among which there is one for which a comparison holds, if there is any."""
    if isinstance(distribution, CategoricalDistribution):
        yield from distribution.choices
    elif isinstance(distribution, IntDistribution | FloatDistribution):
        yield from (distribution.low, distribution.high)
        try:
            value = float(comparison.value)
        except ValueError:
            return
        if distribution._contains(value):  # noqa: SLF001  # no public way
            yield value


def _check_elements(distributions: Mapping[str, BaseDistribution]) -> None:
    """Elements of a list are numbered from 0, and the list is not searched as a whole too."""
    lists: dict[str, list[int]] = {}
    for key in distributions:
        if found := ELEMENT.fullmatch(key):
            lists.setdefault(found[1], []).append(int(found[2]))
    for name, indices in lists.items():
        if name in distributions or sorted(indices) != list(range(len(indices))):
            raise PeslabError(
                f"The space of {name} is not clear: search the list as a whole, or its elements "
                f"{name}[0], {name}[1] and so on without a gap."
            )


def _distribution(key: str, values: str) -> BaseDistribution:
    try:
        override = OverridesParser.create().parse_override(f"{without_element(key)}={values}")
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
    choices = [_written(choice) for choice in override.sweep_iterator()]
    if len(set(choices)) < len(choices):
        raise ValueError("its values must differ")
    return CategoricalDistribution(choices)


def _written(choice: Any) -> str:  # noqa: ANN401  # anything that an override can hold
    """A choice on the right of an override, in quotes where Hydra would escape its letters."""
    hydras = Override._get_value_element_as_str(choice)  # noqa: SLF001  # as Hydra's own sweeps
    if not isinstance(choice, str) or (choice == hydras and _is_read(hydras)):
        return hydras
    is_plain = _is_read(choice) and _value("key", choice) == choice
    return choice if is_plain else QuotedString(choice, Quote.single).with_quotes()


def _is_read(text: str) -> bool:
    """Whether it is one value without quotes around it."""
    try:
        return not OverridesParser.create().parse_override(f"key={text}").is_sweep_override()
    except HydraException:
        return False
