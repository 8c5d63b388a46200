"""How old files are, also when a clock was set, and the two sightings that a removal needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from os import fstat
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic

from common.state.clock_steps import ClockSteps
from common.state.record import US


def share_time(folder: Path) -> float:
    """Return the present time by the clock that stamps the files of a folder, in Unix seconds."""
    with TemporaryFile(dir=folder, prefix=".clock-") as probe:
        probe.write(b"?")
        probe.flush()
        return fstat(probe.fileno()).st_mtime


@dataclass(frozen=True, slots=True)
class FileClock:
    """The present time for ages of files: the earlier one of the share's and Redis's, so that neither ages a file."""

    now_s: float
    steps: ClockSteps

    def age(self, path: Path) -> timedelta:
        """Return for how long nobody has changed a file or folder; nothing when it is gone.

        A stamp from before a step of the clock is taken as the present clock would have set it.
        """
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            return timedelta(0)
        return timedelta(seconds=self.now_s - self.steps.translate(int(changed * US)) / US)


class Sightings:
    """What looked expired, and since when by the monotonic clock."""

    def __init__(self, recheck: timedelta) -> None:
        self.recheck_s = recheck.total_seconds()
        self.first: dict[tuple[Path, float], float] = {}

    def confirm(self, found: Iterable[Path]) -> list[Path]:
        """Return what has looked expired for the whole time, unchanged; forget what does not any more."""
        now = monotonic()
        seen = {(path, changed): path for path in found if (changed := changed_at(path)) is not None}
        self.first = {key: self.first.get(key, now) for key in seen}
        return [path for key, path in seen.items() if now - self.first[key] >= self.recheck_s]


def changed_at(path: Path) -> float | None:
    """Return when a file or folder was last changed, in Unix seconds; None when somebody has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
