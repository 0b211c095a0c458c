"""Lightning without its announcements, and without what it only imports."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import scipy

UNUSED = "scipy.signal"


@contextmanager
def without_signals() -> Iterator[None]:
    """Let torchmetrics, which Lightning imports, find a SciPy without signal processing.

    It imports that, 430 modules in most of a second, to give a window an old name if it lacks it.
    Afterwards whoever wants the module imports it as ever.
    """
    if UNUSED in sys.modules:
        yield
        return
    named = ModuleType(UNUSED)
    named.hamming = None  # type: ignore[attr-defined]
    sys.modules[UNUSED] = scipy.signal = named
    try:
        yield
    finally:
        del sys.modules[UNUSED], scipy.signal


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
