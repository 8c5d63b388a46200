"""Settings of tasks, workers, and logging."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from common.settings.section import Seconds, Section


class TaskSettings(Section):
    state_ttl: Annotated[Seconds, Field(description="how long a record is kept after the end of its task")] = timedelta(
        days=7
    )
    max_attempts: Annotated[int, Field(ge=1)] = 3
    max_interruptions: Annotated[
        int,
        Field(
            ge=0,
            description="attempts that may end through no fault of the task (its worker died, the disk is full); "
            "further ones count as attempts",
        ),
    ] = 10
    retry_backoff: Annotated[Seconds, Field(description="delay before the second attempt; doubles after each")] = (
        timedelta(seconds=2)
    )
    max_pending: Annotated[int, Field(gt=0, description="more pending tasks: 429")] = 100_000
    max_wait: Annotated[
        Seconds | None,
        Field(
            gt=timedelta(0),
            description="longest wait for a worker or for a device, after which a task fails; null: no limit. "
            "`max_wait` in a request takes precedence",
        ),
    ] = None
    cancel_grace: Annotated[Seconds, Field(description="after this the process of a cancelled task is killed")] = (
        timedelta(seconds=10)
    )
    events_kept: Annotated[int, Field(gt=0, description="approximate number per task")] = 2_000
    events_grace: Annotated[
        Seconds,
        Field(
            gt=timedelta(0),
            description="for this long after the end of a task, a reconnecting client gets every event it missed; "
            "later only the last event",
        ),
    ] = timedelta(minutes=10)


class WorkerSettings(Section):
    concurrency: Annotated[int, Field(ge=1, description="processes a worker")] = 1
    visibility_timeout: Annotated[
        Seconds, Field(description="the broker delivers an unacknowledged message again after this")
    ] = timedelta(hours=1)
    max_memory_mib: Annotated[
        int | None,
        Field(
            ge=0,
            description="a child that has used more is replaced after its task; null: 80 % of the memory of the machine"
            " or the container, divided by `concurrency`; 0: no limit",
        ),
    ] = None
    shutdown_grace: Annotated[Seconds, Field(description="time that running tasks have to finish on SIGTERM")] = (
        timedelta(seconds=10)
    )
    claim_timeout: Annotated[
        Seconds,
        Field(gt=timedelta(0), description="a process that has not claimed its delivery by then is replaced"),
    ] = timedelta(seconds=30)
    start_method: Annotated[
        Literal["auto", "fork", "spawn"],
        Field(description="of task processes; auto spawns where a GPU is used, because CUDA does not survive a fork"),
    ] = "auto"


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"
