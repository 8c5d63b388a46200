"""The current record of a task: the context, written at creation and at the end, and the control hash in between.

Status, attempt and progress of a running task are only in the control hash, so that a heartbeat never rewrites the
context. Reading merges the two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.clock import from_ms, utcnow
from common.errors import BatonError, ErrorRecord
from common.state.context import Progress, Stage, Status, Timings, WorkflowContext

US = 1_000_000


class Callback(BaseModel):
    """Where to report the end of a task. The URL is kept byte for byte: its query is often a secret."""

    url: str
    headers: Annotated[dict[str, str], Field(repr=False)] = {}
    events: list[str] | None = None
    thin: bool = False
    """The body identifies the task and its end, without input and output."""
    base_url: str = ""
    """Prefix of the links in the body: `gateway.public_url` at submission."""
    secret: Annotated[str | None, Field(repr=False)] = None
    """Signs instead of `callbacks.secret`."""
    encrypted: Annotated[str | None, Field(repr=False)] = None
    """URL, headers and secret, encrypted for gateways only; `url` is then the part that may be displayed."""


class Control(BaseModel):
    """What Lua decides on: the hash `task_control:{id}`. Timestamps are microseconds on Redis's clock."""

    model_config = ConfigDict(extra="ignore")

    status: Status
    digest: str
    task_name: str
    queue: str
    priority: int
    fence: int
    attempt: int
    attempt_limit: int
    interruptions: int = 0
    """Number of attempts that ended through no fault of the task."""
    created_us: int
    waiting_us: int
    started_us: int | None = None
    heartbeat_us: int | None = None
    progress_us: int | None = None
    cancel_us: int | None = None
    finished_us: int | None = None
    closing_id: str | None = None
    """Id of the event that ended the task."""
    worker: str | None = None
    rss: int | None = None
    progress: str | None = None
    callback: str | None = None
    max_wait_s: float | None = None
    """Longest time it may wait: for a worker, and for a device."""

    @property
    def max_wait(self) -> timedelta | None:
        return timedelta(seconds=self.max_wait_s) if self.max_wait_s is not None else None

    @property
    def target(self) -> Callback | None:
        return Callback.model_validate_json(self.callback) if self.callback else None

    @property
    def attempts_left(self) -> bool:
        return self.attempt < self.attempt_limit

    @property
    def queued(self) -> float | None:
        """Seconds between the last time the task became pending and the start of its attempt."""
        return (self.started_us - self.waiting_us) / US if self.started_us else None

    @property
    def changed_at(self) -> datetime:
        stamps = (self.created_us, self.waiting_us, self.started_us, self.heartbeat_us, self.finished_us)
        return from_ms(max(stamp for stamp in stamps if stamp) / 1000)


@dataclass(frozen=True, slots=True)
class Record:
    """The context merged with the control hash."""

    context: WorkflowContext
    control: Control

    @classmethod
    def parse(cls, context_json: str, flat_control: list[str]) -> "Record":
        fields = dict(zip(flat_control[::2], flat_control[1::2], strict=True))
        context, control = WorkflowContext.model_validate_json(context_json), Control.model_validate(fields)
        return cls(context if control.status.final else live(context, control), control)

    def final_context(
        self,
        status: Status,
        *,
        output: dict[str, Any] | None = None,
        error: BatonError | None = None,
        timings: Timings | None = None,
        duration: float | None = None,
    ) -> WorkflowContext:
        """Return the complete context to store at the end, with the last progress."""
        stage = self.context.stage
        progress = stage.progress
        if status is Status.SUCCESS:
            progress = progress.model_copy(update={"percent": 100.0})
        told = ErrorRecord.of(error) if error else None
        update: dict[str, Any] = {
            "status": status,
            "output": output or {},
            "error": told,
            "progress": progress,
            "duration": duration,
        }
        ended = stage.model_copy(update=update | ({"timings": timings} if timings else {}))
        return self.with_stage(ended, status=status, error=told)

    def with_progress(self, progress: Progress | None) -> "Record":
        """Return the record with the last progress of an attempt that ends here."""
        if not progress:
            return self
        stage = self.context.stage.model_copy(update={"progress": progress})
        stages = {self.context.task_name: stage}
        return replace(self, context=self.context.model_copy(update={"stages": stages}))

    def pending_context(self) -> WorkflowContext:
        """Return the context of a finished task that becomes pending again."""
        return self.with_stage(Stage(attempt=self.control.attempt), status=Status.PENDING, error=None)

    def with_stage(self, stage: Stage, **update: Any) -> WorkflowContext:
        stages = {self.context.task_name: stage}
        return self.context.model_copy(update={"stages": stages, "updated_at": utcnow(), **update})


def live(context: WorkflowContext, control: Control) -> WorkflowContext:
    stage = Stage(
        status=control.status,
        attempt=control.attempt,
        started_at=from_ms(control.started_us / 1000) if control.started_us else None,
        progress=Progress.model_validate_json(control.progress) if control.progress else Progress(),
        timings=Timings(queued=control.queued if control.status is Status.RUNNING else None),
    )
    update = {"status": control.status, "stages": {context.task_name: stage}, "updated_at": control.changed_at}
    return context.model_copy(update=update)


@dataclass(frozen=True, slots=True)
class RecordPage:
    records: list[Record]
    last_score: str | None
    """Where the next page starts; None on the last page."""

    @classmethod
    def parse(cls, next_score: str, rows: list[Any]) -> "RecordPage":
        records = [Record.parse(context, control) for context, control in rows if context and control]
        return cls(records, next_score or None)
