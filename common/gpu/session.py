"""GPU session of a task: the lease, the model on the device, and yielding to others between two steps."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from time import monotonic
from typing import Generic, TypeVar

from common.errors import LeaseLost
from common.gpu.devices import Device, detect
from common.gpu.lease_renewer import Lease
from common.gpu.lock import Check, Claim, GpuLock
from common.gpu.residency import Model, Residency
from common.settings import Settings
from common.state.client import SyncRedis
from common.state.context import Timings

T = TypeVar("T")
CPU = "cpu"

Announce = Callable[[str, str], None]
"""Receives what an attempt does before it can work: the name of the phase, and a message."""


def announce_nothing(_phase: str, _message: str) -> None:
    """For callers without progress."""


class Gpu:
    """The GPUs of a worker process: detection, locking and loading."""

    def __init__(self, redis: SyncRedis, settings: Settings, host: str, worker: str) -> None:
        self.worker = worker
        self.devices: dict[str, Device] = {device.id: device for device in detect(settings.gpu, redis, host)}
        self.lock = GpuLock(redis, settings.gpu_lock, host, list(self.devices))
        self.residency = Residency(redis, settings.gpu, host, worker, self.lock.renewer)

    @property
    def shared(self) -> bool:
        """Whether there is a GPU to queue for. The CPU needs no lock; models are only loaded there."""
        return CPU not in self.devices

    def claim(self, task_id: str, priority: int, max_wait: timedelta | None = None) -> Claim:
        return Claim(task_id=task_id, worker=self.worker, priority=priority, max_wait=max_wait)


class GpuSession(Generic[T]):
    """A loaded model while it may be used.

    Call `step` between two steps of long work. It may move the model, so read `session.model` again afterwards.
    """

    def __init__(
        self,
        gpu: Gpu,
        claim: Claim,
        model: Model[T],
        *,
        timings: Timings,
        check: Check,
        announce: Announce,
    ) -> None:
        self.gpu = gpu
        self.claim = claim
        self.wanted = model
        self.timings = timings
        self.check = check
        self.announce = announce
        self.lease: Lease | None = None
        self.inside = ExitStack()
        self.model: T

    def enter(self) -> None:
        """Wait for a device and load the model on it."""
        device = self.gpu.devices[self.acquire().device] if self.gpu.shared else self.gpu.devices[CPU]
        if device.id not in self.gpu.residency.devices_of(self.wanted):
            self.announce("load model", f"Loading {self.wanted.key}")
        self.model = self.inside.enter_context(
            self.gpu.residency.use(device, self.wanted, on_load=self.count_load),
        )

    def acquire(self) -> Lease:
        began = monotonic()
        self.announce("wait", "Waiting for the GPU")
        prefer = self.gpu.residency.devices_of(self.wanted)
        lease = self.gpu.lock.acquire(self.claim, check=self.check, prefer=prefer)
        self.lease = lease
        self.inside.callback(self.gpu.lock.release, lease)
        self.timings.gpu_wait = (self.timings.gpu_wait or 0.0) + monotonic() - began
        return lease

    def count_load(self, seconds: float) -> None:
        self.timings.model_load = (self.timings.model_load or 0.0) + seconds

    def leave(self) -> None:
        """Stop using the model, then end the lease."""
        self.inside.close()
        self.lease = None

    def step(self) -> None:
        """Stop if the task must; yield the device if others wait and the quantum is used up.

        Raises:
            Cancelled, Fenced: the attempt must stop.
            LeaseLost: another owner may hold the device.
        """
        self.check()
        if self.lease is None:
            return
        if self.lease.lost:
            raise LeaseLost
        if self.lease.waiting and self.lease.age >= self.gpu.lock.settings.quantum:
            self.leave()
            self.enter()


@contextmanager
def hold_model(
    gpu: Gpu,
    claim: Claim,
    model: Model[T],
    *,
    timings: Timings,
    check: Callable[[], None],
    announce: Announce = announce_nothing,
) -> Iterator[GpuSession[T]]:
    """Hold a device with the model loaded for the block; `announce` is called before it waits and before it loads.

    Raises:
        GpuLockTimeout, GpuLockUnavailable, NestedGpuLock: see `GpuLock.lease`.
        OutOfGpuMemory: the model does not fit.
    """
    session = GpuSession(gpu, claim, model, timings=timings, check=check, announce=announce)
    try:
        session.enter()
        yield session
    finally:
        session.leave()
