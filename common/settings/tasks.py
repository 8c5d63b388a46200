"""Tasks, the workers that run them, and what both log."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from common.settings.section import Seconds, Section


class TaskSettings(Section):
    state_ttl: Annotated[Seconds, Field(description="how long a record is kept after its task's end")] = timedelta(
        days=7
    )
    max_attempts: Annotated[int, Field(ge=1)] = 3
    max_interruptions: Annotated[
        int,
        Field(
            ge=0,
            description="attempts that end through no fault of the task (its worker is gone, the disk is full); "
            "further ones count as attempts",
        ),
    ] = 10
    retry_backoff: Annotated[Seconds, Field(description="before the second attempt; doubles after")] = timedelta(
        seconds=2
    )
    max_pending: Annotated[int, Field(gt=0, description="more waiting tasks than this: 429")] = 100_000
    max_wait: Annotated[
        Seconds | None,
        Field(
            gt=timedelta(0),
            description="a task that waits for longer, for a worker or for a device, fails; null waits without end. "
            "`max_wait` of a request wins",
        ),
    ] = None
    cancel_grace: Annotated[Seconds, Field(description="after this a cancelled task's process is killed")] = timedelta(
        seconds=10
    )
    events_kept: Annotated[int, Field(gt=0, description="of each task, about")] = 2_000
    events_grace: Annotated[
        Seconds,
        Field(
            gt=timedelta(0),
            description="a client may come back for so long after a task's end and get every event that it has missed; "
            "later it gets the one that ended the task",
        ),
    ] = timedelta(minutes=10)


class WorkerSettings(Section):
    concurrency: Annotated[int, Field(ge=1, description="processes a worker")] = 1
    visibility_timeout: Annotated[
        Seconds, Field(description="the broker delivers an unacknowledged message again after this")
    ] = timedelta(hours=1)
    max_memory_mib: Annotated[int | None, Field(gt=0, description="a child above this is replaced after its task")] = (
        None
    )
    shutdown_grace: Annotated[Seconds, Field(description="running tasks may finish in this time on SIGTERM")] = (
        timedelta(seconds=10)
    )
    claim_timeout: Annotated[
        Seconds,
        Field(gt=timedelta(0), description="a process that has not claimed its delivery by then is replaced"),
    ] = timedelta(seconds=30)
    start_method: Annotated[
        Literal["auto", "fork", "spawn"],
        Field(description="of the processes that run tasks; auto spawns where a GPU is used, for CUDA bears no fork"),
    ] = "auto"


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"
