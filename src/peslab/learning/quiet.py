"""Lightning without its announcements."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
