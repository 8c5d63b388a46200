"""Silence of each attempt, as observed by this process.

Timestamps in Redis come from Redis's clock, which may be stepped, and which continues while a machine sleeps. So
silence is not computed from them: it is the time, on this process's monotonic clock, during which the same heartbeat
was found again and again. A longer gap than usual between two rounds counts only as a usual one, because a process that
was itself stopped, on a machine that slept, has observed nothing in the meantime.
"""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from common.state.record import Control

LastBeat = tuple[int, int | None]
"""The fence of an attempt and the timestamp of its last heartbeat."""


@dataclass(slots=True)
class Silence:
    beat: LastBeat
    silent: timedelta
    round: int


class Silences:
    """One per monitor. Each round observes every running attempt once."""

    def __init__(self) -> None:
        self.known: dict[str, Silence] = {}
        self.round = 0
        self.began: float | None = None
        self.step = timedelta(0)

    def begin_round(self, longest_step: timedelta) -> None:
        now = monotonic()
        self.step = min(timedelta(seconds=now - self.began), longest_step) if self.began is not None else timedelta(0)
        self.began = now
        self.round += 1

    def observe(self, task_id: str, control: Control) -> timedelta:
        """Return for how long no heartbeat newer than the current one has been seen."""
        beat = (control.fence, control.heartbeat_us)
        known = self.known.get(task_id)
        silent = known.silent + self.step if known and known.beat == beat else timedelta(0)
        self.known[task_id] = Silence(beat, silent, self.round)
        return silent

    def end_round(self) -> None:
        """Forget attempts that are no longer running."""
        self.known = {task_id: found for task_id, found in self.known.items() if found.round == self.round}
