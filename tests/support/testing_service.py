"""A service of small tasks that do nothing, wait, fail or die, as a test needs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Annotated

from celery import Task as CeleryTask
from celery import signals
from pydantic import Field

from common.contract import Contract, TaskInput, TaskOutput
from common.errors import DownloadFailed, InvalidInput
from common.gpu.devices import Device, SimulatedDevice
from common.gpu.residency import Model
from common.media.fields import Artifact, MediaFile
from common.worker.job import Job
from common.worker.task import task
from tests.support.hang import hang, spin, stay

TICK_S = 0.02
SPIN_S = 6.0


LEAKED: list[bytes] = []


class EchoInput(TaskInput):
    text: str = ""


class EchoOutput(TaskOutput):
    text: str


class WorkInput(TaskInput):
    """`seconds` of work in small steps; `die_on` names attempts in which the process kills itself halfway."""

    seconds: Annotated[float, Field(ge=0, le=600)] = 0.5
    die_on: tuple[int, ...] = ()
    silent: bool = False
    """No progress calls, so a cancel is never noticed."""
    hang_on: tuple[int, ...] = ()
    """Attempts that block for ever in C with the GIL held, halfway: only a kill helps."""
    spin_on: tuple[int, ...] = ()
    """Attempts that compute in C for some seconds with the GIL held, halfway: no heartbeat is sent meanwhile."""
    size: Annotated[int, Field(ge=0)] = 0
    """Number of extra bytes in the result file."""
    checkpoint: bool = False
    """Record each step, and start after the last step that an earlier attempt recorded."""
    trace: str = ""
    """A file, relative to share, that gets a line at each step: id, attempt, pid, monotonic time."""
    log: str = ""
    """A file, relative to share, that gets a line at the start and at the end of each attempt, however it ends."""


class WorkOutput(TaskOutput):
    attempt: int
    file: Artifact
    began_at: int = 0
    """The first step of this attempt."""


class HoldInput(WorkInput):
    """The same work under the GPU lock. `freeze_on` names attempts whose process stops itself, with its heartbeat."""

    freeze_on: tuple[int, ...] = ()
    deaf_on: tuple[int, ...] = ()
    """Attempts that ignore SIGUSR1, which asks them to end."""
    model_mib: Annotated[int, Field(ge=0)] = 0
    """Load a model of this size and use it."""
    stubborn: bool = False
    """A model that never unloads."""


class FailInput(TaskInput):
    failures: int = 1
    kind: str = "passing"
    leak: Annotated[int, Field(ge=0)] = 0
    """Number of bytes that the process keeps for ever."""


class MediaInput(TaskInput):
    media: MediaFile


class SizeOutput(TaskOutput):
    size: int


ECHO = Contract("testing.echo", EchoInput, EchoOutput)
WORK = Contract("testing.work", WorkInput, WorkOutput)
FAIL = Contract("testing.fail", FailInput, EchoOutput)
SIZE = Contract("testing.size", MediaInput, SizeOutput)
LIMITED = Contract(
    "testing.limited",
    WorkInput,
    WorkOutput,
    soft_time_limit=timedelta(seconds=1),
    hard_time_limit=timedelta(seconds=2),
)
HOLD = Contract("testing.hold", HoldInput, WorkOutput, needs_gpu=True)
CONTRACTS = (ECHO, WORK, FAIL, SIZE, LIMITED, HOLD)


HANG_BEFORE_CLAIM = "hang-before-claim"
"""A file in share: the next process that gets a delivery removes it and hangs before the claim."""


def hang_before_claim(task: CeleryTask, **_: object) -> None:
    marker = task.app.process.storage.root / HANG_BEFORE_CLAIM
    if marker.exists():
        marker.unlink()
        hang()


signals.task_prerun.connect(hang_before_claim)


@task(ECHO)
def echo(params: EchoInput, _job: Job) -> EchoOutput:
    return EchoOutput(text=params.text)


@task(WORK)
def work(params: WorkInput, job: Job) -> WorkOutput:
    with note_start_and_end(params, job):
        staged = job.staging("result.txt")
        staged.write_text("half")
        began_at = take_steps(params, job)
        staged.write_text(f"attempt {job.attempt}" + " " * params.size)
        return WorkOutput(attempt=job.attempt, file=job.publish(staged), began_at=began_at)


def take_steps(params: WorkInput, job: Job) -> int:
    """Wait step by step, and misbehave halfway if requested; return the first step."""
    steps = max(1, round(params.seconds / TICK_S))
    checkpoint = job.checkpoint() if params.checkpoint else None
    began_at = len(list(checkpoint.records())) if checkpoint else 0
    for step in range(began_at, steps):
        if step == steps // 2:
            misbehave(params, job)
        leave_trace(params, job)
        if not params.silent:
            job.progress("work", percent=100 * step / steps, processed=step, total=steps)
        Event().wait(TICK_S)
        if checkpoint:
            checkpoint.append({"step": step})
    return began_at


def misbehave(params: WorkInput, job: Job) -> None:
    if job.attempt in params.die_on:
        os.kill(os.getpid(), signal.SIGKILL)
    if job.attempt in params.hang_on:
        hang()
    if job.attempt in params.spin_on:
        spin(SPIN_S)


@contextmanager
def note_start_and_end(params: WorkInput, job: Job) -> Iterator[None]:
    note(params, job, "start")
    try:
        yield
    finally:
        note(params, job, "end")


def note(params: WorkInput, job: Job, what: str) -> None:
    """Append a line in one write, so that lines of several processes do not mix."""
    if params.log:
        path: Path = job.storage.root / params.log
        with path.open("a") as file:
            file.write(f"{what} {job.task_id} {job.attempt} {os.getpid()}\n")


def leave_trace(params: WorkInput, job: Job) -> None:
    if params.trace:
        with (job.storage.root / params.trace).open("a") as file:
            file.write(f"{job.task_id} {job.attempt} {os.getpid()} {monotonic()}\n")


@task(FAIL)
def fail(params: FailInput, job: Job) -> EchoOutput:
    LEAKED.append(os.urandom(params.leak))
    if job.attempt <= params.failures:
        if params.kind == "passing":
            raise DownloadFailed
        if params.kind == "input":
            raise InvalidInput
        if params.kind == "cuda":
            raise RuntimeError("CUDA failed with error an illegal memory access was encountered")
        raise ValueError("a bug")
    return EchoOutput(text=f"attempt {job.attempt}")


@task(SIZE)
def size(params: MediaInput, job: Job) -> SizeOutput:
    return SizeOutput(size=job.fetch(params.media).stat().st_size)


@task(LIMITED)
def work_limited(params: WorkInput, job: Job) -> WorkOutput:
    """Work under short time limits."""
    return work(params, job)


@task(HOLD)
def hold(params: HoldInput, job: Job) -> WorkOutput:
    """Work while holding the GPU."""
    with job.gpu(model_of(params)) if params.model_mib else job.lease():
        if job.attempt in params.freeze_on:
            os.kill(os.getpid(), signal.SIGSTOP)
        if job.attempt in params.deaf_on:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        return work(params, job)


def model_of(params: HoldInput) -> Model[int]:
    mib = params.model_mib
    unload = stay if params.stubborn else (lambda _: None)
    return Model("testing", str(mib), load=lambda card: take(card, mib), unload=unload, estimate_mib=mib)


def take(card: Device, mib: int) -> int:
    assert isinstance(card, SimulatedDevice)
    card.allocate(mib)
    return mib
