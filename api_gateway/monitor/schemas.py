"""Response models of the monitoring routes and of the live snapshot."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from api_gateway.monitor.liveness import Liveness, Pulse
from api_gateway.monitor.system_reader import DeviceModels
from common.clock import from_us
from common.gpu.leases import Holder, LockView, Waiter, to_seconds
from common.gpu.residents import Resident
from common.state.context import Progress
from common.worker.presence import LastSeen


class HeartbeatState(BaseModel):
    """A running attempt. `silent` and `idle` are seconds since its last heartbeat and since its last progress."""

    task_id: str
    task_name: str
    worker: str | None
    attempt: int
    liveness: Liveness
    silent: float
    idle: float
    progress: Progress
    rss: int | None

    @classmethod
    def of(cls, found: Pulse) -> "HeartbeatState":
        context, control = found.record.context, found.record.control
        return cls(
            task_id=context.task_id,
            task_name=context.task_name,
            worker=control.worker,
            attempt=control.attempt,
            liveness=found.liveness,
            silent=round(found.silent.total_seconds(), 3),
            idle=round(found.idle.total_seconds(), 3),
            progress=context.stage.progress,
            rss=control.rss,
        )


class HolderState(BaseModel):
    """The task that may use the device. `held` and `waited` are in seconds."""

    task_id: str
    worker: str
    fence: str
    priority: int
    since: datetime
    held: float
    waited: float
    connected: bool
    """False if its process has no open connection: then it is probably dead."""

    @classmethod
    def of(cls, view: LockView, holder: Holder) -> "HolderState":
        return cls(
            **holder.model_dump(include={"task_id", "worker", "fence", "priority"}),
            since=from_us(holder.granted_us),
            held=round(view.held.total_seconds(), 3),
            waited=to_seconds(holder.granted_us - holder.queued_us),
            connected=view.listening,
        )


class WaiterState(BaseModel):
    """A task that waits for the device. `position` 0 is next; `waiting` is in seconds."""

    position: int
    task_id: str
    worker: str
    priority: int
    since: datetime
    waiting: float

    @classmethod
    def of(cls, view: LockView, position: int, waiter: Waiter) -> "WaiterState":
        return cls(
            **waiter.model_dump(include={"task_id", "worker", "priority"}),
            position=position,
            since=from_us(waiter.since_us),
            waiting=round(view.wait_of(waiter).total_seconds(), 3),
        )


class LockState(BaseModel):
    """One device's lock. `holder` is null if it is free."""

    id: str
    host: str
    device: str
    holder: HolderState | None
    waiters: list[WaiterState]

    @classmethod
    def of(cls, view: LockView) -> "LockState":
        return cls(
            id=view.id,
            host=view.host,
            device=view.device,
            holder=HolderState.of(view, view.holder) if view.holder else None,
            waiters=[WaiterState.of(view, position, waiter) for position, waiter in enumerate(view.waiters)],
        )


class WorkerState(BaseModel):
    """A worker's parent process. A worker that is gone is listed for an hour, with `alive` false."""

    name: str
    alive: bool
    last_seen: float
    service: str | None = None
    pid: int | None = None
    started_at: datetime | None = None
    active: list[str] = []
    children: list[int] = []
    rss: int | None = None
    memory: dict[int, int] = {}
    """Resident memory of each child in bytes, by pid; `rss` is that of the parent."""
    programs: dict[str, str] = {}
    locks: list[str] = []

    @classmethod
    def of(cls, seen: LastSeen, views: list[LockView]) -> "WorkerState":
        state = cls(name=seen.name, alive=False, last_seen=to_seconds(seen.age_us))
        if seen.presence is None:
            return state
        known = seen.presence
        mine = {f"{known.name.rpartition('/')[0]}/{pid}" for pid in known.children}
        held = [view.id for view in views if view.holder and view.holder.worker in mine]
        told = known.model_dump(
            include={"service", "pid", "started_at", "active", "children", "rss", "memory", "programs"}
        )
        return state.model_copy(update={**told, "alive": True, "locks": held})


class QueueState(BaseModel):
    """`waiting` and `running` count recorded tasks, `messages` those in the broker."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    waiting: int
    running: int
    messages: int
    workers: int


class ModelState(BaseModel):
    """A model on a device; `memory_mib` was measured during loading. `name` is the id in `model` and the variant."""

    name: str
    model: str
    worker: str
    memory_mib: int
    loaded_at: datetime
    used_at: datetime

    @classmethod
    def of(cls, model: Resident) -> "ModelState":
        same = model.model_dump(include={"name", "model", "worker"})
        return cls(**same, memory_mib=model.mib, loaded_at=from_us(model.loaded_us), used_at=from_us(model.used_us))


class DeviceState(BaseModel):
    """A device and its models; `cpu` is a host's main memory. Models take `memory_mib` of its `total_mib`."""

    host: str
    device: str
    memory_mib: int
    total_mib: int | None
    """Null until a model on the device reports it."""
    models: list[ModelState]

    @classmethod
    def of(cls, place: DeviceModels) -> "DeviceState":
        return cls(
            host=place.host,
            device=place.device,
            memory_mib=sum(model.mib for model in place.models),
            total_mib=max((model.device_mib for model in place.models), default=0) or None,
            models=[ModelState.of(model) for model in place.models],
        )
