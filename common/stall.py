"""Stall guard: end the process if an engine blocks, so that the worker's parent gives the task another attempt.

A Python thread could not do this: an engine that blocks while holding the GIL stops all of them. The timer of
`faulthandler` is a C thread, needs no lock, and logs the stack of every thread.
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
    """The process's only timer, set to the earliest of all deadlines: a model may be loaded inside a guarded block."""

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
    """End the process if the block, or the time since the last call of the yielded function, exceeds `limit`."""
    owner = object()

    def restart() -> None:
        ALARM.set(owner, limit.total_seconds())

    restart()
    try:
        yield restart
    finally:
        ALARM.unset(owner)
