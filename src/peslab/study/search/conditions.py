"""Conditions such as `optimizer == sgd and network.depth >= 2`: read by us, nothing is evaluated.

A condition is one or more comparisons joined by `and`. Numbers are compared as numbers, all else
as the text that stands on the right of an override.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from peslab.errors import PeslabError

ORDERINGS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISON = re.compile(r"([^\s<>=!]+)\s*(<=|>=|==|!=|=|<|>)\s*([^\s<>=!](?:.*\S)?)")


@dataclass(frozen=True)
class Comparison:
    """A key compared with a value.

    Attributes:
        key: Of a config, or the name of a metric.
        sign: One of <, <=, >, >=, ==, !=.
        value: As it was typed.
    """

    key: str
    sign: str
    value: str

    def holds(self, found: object) -> bool:
        """Whether it is true of what was found under the key; numbers alone have an order."""
        mine, theirs = _number(self.value), _number(found)
        if self.sign in ORDERINGS:
            return mine is not None and theirs is not None and ORDERINGS[self.sign](theirs, mine)
        numbers = mine is not None and theirs is not None
        equal = mine == theirs if numbers else _text(self.value) == _text(found)
        return equal == (self.sign == "==")

    def __str__(self) -> str:
        return f"{self.key} {self.sign} {self.value}"


@dataclass(frozen=True)
class Condition:
    """Comparisons that must all hold; without any it always does."""

    comparisons: tuple[Comparison, ...] = ()

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether all are true; what is compared with a key that has no value is not."""
        return all(each.key in values and each.holds(values[each.key]) for each in self.comparisons)

    def __str__(self) -> str:
        return " and ".join(map(str, self.comparisons))


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Args:
        text: One or more of `key < value`, joined by `and`; = is taken as ==.

    Raises:
        PeslabError: If it cannot be read, or asks for an order of what is no number.
    """
    return Condition(
        tuple(_comparison(part) for part in re.split(r"\s+and(?:\s+|$)", text.strip()))
    )


def _comparison(text: str) -> Comparison:
    found = COMPARISON.fullmatch(text)
    if found is None:
        raise PeslabError(
            f"'{text}' is not a condition: write key < value with <, <=, >, >=, == or !=, "
            "and join several by 'and'."
        )
    key, sign, value = found.groups()
    if sign in ORDERINGS and _number(value) is None:
        raise PeslabError(f"'{text}' cannot be decided: {value} is no number, which {sign} needs.")
    return Comparison(key, "==" if sign == "=" else sign, value)


def _number(value: object) -> float | None:
    """What it is as a number; truths and not-a-number are none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number == number else None  # noqa: PLR0124  # NaN is not itself


def _text(value: object) -> str:
    """How an override writes a value, without blanks."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return re.sub(r"\s", "", str(value))
