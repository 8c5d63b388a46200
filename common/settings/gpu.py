"""GPU settings: the devices, and the lock that shares them."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from common.settings.section import Seconds, Section


class GpuLockSettings(Section):
    poll_interval: Annotated[
        Seconds, Field(gt=timedelta(0), description="interval at which a waiter asks again, in addition to wake-ups")
    ] = timedelta(seconds=0.5)
    exponential_backoff: bool = True
    max_poll_interval: Annotated[Seconds, Field(gt=timedelta(0))] = timedelta(seconds=1)
    max_wait_time: Annotated[
        Seconds | None,
        Field(description="longest wait before a task fails; null: no limit. `max_wait` in a request takes precedence"),
    ] = None
    lock_timeout: Annotated[Seconds, Field(gt=timedelta(0), description="duration of a lease that is not renewed")] = (
        timedelta(seconds=15)
    )
    ageing: Annotated[Seconds, Field(description="head start per priority step")] = timedelta(minutes=1)
    quantum: Annotated[Seconds, Field(description="time after which a task yields the device between two steps")] = (
        timedelta(seconds=30)
    )


class GpuSettings(Section):
    device: Annotated[
        Literal["auto", "nvidia", "simulated", "cpu"], Field(description="auto uses NVIDIA GPUs if there are any")
    ] = "auto"
    host: Annotated[
        str | None, Field(description="the same for all containers of a machine; None is the host name")
    ] = None
    simulated_memory_mib: Annotated[int, Field(gt=0)] = 8192
    reserve_mib: Annotated[int, Field(ge=0, description="kept free when a model is loaded")] = 256
    model_idle_ttl: Annotated[Seconds, Field(description="time after which an unused model is unloaded")] = timedelta(
        minutes=10
    )
    load_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="a process that has not loaded its model by then ends itself")
    ] = timedelta(minutes=15)
    unload_timeout: Annotated[Seconds, Field(description="a process that has not unloaded by then is replaced")] = (
        timedelta(seconds=5)
    )
