"""What a scheduler says before it kills: SIGTERM, and SIGUSR1 at the end of a walltime."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from peslab.errors import Stopped

ASKING = (signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let these signals end what runs inside as Ctrl+C does: in order, trials handed back.

    Further ones are not heard any more: who does not end in time is killed anyway.
    """
    if threading.current_thread() is not threading.main_thread():  # signals come to the main one
        yield
        return

    def stop(number: int, _: FrameType | None) -> None:
        for each in ASKING:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in ASKING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
