"""Phases of a delivery in its process: unclaimed, running, cancelled, or over."""

from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

import psutil
from celery.worker import state as celery_state

from common.state.context import Status
from common.state.record import Record

if TYPE_CHECKING:
    from common.worker.request import WorkerRequest


class Phase(StrEnum):
    UNCLAIMED = "unclaimed"
    """The task is still PENDING: the process has not claimed it yet."""
    RUNNING = "running"
    CANCELLED = "cancelled"
    """The task is running, and its cancellation was requested."""
    OVER = "over"
    """The task has ended or belongs to another attempt, but the process has not returned yet."""


@dataclass(slots=True)
class Observation:
    """A delivery as the watchdog observed it. Times are on the monotonic clock."""

    pid: int
    phase: Phase
    since: float = field(default_factory=monotonic)
    heartbeat_us: int | None = None
    beaten_at: float = field(default_factory=monotonic)
    """When a new heartbeat was last seen."""
    activity: float | None = None
    """Result of `activity_of` when the last heartbeat was missed."""

    @property
    def seconds(self) -> float:
        return monotonic() - self.since

    def follow_heartbeat(self, heartbeat_us: int | None) -> float:
        """Return for how many seconds no newer heartbeat than this one has been seen."""
        if heartbeat_us != self.heartbeat_us:
            self.heartbeat_us, self.beaten_at = heartbeat_us, monotonic()
        return monotonic() - self.beaten_at


def observe(before: Observation | None, pid: int, phase: Phase) -> Observation:
    """Return the previous observation if nothing has changed, or else a new one."""
    unchanged = before and (before.pid, before.phase) == (pid, phase)
    return before if before and unchanged else Observation(pid, phase)


def phase_of(record: Record | None, worker: str, *, claimed: bool) -> Phase:
    """Return the phase of a delivery. `worker` names its process; `claimed` says whether that process has claimed it
    before.
    """
    if record and record.control.status is Status.RUNNING and record.control.worker == worker:
        return Phase.CANCELLED if record.control.cancel_us is not None else Phase.RUNNING
    pending = record is not None and record.control.status is Status.PENDING
    return Phase.UNCLAIMED if pending and not claimed else Phase.OVER


def deliveries() -> list["WorkerRequest"]:
    """Return the fetched, unfinished deliveries, copied at once: Celery changes its sets at any moment."""
    found = (reference() for reference in celery_state.reserved_requests.data.copy())
    return [request for request in found if request is not None]


def activity_of(pid: int) -> float:
    """Return a number that grows while a process or a descendant works: CPU seconds, and bytes read and written.

    An engine may hold the GIL for a long time, as `import torch` on a busy machine does. Its process then sends no
    heartbeat although it is alive.
    """
    try:
        root = psutil.Process(pid)
        return sum(work_of(process) for process in (root, *root.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0.0


def work_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return times.user + times.system + (process.io_counters().read_bytes + process.io_counters().write_bytes)
    except psutil.Error:
        return 0.0
