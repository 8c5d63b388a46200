"""SIGUSR1, the soft time limit: raised once, only while the task function runs.

The pool's own handler raises wherever the process is. During the claim that would cost the task an attempt, at its end
the result. Here a signal that arrives before the function waits for it, and one that arrives after it is ignored.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from billiard.exceptions import SoftTimeLimitExceeded


class SoftLimit:
    """One per process. As a context it raises SoftTimeLimitExceeded from anywhere in its block, once: not again in the
    `finally` that the first one triggers.
    """

    def __init__(self) -> None:
        self.asked = False
        self.heard = False

    def begin(self) -> None:
        """Forget signals for the previous task, and replace the pool's handler."""
        self.asked = self.heard = False
        signal.signal(signal.SIGUSR1, self.on_signal)

    def on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        self.raise_if_heard()

    def raise_if_heard(self) -> None:
        if self.heard and self.asked:
            self.heard = False
            raise SoftTimeLimitExceeded

    @contextmanager
    def poll(self) -> Iterator[Callable[[], None]]:
        """Raise only from the yielded function: an event loop loses exceptions of its callbacks, and libraries take
        them for their own errors. At the end of the block a signal that arrived in it is raised.
        """
        heard, self.heard = self.heard, False
        try:
            yield self.raise_if_asked
        except SoftTimeLimitExceeded:
            heard = False
            raise
        finally:
            self.heard = heard
            self.raise_if_heard()

    def raise_if_asked(self) -> None:
        if self.asked:
            raise SoftTimeLimitExceeded

    def __enter__(self) -> None:
        self.heard = True
        self.raise_if_heard()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heard = False
