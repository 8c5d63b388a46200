"""Sets the clock of a Python program: a file says by how many seconds it is ahead of the machine's.

libfaketime, which sets Redis's clock, breaks `time.sleep` of CPython 3.11 (OSError 22). The monotonic clock stays.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NAMED_BY = "CHAOS_CLOCK"
"""The environment variable that names the file."""

KEPT_S = 0.2
NS = 1_000_000_000


class Offset:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds = 0
        self.read_at = float("-inf")

    def current(self) -> int:
        """Return the offset in seconds, as it was at most `KEPT_S` ago."""
        if time.monotonic() - self.read_at > KEPT_S:
            with suppress(OSError, ValueError):
                self.seconds = int(self.file.read_text())
            self.read_at = time.monotonic()
        return self.seconds


def install() -> None:
    """Replace `time.time` and `time.time_ns`, from which all of Baton and Celery have their time."""
    if named := os.environ.get(NAMED_BY):  # noqa: TID251 - no setting of Baton's
        offset = Offset(Path(named))
        time.time = shifted(time.time, offset)  # noqa: TID251 - the clock that is set
        time.time_ns = shifted_ns(time.time_ns, offset)


def shifted(clock: Callable[[], float], offset: Offset) -> Callable[[], float]:
    return lambda: clock() + offset.current()


def shifted_ns(clock: Callable[[], int], offset: Offset) -> Callable[[], int]:
    return lambda: clock() + offset.current() * NS
