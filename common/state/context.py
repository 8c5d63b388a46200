"""Task life cycle: statuses, the transitions between them, and the record that a client sees."""

from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from common.errors import ErrorRecord


class Status(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({Status.SUCCESS, Status.FAILED, Status.CANCELLED})

# Enforced in Lua: `common/state/client.py` puts this table in front of every script.
NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.FAILED, Status.CANCELLED}),
    # back to PENDING: the worker was lost or the error is transient, and another attempt is due
    Status.RUNNING: frozenset({Status.PENDING, Status.SUCCESS, Status.FAILED, Status.CANCELLED}),
    Status.SUCCESS: frozenset(),
    # back to PENDING: a user requested a retry
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset({Status.PENDING}),
}

TASK_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
TaskId = Annotated[str, StringConstraints(pattern=TASK_ID_PATTERN)]


Duration = Annotated[float, PlainSerializer(lambda seconds: round(seconds, 3), return_type=float)]
"""Seconds, rounded to milliseconds."""


class Progress(BaseModel):
    """Progress of an attempt. `processed` and `total` are in the task's own unit (seconds of media, frames, bytes).

    Inside a step of work, such as a window of speech, `percent` and `processed` are estimates. They never decrease.
    """

    phase: str = ""
    percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    message: str = ""
    processed: float | None = None
    total: float | None = None


class Timings(BaseModel):
    """Seconds spent in each part of an attempt."""

    queued: Duration | None = None
    fetch: Duration | None = None
    gpu_wait: Duration | None = None
    model_load: Duration | None = None
    run: Duration | None = None

    @property
    def idle(self) -> float:
        """Seconds so far not spent on the input, except for fetching it."""
        return (self.gpu_wait or 0.0) + (self.model_load or 0.0)


class Stage(BaseModel):
    """The record of one node's execution inside the context."""

    status: Status = Status.PENDING
    started_at: datetime | None = None
    duration: Duration | None = None
    attempt: int = 0
    progress: Progress = Field(default_factory=Progress)  # an instance would be deep-copied each time
    output: dict[str, Any] = {}
    error: ErrorRecord | None = None
    timings: Timings = Field(default_factory=Timings)


class InputParams(BaseModel):
    """What the client asked for; `callback` without the secrets of its URL and headers.

    `metadata` belongs to the client and is returned unchanged.
    """

    task_name: str
    input_data: dict[str, Any]
    callback: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class WorkflowContext(BaseModel):
    """The record of one request, shared by the gateway and the workers; also the `data` of its callback."""

    model_config = ConfigDict(extra="forbid")

    workflow_id: TaskId
    task_id: TaskId
    task_name: str
    status: Status = Status.PENDING
    created_at: datetime
    updated_at: datetime
    input_params: InputParams
    shared_storage_path: PurePosixPath
    stages: dict[str, Stage]
    error: ErrorRecord | None = None

    @property
    def stage(self) -> Stage:
        return self.stages[self.task_name]
