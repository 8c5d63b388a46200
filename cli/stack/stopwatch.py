"""The duration of each step, in seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    def time(self, step: str, action: Callable[[], T]) -> T:
        started = time.monotonic()
        result = action()
        self.steps[step] = time.monotonic() - started
        return result
