"""The worker of one service, which also records when its attempts work: `python -m tests.chaos.traced_worker ffmpeg`.

Each line is `id attempt pid kind time`: `begin` and `end` around the author's function, and a `step` every `STEP_S` in
between, by the monotonic clock that all processes of the machine share. The lines go to one file a process, outside
the disk that is filled.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from common.state.record import Record
from common.worker import interface
from common.worker.job import Job
from common.worker.task import RegisteredTask
from services.__main__ import main

FOLDER = "CHAOS_TRACE"
"""The environment variable that names where the traces go."""

STEP_S = 0.1
Run = Callable[[RegisteredTask, Record, Job], dict[str, Any]]


def trace(run: Run) -> Run:
    """Return the function that runs an attempt, with its trace."""

    def traced(task: RegisteredTask, record: Record, job: Job) -> dict[str, Any]:
        with steps(job):
            return run(task, record, job)

    return traced


@contextmanager
def steps(job: Job) -> Iterator[None]:
    over = Event()
    thread = Thread(target=write_steps, args=(job, over), daemon=True)
    write(job, "begin")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        write(job, "end")


def write_steps(job: Job, over: Event) -> None:
    while not over.wait(STEP_S):
        write(job, "step")


def write(job: Job, kind: str) -> None:
    """Append a line in one write, so that a killed process leaves no half of one."""
    folder = Path(os.environ[FOLDER])  # noqa: TID251 - no setting of Baton's
    with (folder / f"{os.getpid()}.trace").open("ab", buffering=0) as file:
        file.write(f"{job.task_id} {job.attempt} {os.getpid()} {kind} {monotonic()}\n".encode())


interface.run = trace(interface.run)  # type: ignore[assignment]  # here, for a spawned child imports this module too

if __name__ == "__main__":
    sys.exit(main())
