"""What goes into a run, in the forms that MLflow's stores take, whether it goes there at once."""

import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peslab.errors import PrunedError
from peslab.passwords import masked

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from mlflow.data.polars_dataset import PolarsDataset
    from mlflow.entities import Dataset
    from torch import nn

MAX_PARAM_LENGTH = 250
"""Beyond this MLflow shortens or refuses params; the whole config is an artifact."""


LONGEST_REASON = 500
"""Of a tag: a page of a library's words is in the log."""


def key_of(key: str) -> str:
    """A key in the letters that every store of MLflow takes."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in key)


def param_of(value: object) -> str:
    """A chosen value as text, without passwords."""
    return masked(str(value))[:MAX_PARAM_LENGTH]


def polars_dataset(
    frame: "pl.DataFrame", source: Path, name: str, fingerprint: str
) -> "PolarsDataset":
    """A database as MLflow's dataset, under its own fingerprint (MLflow's is not stable)."""
    from mlflow.data.polars_dataset import from_polars

    with warnings.catch_warnings():
        # A local path may be two kinds of source to MLflow; either is read the same.
        warnings.filterwarnings("ignore", message="The specified dataset source")
        return from_polars(frame, source=str(source), name=name, digest=fingerprint[:16])


def dataset_of(frame: "pl.DataFrame", source: Path, name: str, fingerprint: str) -> "Dataset":
    """The same as an entity of MLflow's, without the data."""
    return polars_dataset(frame, source, name, fingerprint)._to_mlflow_entity()  # noqa: SLF001


def save_network(network: "nn.Module", example: "np.ndarray", path: Path) -> None:
    """Write a network as an exported program (no pickle), with its signature, to a folder."""
    import mlflow

    with quiet("mlflow", "torch.export", "torch.fx"):
        mlflow.pytorch.save_model(network, path=str(path), **network_options(network, example))


def network_options(network: "nn.Module", example: "np.ndarray") -> dict[str, Any]:
    """How MLflow is to write a network: an exported program, its signature, what it needs."""
    import torch
    from mlflow.models import infer_signature

    with torch.no_grad():
        output = network(torch.as_tensor(example)).numpy()
    return {
        "signature": infer_signature(example, output),
        "input_example": example,
        "serialization_format": "pt2",
        "pip_requirements": [f"torch=={torch.__version__.split('+')[0]}"],
    }


def why(error: Exception) -> dict[str, str]:
    """The tag that tells why a run has no end of its own: `pruned`, or `failure`."""
    told = masked(" ".join(str(error).split())) or type(error).__name__
    return {"pruned" if isinstance(error, PrunedError) else "failure": told[:LONGEST_REASON]}


def not_finite(values: Mapping[str, float]) -> str | None:
    """A sentence about the numbers that are none; None where all are finite."""
    told = [f"its {name} is {value}" for name, value in values.items() if not math.isfinite(value)]
    return f"{' and '.join(told)}." if told else None


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Let these loggers tell errors only, and PyTorch not of how it reads what it exported."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given buffer is not writable")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
