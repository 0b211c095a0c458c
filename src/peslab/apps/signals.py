"""What a scheduler says before it kills: SIGTERM, and SIGUSR1 at the end of a walltime."""

import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from peslab.errors import Stopped

ASKING = (signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let these signals end what runs inside as Ctrl+C does: in order, trials handed back.

    Further ones are not heard while the first is on its way: who does not end in time is killed
    anyway. Python drops what is raised while it happens to tidy up; the next signal is heard then.
    """
    if threading.current_thread() is not threading.main_thread():  # signals come to the main one
        yield
        return

    on_its_way: weakref.WeakSet[Stopped] = weakref.WeakSet()

    def stop(number: int, _: FrameType | None) -> None:
        if not on_its_way:
            stopped = Stopped(number)
            on_its_way.add(stopped)
            try:
                raise stopped
            finally:
                del stopped  # its traceback holds this frame, which would hold it for ever

    before = {each: signal.signal(each, stop) for each in ASKING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
