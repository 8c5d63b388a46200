"""Run many requests concurrently; all end with the task."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from time import monotonic
from typing import Any

from common.state.context import Progress
from common.worker.job import Job

LOOK_S = 0.1
PHASE = "ask"

Work = Callable[[], Iterable[Coroutine[Any, Any, None]]]
"""Called inside the event loop, so that no coroutine is left over if the GPU could not be acquired."""
Look = Callable[[], None]
"""Raises what must end the work."""


async def run_all(work: Work, look: Look) -> None:
    """Run all of it; the first failure, or an exception of `look`, ends the rest at once and is raised unchanged."""
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(check_periodically(look))
            running = [group.create_task(coroutine) for coroutine in work()]
            if running:
                await asyncio.wait(running)
            watching.cancel()
    except ExceptionGroup as failed:
        raise first_of(failed) from None


async def check_periodically(look: Look) -> None:
    """Keep checking while all requests wait for their answers."""
    while True:
        look()
        await asyncio.sleep(LOOK_S)


def first_of(failed: Exception) -> Exception:
    while isinstance(failed, ExceptionGroup):
        failed = failed.exceptions[0]
    return failed


class StopCheck:
    """Checks whether the task must stop, and reports that it is alive. Each request has its own time limit and number
    of tries: a slow answer is not a stall.
    """

    def __init__(self, job: Job, wished: Look) -> None:
        self.job = job
        self.wished = wished
        self.every = job.settings.gpu_lock_monitor.heartbeat.interval.total_seconds()
        self.told = monotonic()

    def __call__(self) -> None:
        self.wished()
        self.job.check()
        if monotonic() - self.told >= self.every:
            self.told = monotonic()
            self.job.tell_progress(self.job.heartbeat.latest or Progress(phase=PHASE))
