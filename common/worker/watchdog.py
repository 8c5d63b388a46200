"""Watchdog thread of a worker's parent: publishes presence, and replaces children that hang."""

from __future__ import annotations

import threading
from collections import deque
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
from common.worker.deliveries import Phase, activity_of, deliveries
from common.worker.enforcement import carry_out_orders, kill_and_release
from common.worker.forking import no_fork
from common.worker.presence import Presence, Unclaimed, depart_call, publish_call
from common.worker.probe import STALE_AFTER_S, mark_alive, withdraw
from common.worker.process import is_stopping, kill_tree
from common.worker.programs import describe_programs

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from common.settings import Settings
    from common.state.record import Record
    from common.worker.app import WorkerApp
    from common.worker.deliveries import Observation
    from common.worker.request import WorkerRequest

LOOK_EVERY_S = 0.5
DEPART_WITHIN_S = 5
REPORTED_FOR_S = 15 * 60
"""How long a replaced process is reported."""
MISSED_BEATS = 3
"""Number of missed heartbeats after which the parent checks whether the child is working."""
log = structlog.get_logger()


class Watchdog(StartStopStep):  # type: ignore[misc]  # celery has no types
    """Runs as long as the worker does."""

    requires = ("celery.worker.components:Pool",)
    """Without this Celery may start the watchdog first, and fork the pool's processes while its thread works."""

    def __init__(self, worker: Any, **_options: Any) -> None:
        self.app: WorkerApp = worker.app
        self.worker = worker
        self.over = threading.Event()
        self.programs: dict[str, str] = {}
        self.stopping_since: float | None = None
        self.started_at = utcnow()
        self.reaper: Any = None
        self.probe_broken = False
        self.turned = 0.0
        """When Celery's event loop last ran; 0.0 before it has started."""
        self.replaced: deque[tuple[float, Unclaimed]] = deque(maxlen=20)
        self.thread = threading.Thread(target=self.watch, name="watchdog", daemon=True)
        signals.worker_shutdown.connect(self.depart, weak=False)
        super().__init__(worker)

    @override
    def start(self, worker: Any) -> None:
        self.programs = describe_programs(self.app.process.settings)
        self.thread.start()

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Check for dead children often, whenever Celery creates its event loop.

        Celery learns of a child's death from a closed pipe, an instant before the kernel reports the exit. If it checks
        too soon, it would check again only after five seconds.
        """
        if self.reaper:
            self.reaper.cancel()

        def reap() -> None:
            self.turned = monotonic()
            worker.pool.maintain_pool()

        self.reaper = hub.call_repeatedly(LOOK_EVERY_S, reap)

    @override
    def stop(self, worker: Any) -> None:
        """Continue: the pool still waits for its last tasks."""

    def depart(self, **_: Any) -> None:
        """Stop: all tasks have ended, and a worker that stopped in order needs no attention."""
        self.over.set()
        if self.thread.is_alive():
            self.thread.join(DEPART_WITHIN_S)
        withdraw(self.app.service)
        with suppress(StateUnavailable):
            self.app.process.redis.run(depart_call(self.app.process.name))

    def watch(self) -> None:
        while not self.over.wait(LOOK_EVERY_S):
            with no_fork():
                self.check_all()

    def check_all(self) -> None:
        """Check everything once. A bug is logged, and must not end the watchdog."""
        try:
            self.report_losses()
            for request in deliveries():
                self.check(request)
            carry_out_orders(self.app.process, self.children())
            self.show_presence()
        except StateUnavailable:
            self.forget_observations()
            log.warning("watchdog_without_redis")
        except Exception as error:  # any bug at all
            log.critical("watchdog_failed", exc_info=error)
        if self.is_well():
            self.mark_alive()

    def mark_alive(self) -> None:
        """Write the probe's file. If that fails, the probe fails, and the watchdog continues."""
        try:
            mark_alive(self.app.service)
        except OSError as error:
            if not self.probe_broken:
                log.warning("probe_not_written", error=str(error))
            self.probe_broken = True
        else:
            self.probe_broken = False

    def is_well(self) -> bool:
        """Return whether the worker takes deliveries and its processes claim them; it can be healthy without Redis."""
        limit = self.app.process.settings.worker.claim_timeout.total_seconds()
        return monotonic() - self.turned < STALE_AFTER_S and all(
            found.seconds <= limit for found in unclaimed_deliveries()
        )

    def report_losses(self) -> None:
        """Report the attempts that died while Redis was unavailable."""
        losses = self.app.process.unreported
        while losses:
            losses[0].report()
            losses.popleft()

    def forget_observations(self) -> None:
        """Restart the timers when Redis is back: without it, a child could not claim or end anything."""
        for request in deliveries():
            request.observation = None

    def check(self, request: WorkerRequest) -> None:
        """Kill a child that delays the worker's stop, or that stays in a phase longer than allowed."""
        pid = request.find_pid(self.starting())
        observation, record = request.observe(pid)
        settings = self.app.process.settings
        if not pid:
            return
        if self.stopping_for() > settings.worker.shutdown_grace.total_seconds():
            self.kill(request, pid, "worker_stops")
        elif observation.phase is Phase.RUNNING:
            self.confirm_life(observation, record)
        elif observation.seconds > longest_phase(observation.phase, settings).total_seconds():
            self.replace(request, observation)

    def replace(self, request: WorkerRequest, observation: Observation) -> None:
        if observation.phase is not Phase.UNCLAIMED:
            self.kill(request, observation.pid, observation.phase)
            return
        found = Unclaimed(task_id=request.id, pid=observation.pid, seconds=round(observation.seconds, 1))
        log.error("delivery_not_claimed", **found.model_dump())
        process = self.app.process
        if kill_and_release(process, observation.pid):
            self.replaced.append((monotonic(), found))
            process.redis.run(process.store.dispatch_again(request.id))

    def confirm_life(self, observation: Observation, record: Record | None) -> None:
        """Send a heartbeat for a child that works but cannot send it: an engine may hold the GIL for a long time."""
        if record is None:
            return
        process = self.app.process
        silent = observation.follow_heartbeat(record.control.heartbeat_us)
        if silent < MISSED_BEATS * process.settings.gpu_lock_monitor.heartbeat.interval.total_seconds():
            return
        before, observation.activity = observation.activity, activity_of(observation.pid)
        if before is not None and observation.activity != before:
            task_id, rss = record.context.task_id, record.control.rss or 0
            process.redis.run(process.store.beat(task_id, record.control.fence, rss=rss))

    def stopping_for(self) -> float:
        """Return how many seconds ago the worker was told to stop; 0.0 if it was not."""
        if not is_stopping():
            return 0.0
        self.stopping_since = self.stopping_since or monotonic()
        return monotonic() - self.stopping_since

    def kill(self, request: WorkerRequest, pid: int, reason: str) -> None:
        log.warning("attempt_killed", reason=reason, task_id=request.id, pid=pid)
        kill_tree(pid)

    def children(self) -> list[int]:
        """Return the pids of the task processes, without one that the pool is only starting."""
        pool = self.worker.pool
        return [pid for pid in pool.info["processes"] if pid] if pool and pool.active else []

    def starting(self) -> Collection[object]:
        """Return the task processes that are still starting up; the pool itself replaces one that never does."""
        pool = self.worker.pool
        return pool._pool._waiting_to_start if pool and pool.active else ()  # noqa: SLF001 - the pool has no other word for it

    def show_presence(self) -> None:
        process, children = self.app.process, self.children()
        presence = Presence(
            name=process.name,
            service=process.service,
            pid=process.pid,
            started_at=self.started_at,
            active=[request.id for request in deliveries()],
            children=children,
            memory=process.memory.measure(children),
            growing=process.memory.growing(),
            rss=psutil.Process().memory_info().rss,
            gpu_host=process.gpu_host,
            unclaimed=unclaimed_deliveries(),
            replaced=[found for at, found in self.replaced if monotonic() - at < REPORTED_FOR_S],
            programs=self.programs,
        )
        process.redis.run(publish_call(presence))


def longest_phase(phase: Phase, settings: Settings) -> timedelta:
    """Return how long a delivery may stay in a phase other than running."""
    return settings.worker.claim_timeout if phase is Phase.UNCLAIMED else settings.tasks.cancel_grace


def unclaimed_deliveries() -> list[Unclaimed]:
    """Return the deliveries that this worker's processes have not claimed yet."""
    return [
        Unclaimed(task_id=request.id, pid=seen.pid, seconds=round(seen.seconds, 1))
        for request in deliveries()
        if (seen := request.observation) and seen.phase is Phase.UNCLAIMED
    ]
