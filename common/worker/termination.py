"""SIGTERM in a task process: the machine is shutting down, and signals every process.

The worker's parent decides what a stop means for its children. So a process that runs a task returns it to the queue,
which costs the task nothing; an idle process ends at once, and so does any at the second signal.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

from common.errors import BatonError, WorkerStopping


class Stoppable(Protocol):
    """A running attempt that checks whether it must stop."""

    stop: BatonError | None


class Termination:
    """One per process."""

    def __init__(self) -> None:
        self.requested = False
        self.delivered = False
        self.attempt: Stoppable | None = None

    def install(self, **_: Any) -> None:
        """Replace the pool's handler."""
        signal.signal(signal.SIGTERM, self.handle)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        self.requested = True
        if not self.delivered:
            os.kill(os.getpid(), number)
        self.stop_attempt()

    def stop_attempt(self) -> None:
        if self.requested and self.attempt:
            self.attempt.stop = self.attempt.stop or WorkerStopping()

    @contextmanager
    def delivery(self) -> Iterator[None]:
        """Survive the first signal while the block runs: it claims a task, works, and records the end."""
        self.delivered = True
        try:
            yield
        finally:
            self.delivered = False

    @contextmanager
    def stop_on_signal(self, attempt: Stoppable) -> Iterator[None]:
        """Make the signal stop this attempt while the block runs."""
        self.attempt = attempt
        self.stop_attempt()
        try:
            yield
        finally:
            self.attempt = None


TERMINATION = Termination()
