"""Monitoring: heartbeats, time limits, workers, queues, models, and overall health."""

from fastapi import APIRouter
from pydantic import BaseModel

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.monitor.diagnosis import Diagnosis, diagnose
from api_gateway.monitor.schemas import DeviceState, HeartbeatState, QueueState, WorkerState
from api_gateway.monitor.statistics import LockStats
from api_gateway.monitor.timeouts import Level, TimeoutManager
from common.gpu.leases import Holder, LockView
from common.settings import TaskLevels, TimeoutLevels

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


# ---- heartbeats and time limits ----


class Heartbeats(BaseModel):
    tasks: list[HeartbeatState]


class LeaseLevel(BaseModel):
    """The level that a lease has reached; `level` is null before the first."""

    lock: str
    task_id: str
    task_name: str | None
    held: float
    level: Level | None
    limits: TimeoutLevels


class Timeouts(BaseModel):
    """The effective levels, in seconds, and every lease compared with them."""

    timeout_levels: TimeoutLevels
    stall_timeout: float
    per_task: dict[str, TaskLevels]
    leases: list[LeaseLevel]


@router.get("/heartbeats", summary="Which running tasks are alive, stalled or dead")
async def heartbeats(gateway: Held) -> Heartbeats:
    return Heartbeats(tasks=[HeartbeatState.of(found) for found in await gateway.system.pulses()])


@router.get("/timeouts", summary="The levels, and which leases exceed them")
async def timeouts(gateway: Held) -> Timeouts:
    settings = gateway.monitoring.current
    leases = [await lease_level(gateway, view, view.holder) for view in await gateway.system.locks() if view.holder]
    return Timeouts(
        timeout_levels=settings.timeout_levels,
        stall_timeout=settings.stall_timeout.total_seconds(),
        per_task=settings.per_task,
        leases=leases,
    )


async def lease_level(gateway: Gateway, view: LockView, holder: Holder) -> LeaseLevel:
    settings = gateway.monitoring.current
    record = await gateway.redis.run(gateway.store.get(holder.task_id))
    name = record.context.task_name if record else None
    return LeaseLevel(
        lock=view.id,
        task_id=holder.task_id,
        task_name=name,
        held=round(view.held.total_seconds(), 3),
        level=TimeoutManager(settings).level(view.held, name or ""),
        limits=settings.levels_of(name or ""),
    )


# ---- the whole ----


class Stats(BaseModel):
    """From the history of each lock; `actions` counts the monitor's actions by name."""

    locks: list[LockStats]
    actions: dict[str, int]


class Workers(BaseModel):
    workers: list[WorkerState]


class Queues(BaseModel):
    queues: list[QueueState]


class Residents(BaseModel):
    devices: list[DeviceState]


@router.get("/stats", summary="How long tasks wait for a GPU and hold it")
async def stats(gateway: Held) -> Stats:
    system = gateway.system
    found = [LockStats.of(view.id, await system.history(view)) for view in await system.locks()]
    return Stats(locks=found, actions=await system.actions())


@router.get("/workers", summary="Which workers are alive, and what they run")
async def workers(gateway: Held) -> Workers:
    views = await gateway.system.locks()
    return Workers(workers=[WorkerState.of(seen, views) for seen in await gateway.system.workers()])


@router.get("/queues", summary="How many tasks are pending and running")
async def queues(gateway: Held) -> Queues:
    return Queues(queues=[QueueState.model_validate(queue) for queue in await gateway.system.queues()])


class ReceiverState(BaseModel):
    """A callback receiver that does not answer: consecutive tries without an answer, and waiting messages."""

    receiver: str
    failures: int
    waiting: int


class FailingReceivers(BaseModel):
    """As this gateway process has observed them; each process tries by itself."""

    receivers: list[ReceiverState]


@router.get("/receivers", summary="Which callback receivers do not answer")
async def receivers(gateway: Held) -> FailingReceivers:
    failing = gateway.callback_sender.receivers.failing
    return FailingReceivers(receivers=[ReceiverState.model_validate(found, from_attributes=True) for found in failing])


@router.get("/residents", summary="Which models are loaded where")
async def residents(gateway: Held) -> Residents:
    return Residents(devices=[DeviceState.of(place) for place in await gateway.system.residents()])


@router.get("/health", summary="A verdict, with its reasons")
async def health(gateway: Held) -> Diagnosis:
    return await diagnose(gateway.system)
