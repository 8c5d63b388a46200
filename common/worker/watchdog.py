"""A thread in the worker's parent: shows that the worker lives, and kills a child that does not let go of its task."""

from __future__ import annotations

import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import psutil
import structlog
from celery import signals
from celery.bootsteps import StartStopStep
from typing_extensions import override

from common.clock import utcnow
from common.errors import StateUnavailable
from common.worker.enforcement import carry_out_orders
from common.worker.presence import Presence, departed, shown
from common.worker.process import busy, kill_tree, stopping
from common.worker.programs import describe_programs

if TYPE_CHECKING:
    from common.worker.app import WorkerApp
    from common.worker.request import TaskRequest

LOOK_EVERY_S = 0.5
DEPART_WITHIN_S = 5
log = structlog.get_logger()


class Watchdog(StartStopStep):  # type: ignore[misc]  # celery has no types
    """Runs as long as the worker does."""

    def __init__(self, worker: Any, **_options: Any) -> None:
        self.app: WorkerApp = worker.app
        self.worker = worker
        self.over = threading.Event()
        self.programs: dict[str, str] = {}
        self.stopping_since: float | None = None
        self.started_at = utcnow()
        self.reaper: Any = None
        self.thread = threading.Thread(target=self.watch, name="watchdog", daemon=True)
        signals.worker_shutdown.connect(self.depart, weak=False)
        super().__init__(worker)

    @override
    def start(self, worker: Any) -> None:
        self.programs = describe_programs(self.app.process.settings)
        self.thread.start()

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Look for dead children often, each time that Celery makes its event loop anew.

        Celery is told of a child's death by the end of a pipe, an instant before the kernel lets it see the exit. When
        it looks too soon, it would look again only after five seconds.
        """
        if self.reaper:
            self.reaper.cancel()
        self.reaper = hub.call_repeatedly(LOOK_EVERY_S, worker.pool.maintain_pool)

    @override
    def stop(self, worker: Any) -> None:
        """Go on: the pool still waits for its last tasks."""

    def depart(self, **_: Any) -> None:
        """End: all tasks have, and nobody needs to worry about a worker that stopped in order."""
        self.over.set()
        if self.thread.is_alive():
            self.thread.join(DEPART_WITHIN_S)
        with suppress(StateUnavailable):
            self.app.process.redis.run(departed(self.app.process.name))

    def watch(self) -> None:
        while not self.over.wait(LOOK_EVERY_S):
            try:
                for request in busy():
                    self.look_at(request)
                carry_out_orders(self.app.process, self.children())
                self.show_presence()
            except StateUnavailable:
                log.warning("watchdog_without_redis")

    def look_at(self, request: TaskRequest) -> None:
        """Kill a child that holds up the worker's stop, or that still runs what was cancelled or taken back from it."""
        settings = self.app.process.settings
        if self.stopping_for() > settings.worker.shutdown_grace.total_seconds():
            self.kill(request, "worker_stops")
        elif request.unwanted_for() > settings.tasks.cancel_grace.total_seconds():
            self.kill(request, "unwanted")

    def stopping_for(self) -> float:
        """Return how many seconds ago the worker was told to stop; 0.0 when it was not."""
        if not stopping():
            return 0.0
        self.stopping_since = self.stopping_since or monotonic()
        return monotonic() - self.stopping_since

    def kill(self, request: TaskRequest, reason: str) -> None:
        log.warning("attempt_killed", reason=reason, task_id=request.id, pid=request.worker_pid)
        kill_tree(request.worker_pid)

    def children(self) -> list[int]:
        """Return the pids of the processes that run tasks; none before the pool has started them."""
        pool = self.worker.pool
        return list(pool.info["processes"]) if pool and pool.active else []

    def show_presence(self) -> None:
        process = self.app.process
        presence = Presence(
            name=process.name,
            service=process.service,
            pid=process.pid,
            started_at=self.started_at,
            active=[request.id for request in busy()],
            children=self.children(),
            rss=psutil.Process().memory_info().rss,
            gpu_host=process.gpu_host,
            programs=self.programs,
        )
        process.redis.run(shown(presence))
