"""Snapshots of the whole system, taken once a second, shared by all clients; none while there is no client."""

import asyncio
from datetime import datetime
from time import monotonic

import structlog
from pydantic import BaseModel

from api_gateway.http.sse import first_frame
from api_gateway.monitor.diagnosis import Diagnosis, diagnose
from api_gateway.monitor.schemas import DeviceState, HeartbeatState, LockState, QueueState, WorkerState
from api_gateway.monitor.system_reader import SystemReader, SystemSnapshot
from api_gateway.runtime.event_hub import EventFrame, EventHub
from common.clock import utcnow
from common.errors import StateUnavailable
from common.state.context import Status
from common.state.events import EVERY_TASK

PERIOD_S = 1.0
SHARED_FOR_S = 0.9
"""A little less than the period, because a timer may fire early."""
KIND = "snapshot"
log = structlog.get_logger()


class Snapshot(BaseModel):
    """The content of the monitoring routes, all read at the time `at`; `counts` are recorded tasks by status."""

    at: datetime
    counts: dict[Status, int]
    running: list[HeartbeatState]
    locks: list[LockState]
    queues: list[QueueState]
    workers: list[WorkerState]
    devices: list[DeviceState]
    health: Diagnosis


async def take_snapshot(system: SystemReader) -> Snapshot:
    snapshot = SystemSnapshot(system)
    views = await snapshot.locks()
    return Snapshot(
        at=utcnow(),
        counts=await snapshot.counts(),
        running=[HeartbeatState.of(found) for found in await snapshot.pulses()],
        locks=[LockState.of(view) for view in views],
        queues=[QueueState.model_validate(queue) for queue in await snapshot.queues()],
        workers=[WorkerState.of(seen, views) for seen in await snapshot.workers()],
        devices=[DeviceState.of(place) for place in await snapshot.residents()],
        health=await diagnose(snapshot),
    )


class Snapshots:
    """Sends snapshots, between task events, to the listeners of `EVERY_TASK`."""

    def __init__(self, system: SystemReader, hub: EventHub) -> None:
        self.system = system
        self.hub = hub
        self.taking = asyncio.Lock()
        self.last: Snapshot | None = None
        self.taken_at = 0.0

    async def latest(self) -> Snapshot:
        """Return the current snapshot; a snapshot of the same second is shared.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        async with self.taking:
            if self.last is None or monotonic() - self.taken_at >= SHARED_FOR_S:
                self.last = await take_snapshot(self.system)
                self.taken_at = monotonic()
            return self.last

    async def run(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            if self.hub.has_listener(EVERY_TASK):
                await self.send()

    async def send(self) -> None:
        """Send a snapshot; if none can be taken, end the streams: clients notice, and reconnect."""
        try:
            snapshot = await self.latest()
        except StateUnavailable as error:
            log.warning("snapshot_failed", error=error.message)
            self.hub.drop(EVERY_TASK)
        else:
            self.hub.broadcast(EVERY_TASK, EventFrame("", first_frame(KIND, snapshot, None), closes=False))
