"""Clock watch: detects that Redis's clock was set, by comparison with a local clock that cannot be set."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from api_gateway.monitor.actions import Actions
from api_gateway.monitor.alerts import Alerts
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.clock_steps import ClockStep, KeptReading, clock_steps, shift_due_times
from common.state.record import US
from common.state.store import StateStore

SMALLEST_STEP_US = 5 * US
ACTION = "clock_step"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Redis's time, and the local times just before the request and just after the answer, in microseconds."""

    redis_us: int
    asked_us: int
    answered_us: int


def local_us() -> int:
    """Return a time that cannot be set; where possible, of a clock that continues while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000


def boot_id() -> str:
    """Return an id of the machine's current boot, or '' if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def step_between(earlier: ClockReading, later: ClockReading) -> int:
    """Return by how many microseconds Redis's clock was set between two readings; 0 if delays may explain it."""
    passed = later.redis_us - earlier.redis_us
    longest, shortest = later.answered_us - earlier.asked_us, later.asked_us - earlier.answered_us
    if passed - longest > SMALLEST_STEP_US or shortest - passed > SMALLEST_STEP_US:
        return passed - (longest + shortest) // 2
    return 0


class ClockReader:
    """Keeps the last reading; one per gateway process, so that new monitor settings do not lose it.

    A gateway that does not lead reads the clock too, so that it knows about a step when it becomes the leader. While it
    sees a step, it keeps the reading before it: it must handle the step itself unless a leader has recorded it.
    """

    def __init__(self, redis: AsyncRedis, local: Callable[[], int] = local_us) -> None:
        self.redis = redis
        self.local = local
        self.boot = boot_id()
        self.last: ClockReading | None = None
        self.recorded: tuple[ClockStep, ...] = ()
        """The steps that were recorded before the last reading."""

    async def read(self) -> ClockReading:
        asked = self.local()
        with translate_errors():
            seconds, micros = await self.redis.client.time()
        return ClockReading(seconds * US + micros, asked, self.local())

    async def find_step(self) -> ClockStep | None:
        """Read the time and return the step since the last reading, without steps recorded since."""
        now = await self.read()
        earlier = self.last = self.last or await self.recall(now)
        step_us = step_between(earlier, now)
        if not step_us:
            self.last = now
            return None
        recorded = await self.read_steps()
        handled_us = sum(step.step_us for step in recorded if step not in self.recorded)
        if abs(step_us - handled_us) > SMALLEST_STEP_US:
            before_us = earlier.redis_us + handled_us
            return ClockStep(step_us=step_us - handled_us, before_us=before_us, after_us=now.redis_us)
        self.last, self.recorded = now, recorded
        return None

    async def read_steps(self) -> tuple[ClockStep, ...]:
        return (await self.redis.run(clock_steps())).steps

    async def recall(self, now: ClockReading) -> ClockReading:
        """Return the last leader's reading if it shows a step while no gateway ran; otherwise this one.

        After a reboot, the elapsed time is unknown: only a clock that is behind the last reading has certainly been
        set.
        """
        self.recorded = await self.read_steps()
        with translate_errors():
            found = await self.redis.client.get(keys.CLOCK_READING)
        kept = KeptReading.model_validate_json(found) if found else None
        same_boot = kept is not None and kept.boot == self.boot != ""
        if not kept or not (same_boot or kept.redis_us > now.redis_us):
            return now
        known = self.recorded.index(kept.latest) + 1 if kept.latest in self.recorded else 0
        self.recorded = self.recorded[:known]
        local = kept if same_boot else now
        return ClockReading(kept.redis_us, local.asked_us, local.answered_us)

    async def keep(self) -> None:
        """Store the last reading for a gateway that starts after this one has ended."""
        if self.last:
            latest = self.recorded[-1] if self.recorded else None
            kept = KeptReading(**asdict(self.last), boot=self.boot, latest=latest)
            with translate_errors():
                await self.redis.client.set(keys.CLOCK_READING, kept.model_dump_json())


class ClockCheck:
    """Reports each step, and shifts the due times that were set before it. It runs before the other checks."""

    def __init__(self, redis: AsyncRedis, store: StateStore, alerts: Alerts, reader: ClockReader) -> None:
        self.redis = redis
        self.reader = reader
        self.alerts = alerts
        self.actions = Actions(redis, store)
        self.interval = timedelta(0)

    async def look(self, _contact: timedelta) -> None:
        if step := await self.reader.find_step():
            shifted = await self.redis.run(shift_due_times(step))
            await self.report(step, shifted)
        await self.reader.keep()

    async def stand_by(self) -> None:
        await self.reader.find_step()

    async def report(self, step: ClockStep, shifted: int) -> None:
        facts = {"step": round(step.step.total_seconds(), 3), "shifted": shifted}
        log.error(ACTION, **facts)
        alert = self.alerts.message("clock.step", **facts)
        await self.actions.perform_once(f"{ACTION}:{step.after_us}", ACTION, task_id="", alert=alert)
