"""The standard task interface that every Celery task runs: claim, work under a heartbeat, finish atomically."""

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from celery import Task
from pydantic import ValidationError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from common.errors import (
    BatonError,
    Cancelled,
    GpuContextBroken,
    InvalidInput,
    ShareBroken,
    ShareUnavailable,
    StateUnavailable,
    StorageFull,
    TaskTimeLimit,
    WorkerStopping,
)
from common.files import disk
from common.files.storage import AttemptFolder, Storage
from common.gpu.faults import breaks_context
from common.state.context import Status, WorkflowContext
from common.state.record import Record
from common.state.scripts import ScriptCall
from common.worker.heartbeat import Heartbeat
from common.worker.job import Job
from common.worker.process import WorkerProcess, kill_own_tree
from common.worker.task import REGISTRY, RegisteredTask

if TYPE_CHECKING:
    from common.worker.app import WorkerApp

log = structlog.get_logger()

REDIS_PATIENCE_S = 600
"""How long the result of an attempt is held while Redis is unavailable."""


def standard_task_interface(self: Task, context: dict[str, Any]) -> dict[str, Any]:
    """Run one delivery of a task: take its WorkflowContext and return it, finished.

    A delivery is only a hint; the claim decides whether the task runs. A duplicate returns its context unchanged.
    """
    app: WorkerApp = self.app
    task_id = context["task_id"]
    app.process.soft_limit.begin()
    with structlog.contextvars.bound_contextvars(task_id=task_id), app.process.termination.delivery():
        record = claim(app.process, REGISTRY[self.name], task_id)
        if record is None:
            return context
        ended = attempt(app.process, REGISTRY[self.name], record)
        if app.process.broken:
            log.error("process_ends_itself", reason=GpuContextBroken.code)
            kill_own_tree()
        return ended.model_dump(mode="json")


def claim(process: WorkerProcess, task: RegisteredTask, task_id: str) -> Record | None:
    """Start an attempt. While the disk is full none starts: the task waits, and the reconciler dispatches it again."""
    if shortage := process.storage.shortage():
        log.warning("delivery_postponed", message=shortage)
        return None
    found = run_with_retry(process, process.store.claim(task_id, task.contract.queue, process.name))
    if isinstance(found, Record):
        return found
    log.info("delivery_refused", status=found or "GONE")
    return None


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """The result of a task function: an output, or an error; `duration` in seconds."""

    output: dict[str, Any]
    error: BatonError | None
    duration: float


def attempt(process: WorkerProcess, task: RegisteredTask, record: Record) -> WorkflowContext:
    """Run the function under a heartbeat and record its result."""
    log.info("attempt_started", attempt=record.control.attempt)
    settings = process.settings.gpu_lock_monitor.heartbeat
    with (
        Heartbeat(process.redis, process.store, record, settings) as heartbeat,
        process.termination.stop_on_signal(heartbeat),
    ):
        job = Job(record, process, heartbeat)
        discard_dead(job)
        outcome = run_timed(task, record, job)
        latest = heartbeat.latest
    heartbeat.flush()
    ended = finish_attempt(process, record.with_progress(latest), job, outcome)
    clean_up(job, ended)
    return ended


def run_timed(task: RegisteredTask, record: Record, job: Job) -> TaskOutcome:
    began = monotonic()
    try:
        output, error = run(task, record, job), None
    except BatonError as raised:
        # errors during a shutdown of the machine are caused by it: its ffmpeg was terminated too
        stop = job.heartbeat.stop
        output, error = {}, stop if isinstance(stop, WorkerStopping) else raised
        job.process.broken = job.process.broken or isinstance(raised, GpuContextBroken)
    duration = monotonic() - began
    waited = (job.timings.fetch, job.timings.gpu_wait, job.timings.model_load)
    job.timings.run = duration - sum(part or 0.0 for part in waited)
    return TaskOutcome(output, error, duration)


def run(task: RegisteredTask, record: Record, job: Job) -> dict[str, Any]:
    """Call the task function and turn everything it may raise into a BatonError.

    Raises:
        BatonError: always one of these.
    """
    try:
        params = task.contract.input.model_validate(record.context.input_params.input_data)
        with job.process.soft_limit:
            made = task.function(params, job)
        output: dict[str, Any] = task.contract.output.model_validate(made).model_dump(mode="json")
    except BatonError as error:
        if not error.retryable:  # while share is unavailable, a file that is not found is not missing
            job.process.storage.require_share()
        raise
    except SoftTimeLimitExceeded as error:
        raise TaskTimeLimit from error
    except ValidationError as error:
        raise InvalidInput(f"{error.error_count()} fields do not fit: {error}") from error
    except OSError as error:
        raise disk_error(job.process.storage, error) from error
    except Exception as error:
        raise device_error(error) or unexpected_error(error) from error
    return output


def disk_error(storage: Storage, error: OSError) -> BatonError:
    """Return the meaning of an operating system error: a full disk, an unavailable share, or a bug."""
    if error.errno in disk.FULL:
        return StorageFull()
    try:
        storage.require_share()
    except ShareUnavailable as away:
        return away
    return ShareBroken() if error.errno in disk.AWAY else unexpected_error(error)


def device_error(error: Exception) -> BatonError | None:
    """Return the error of a process whose GPU is no longer usable; None if it was another error."""
    return GpuContextBroken(reason=f"{type(error).__name__}: {error}") if breaks_context(error) else None


def unexpected_error(error: Exception) -> BatonError:
    return BatonError(
        f"{type(error).__name__} in the task. Retry it once (`POST /v1/tasks/{{id}}/retry`); if it fails again, report "
        "it with the stack trace that the worker logged under the task id."
    )


def finish_attempt(process: WorkerProcess, record: Record, job: Job, outcome: TaskOutcome) -> WorkflowContext:
    """Record the end of the attempt, unless it was superseded."""
    error = outcome.error
    if error and is_superseded(process, record):
        log.warning("attempt_fenced", exc_info=error)
        return record.context
    if error and not isinstance(error, Cancelled):
        ended = record.final_context(Status.FAILED, error=error, timings=job.timings, duration=outcome.duration)
        tell_failure(error)
        if commit_with_retry(process, process.store.after_failure(record, ended, error)) != "CANCEL":
            return ended
        error = Cancelled()
    status = Status.CANCELLED if error else Status.SUCCESS
    ended = record.final_context(
        status, output=outcome.output, error=error, timings=job.timings, duration=outcome.duration
    )
    answer = commit_with_retry(process, process.store.finish(record, ended))
    log.info("attempt_ended", status=status, answer=answer, duration=round(outcome.duration, 3))
    return ended


def is_superseded(process: WorkerProcess, record: Record) -> bool:
    """Return whether another attempt owns the task: then its files are gone, and an exception is not a bug."""
    found = run_with_retry(process, process.store.get(record.context.task_id))
    own = (Status.RUNNING, record.control.fence)
    return found is None or (found.control.status, found.control.fence) != own


def tell_failure(error: BatonError) -> None:
    if error.code == BatonError.code:
        log.error("task_raised", exc_info=error.__cause__)
    log.warning("attempt_failed", code=error.code, message=error.message, detail=error.detail)


def discard_dead(job: Job) -> None:
    """Remove files that earlier attempts left incomplete when they died; their checkpoints are kept."""
    for number in range(1, job.attempt):
        AttemptFolder(job.storage, job.task_id, number).discard_partial()


def clean_up(job: Job, ended: WorkflowContext) -> None:
    """Remove what is no longer needed; the checkpoint is kept until the task has succeeded."""
    job.folder.discard_partial()
    if ended.status is Status.SUCCESS:
        job.folder.discard_earlier()


PATIENTLY = retry(
    retry=retry_if_exception_type(StateUnavailable),
    wait=wait_exponential_jitter(multiplier=0.1, max=2),
    stop=stop_after_delay(REDIS_PATIENCE_S),
    reraise=True,
)


@PATIENTLY
def run_with_retry(process: WorkerProcess, call: ScriptCall[Any]) -> Any:
    """Run a call until Redis answers: every script is safe to repeat."""
    return process.redis.run(call)


@PATIENTLY
def commit_with_retry(process: WorkerProcess, call: ScriptCall[Any]) -> Any:
    """Run a change until Redis has written it to its file, and again if a restart lost it: a recorded end is never
    lost.
    """
    return process.redis.commit(call)
