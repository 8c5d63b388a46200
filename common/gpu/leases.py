"""All GPU locks as Redis records them: holders, waiters and history."""

from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from common.gpu import scripts
from common.gpu.lock import CLAIM, ms
from common.state import keys
from common.state.clock_steps import ClockSteps
from common.state.record import US
from common.state.scripts import ScriptCall

HEAD = 6
"""Number of values that precede the waiters of a lock; see lua/gpu/view.lua."""


class Party(BaseModel):
    """Who requested a lock. Timestamps are microseconds on Redis's clock."""

    model_config = ConfigDict(extra="ignore")

    owner: str
    task_id: str
    worker: str
    priority: int
    channel: str


class Waiter(Party):
    since_us: int


class Holder(Party):
    fence: str
    queued_us: int
    granted_us: int


class HistoryEntry(Party):
    """A history entry: a lease, or, without a fence, a waiter that gave up."""

    fence: str | None = None
    queued_us: int | None = None
    since_us: int | None = None
    granted_us: int | None = None
    ended_us: int
    reason: str

    @property
    def waited_us(self) -> int:
        """Return how long it waited; for a waiter that gave up, until it did."""
        return (self.granted_us or self.ended_us) - (self.queued_us or self.since_us or self.ended_us)

    @property
    def held_us(self) -> int | None:
        return self.ended_us - self.granted_us if self.granted_us else None


@dataclass(frozen=True, slots=True)
class LockView:
    """A snapshot of one lock."""

    lock: str
    now_us: int
    left_ms: int
    holder: Holder | None
    listening: bool
    """Whether the holder's process has an open connection; a dead process has none."""
    waiters: list[Waiter]

    @property
    def id(self) -> str:
        """The name used in URLs: host and device."""
        return self.lock.partition(":")[2]

    @property
    def host(self) -> str:
        return self.id.rpartition(":")[0]

    @property
    def device(self) -> str:
        return self.id.rpartition(":")[2]

    @property
    def held(self) -> timedelta:
        return timedelta(microseconds=self.now_us - self.holder.granted_us) if self.holder else timedelta(0)

    def wait_of(self, waiter: Waiter) -> timedelta:
        return timedelta(microseconds=self.now_us - waiter.since_us)


def on_present_clock(view: LockView, steps: ClockSteps) -> LockView:
    """Return the lock with its timestamps converted to Redis's current clock."""
    if not steps.steps:
        return view
    waiters = [each.model_copy(update={"since_us": steps.translate(each.since_us)}) for each in view.waiters]
    return replace(view, holder=view.holder and held_on_present_clock(view.holder, steps), waiters=waiters)


def held_on_present_clock(holder: Holder, steps: ClockSteps) -> Holder:
    stamps = {"queued_us": steps.translate(holder.queued_us), "granted_us": steps.translate(holder.granted_us)}
    return holder.model_copy(update=stamps)


def read_locks() -> ScriptCall[list[LockView]]:
    """Read every lock that was used recently."""
    return scripts.view_locks(locks=keys.GPU_LOCKS).then(parse_views)


def parse_views(reply: list[str | int]) -> list[LockView]:
    now_us, rest, found = int(reply[0]), reply[1:], []
    while rest:
        lock, _fence, left_ms, holder, listening, waiting = rest[:HEAD]
        parties, rest = rest[HEAD : HEAD + int(waiting)], rest[HEAD + int(waiting) :]
        found.append(
            LockView(
                lock=str(lock),
                now_us=now_us,
                left_ms=int(left_ms),
                holder=Holder.model_validate_json(str(holder)) if holder else None,
                listening=bool(listening),
                waiters=[Waiter.model_validate_json(str(party)) for party in parties],
            )
        )
    return found


def release_of(worker: str, reason: str) -> ScriptCall[list[str]]:
    """End every lease of a process that is known to be dead; the answer lists the locks."""
    return scripts.release_of(locks=keys.GPU_LOCKS, worker=worker, claim_ms=ms(CLAIM), reason=reason)


def to_seconds(duration_us: int) -> float:
    return round(duration_us / US, 3)
