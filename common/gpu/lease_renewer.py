"""The thread that renews a process's leases and receives grants.

Other processes see that this one is alive by its open subscription, which the kernel closes when the process dies. So
the thread reads the socket all the time, reconnects at once when it breaks, and renews often enough that a short
interruption is never taken for death.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Protocol
from weakref import WeakValueDictionary

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from common.errors import StateUnavailable
from common.gpu import scripts
from common.state.client import SyncRedis
from common.state.commands import Received, SyncSubscription
from common.state.keys import Key
from common.state.scripts import Arg, ScriptCall

RENEW_EVERY_S = 0.5
RENEWALS_A_LEASE = 4
"""Minimum number of renewals per lease duration, for very short leases."""
RECONNECT_S = 0.1
PING_AFTER_S = 2.0
DEAF_AFTER_S = 4.0
"""A subscription that has not received even a PONG for this long is dead, although nobody has closed it."""
GRANTED = "granted "
log = structlog.get_logger()


@dataclass(eq=False, slots=True, weakref_slot=True)
class Lease:
    """The right to use one device."""

    lock: str
    owner: str
    fence: str
    duration: timedelta
    renewed: float
    """When the last successful renewal was sent, on the monotonic clock: Redis starts counting no earlier."""
    since: float = field(default_factory=monotonic)
    waiting: int = 0
    revoked: bool = False

    @property
    def lost(self) -> bool:
        """Whether another owner may hold the device: Redis reported it, or the lease was not renewed for its whole
        duration.
        """
        return self.revoked or monotonic() - self.renewed >= self.duration.total_seconds()

    @property
    def device(self) -> str:
        return self.lock.rpartition(":")[2]

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=monotonic() - self.since)


class Listener(Protocol):
    """Shares the renewer's subscription. Its methods run in the renewer's thread."""

    def on_connected(self) -> None:
        """Other processes can see again that this one is alive."""

    def on_message(self, text: str) -> None:
        """A message for this process arrived that is not a grant."""

    def on_renewal(self) -> None:
        """The leases were just renewed."""


class LeaseRenewer:
    """One per process; its thread starts with the first lease request."""

    def __init__(self, redis: SyncRedis, lock_timeout: timedelta, *, on_unclaimed: Callable[[str], None]) -> None:
        """`on_unclaimed` gets the owner if a device is granted to a waiter that no longer exists in this process."""
        self.redis = redis
        self.on_unclaimed = on_unclaimed
        self.lock_timeout = lock_timeout
        self.renew_every_s = min(RENEW_EVERY_S, lock_timeout.total_seconds() / RENEWALS_A_LEASE)
        self.channel = f"gpu_lock:wake:{os.getpid()}:{token_hex(8)}"
        self.wakes: dict[str, Event] = {}
        self.leases: WeakValueDictionary[str, Lease] = WeakValueDictionary()
        """Weak: if an exception makes the task lose its lease object, the lease must expire instead of being renewed
        forever."""
        self.unanswered: dict[tuple[Arg, ...], ScriptCall[Any]] = {}
        """Calls that Redis has not answered yet, in order: at most one per lease and waiter."""
        self.listeners: list[Listener] = []
        self.starting = Lock()
        self.closed = Event()
        self.heard = 0.0
        self.thread: Thread | None = None

    @contextmanager
    def wake_event(self, owner: str) -> Iterator[Event]:
        """Yield the event that is set when it may be this owner's turn."""
        self.wakes[owner] = woken = Event()
        self.start()
        try:
            yield woken
        finally:
            del self.wakes[owner]

    def add_listener(self, listener: Listener) -> None:
        self.listeners.append(listener)

    def start(self) -> None:
        with self.starting:
            if self.thread is None:
                self.thread = Thread(target=self.run, name="gpu-lease", daemon=True)
                self.thread.start()

    def close(self) -> None:
        self.closed.set()
        if self.thread:
            self.thread.join()

    def add(self, lock: str, owner: str, fence: str, asked: float) -> Lease:
        """Start renewing this lease, which was requested at time `asked`."""
        lease = Lease(lock, owner, fence, self.lock_timeout, asked)
        self.leases[owner] = lease
        return lease

    def drop(self, owner: str) -> None:
        self.leases.pop(owner, None)

    def run_reliably(self, call: ScriptCall[Any]) -> None:
        """Run a call that must reach Redis: now, or as soon as Redis answers again."""
        try:
            self.redis.run(call)
        except StateUnavailable:
            self.unanswered[(call.script.sha, *call.keys, *call.args)] = call

    # ---- the thread ----

    def run(self) -> None:
        while not self.closed.is_set():
            try:
                self.pump()
            except (RedisError, OSError) as error:
                log.warning("gpu_lease_channel_lost", error=str(error))
                self.closed.wait(RECONNECT_S)

    def pump(self) -> None:
        """Receive messages, and renew in between, until the connection breaks."""
        renew_at = self.heard = monotonic()
        with self.redis.client.pubsub() as subscription:
            subscription.subscribe(self.channel)
            while not self.closed.is_set():
                message = subscription.get_message(timeout=max(0.0, renew_at - monotonic()))
                if message:
                    self.on_message(message)
                if monotonic() >= renew_at:
                    renew_at = monotonic() + self.renew_every_s
                    self.renew_all()
                    self.probe(subscription)
                    for listener in self.listeners:
                        listener.on_renewal()

    def on_message(self, message: Received) -> None:
        self.heard = monotonic()
        if message["type"] == "subscribe":
            self.wake_all()
            for listener in self.listeners:
                listener.on_connected()
        elif message["type"] == "message":
            self.dispatch(message["data"])

    def dispatch(self, text: str) -> None:
        if text.startswith(GRANTED):
            self.on_grant(text.removeprefix(GRANTED))
            return
        for listener in self.listeners:
            listener.on_message(text)

    def wake_all(self) -> None:
        """Make every waiter ask again: while the connection was down, a grant may have been missed and a place lost."""
        for woken in tuple(self.wakes.values()):
            woken.set()

    def on_grant(self, owner: str) -> None:
        if woken := self.wakes.get(owner):
            woken.set()
        elif owner not in self.leases:
            self.on_unclaimed(owner)

    def probe(self, subscription: SyncSubscription) -> None:
        """Detect a dead connection that nobody has closed, for example one that a firewall dropped."""
        quiet = monotonic() - self.heard
        if quiet >= DEAF_AFTER_S:
            raise RedisConnectionError(f"heard nothing for {quiet:.0f} s")
        if quiet >= PING_AFTER_S:
            subscription.ping()

    def renew_all(self) -> None:
        """Renew each lease and retry the calls that Redis has not answered yet."""
        with suppress(StateUnavailable):
            for reference in self.leases.valuerefs():
                if lease := reference():
                    self.renew(lease)
            for name, call in tuple(self.unanswered.items()):
                self.redis.run(call)
                self.unanswered.pop(name, None)

    def renew(self, lease: Lease) -> None:
        asked = monotonic()
        lease_ms = self.lock_timeout // timedelta(milliseconds=1)
        waiting = self.redis.run(
            scripts.renew(lock=Key(lease.lock), owner=lease.owner, fence=lease.fence, lease_ms=lease_ms)
        )
        if waiting < 0:
            lease.revoked = True  # or released in the meantime: then the flag is never read
            return
        lease.waiting, lease.renewed = waiting, asked
