"""An engine that blocks takes its process with it, so that the worker's parent gives the task another attempt.

A thread of Python could not do this: an engine that blocks with the interpreter's lock held stops all of them. The
timer of `faulthandler` is a thread in C, needs no lock, and leaves the stack of every thread in the log.
"""

import faulthandler
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from time import monotonic

STDERR = 2
AT_ONCE_S = 0.001


class Alarm:
    """The process's one timer, set to the first of all deadlines: a model may be loaded within a guarded block."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.deadlines: dict[object, float] = {}

    def set(self, owner: object, seconds: float) -> None:
        with self.lock:
            self.deadlines[owner] = monotonic() + seconds
            self.arm()

    def unset(self, owner: object) -> None:
        with self.lock:
            del self.deadlines[owner]
            self.arm()

    def arm(self) -> None:
        if self.deadlines:
            left = max(min(self.deadlines.values()) - monotonic(), AT_ONCE_S)
            faulthandler.dump_traceback_later(left, exit=True, file=STDERR)
        else:
            faulthandler.cancel_dump_traceback_later()


ALARM = Alarm()


@contextmanager
def ends_when_stalled(limit: timedelta) -> Iterator[Callable[[], None]]:
    """End the process when the block, or the time since the last call of what this gives, takes longer than `limit`."""
    owner = object()

    def restart() -> None:
        ALARM.set(owner, limit.total_seconds())

    restart()
    try:
        yield restart
    finally:
        ALARM.unset(owner)
