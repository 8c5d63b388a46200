"""SIGUSR1, the wish that a task may end: heard once, while its function runs, and nowhere else.

The pool's own handler raises wherever the process happens to be. In the claim that would cost the task an attempt, at
its end the result. Here a wish that comes before the function waits for it, and one that comes after it is too late.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from billiard.exceptions import SoftTimeLimitExceeded


class SoftLimit:
    """One a process. As a context it raises SoftTimeLimitExceeded from anywhere in its block, once: not again in the
    `finally` that the first one has led to.
    """

    def __init__(self) -> None:
        self.asked = False
        self.heard = False

    def begin(self) -> None:
        """Forget the wishes for the task before, and take the signal over from the pool."""
        self.asked = self.heard = False
        signal.signal(signal.SIGUSR1, self.note)

    def note(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        self.raise_if_heard()

    def raise_if_heard(self) -> None:
        if self.heard and self.asked:
            self.heard = False
            raise SoftTimeLimitExceeded

    @contextmanager
    def poll(self) -> Iterator[Callable[[], None]]:
        """Raise nowhere in the block but in what this gives: an event loop loses what is raised in its callbacks, and
        libraries take it for an error of their own. However the block ends, a wish that came in it is heard then.
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
