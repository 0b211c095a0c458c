"""Did you mean …: the nearest name, and what other templates call our groups."""

import difflib
from collections.abc import Iterable

ELSEWHERE = {
    "model": "network",
    "net": "network",
    "architecture": "network",
    "data": "database",
    "datamodule": "database",
    "dataset": "database",
    "logger": "tracking",
    "mlflow": "tracking",
    "callbacks": "trainer",
    "hparams_search": "study",
    "hparams": "study",
    "sweep": "study",
    "optim": "optimizer",
    "scheduler": "schedule",
    "lr_scheduler": "schedule",
    "criterion": "loss",
    "descriptor": "features",
    "descriptors": "features",
    "lr": "learning_rate",
    "epochs": "max_epochs",
}
"""Names that users of lightning-hydra-template, metatrain or Keras type first."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Ask for the nearest candidate, or say nothing if none is near.

    The last part of a dotted key decides, so that `network.learning_rate` finds the optimizer's.

    Args:
        word: What was typed.
        candidates: What could have been meant.

    Returns:
        Such as `'; did you mean network.width?'`, or an empty text.
    """
    names = list(candidates)
    tails = {name: name.rpartition(".")[2] for name in names}
    last = word.rpartition(".")[2]
    near = difflib.get_close_matches(ELSEWHERE.get(last, last), set(tails.values()), n=1)
    meant = [name for name in names if near and tails[name] == near[0]]
    if not meant:
        return ""
    best = max(meant, key=lambda name: difflib.SequenceMatcher(None, word, name).ratio())
    return f"; did you mean {best}?"
