"""File ages that survive clock steps, and the double check before a removal."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic

from common.state.clock_steps import ClockSteps
from common.state.record import US


def share_time(folder: Path) -> float:
    """Return the current time of the clock that stamps the files of a folder, in Unix seconds.

    It is the folder's own stamp, renewed: a new file would need space, and a full disk is when files must be removed.
    """
    os.utime(folder)
    return folder.stat().st_mtime


@dataclass(frozen=True, slots=True)
class FileClock:
    """The current time for file ages: the earlier one of the share's and Redis's clock, so that neither ages a file."""

    now_s: float
    steps: ClockSteps

    def age(self, path: Path) -> timedelta:
        """Return how long a file or folder has been unchanged; zero if it is gone.

        A timestamp from before a clock step is converted to the current clock.
        """
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            return timedelta(0)
        return timedelta(seconds=self.now_s - self.steps.translate(int(changed * US)) / US)


class ExpiryConfirmation:
    """Paths that looked expired, and since when on the monotonic clock."""

    def __init__(self, recheck: timedelta) -> None:
        self.recheck_s = recheck.total_seconds()
        self.first: dict[tuple[Path, float], float] = {}

    def confirm(self, found: Iterable[Path]) -> list[Path]:
        """Return the paths that have looked expired the whole time, unchanged; forget those that no longer do."""
        now = monotonic()
        seen = {(path, changed): path for path in found if (changed := changed_at(path)) is not None}
        self.first = {key: self.first.get(key, now) for key in seen}
        return [path for key, path in seen.items() if now - self.first[key] >= self.recheck_s]


def changed_at(path: Path) -> float | None:
    """Return the modification time of a file or folder in Unix seconds; None if it has just been removed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
