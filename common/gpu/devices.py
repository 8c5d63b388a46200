"""Devices: total memory, and how much of it each process uses. Read from NVML, or simulated for tests and laptops."""

import os
from functools import cache
from typing import Any, Protocol

import psutil

from common.errors import NotStartable, OutOfGpuMemory
from common.gpu import scripts
from common.settings import MIB, GpuSettings
from common.state import keys
from common.state.client import SyncRedis

SIMULATED_ID = "sim"
CPU_ID = "cpu"


class Device(Protocol):
    """A place to load models. Memory is in MiB."""

    id: str
    name: str
    total_mib: int

    def free_mib(self) -> int:
        """Return the free memory as the device reports it."""

    def used_mib(self, pid: int) -> int | None:
        """Return what a process uses, or None where the driver does not report it (in a container, on WSL)."""


class NvmlDevice:
    """A GPU through nvidia-ml-py. Its id is the UUID, which is the same in every container and after every restart."""

    def __init__(self, index: int) -> None:
        nvml = library()
        self.handle = nvml.nvmlDeviceGetHandleByIndex(index)
        self.id: str = nvml.nvmlDeviceGetUUID(self.handle)
        self.name: str = nvml.nvmlDeviceGetName(self.handle)
        self.total_mib: int = nvml.nvmlDeviceGetMemoryInfo(self.handle).total // MIB

    def free_mib(self) -> int:
        free: int = library().nvmlDeviceGetMemoryInfo(self.handle).free
        return free // MIB

    def used_mib(self, pid: int) -> int | None:
        processes = library().nvmlDeviceGetComputeRunningProcesses(self.handle)
        used = [process.usedGpuMemory for process in processes if process.pid == pid]
        return used[0] // MIB if used and used[0] else None


@cache
def library() -> Any:
    """Load NVML once per process.

    Raises:
        NotStartable: there is no NVIDIA driver.
    """
    import pynvml  # only present where there is a GPU

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise NotStartable(f"No NVIDIA driver answers ({error}). Set gpu.device to cpu or simulated.") from error
    return pynvml


class SimulatedDevice:
    """A device that exists only in Redis. As on a real one, memory of a dead process becomes free."""

    def __init__(self, redis: SyncRedis, host: str, total_mib: int) -> None:
        self.redis = redis
        self.key = keys.simulated_gpu(host, SIMULATED_ID)
        self.id = SIMULATED_ID
        self.name = "simulated"
        self.total_mib = total_mib

    def free_mib(self) -> int:
        return self.total_mib - sum(self.allocations().values())

    def used_mib(self, pid: int) -> int | None:
        return self.allocations().get(pid, 0)

    def allocations(self) -> dict[int, int]:
        """Return MiB by pid, for living processes only."""
        found = self.run("read")
        for pid in [pid for pid in found if not has_memory(pid)]:
            found = self.run("forget", pid)
        return found

    def allocate(self, mib: int) -> None:
        """Allocate memory for this process; a negative number frees it.

        Raises:
            OutOfGpuMemory: there is not enough; nothing was allocated.
        """
        self.allocations()
        if not self.run("take", os.getpid(), mib):
            raise OutOfGpuMemory(needed_mib=mib, free_mib=self.free_mib())

    def run(self, verb: str, pid: int = 0, mib: int = 0) -> dict[int, int]:
        call = scripts.simulated_memory(memory=self.key, verb=verb, pid=pid, mib=mib, total_mib=self.total_mib)
        return self.redis.run(call.then(pairs))


class CpuDevice:
    """The machine's main memory: models are loaded into it, but nothing queues for it."""

    def __init__(self) -> None:
        self.id = CPU_ID
        self.name = "cpu"
        self.total_mib = psutil.virtual_memory().total // MIB

    def free_mib(self) -> int:
        return psutil.virtual_memory().available // MIB

    def used_mib(self, pid: int) -> int | None:
        return psutil.Process(pid).memory_info().rss // MIB


def has_memory(pid: int) -> bool:
    """Return whether a process still has memory: a zombie has none."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pairs(flat: list[str]) -> dict[int, int]:
    return {int(pid): int(mib) for pid, mib in zip(flat[::2], flat[1::2], strict=True)}


def detect(settings: GpuSettings, redis: SyncRedis, host: str) -> list[Device]:
    """Return the devices that a worker may use, according to `gpu.device`.

    Raises:
        NotStartable: `nvidia` was requested and there is no GPU.
    """
    if settings.device == "simulated":
        return [SimulatedDevice(redis, host, settings.simulated_memory_mib)]
    if settings.device == "cpu" or (settings.device == "auto" and not nvidia_present()):
        return [CpuDevice()]
    return [*find_cards()]


def find_cards() -> list[NvmlDevice]:
    """Return the GPUs of this machine.

    Raises:
        NotStartable: there is no NVIDIA driver.
    """
    count: int = library().nvmlDeviceGetCount()
    return [NvmlDevice(index) for index in range(count)]


def nvidia_present() -> bool:
    try:
        return bool(library().nvmlDeviceGetCount())
    except NotStartable:
        return False
