"""A thread that keeps a process's lease alive and hears when it is its turn.

Its open subscription is how others know that the process lives: the kernel closes it when the process dies. So the
thread pumps the socket all the time, opens it again at once when it breaks, and renews often enough that a short break
is never taken for death.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

import structlog
from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from common.errors import StateUnavailable
from common.state.client import Arg, Call, SyncRedis, script

RENEW_EVERY_S = 0.5
RENEWALS_A_LEASE = 4
"""At least so many, for a lease that is very short."""
RECONNECT_S = 0.1
PING_AFTER_S = 2.0
DEAF_AFTER_S = 4.0
"""A subscription that has not even heard its ping's answer for this long is dead, though nobody has closed it."""
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
    """When the last renewal that succeeded was asked for, on the monotonic clock: Redis counts from no earlier."""
    since: float = field(default_factory=monotonic)
    waiting: int = 0
    revoked: bool = False

    @property
    def lost(self) -> bool:
        """Whether somebody else may hold it by now: Redis has said so, or it was not renewed for its whole time."""
        return self.revoked or monotonic() - self.renewed >= self.duration.total_seconds()

    @property
    def device(self) -> str:
        return self.lock.rpartition(":")[2]

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=monotonic() - self.since)


class LeaseRenewer:
    """One a process; its thread starts with the first lease that is asked for."""

    def __init__(self, redis: SyncRedis, lock_timeout: timedelta) -> None:
        self.redis = redis
        self.lock_timeout = lock_timeout
        self.renew_every_s = min(RENEW_EVERY_S, lock_timeout.total_seconds() / RENEWALS_A_LEASE)
        self.channel = f"gpu_lock:wake:{os.getpid()}:{token_hex(8)}"
        self.wakes: dict[str, Event] = {}
        self.leases: WeakValueDictionary[str, Lease] = WeakValueDictionary()
        """Weak: a lease that its task has lost in an exception must end by itself, not be renewed for ever."""
        self.unanswered: dict[tuple[Arg, ...], Call[Any]] = {}
        """Calls that Redis has not answered yet, in order: at most one for each lease and waiter."""
        self.handlers: dict[str, Callable[[str], None]] = {GRANTED: self.on_grant}
        """What is done with a message, by its first word."""
        self.unclaimed: Callable[[str], None] = lambda _: None
        """Called with the owner when a device is granted that nobody here waits for any more."""
        self.connected: Callable[[], None] = lambda: None
        """Called each time that others can see again that this process lives."""
        self.idle: Callable[[], None] = lambda: None
        """Called at every renewal."""
        self.starting = Lock()
        self.closed = Event()
        self.heard = 0.0
        self.thread: Thread | None = None

    @contextmanager
    def listening(self, owner: str) -> Iterator[Event]:
        """Give the event that is set when it may be this owner's turn."""
        self.wakes[owner] = woken = Event()
        self.start()
        try:
            yield woken
        finally:
            del self.wakes[owner]

    def start(self) -> None:
        with self.starting:
            if self.thread is None:
                self.thread = Thread(target=self.run, name="gpu-lease", daemon=True)
                self.thread.start()

    def close(self) -> None:
        self.closed.set()
        if self.thread:
            self.thread.join()

    def keep(self, lock: str, owner: str, fence: str, asked: float) -> Lease:
        """Renew this lease, which was asked for at this time, from now on."""
        lease = Lease(lock, owner, fence, self.lock_timeout, asked)
        self.leases[owner] = lease
        return lease

    def drop(self, owner: str) -> None:
        self.leases.pop(owner, None)

    def insist(self, call: Call[Any]) -> None:
        """Run what Redis must hear: now, or as soon as it answers again."""
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
        """Listen, and renew in between, until the connection breaks."""
        renew_at = self.heard = monotonic()
        with self.redis.client.pubsub() as subscription:
            subscription.subscribe(self.channel)
            while not self.closed.is_set():
                message = subscription.get_message(timeout=max(0.0, renew_at - monotonic()))
                if message:
                    self.hear(message)
                if monotonic() >= renew_at:
                    renew_at = monotonic() + self.renew_every_s
                    self.renew_all()
                    self.probe(subscription)
                    self.idle()

    def hear(self, message: dict[str, str]) -> None:
        self.heard = monotonic()
        if message["type"] == "subscribe":
            self.wake_all()
            self.connected()
        for verb, handle in self.handlers.items():
            if message["type"] == "message" and message["data"].startswith(verb):
                handle(message["data"].removeprefix(verb))

    def wake_all(self) -> None:
        """Have all ask again: while nobody listened here, their turn may have passed and their place be lost."""
        for woken in tuple(self.wakes.values()):
            woken.set()

    def on_grant(self, owner: str) -> None:
        if woken := self.wakes.get(owner):
            woken.set()
        elif owner not in self.leases:
            self.unclaimed(owner)

    def probe(self, subscription: PubSub) -> None:
        """Find out that a connection is dead which nobody has closed, as when a network has forgotten it."""
        quiet = monotonic() - self.heard
        if quiet >= DEAF_AFTER_S:
            raise RedisConnectionError(f"heard nothing for {quiet:.0f} s")
        if quiet >= PING_AFTER_S:
            subscription.ping()

    def renew_all(self) -> None:
        """Renew each lease, and run what Redis has not answered yet."""
        with suppress(StateUnavailable):
            for reference in self.leases.valuerefs():
                if lease := reference():
                    self.renew(lease)
            for name, call in tuple(self.unanswered.items()):
                self.redis.run(call)
                self.unanswered.pop(name, None)

    def renew(self, lease: Lease) -> None:
        asked = monotonic()
        arguments: list[Arg] = [lease.owner, lease.fence, self.lock_timeout // timedelta(milliseconds=1)]
        waiting = self.redis.run(Call(script("gpu/renew"), [lease.lock], arguments, int))
        if waiting < 0:
            lease.revoked = True  # or released meanwhile: then nobody looks at it any more
            return
        lease.waiting, lease.renewed = waiting, asked
