"""Statistics of the training data as values in a config: `${data:NAME}` or `${data:NAME,FACTOR}`.

They are known only after the data are made and described. Until then such a value stands as it is
written, and 1 times its factor stands in for it where a config is checked.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from omegaconf import OmegaConf

from peslab.configuration.suggest import did_you_mean
from peslab.errors import PeslabError

NAMES = {
    "target_mean": "mean of the targets of the training part",
    "target_std": "their standard deviation",
    "target_deviation": "their mean absolute deviation from the median",
    "gradient_magnitude": "mean magnitude of the components of their gradients",
    "length": "target_std / gradient_magnitude",
    "n_train": "configurations of the training part",
    "n_features": "features of a configuration, or of a particle",
    "n_inputs": "inputs of the network, after scaling",
}

LATE = ("network", "loss", "optimizer", "schedule", "trainer")
"""Groups that are needed only when the statistics are known."""

_OPENING = "${data:"


@contextmanager
def data_values(statistics: Mapping[str, float] | None) -> Iterator[None]:
    """Let `${data:…}` resolve to these statistics, or to itself where there are none yet.

    A value that is not among them is an error of OmegaConf's, with one of ours as its cause.
    """

    def value(name: str = "", factor: float = 1) -> float | str:
        if statistics is None:
            return f"{_OPENING}{name}{'' if factor == 1 else f',{factor}'}}}"
        if name not in NAMES:
            hint = did_you_mean(name, NAMES) or f": there are {', '.join(NAMES)}."
            raise PeslabError(f"{_OPENING}{name}}} is no statistic of the data{hint}")
        if isinstance(factor, bool) or not isinstance(factor, int | float):
            raise PeslabError(f"{_OPENING}{name},{factor}}} needs a number as its factor.")
        if name not in statistics:
            raise PeslabError(
                f"{_OPENING}{name}}} is not known, as the data have no gradients: give a number."
            )
        return statistics[name] * factor

    OmegaConf.register_new_resolver("data", value)
    try:
        yield
    finally:
        OmegaConf.clear_resolver("data")


def is_open(value: object) -> bool:
    """Whether a resolved value waits for the data."""
    if isinstance(value, list | tuple):
        return any(is_open(item) for item in value)
    return isinstance(value, str) and _OPENING in value


def check_places(values: Mapping[str, object]) -> None:
    """Refuse values that wait for the data where data are made of them.

    Args:
        values: A resolved config, whose open values stand as they are written.

    Raises:
        PeslabError: On the first such value.
    """
    for group, value in values.items():
        if group not in LATE and (key := _first_open(value, group)):
            raise PeslabError(
                f"{key} cannot wait for the data, which are made of it: only "
                f"{', '.join(LATE[:-1])} and {LATE[-1]} can."
            )


def _first_open(value: object, key: str) -> str | None:
    if isinstance(value, dict):
        return next((hit for k, v in value.items() if (hit := _first_open(v, f"{key}.{k}"))), None)
    return key if is_open(value) else None
