"""What a user sees while a network learns: one bar over the epochs, or silence."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EpochObserver = Callable[[dict[str, float]], None]


@contextmanager
def epoch_bar(max_epochs: int) -> Iterator[EpochObserver]:
    """Show a bar that moves by one with every epoch.

    Args:
        max_epochs: The length of the bar.

    Yields:
        The function to tell each epoch's figures.
    """
    columns = (
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[figure]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("fit", total=max_epochs, figure="")

        def advance(figures: dict[str, float]) -> None:
            error = figures["val/mae"]
            progress.update(task, advance=1, figure=f"validation MAE {error:.4f} E_c")

        yield advance


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning from announcing devices and giving tips; its warnings still come through."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Said where the CPU is chosen on purpose on a machine with a GPU.
            warnings.filterwarnings("ignore", message="GPU available but not used")
            # Lightning 2.6 still names a class that PyTorch is about to rename.
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)
