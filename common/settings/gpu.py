"""The cards, and the lock that tasks share them by."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from common.settings.section import Seconds, Section


class GpuLockSettings(Section):
    poll_interval: Annotated[Seconds, Field(gt=timedelta(0), description="a waiter asks again, though it is woken")] = (
        timedelta(seconds=0.5)
    )
    exponential_backoff: bool = True
    max_poll_interval: Annotated[Seconds, Field(gt=timedelta(0))] = timedelta(seconds=1)
    max_wait_time: Annotated[
        Seconds | None,
        Field(description="a task that waits for longer fails; null waits without end. `max_wait` of a request wins"),
    ] = None
    lock_timeout: Annotated[Seconds, Field(gt=timedelta(0), description="a lease that is not renewed")] = timedelta(
        seconds=15
    )
    ageing: Annotated[Seconds, Field(description="head start of each step of priority")] = timedelta(minutes=1)
    quantum: Annotated[Seconds, Field(description="held for longer, a task gives way between two steps")] = timedelta(
        seconds=30
    )


class GpuSettings(Section):
    device: Annotated[
        Literal["auto", "nvidia", "simulated", "cpu"], Field(description="auto takes NVIDIA cards where there are some")
    ] = "auto"
    host: Annotated[
        str | None, Field(description="the same for all containers of a machine; None is the host name")
    ] = None
    simulated_memory_mib: Annotated[int, Field(gt=0)] = 8192
    reserve_mib: Annotated[int, Field(ge=0, description="kept free when a model is loaded")] = 256
    model_idle_ttl: Annotated[Seconds, Field(description="a model that nobody used for this long is unloaded")] = (
        timedelta(minutes=10)
    )
    load_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="a process whose model is not loaded by then ends itself")
    ] = timedelta(minutes=15)
    unload_timeout: Annotated[Seconds, Field(description="a process that does not let go by then is replaced")] = (
        timedelta(seconds=5)
    )
