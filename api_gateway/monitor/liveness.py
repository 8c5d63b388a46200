"""Liveness of an attempt: a thread can send heartbeats while the work hangs, so progress is watched too."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from common.gpu.leases import LockView
from common.settings import MonitorSettings
from common.state.clock_steps import ClockSteps
from common.state.record import Record

NO_STEPS = ClockSteps()


class Liveness(StrEnum):
    ALIVE = "alive"
    STALLED = "stalled"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Pulse:
    """The state of a running attempt."""

    record: Record
    silent: timedelta
    """Time since its last heartbeat."""
    idle: timedelta
    """Time since its last progress, or since it got the GPU; zero while it waits for the GPU."""
    liveness: Liveness


def pulse_of(
    record: Record, now_us: int, settings: MonitorSettings, locks: list[LockView], steps: ClockSteps = NO_STEPS
) -> Pulse:
    """Return the state of an attempt. `locks` are read at about the same time, and converted to the current clock."""
    control = record.control
    stamps = (control.started_us, control.heartbeat_us, control.progress_us)
    started_us, heartbeat_us, progress_us = (stamp and steps.translate(stamp) for stamp in stamps)
    began = started_us or now_us
    silent = timedelta(microseconds=now_us - (heartbeat_us or began))
    idle = timedelta(microseconds=max(0, now_us - progressed_us(record, progress_us or began, locks)))
    stall_timeout = settings.stall_timeout_of(control.task_name)
    liveness = Liveness.STALLED if stall_timeout and idle > stall_timeout else Liveness.ALIVE
    if silent > settings.heartbeat.timeout:
        liveness = Liveness.DEAD
    return Pulse(record, silent, idle, liveness)


def progressed_us(record: Record, progress_us: int, locks: list[LockView]) -> int:
    """Return when the attempt last made progress. Waiting for the GPU counts as progress."""
    task_id = record.context.task_id
    for view in locks:
        if any(waiter.task_id == task_id for waiter in view.waiters):
            return view.now_us
        if view.holder and view.holder.task_id == task_id:
            progress_us = max(progress_us, view.holder.granted_us)
    return progress_us
