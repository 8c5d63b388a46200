"""Tests wait for conditions; they do not sleep."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], *, timeout: float = 20, every: float = 0.02) -> T:
    """Return the first true value of `condition`; fail with the last one when it never comes."""
    deadline = monotonic() + timeout
    while not (value := condition()):
        assert monotonic() < deadline, f"waited {timeout} s in vain; last: {value!r}"
        Event().wait(every)
    return value
