"""What differs between two configs, in the words of overrides."""

from collections.abc import Mapping

ABSENT = "–"
TARGET = "._target_"


def leaves(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """The values of nested mappings by their dotted keys; a list is one value."""
    found: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= leaves(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def changes(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Say which values differ, as "features.orders: [-2] → [-2, -3]".

    Args:
        before: Values by their dotted keys.
        now: The same of another config.

    Returns:
        A line for each key, in the order of the alphabet. Of a group it is the class that differs.
    """
    return [
        _told(key, before.get(key, ABSENT), now.get(key, ABSENT))
        for key in sorted({*before, *now})
        if key not in before or key not in now or before[key] != now[key]
    ]


def _told(key: str, before: object, now: object) -> str:
    if key.endswith(TARGET):
        classes = [str(each).rpartition(".")[2] for each in (before, now)]
        if classes[0] != classes[1]:
            before, now = classes
    return f"{key.removesuffix(TARGET)}: {before} → {now}"
