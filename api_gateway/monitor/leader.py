"""Leader election: runs the monitor's checks on one gateway at a time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from secrets import token_hex
from time import monotonic
from typing import Protocol, runtime_checkable

import structlog

from api_gateway.monitor.config import RuntimeConfig
from common.errors import StateUnavailable
from common.settings import MonitorSettings
from common.state.client import AsyncRedis
from common.state.gateway_leases import elect

log = structlog.get_logger()
LEASE_INTERVALS = 5


class PeriodicCheck(Protocol):
    """A periodic check. `contact` says for how long Redis has answered without a gap."""

    interval: timedelta

    async def look(self, contact: timedelta) -> None: ...


@runtime_checkable
class Standby(Protocol):
    """A watch that also does something on a gateway that does not lead."""

    async def stand_by(self) -> None: ...


class Monitor:
    """Holds the leader's lease and runs the checks while it does."""

    def __init__(
        self,
        redis: AsyncRedis,
        config: RuntimeConfig,
        make_watches: Callable[[MonitorSettings], Sequence[PeriodicCheck]],
    ) -> None:
        """`make_watches` is called again after each change of the settings; it keeps the order."""
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
        """Names of the checks whose last run raised an unexpected exception; readiness reports them."""

    async def run(self) -> None:
        while True:
            try:
                await self.round()
            except StateUnavailable:
                self.contact_since = None
                log.warning("monitor_without_redis")
            await asyncio.sleep(self.config.current.monitor_interval.total_seconds())

    async def round(self) -> None:
        await self.apply_config()
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
                await self.run_check(watch, timedelta(seconds=now - self.contact_since))

    async def leads(self) -> bool:
        """Take or renew the lease. A lease that was not renewed in time is taken, whatever Redis's clock says."""
        lease = self.config.current.monitor_interval * LEASE_INTERVALS
        silent = monotonic() - self.held_since > lease.total_seconds()
        held = await self.redis.run(elect(self.name, lease, self.held if silent else ""))
        before, leading = holder(self.held), holder(held) == self.name
        if held != self.held:
            self.held, self.held_since = held, monotonic()
        if leading and before != self.name:
            log.info("monitor_leads", leader=self.name, after=before or None)
        return leading

    async def run_check(self, watch: PeriodicCheck, contact: timedelta) -> None:
        """Run one check. An unexpected exception is logged, and must not stop the others."""
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

    async def apply_config(self) -> None:
        """Adopt settings changed at run time. Every gateway does, since it may lead next."""
        await self.config.refresh()
        if self.config.current is not self.made_for:
            self.made_for = self.config.current
            self.watches = self.make_watches(self.made_for)


def holder(lease: str) -> str:
    """Return the name of the gateway that a lease belongs to."""
    return lease.partition(" ")[0]
