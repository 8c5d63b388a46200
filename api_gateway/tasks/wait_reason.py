"""Wait reasons: why a task waits, and for about how long."""

from statistics import median
from typing import Literal

from pydantic import BaseModel

from api_gateway.monitor.system_reader import SystemReader
from common.gpu.leases import LockView
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.context import Status
from common.state.record import US, Record
from common.state.store import StateStore
from common.worker.presence import Presence, living_workers

PAST_RUNS = 50

WaitReasonCode = Literal["finished", "running", "storage_full", "no_worker", "not_claimed", "queued", "gpu"]


class GpuHolder(BaseModel):
    """The task that has the GPU a running task waits for; `held` is seconds."""

    lock: str
    task_id: str
    worker: str
    held: float


class WaitReason(BaseModel):
    """`position` counts the tasks ahead of this one, in the queue or in the line for the GPU (`reason` says which).

    `running` tasks and living `workers` of its queue are given for a PENDING task. `eta` is an estimate in seconds
    until it starts, or has the GPU, from past runs.
    """

    task_id: str
    status: Status
    reason: WaitReasonCode
    message: str
    queue: str
    position: int | None = None
    running: int | None = None
    workers: int | None = None
    eta: float | None = None
    holder: GpuHolder | None = None


class WaitReasons:
    """Explains why a task waits, from the queues, the workers and the GPU locks."""

    def __init__(self, redis: AsyncRedis, store: StateStore, system: SystemReader) -> None:
        self.redis = redis
        self.store = store
        self.system = system

    async def explain(self, record: Record) -> WaitReason:
        control = record.control
        reason = WaitReason(
            task_id=record.context.task_id,
            status=control.status,
            reason="finished" if control.status.final else "running",
            message=f"The task is {control.status}.",
            queue=control.queue,
        )
        if control.status is Status.RUNNING:
            return await self.explain_running(reason)
        return await self.explain_pending(reason) if control.status is Status.PENDING else reason

    async def explain_pending(self, reason: WaitReason) -> WaitReason:
        queue = reason.queue
        reason.position = await self.position(queue, reason.task_id)
        workers = living_workers(await self.system.workers(), queue)
        reason.workers = len(workers)
        page = await self.redis.run(self.store.list(Status.RUNNING, None, PAST_RUNS))
        reason.running = sum(record.control.queue == queue for record in page.records)
        if not reason.workers:
            reason.reason = "no_worker"
            reason.message = f"No worker of the queue {queue} is alive. Start one: python -m services {queue}."
            return reason
        if shortage := await self.system.shortage():
            reason.reason, reason.message = "storage_full", shortage
            return reason
        if message := not_claimed(workers, reason.task_id):
            reason.reason, reason.message = "not_claimed", message
            return reason
        reason.reason = "queued"
        reason.message = f"It is number {(reason.position or 0) + 1} in the queue; running now: {reason.running}."
        typical = await self.typical_duration(queue)
        if typical is not None:
            ahead = (reason.position or 0) + reason.running
            reason.eta = round(ahead * typical / reason.workers, 1)
        return reason

    async def explain_running(self, reason: WaitReason) -> WaitReason:
        """Report who has the GPU if the task waits for it. Of several devices, the shortest line counts."""
        places = [
            (place, view)
            for view in await self.system.locks()
            for place, waiter in enumerate(view.waiters)
            if waiter.task_id == reason.task_id
        ]
        if not places:
            return reason
        place, view = min(places, key=lambda found: found[0])
        reason.reason, reason.position = "gpu", place
        if view.holder is None:
            reason.message = f"The GPU {view.id} is being handed over; it is number {place + 1} in line."
            return reason
        held = round(view.held.total_seconds(), 3)
        reason.holder = GpuHolder(lock=view.id, task_id=view.holder.task_id, worker=view.holder.worker, held=held)
        reason.message = (
            f"The GPU {view.id} has been held by {view.holder.task_id} for {held:.0f} s; "
            f"this task is number {place + 1} in line."
        )
        reason.eta = await self.gpu_eta(view, place)
        return reason

    async def gpu_eta(self, view: LockView, place: int) -> float | None:
        """Estimate the seconds until the GPU is available: the rest of the current hold, then those before it."""
        past = await self.system.history(view, PAST_RUNS)
        holds = [ended.held_us / US for ended in past if ended.held_us is not None]
        if not holds:
            return None
        typical = median(holds)
        return round(max(0.0, typical - view.held.total_seconds()) + place * typical, 1)

    async def position(self, queue: str, task_id: str) -> int | None:
        """Return how many tasks of the queue are ahead of this one, or None if it is not pending."""
        with translate_errors():
            return await self.redis.client.zrank(keys.waiting(queue), task_id)

    async def typical_duration(self, queue: str) -> float | None:
        """Return the median duration of the queue's latest successes, in seconds."""
        page = await self.redis.run(self.store.list(Status.SUCCESS, None, PAST_RUNS))
        durations = [record.context.stage.duration for record in page.records if record.control.queue == queue]
        known = [duration for duration in durations if duration is not None]
        return median(known) if known else None


def not_claimed(workers: list[Presence], task_id: str) -> str | None:
    """Return a message about the worker that received the task and has not claimed it, if there is one."""
    for worker in workers:
        for found in worker.unclaimed:
            if found.task_id == task_id:
                return (
                    f"{worker.name} received the task {found.seconds:.0f} s ago, and its process {found.pid} has not "
                    f"claimed it yet. A process that hangs is replaced after worker.claim_timeout."
                )
    return None
