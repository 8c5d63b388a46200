"""The GPU lock: at most one lease per device, fair, fenced, renewed.

The queue, the hand-over and the fences are in Lua (`common/state/lua/gpu`). This module is the process side: it
requests a lease, sleeps until it is woken, requests again, and then renews the lease.
Protocol and proof: docs/gpu-lock.md.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from secrets import token_hex
from threading import Event
from time import monotonic

from pydantic_core import to_json

from common.clock import to_us
from common.errors import GpuLockTimeout, GpuLockUnavailable, NestedGpuLock, StateUnavailable
from common.gpu import scripts
from common.gpu.lease_renewer import Lease, LeaseRenewer
from common.settings import GpuLockSettings
from common.state import keys
from common.state.client import SyncRedis
from common.state.keys import Key
from common.state.scripts import ScriptCall

CLAIM = timedelta(seconds=2)
"""How long a woken waiter has to claim its grant before the lock passes on."""
GRACE = timedelta(seconds=1.5)
"""How long a holder may be without an open connection and without a renewal before it is considered dead."""
SLICE_S = 0.5
"""How often a waiter checks whether its task was cancelled."""
JITTER = 0.2

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who requests the lock: visible to all waiters, and kept in the history."""

    task_id: str
    worker: str
    priority: int = 5
    max_wait: timedelta | None = None
    """Limit given by the request; None uses the setting."""


@dataclass(frozen=True, slots=True)
class AcquireReply:
    """A lock and its fence, or the position in the queue (from 0) and the arrival number that keeps it."""

    lock: str = ""
    fence: str = ""
    position: int = -1
    news_ms: int = -1
    """When the current lease or grant may end without a wake-up; -1 if never."""
    arrival: str = ""

    @classmethod
    def parse(cls, reply: list[str | int]) -> "AcquireReply":
        if reply[0]:
            return cls(lock=str(reply[0]), fence=str(reply[1]))
        return cls(position=int(reply[1]), news_ms=int(reply[2]), arrival=str(reply[3]))


class GpuLock:
    """One per process. A process holds one lease at a time: a task may not wait for a device while it holds another."""

    def __init__(self, redis: SyncRedis, settings: GpuLockSettings, host: str, devices: Sequence[str]) -> None:
        self.redis = redis
        self.settings = settings
        self.locks = [keys.gpu_lock(host, device) for device in devices]
        self.renewer = LeaseRenewer(redis, settings.lock_timeout, on_unclaimed=self.end_unclaimed)

    @contextmanager
    def lease(self, claim: Claim, *, check: Check, prefer: Sequence[str] = ()) -> Iterator[Lease]:
        """Hold a device for the block.

        Raises:
            GpuLockTimeout: no device became free within `max_wait`, or within `max_wait_time` if that is set.
            GpuLockUnavailable: the same, and Redis does not answer. Nothing runs unlocked.
            NestedGpuLock: this process already holds a lease.
        """
        lease = self.acquire(claim, check=check, prefer=prefer)
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, claim: Claim, *, check: Check, prefer: Sequence[str] = ()) -> Lease:
        """Queue for the first device that becomes free; `prefer` lists those to take if several are free."""
        if self.renewer.leases:
            raise NestedGpuLock(task_id=claim.task_id)
        owner = f"{claim.worker}:{token_hex(6)}"
        locks = sorted(self.locks, key=lambda lock: lock.rpartition(":")[2] not in prefer)
        with self.renewer.wake_event(owner) as woken:
            try:
                return self.wait(owner, claim, locks, woken, check)
            except BaseException as error:
                self.leave_queue(owner, locks, "timed_out" if isinstance(error, GpuLockTimeout) else "gave_up")
                raise

    def wait(self, owner: str, claim: Claim, locks: Sequence[Key], woken: Event, check: Check) -> Lease:
        """Ask; sleep until it may be our turn; ask again."""
        limit = claim.max_wait if claim.max_wait is not None else self.settings.max_wait_time
        deadline = monotonic() + limit.total_seconds() if limit is not None else math.inf
        pause, answer = self.settings.poll_interval, AcquireReply()
        while True:
            check()
            woken.clear()
            asked, failure = monotonic(), None
            try:
                answer = self.redis.run(self.ask(owner, claim, locks, answer.arrival))
            except StateUnavailable as error:
                answer, failure = AcquireReply(arrival=answer.arrival), error
            if answer.lock:
                return self.renewer.add(answer.lock, owner, answer.fence, asked)
            if monotonic() >= deadline:
                raise timeout_error(claim, failure, limit or timedelta(0))
            self.sleep(woken, min(self.pause(pause, answer), deadline - monotonic()), check)
            pause = self.next_pause(pause)

    def ask(self, owner: str, claim: Claim, locks: Sequence[Key], arrival: str) -> ScriptCall[AcquireReply]:
        settings = self.settings
        party = {
            "channel": self.renewer.channel,
            "devices": locks,
            "task_id": claim.task_id,
            "worker": claim.worker,
            "priority": claim.priority,
            "owner": owner,
        }
        return scripts.acquire(
            locks=locks,
            owner=owner,
            lease_ms=ms(settings.lock_timeout),
            claim_ms=ms(CLAIM),
            head_start_ms=to_us(settings.ageing) // 1000 * claim.priority,
            grace_ms=ms(GRACE),
            party=to_json(party),
            arrival_ms=arrival,
        ).then(AcquireReply.parse)

    def pause(self, pause: timedelta, answer: AcquireReply) -> float:
        """Return the maximum sleep in seconds: a lost wake-up costs no more than that."""
        seconds = pause.total_seconds() * uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter is no secret
        return min(seconds, answer.news_ms / 1000 + 0.001) if answer.news_ms >= 0 else seconds

    def sleep(self, woken: Event, seconds: float, check: Check) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and not woken.wait(min(left, SLICE_S)):
            check()

    def next_pause(self, pause: timedelta) -> timedelta:
        longer = pause * 2 if self.settings.exponential_backoff else pause
        return min(longer, self.settings.max_poll_interval)

    def leave_queue(self, owner: str, locks: Sequence[Key], reason: str) -> None:
        """Leave the queue, and end a lease that was granted in the meantime."""
        self.renewer.drop(owner)
        self.renewer.run_reliably(scripts.give_up(locks=locks, owner=owner, claim_ms=ms(CLAIM), reason=reason))

    def end_unclaimed(self, owner: str) -> None:
        """End a lease that was granted to a waiter of this process that no longer exists."""
        self.leave_queue(owner, self.locks, "unclaimed")

    def release(self, lease: Lease) -> None:
        """End the lease and pass the device on. If the lease has expired, do nothing: the device may belong to another
        owner.
        """
        self.renewer.drop(lease.owner)
        self.renewer.run_reliably(release_call(lease.lock, lease.owner, lease.fence, "released"))


def timeout_error(
    claim: Claim, failure: StateUnavailable | None, limit: timedelta
) -> GpuLockTimeout | GpuLockUnavailable:
    if failure:
        return GpuLockUnavailable(task_id=claim.task_id)
    message = f"The GPU did not become free within {limit.total_seconds():g} s. {GpuLockTimeout.advice}"
    return GpuLockTimeout(message, task_id=claim.task_id)


def release_call(lock: str, owner: str, fence: str, reason: str) -> ScriptCall[bool]:
    """End exactly this lease; returns False if the lock has changed hands."""
    return scripts.release(lock=Key(lock), owner=owner, fence=fence, claim_ms=ms(CLAIM), reason=reason).then(bool)


def ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
