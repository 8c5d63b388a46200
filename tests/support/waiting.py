"""Tests wait for conditions; they do not sleep."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 60.0
"""Time limit of a condition on a busy machine. It is below the time limit of a test, so that the wait fails first."""


def wait_until(condition: Callable[[], T | None], *, timeout: float = PATIENCE_S, every: float = 0.02) -> T:
    """Return the first true value of `condition`; fail with its last value after the timeout."""
    deadline = monotonic() + timeout
    while not (value := condition()):
        assert monotonic() < deadline, f"waited {timeout} s in vain; last: {value!r}"
        Event().wait(every)
    return value
