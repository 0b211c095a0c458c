"""What a scheduler says before it kills: SIGTERM, and SIGUSR1 at the end of a walltime."""

import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from peslab.errors import Stopped

ASKING = (signal.SIGTERM, signal.SIGUSR1)
A_MOMENT = 0.05


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let these signals end what runs inside as Ctrl+C does: in order, trials handed back.

    Further ones are not heard while the first is on its way: who does not end in time is killed
    anyway. Python drops what is raised while it happens to tidy up; it is raised again then.
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

    def again(dropped: "sys.UnraisableHookArgs") -> None:
        if not isinstance(dropped.exc_value, Stopped):
            hook(dropped)
            return
        on_its_way.discard(dropped.exc_value)
        # From a thread, in a moment: raised in here it would be dropped as well.
        which = (threading.main_thread().ident, dropped.exc_value.signal)
        threading.Timer(A_MOMENT, signal.pthread_kill, which).start()

    before = {each: signal.signal(each, stop) for each in ASKING}
    hook, sys.unraisablehook = sys.unraisablehook, again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for each, handler in before.items():
            signal.signal(each, handler)
