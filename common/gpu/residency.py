"""Which models are loaded where. A model stays on the device after its lease, so that the next task finds it warm.

Before a model is loaded, room is made: the least recently used models of any process are asked to unload, and loading
starts when the device reports the memory as free. Only the lease holder loads or makes room, so nobody else is using
the device at that time. A process that does not unload is replaced by its parent.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, RLock, Thread
from time import monotonic
from typing import Any, Generic, Literal, TypeVar

import structlog

from common.errors import MemoryInUse, OutOfGpuMemory, StateUnavailable
from common.gpu.devices import CPU_ID, Device
from common.gpu.lease_renewer import LeaseRenewer
from common.gpu.residents import TTL, UNLOAD, Resident, residents_on
from common.models.events import ModelEvents
from common.settings import GpuSettings
from common.stall import ends_when_stalled
from common.state import keys
from common.state.client import SyncRedis, translate_errors
from common.state.orders import Order, send_order

LOOK_S = 0.01
RECYCLE_TIMEOUT_S = 10.0
MEMORY_BACK_S = 5.0
FREED_FRACTION = 0.75
"""Fraction of a model's measured size that must be free again after it is unloaded: the engine may keep the rest."""
SIZES_TTL_S = 90 * 24 * 3600
log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Model(Generic[T]):
    """Something that can be loaded on a device. `engine` and `key` are those of its ModelSpec, if it has one."""

    engine: str
    key: str
    load: Callable[[Device], T]
    unload: Callable[[T], None]
    estimate_mib: int
    """Used until the model has been measured once."""
    variant: str = ""
    """What else affects its size, such as the compute type."""

    @property
    def id(self) -> str:
        return f"{self.engine}/{self.key}"

    @property
    def name(self) -> str:
        return f"{self.id}/{self.variant}" if self.variant else self.id


@dataclass(slots=True)
class Loaded:
    """A model loaded in this process."""

    model: Model[Any]
    device: Device
    value: Any
    resident: Resident
    used: float


class Residency:
    """One per process. The device's lock in `using` is held while a model on it is in use: a model in use is never
    unloaded.

    Loaded models are published in Redis. Publishing never fails a task; when Redis is back, everything is published
    again.
    """

    def __init__(self, redis: SyncRedis, settings: GpuSettings, host: str, worker: str, renewer: LeaseRenewer) -> None:
        self.redis = redis
        self.settings = settings
        self.host = host
        self.worker = worker
        self.renewer = renewer
        self.events = ModelEvents(redis)
        self.loaded: dict[str, Loaded] = {}
        self.using: dict[str, RLock] = {}
        renewer.add_listener(self)

    def on_connected(self) -> None:
        self.publish_all()

    def on_message(self, text: str) -> None:
        if text.startswith(UNLOAD):
            self.on_unload_request(text.removeprefix(UNLOAD))

    def on_renewal(self) -> None:
        self.unload_idle()

    def devices_of(self, model: Model[Any]) -> Sequence[str]:
        """Return the devices on which the model is already loaded."""
        found = self.loaded.get(model.name)
        return [found.device.id] if found else []

    @contextmanager
    def use(self, device: Device, model: Model[T], *, on_load: Callable[[float], None] = lambda _: None) -> Iterator[T]:
        """Yield the model, loaded on this device; `on_load` receives the load time in seconds.

        Raises:
            OutOfGpuMemory: it does not fit, even alone.
            MemoryInUse: on the CPU, a model that is in use in another process leaves no room.
        """
        with self.using.setdefault(device.id, RLock()):
            found = self.loaded.get(model.name)
            if found is None or found.device.id != device.id:
                began = monotonic()
                found = self.load(device, model)
                on_load(monotonic() - began)
            self.touch(found)
            try:
                yield found.value
            finally:
                self.touch(found)

    def load(self, device: Device, model: Model[Any]) -> Loaded:
        if model.name in self.loaded:
            self.unload(model.name)  # it is on another device
        self.renewer.start()  # no lease has started it without a GPU; its subscription marks this process as alive
        self.make_room(device, self.size(model))
        free, now = device.free_mib(), self.redis.now_us()
        with ends_when_stalled(self.settings.load_timeout):
            value = model.load(device)
        mib = device.used_mib(os.getpid()) if not self.loaded else None
        measured = max(free - device.free_mib(), 0) or mib or model.estimate_mib
        resident = Resident(
            name=model.name,
            model=model.id,
            worker=self.worker,
            pid=os.getpid(),
            channel=self.renewer.channel,
            mib=measured,
            device_mib=device.total_mib,
            loaded_us=now,
            used_us=now,
        )
        self.loaded[model.name] = loaded = Loaded(model, device, value, resident, monotonic())
        self.publish_event("loaded", loaded)
        log.info("model_loaded", model=model.name, device=device.id, mib=measured)
        return loaded

    def size(self, model: Model[Any]) -> int:
        """Return the measured size of the model in MiB, or else its estimate."""
        with translate_errors():
            measured = self.redis.client.hget(keys.model_sizes(self.host), model.name)
        return int(measured) if measured else model.estimate_mib

    def touch(self, found: Loaded) -> None:
        found.used = monotonic()
        with suppress(StateUnavailable):
            found.resident.used_us = self.redis.now_us()
        self.publish(found)

    def publish(self, found: Loaded) -> None:
        """Publish that a model is loaded, and its size for the next process that loads it."""
        places, sizes = keys.residents(self.host, found.device.id), keys.model_sizes(self.host)
        with suppress(StateUnavailable), translate_errors():
            pipe = self.redis.client.pipeline()
            pipe.hset(places, found.resident.field, found.resident.model_dump_json())
            pipe.expire(places, TTL)
            pipe.hset(sizes, found.model.name, found.resident.mib)
            pipe.expire(sizes, SIZES_TTL_S)
            pipe.execute()

    def publish_all(self) -> None:
        """Publish everything again: while the connection was down, this process and its models were considered gone."""
        for found in tuple(self.loaded.values()):
            self.publish(found)

    def forget(self, name: str, device: str) -> None:
        with suppress(StateUnavailable), translate_errors():
            self.redis.client.hdel(keys.residents(self.host, device), f"{name}@{self.worker}")

    def publish_event(self, kind: Literal["loaded", "unloaded"], found: Loaded) -> None:
        where = {"host": self.host, "device": found.device.id, "worker": self.worker}
        self.events.publish(kind, found.model.id, variant=found.model.variant, memory_mib=found.resident.mib, **where)

    # ---- making room ----

    def make_room(self, device: Device, needed_mib: int) -> None:
        """Unload models, least recently used first, until the device reports enough free memory.

        Raises:
            OutOfGpuMemory: nothing is left to unload.
        """
        needed = needed_mib + self.settings.reserve_mib
        while (free := device.free_mib()) < needed:
            residents = sorted(self.residents(device), key=lambda resident: resident.used_us)
            if residents:
                self.evict(device, residents[0])
                back = round(residents[0].mib * FREED_FRACTION)
                self.wait_for_memory(device, min(needed, free + back))
            elif needed > device.total_mib or not (
                self.wait_for_memory(device, needed)  # freed by a process that has just died
                or self.residents(device)  # held by a living process that was cut off from Redis
            ):
                raise OutOfGpuMemory(needed_mib=needed, free_mib=free, total_mib=device.total_mib)

    def wait_for_memory(self, device: Device, wanted_mib: int) -> bool:
        """Wait until this much is free: the driver returns memory a while after an unload or a death."""
        deadline = monotonic() + MEMORY_BACK_S
        while device.free_mib() < wanted_mib:
            if monotonic() >= deadline:
                return False
            Event().wait(LOOK_S)
        return True

    def residents(self, device: Device) -> list[Resident]:
        """Return the models on a device that belong to living processes."""
        return self.redis.run(residents_on(self.host, device.id))

    def evict(self, device: Device, resident: Resident) -> None:
        """Have a model unloaded and wait until it is gone; a process that does not unload in time is replaced."""
        if resident.pid == os.getpid() and resident.worker == self.worker:
            self.unload(resident.name)
            return
        log.info("unload_asked", model=resident.name, worker=resident.worker)
        with translate_errors():
            self.redis.client.publish(resident.channel, UNLOAD + resident.name)
        if not self.wait_until_unloaded(device, resident, self.settings.unload_timeout.total_seconds()):
            self.recycle(device, resident)

    def recycle(self, device: Device, resident: Resident) -> None:
        """Ask the parent of a process that keeps a model to replace it, and wait until the process is dead.

        Raises:
            MemoryInUse: without a lease, nobody knows whether the process is using the model.
            OutOfGpuMemory: the parent does not respond.
        """
        if device.id == CPU_ID:
            raise MemoryInUse(f"There is no memory beside {resident.name} of {resident.worker}, which is in use.")
        log.warning("process_recycled", model=resident.name, worker=resident.worker)
        asked = {"worker": resident.worker, "device": device.id, "model": resident.name}
        send_order(self.redis, Order(kind="kill", reason="holds_on_to_a_model", **asked))
        if not self.wait_until_unloaded(device, resident, RECYCLE_TIMEOUT_S):
            raise OutOfGpuMemory(
                f"{resident.name} of {resident.worker} cannot be unloaded. Restart that worker.", mib=resident.mib
            )

    def wait_until_unloaded(self, device: Device, resident: Resident, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while any(other.field == resident.field for other in self.residents(device)):
            if monotonic() >= deadline:
                return False
            Event().wait(LOOK_S)
        return True

    # ---- letting go ----

    def unload(self, name: str) -> None:
        """Unload a model of this process, and publish that."""
        found = self.loaded.get(name)
        if found is None:  # already unloaded, but Redis was not updated
            for device in tuple(self.using):
                self.forget(name, device)
            return
        with self.using[found.device.id]:
            if self.loaded.get(name) is not found:
                return
            del self.loaded[name]
            found.model.unload(found.value)
            found.value = None
            self.forget(name, found.device.id)
            self.publish_event("unloaded", found)
            log.info("model_unloaded", model=name, device=found.device.id)

    def on_unload_request(self, name: str) -> None:
        """Handle another process's unload request, in a separate thread so that lease renewal continues."""
        Thread(target=self.unload, args=(name,), name="gpu-unload", daemon=True).start()

    def unload_idle(self) -> None:
        """Unload models whose time to live has passed since their last use; models in use are left alone."""
        ttl = self.settings.model_idle_ttl.total_seconds()
        for name, found in tuple(self.loaded.items()):
            using = self.using[found.device.id]
            if monotonic() - found.used > ttl and using.acquire(blocking=False):
                using.release()
                self.on_unload_request(name)
