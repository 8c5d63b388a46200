"""Runs the monitor's watches on one gateway at a time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from secrets import token_hex
from time import monotonic
from typing import Protocol, runtime_checkable

import structlog

from api_gateway.monitor.config import RuntimeConfig
from common.errors import StateUnavailable
from common.redis import AsyncRedis
from common.settings import MonitorSettings
from common.state import elect

log = structlog.get_logger()
LEASE_INTERVALS = 5


class Watch(Protocol):
    """Something that is looked at every so often. `contact` is for how long Redis has answered without a gap."""

    interval: timedelta

    async def look(self, contact: timedelta) -> None: ...


@runtime_checkable
class Standby(Protocol):
    """A watch that also does something on a gateway that does not lead."""

    async def stand_by(self) -> None: ...


class Monitor:
    """Holds the leader's lease and runs the watches while it does."""

    def __init__(
        self, redis: AsyncRedis, config: RuntimeConfig, make_watches: Callable[[MonitorSettings], Sequence[Watch]]
    ) -> None:
        """`make_watches` is called again after each change of the settings, in the same order."""
        self.redis = redis
        self.config = config
        self.make_watches = make_watches
        self.made_for = config.current
        self.watches = make_watches(config.current)
        self.name = token_hex(8)
        self.held = ""
        """The lease as it was seen last."""
        self.held_since = 0.0
        """When it was seen to change, on the monotonic clock."""
        self.contact_since: float | None = None
        self.looked: dict[int, float] = {}
        self.failed: set[str] = set()
        """The names of the watches whose last look met a bug; readiness tells them."""

    async def run(self) -> None:
        while True:
            try:
                await self.round()
            except StateUnavailable:
                self.contact_since = None
                log.warning("monitor_without_redis")
            await asyncio.sleep(self.config.current.monitor_interval.total_seconds())

    async def round(self) -> None:
        await self.heed_config()
        if not await self.leads():
            self.contact_since = None
            self.failed.clear()
            for watch in self.watches:
                if isinstance(watch, Standby):
                    await watch.stand_by()
            return
        now = monotonic()
        self.contact_since = self.contact_since or now
        for number, watch in enumerate(self.watches):
            if now - self.looked.get(number, 0.0) >= watch.interval.total_seconds():
                self.looked[number] = now
                await self.look(watch, timedelta(seconds=now - self.contact_since))

    async def leads(self) -> bool:
        """Take or renew the lease. One that nobody has renewed in time is taken, whatever Redis's clock says."""
        lease = self.config.current.monitor_interval * LEASE_INTERVALS
        silent = monotonic() - self.held_since > lease.total_seconds()
        held = await self.redis.run(elect(self.name, lease, self.held if silent else ""))
        before, leading = holder(self.held), holder(held) == self.name
        if held != self.held:
            self.held, self.held_since = held, monotonic()
        if leading and before != self.name:
            log.info("monitor_leads", leader=self.name, after=before or None)
        return leading

    async def look(self, watch: Watch, contact: timedelta) -> None:
        """Let one watch look. A bug that it meets must be seen, and must not stop the others."""
        name = type(watch).__name__
        try:
            await watch.look(contact)
        except StateUnavailable:
            raise
        except Exception as error:  # any bug at all
            self.failed.add(name)
            log.critical("watch_failed", watch=name, exc_info=error)
        else:
            self.failed.discard(name)

    async def heed_config(self) -> None:
        """Take over what was changed at run time. Every gateway does, for it may lead next."""
        await self.config.refresh()
        if self.config.current is not self.made_for:
            self.made_for = self.config.current
            self.watches = self.make_watches(self.made_for)


def holder(lease: str) -> str:
    """Return the name of the gateway that a lease belongs to."""
    return lease.partition(" ")[0]
