"""Clock watch: detects that Redis's clock was set, by comparison with a local clock that cannot be set."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from api_gateway.monitor.actions import Actions
from api_gateway.monitor.alerts import Alerts
from common.state.client import AsyncRedis, translate_errors
from common.state.clock_steps import ClockStep, shift_due_times
from common.state.record import US
from common.state.store import StateStore

SMALLEST_STEP_US = 5 * US
ACTION = "clock_step"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """Redis's time, and the local times just before the request and just after the answer, in microseconds."""

    redis_us: int
    asked_us: int
    answered_us: int


def local_us() -> int:
    """Return a time that cannot be set; where possible, of a clock that continues while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000


def step_between(earlier: Reading, later: Reading) -> int:
    """Return by how many microseconds Redis's clock was set between two readings; 0 if delays may explain it."""
    passed = later.redis_us - earlier.redis_us
    longest, shortest = later.answered_us - earlier.asked_us, later.asked_us - earlier.answered_us
    if passed - longest > SMALLEST_STEP_US or shortest - passed > SMALLEST_STEP_US:
        return passed - (longest + shortest) // 2
    return 0


class ClockReader:
    """Keeps the last reading; one per gateway process, so that new monitor settings do not lose it."""

    def __init__(self, redis: AsyncRedis, local: Callable[[], int] = local_us) -> None:
        self.redis = redis
        self.local = local
        self.last: Reading | None = None

    async def read(self) -> Reading:
        asked = self.local()
        with translate_errors():
            seconds, micros = await self.redis.client.time()
        return Reading(seconds * US + micros, asked, self.local())

    async def next_step(self) -> ClockStep | None:
        """Read the time and return the step since the last reading, if there was one."""
        earlier, self.last = self.last, await self.read()
        step_us = step_between(earlier, self.last) if earlier else 0
        if not earlier or not step_us:
            return None
        return ClockStep(step_us=step_us, before_us=earlier.redis_us, after_us=self.last.redis_us)


class ClockCheck:
    """Reports each step, and shifts the due times that were set before it. It runs before the other checks."""

    def __init__(self, redis: AsyncRedis, store: StateStore, alerts: Alerts, reader: ClockReader) -> None:
        self.redis = redis
        self.reader = reader
        self.alerts = alerts
        self.actions = Actions(redis, store)
        self.interval = timedelta(0)

    async def look(self, _contact: timedelta) -> None:
        if step := await self.reader.next_step():
            shifted = await self.redis.run(shift_due_times(step))
            await self.report(step, shifted)

    async def report(self, step: ClockStep, shifted: int) -> None:
        facts = {"step": round(step.step.total_seconds(), 3), "shifted": shifted}
        log.error(ACTION, **facts)
        alert = self.alerts.message("clock.step", **facts)
        await self.actions.perform_once(f"{ACTION}:{step.after_us}", ACTION, task_id="", alert=alert)
