"""Heartbeat manager: takes back the tasks of dead attempts, and ends attempts without progress."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from api_gateway.monitor.actions import Actions
from api_gateway.monitor.alerts import Alerts
from api_gateway.monitor.liveness import Liveness, Pulse, pulse_of
from api_gateway.monitor.silences import Silences
from common.clock import to_us
from common.errors import Cost
from common.files.storage import AttemptFolder, Storage
from common.gpu.leases import on_present_clock, read_locks
from common.settings import MonitorSettings
from common.state.client import AsyncRedis, translate_errors
from common.state.clock_steps import clock_steps
from common.state.context import Status
from common.state.orders import Order, OrderKind
from common.state.record import US, Record
from common.state.store import StateStore
from common.worker.presence import worker_name_of, workers

PAGE = 200
log = structlog.get_logger()


class TaskHeartbeatManager:
    """Classifies attempts as alive, stalled or dead, from Redis alone.

    After a Redis outage the workers need a moment until their heartbeats arrive again: no attempt is declared dead
    before this process has been in contact with Redis, and has itself seen no heartbeat, for a whole timeout.
    """

    def __init__(
        self,
        redis: AsyncRedis,
        store: StateStore,
        storage: Storage,
        settings: MonitorSettings,
        alerts: Alerts,
        *,
        silences: Silences,
    ) -> None:
        self.redis = redis
        self.store = store
        self.storage = storage
        self.settings = settings
        self.alerts = alerts
        self.actions = Actions(redis, store)
        self.interval = settings.monitor_interval
        self.silences = silences

    async def look(self, contact: timedelta) -> None:
        timeout = self.settings.heartbeat.timeout
        self.silences.begin_round(longest_step=2 * self.interval)
        async for found in pulses(self.redis, self.store, self.settings):
            silent = self.silences.observe(found.record.context.task_id, found.record.control)
            if contact < timeout:
                continue
            if silent > timeout:
                await self.take_back(found.record)
            elif found.liveness is Liveness.STALLED:
                await self.escalate_stalled(found)
        self.silences.end_round()

    async def take_back(self, record: Record) -> None:
        """Fence the attempt off and drop its incomplete files, if it is still the same attempt and still silent.

        A process that hangs under a living worker is a failure of the attempt. One that disappeared with its worker,
        through a shutdown, a power failure or a network failure, is not.
        """
        cost: Cost = "attempt" if await self.has_worker(record) else "interruption"
        answer = await self.redis.run(self.store.after_loss(record, if_silent=True, cost=cost))
        if answer == "OK":
            folder = AttemptFolder(self.storage, record.context.task_id, record.control.attempt)
            await asyncio.to_thread(folder.discard_partial)
        log.warning(
            "silent_attempt_taken_back",
            task_id=record.context.task_id,
            worker=record.control.worker,
            attempt=record.control.attempt,
            answer=answer,
        )

    async def has_worker(self, record: Record) -> bool:
        """Return whether the parent of the attempt's process is alive."""
        recent = to_us(self.settings.heartbeat.timeout)
        alive = [seen.presence for seen in await self.redis.run(workers()) if seen.presence and seen.age_us < recent]
        return any(record.control.worker == worker_name_of(parent, pid) for parent in alive for pid in parent.children)

    async def escalate_stalled(self, found: Pulse) -> None:
        """Ask a stalled attempt to end; after a grace period, have its process killed, so that the task gets another
        attempt.
        """
        limit = self.settings.stall_timeout_of(found.record.context.task_name)
        graces = (found.idle - limit) // self.settings.obey_grace
        kind: OrderKind = "kill" if graces else "soft"
        record, order = found.record, stall_order(found.record, kind)
        attempt = f"stalled:{record.context.task_id}:{record.control.fence}"
        idle = round(found.idle.total_seconds(), 1)
        signal = {"idle": idle, "limit": limit.total_seconds(), "action": kind}
        name = "task_stalled" if kind == "soft" else "task_stalled_kill"
        task_id, task_name = record.context.task_id, record.context.task_name
        facts = {"task_id": task_id, "task_name": task_name, "worker": order.worker, **signal}
        alert = self.alerts.message("task.stalled", **facts) if graces <= 1 else None
        if await self.actions.perform_once(
            f"{attempt}:{graces}", name, task_id=task_id, signal=signal, order=order, alert=alert
        ):
            log.warning(name, attempt=record.control.attempt, **facts)


def stall_order(record: Record, kind: OrderKind) -> Order:
    control = record.control
    worker = control.worker or ""
    return Order(kind=kind, worker=worker, reason="stalled", task_id=record.context.task_id, fence=control.fence)


async def pulses(redis: AsyncRedis, store: StateStore, settings: MonitorSettings) -> AsyncIterator[Pulse]:
    """Yield the current state of every running attempt."""
    steps = await redis.run(clock_steps())
    locks = [on_present_clock(view, steps) for view in await redis.run(read_locks())]
    with translate_errors():
        seconds, micros = await redis.client.time()
    after: str | None = None
    while True:
        page = await redis.run(store.list(Status.RUNNING, after, PAGE))
        for record in page.records:
            if record.control.status is Status.RUNNING:
                yield pulse_of(record, seconds * US + micros, settings, locks, steps)
        if not (after := page.last_score):
            return
