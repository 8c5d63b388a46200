"""Heartbeat thread of an attempt: proves that it is alive, sends its events, and learns whether it must stop.

An attempt that cannot reach Redis does not know whether it still owns its task: after `heartbeat.timeout` the monitor
gives the task to another worker. So the attempt stops itself before that, and its process is killed if it has not
stopped `heartbeat.stop_grace` later. Two attempts overlap by no more than this grace.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from functools import cached_property
from time import monotonic
from types import TracebackType
from typing import Self

import psutil
import structlog

from common.errors import BatonError, Cancelled, CutOff, Fenced, StateUnavailable
from common.settings import HeartbeatSettings
from common.state.client import SyncRedis
from common.state.context import Progress
from common.state.events import Event
from common.state.record import Record
from common.state.store import StateStore
from common.worker.process import kill_own_tree

MOST_UNSENT = 1_000
LEAST_SPACING = timedelta(milliseconds=100)
log = structlog.get_logger()


class Heartbeat:
    """Beats every `interval`, and at once if there is news, but no faster than `LEAST_SPACING`.

    Events are queued, so a slow Redis never delays the task; while Redis is unavailable the oldest are dropped.
    """

    def __init__(self, redis: SyncRedis, store: StateStore, record: Record, settings: HeartbeatSettings) -> None:
        self.redis = redis
        self.store = store
        self.task_id = record.context.task_id
        self.fence = record.control.fence
        self.interval = settings.interval.total_seconds()
        self.stop_after = (settings.timeout - settings.interval - redis.timeout).total_seconds()
        """Silence after which the attempt stops itself: one more heartbeat would end after `heartbeat.timeout`."""
        self.stop_grace = settings.stop_grace.total_seconds()
        self.killer: threading.Timer | None = None
        self.confirmed = monotonic()
        """When the last heartbeat that Redis confirmed was sent."""
        self.stop: BatonError | None = None
        self.progress: Progress | None = None
        self.latest: Progress | None = None
        self.unsent: deque[Event] = deque()
        self.news = threading.Event()
        self.closed = threading.Event()
        self.sending = threading.Lock()
        self.thread = threading.Thread(target=self.keep_beating, name=f"heartbeat-{self.task_id}", daemon=True)

    @cached_property
    def process(self) -> psutil.Process:
        """This process, looked up at the first beat: a short attempt never needs it."""
        return psutil.Process()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self.news.set()
        self.thread.join()
        if self.killer:
            self.killer.cancel()

    def queue_event(self, news: Event | Progress) -> None:
        """Queue an event; a progress replaces the unsent one."""
        if isinstance(news, Progress):
            self.progress = self.latest = news
        else:
            self.unsent.append(news)
        self.news.set()

    def keep_beating(self) -> None:
        while not self.closed.is_set():
            self.news.wait(self.interval)
            self.news.clear()
            if not self.closed.is_set():
                self.beat()
                self.closed.wait(LEAST_SPACING.total_seconds())

    def flush(self) -> None:
        """Send what is still unsent, so that the final event comes last."""
        if self.unsent or self.progress:
            self.beat()

    def beat(self) -> None:
        """Send the queued events. What could not be sent is kept for the next beat."""
        with self.sending:
            progress, self.progress = self.progress, None
            events = [self.unsent.popleft() for _ in range(len(self.unsent))]
            began = monotonic()
            try:
                answer = self.send(progress, events)
                self.confirm(began)
                self.apply_answer(answer)
            except StateUnavailable as error:
                self.progress = self.progress or progress
                self.unsent.extendleft(reversed(events))
                self.drop_oldest()
                log.warning("heartbeat_failed", waited=round(monotonic() - began, 3))
                if error.full:  # the task cannot be given to anyone else either
                    self.confirm(began)
                self.fence_self()

    def fence_self(self) -> None:
        """Stop the attempt if no further heartbeat can be confirmed in time; kill its process if it does not stop."""
        silent = monotonic() - self.confirmed
        if silent < self.stop_after or isinstance(self.stop, CutOff):
            return
        log.warning("attempt_cut_off", silent=round(silent, 1))
        self.stop = self.stop or CutOff()
        self.killer = threading.Timer(self.stop_grace, self.kill)
        self.killer.daemon = True
        self.killer.start()

    def kill(self) -> None:
        log.error("attempt_cut_off_killed", silent=round(monotonic() - self.confirmed, 1))
        kill_own_tree()

    def confirm(self, sent: float) -> None:
        """Record that Redis answered: the attempt owned its task when it sent this."""
        self.confirmed = sent
        if self.killer:
            self.killer.cancel()
            self.killer = None
        if isinstance(self.stop, CutOff):
            self.stop = None

    def drop_oldest(self) -> None:
        while len(self.unsent) > MOST_UNSENT:
            self.unsent.popleft()

    def send(self, progress: Progress | None, events: list[Event]) -> str:
        rss = self.process.memory_info().rss
        if progress:
            events = [*events, Event("progress", progress.model_dump())]
        return self.redis.run(self.store.beat(self.task_id, self.fence, rss=rss, progress=progress, events=events))

    def apply_answer(self, answer: str) -> None:
        if answer == "FENCED":
            self.stop = Fenced()
        elif answer == "CANCEL" and not self.stop:
            self.stop = Cancelled()
