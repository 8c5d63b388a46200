"""GPU lock monitor: watches how long leases are held, and ends those that do not end by themselves.

It decides from Redis alone and acts by fence, so it can never end a lease that has changed hands. It does not free a
lock under a living process: it orders the process's parent to kill it; the parent frees the lock after that.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from api_gateway.monitor.actions import Actions
from api_gateway.monitor.alerts import Alerts
from api_gateway.monitor.background import Background
from api_gateway.monitor.docker_restart import restart
from api_gateway.monitor.timeouts import Level, TimeoutManager
from common.gpu.leases import Holder, LockView, on_present_clock, read_locks
from common.gpu.lock import release_call
from common.settings import MonitorSettings
from common.state.client import AsyncRedis
from common.state.clock_steps import clock_steps
from common.state.context import Status
from common.state.orders import Order, OrderKind
from common.state.record import Record
from common.state.store import StateStore
from common.worker.presence import host_of

SIGNALS = {level: f"gpu_lock_{level}" for level in Level}
ORDERS: dict[Level, OrderKind] = {Level.SOFT: "soft", Level.HARD: "kill"}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OverdueLease:
    """A lease that is held for too long."""

    view: LockView
    holder: Holder
    record: Record | None
    level: Level
    limit: timedelta

    @property
    def id(self) -> str:
        return f"{self.view.lock}:{self.holder.fence}"

    @property
    def task_name(self) -> str:
        return self.record.context.task_name if self.record else ""

    @property
    def facts(self) -> dict[str, str | float]:
        return {
            "lock": self.view.id,
            "fence": self.holder.fence,
            "task_id": self.holder.task_id,
            "task_name": self.task_name,
            "worker": self.holder.worker,
            "held": round(self.view.held.total_seconds(), 1),
            "limit": self.limit.total_seconds(),
        }


class GPULockMonitor:
    """One check of all leases."""

    def __init__(
        self,
        redis: AsyncRedis,
        store: StateStore,
        settings: MonitorSettings,
        *,
        alerts: Alerts,
        background: Background,
    ) -> None:
        self.redis = redis
        self.store = store
        self.settings = settings
        self.timeouts = TimeoutManager(settings)
        self.actions = Actions(redis, store)
        self.alerts = alerts
        self.background = background
        self.interval = settings.monitor_interval

    async def look(self, _contact: timedelta) -> None:
        steps = await self.redis.run(clock_steps())
        for view in await self.redis.run(read_locks()):
            if case := await self.overdue_lease(on_present_clock(view, steps)):
                await self.act(case)

    async def overdue_lease(self, view: LockView) -> OverdueLease | None:
        """Return the overdue lease of a lock, if there is one."""
        if view.holder is None:
            return None
        record = await self.redis.run(self.store.get(view.holder.task_id))
        name = record.context.task_name if record else ""
        level = self.timeouts.level(view.held, name)
        return OverdueLease(view, view.holder, record, level, self.timeouts.limit(level, name)) if level else None

    async def act(self, case: OverdueLease) -> None:
        """Do what the level requires, once per lease; then check whether an order to kill was carried out."""
        first = await self.actions.perform_once(
            f"{case.id}:{case.level}",
            SIGNALS[case.level],
            task_id=case.holder.task_id,
            signal={"held": case.facts["held"], "limit": case.facts["limit"], "lock": case.view.id},
            order=order_for(case),
            alert=self.alerts.message(f"gpu_lock.{case.level}", **case.facts),
        )
        if first:
            log.warning(SIGNALS[case.level], **case.facts)
        elif case.level is Level.HARD:
            await self.confirm(case)

    async def confirm(self, case: OverdueLease) -> None:
        """The lease still exists after the order to kill: repeat the order after each grace period, then escalate."""
        graces = (case.view.held - case.limit) // self.settings.obey_grace
        if not graces:
            return
        what, task_id = f"{case.id}:again:{graces}", case.holder.task_id
        if await self.actions.perform_once(what, "gpu_lock_kill_again", task_id=task_id, order=order_for(case)):
            log.error("gpu_lock_holder_not_gone", **case.facts)
        if self.is_dead(case):
            await self.free(case, "holder_gone")
        elif self.settings.restart_containers:
            await self.restart_once(case)
        else:
            await self.report_stuck(case)

    async def report_stuck(self, case: OverdueLease) -> None:
        alert = self.alerts.message("gpu_lock.stuck", **case.facts)
        if await self.actions.perform_once(
            f"{case.id}:stuck", "gpu_lock_stuck", task_id=case.holder.task_id, alert=alert
        ):
            log.critical("gpu_lock_stuck", advice="Restart its worker.", **case.facts)

    def is_dead(self, case: OverdueLease) -> bool:
        """Return whether the holder's process is dead: its connection is closed, and its task has no heartbeat."""
        if case.view.listening:
            return False
        control = case.record.control if case.record else None
        if control is None or control.status is not Status.RUNNING or control.worker != case.holder.worker:
            return True
        silent = case.view.now_us - (control.heartbeat_us or 0)
        return timedelta(microseconds=silent) > self.settings.heartbeat.timeout

    async def restart_once(self, case: OverdueLease) -> None:
        if await self.actions.perform_once(f"{case.id}:restart", "container_restart", task_id=case.holder.task_id):
            self.background.start(self.restart_and_free(case))

    async def restart_and_free(self, case: OverdueLease) -> None:
        host = host_of(case.holder.worker)
        if not await asyncio.to_thread(restart, host):
            await self.report_stuck(case)
            return
        log.warning("container_restarted", host=host, **case.facts)
        await self.free(case, "container_restarted")
        alert, task_id = self.alerts.message("container.restarted", host=host, **case.facts), case.holder.task_id
        await self.actions.perform_once(f"{case.id}:restarted", "container_restarted", task_id=task_id, alert=alert)

    async def free(self, case: OverdueLease, reason: str) -> None:
        """End exactly the given lease. If the lock has changed hands in the meantime, nothing happens."""
        freed = await self.redis.run(release_call(case.view.lock, case.holder.owner, case.holder.fence, reason))
        log.warning("gpu_lock_freed", freed=freed, reason=reason, **case.facts)


def order_for(case: OverdueLease) -> Order | None:
    """Return the order for the holder's parent at this level."""
    if case.level not in ORDERS:
        return None
    return Order(
        kind=ORDERS[case.level],
        worker=case.holder.worker,
        reason=case.level,
        task_id=case.holder.task_id,
        lock=case.view.lock,
        fence=int(case.holder.fence),
        limit_s=case.limit.total_seconds() if case.level is Level.HARD else None,
    )
