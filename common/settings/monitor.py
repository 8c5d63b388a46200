"""Monitor settings: how long a task may be silent, and how long a lease may be held."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, WithJsonSchema, model_validator

from common.settings.section import Seconds, Section


class HeartbeatSettings(Section):
    interval: Annotated[Seconds, Field(gt=timedelta(0))] = timedelta(seconds=1)
    timeout: Annotated[
        Seconds,
        Field(description="silence after which an attempt counts as dead, and one without Redis stops itself"),
    ] = timedelta(seconds=20)
    stop_grace: Annotated[
        Seconds, Field(description="time that an attempt has to stop itself before its process is killed")
    ] = timedelta(seconds=5)

    @model_validator(mode="after")
    def check_timeout(self) -> Self:
        if self.timeout <= self.interval:
            raise ValueError("timeout must be longer than interval")
        return self

    @property
    def longest_answer(self) -> timedelta:
        """How long one heartbeat may wait for Redis, so that a silent attempt can try again before `timeout`."""
        return (self.timeout - self.interval) / 2


class TimeoutLevels(Section):
    """How long a lease may be held; 0 disables a level."""

    warning: Seconds = timedelta(minutes=30)
    soft_timeout: Annotated[Seconds, Field(description="then the task is asked to end, and may write a checkpoint")] = (
        timedelta(hours=1)
    )
    hard_timeout: Annotated[Seconds, Field(description="then its process is killed")] = timedelta(hours=2)

    @model_validator(mode="after")
    def check_order(self) -> Self:
        used = [level for level in (self.warning, self.soft_timeout, self.hard_timeout) if level]
        if used != sorted(used):
            raise ValueError("warning, soft_timeout and hard_timeout must be in ascending order")
        return self


class TaskLevels(Section):
    """Overrides for one task."""

    warning: Seconds | None = None
    soft_timeout: Seconds | None = None
    hard_timeout: Seconds | None = None
    stall_timeout: Seconds | None = None


class MonitorSettings(Section):
    monitor_interval: Annotated[Seconds, Field(ge=timedelta(seconds=0.05), le=timedelta(minutes=1))] = timedelta(
        seconds=2
    )
    reconcile_interval: Annotated[
        Seconds, Field(description="how often pending tasks are compared with the broker")
    ] = timedelta(seconds=30)
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    timeout_levels: TimeoutLevels = TimeoutLevels()
    stall_timeout: Annotated[
        Seconds, Field(description="a task that sends heartbeats but no progress; 0 disables this")
    ] = timedelta(minutes=15)
    per_task: Annotated[
        dict[str, TaskLevels], Field(description="overrides of timeout_levels or stall_timeout, by task name")
    ] = {}
    obey_grace: Annotated[
        Seconds, Field(gt=timedelta(0), description="an order to end a task should have taken effect by then")
    ] = timedelta(seconds=30)
    alert_url: Annotated[
        SecretStr | None,
        Field(description="receives a webhook for each warning or worse, signed like callbacks"),
        WithJsonSchema({"type": ["string", "null"]}),  # not write-only: GET shows it, as asterisks
    ] = None
    restart_containers: Annotated[
        bool,
        Field(description="restart the container of a worker that cannot be ended otherwise; needs the Docker socket"),
    ] = False

    @model_validator(mode="after")
    def each_task_ordered(self) -> Self:
        for name in self.per_task:
            self.levels_of(name)
        return self

    def levels_of(self, task_name: str) -> TimeoutLevels:
        """Return the levels for a task's leases."""
        own = self.per_task.get(task_name, TaskLevels()).model_dump(exclude={"stall_timeout"}, exclude_none=True)
        return TimeoutLevels.model_validate({**dict(self.timeout_levels), **own})

    def stall_timeout_of(self, task_name: str) -> timedelta:
        own = self.per_task.get(task_name, TaskLevels()).stall_timeout
        return self.stall_timeout if own is None else own
